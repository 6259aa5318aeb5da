"""What nodes take of their hosts, in the API, of this host and of others."""

from typing import Any
from uuid import uuid4

import pytest
import trio

from tests.support.far_server import FarServer
from tests.support.lab import Lab
from tests.support.server import Server, node_path

Json = dict[str, Any]
NONE = {"processes": 0, "cpu_seconds": None, "cpu_percent": None, "memory_bytes": None, "configured_memory_bytes": None}
PATIENCE = 60


async def measured(server: Server, path: str) -> Json:
    """The usage of a node whose folder has been measured."""
    with trio.fail_after(PATIENCE):
        while True:
            usage: Json = await server.request("GET", f"{path}/usage", None, 200)
            if usage["disk_bytes"] is not None:
                return usage


async def test_a_node_with_a_process(server: Server, pair: Lab) -> None:
    node, other = pair.nodes
    path = node_path(pair.project, node)
    usage = await measured(server, path)
    assert usage == {"node_id": node["node_id"], **NONE, "disk_bytes": usage["disk_bytes"], "disk_is_whole": True}
    await server.request("POST", f"{path}/start", None, 200)
    usage = await measured(server, path)
    assert usage["processes"] == 1 and usage["memory_bytes"] > 100_000
    assert usage["cpu_seconds"] >= 0 and usage["cpu_percent"] >= 0
    listed = {each["node_id"]: each for each in await server.request("GET", f"{pair.path}/usage", None, 200)}
    assert listed.keys() == {node["node_id"], other["node_id"]}
    assert [listed[each["node_id"]]["processes"] for each in (node, other)] == [1, 0]
    total = await server.request("GET", "/v2/hosts/local/usage", None, 200)
    assert total["processes"] == 1 and total["memory_bytes"] > 100_000
    assert await server.request("GET", "/v2/compute/usage", None, 200) is not None

    metrics = (await server.http.get("/metrics")).text
    labels = f'project_id="{pair.project["project_id"]}",node_id="{node["node_id"]}"'
    for name in ("cpu_seconds_total", "memory_bytes", "disk_bytes"):
        assert f"gns3trio_node_{name}{{{labels}}} " in metrics
    assert (
        f'gns3trio_node_memory_bytes{{project_id="{pair.project["project_id"]}",node_id="{other["node_id"]}"'
        not in metrics
    )

    await server.request("POST", f"{path}/stop", None, 200)
    assert (await measured(server, path))["processes"] == 0
    assert (await server.request("GET", "/v2/hosts/local/usage", None, 200))["processes"] == 0


async def test_nodes_that_are_no_process(server: Server, pair: Lab) -> None:
    switch = await pair.node("ethernet_switch", name="SW")
    usage = await server.request("GET", f"{node_path(pair.project, switch)}/usage", None, 200)
    assert usage == {"node_id": switch["node_id"], **NONE, "disk_bytes": None, "disk_is_whole": True}


async def test_what_there_is_not(server: Server, pair: Lab) -> None:
    await server.request("GET", f"{pair.path}/nodes/{uuid4()}/usage", None, 404)
    await server.request("GET", f"/v2/projects/{uuid4()}/usage", None, 404)
    await server.request("GET", "/v2/hosts/nowhere/usage", None, 404)
    await server.request("GET", f"/v2/compute/projects/{uuid4()}/usage", None, 404)
    await server.request("POST", f"{pair.path}/close", None, 204)
    await server.request("GET", f"{pair.path}/usage", None, 403)


async def test_a_node_on_another_host_of_ours(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    lab = Lab(server, project, [])
    node = await lab.node("vpcs", name="FAR", compute_id="far")
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    usage = await measured(server, node_path(project, node))
    assert usage["processes"] == 1 and usage["memory_bytes"] > 100_000
    assert (await server.request("GET", "/v2/hosts/far/usage", None, 200))["processes"] == 1
    assert (await server.request("GET", "/v2/hosts/local/usage", None, 200))["processes"] == 0


async def test_a_node_on_a_host_of_gns3(
    server: Server, project: Json, far: FarServer, registered: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(server, project, [])
    node = await lab.node("vpcs", name="FAR", compute_id="far")
    # Its extensions are not known to who asks.
    monkeypatch.setattr("gns3trio.compute.remote.compute.USAGE", "none")
    usage = await server.request("GET", f"{node_path(project, node)}/usage", None, 200)
    assert usage == {"node_id": node["node_id"], **NONE, "disk_bytes": None, "disk_is_whole": True}
    refused = await server.request("GET", "/v2/hosts/far/usage", None, 409)
    assert "far" in refused["message"]
