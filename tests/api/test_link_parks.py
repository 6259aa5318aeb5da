"""What links that come and go cost those who forward frames meanwhile: a worker stops for each end, at most."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests.support.server import Server

MOST_PARKS = 2


@pytest.fixture(autouse=True)
def forwarders(monkeypatch: pytest.MonkeyPatch) -> list[Forwarder]:
    """Where the forwarder of the server that is opened next will be."""
    opened: list[Forwarder] = []

    @asynccontextmanager
    async def open_and_note(**settings: Any) -> AsyncIterator[Forwarder]:
        async with open_forwarder(**settings) as forwarder:
            opened.append(forwarder)
            yield forwarder

    monkeypatch.setattr("gns3trio.compute.local_compute.open_forwarder", open_and_note)
    return opened


async def make_nodes(server: Server, path: str, node_type: str) -> list[dict[str, Any]]:
    nodes = []
    for number in (1, 2):
        body = {"name": f"{node_type}{number}", "node_type": node_type, "compute_id": "local"}
        nodes.append(await server.request("POST", f"{path}/nodes", body, 201))
    return nodes


@pytest.mark.parametrize("node_type", ["vpcs", "ethernet_switch", "ethernet_hub"])
@pytest.mark.parametrize(
    "conditions",
    [{}, {"filters": {"delay": [10, 0], "packet_loss": [5]}, "suspend": True}, {"filters": {"bpf": ["icmp"]}}],
    ids=["plain", "suspended", "expression"],
)
async def test_a_link_that_comes_or_goes_parks_the_workers_at_most_twice(
    server: Server,
    project: dict[str, Any],
    forwarders: list[Forwarder],
    node_type: str,
    conditions: dict[str, Any],
):
    path = f"/v2/projects/{project['project_id']}"
    nodes = await make_nodes(server, path, node_type)
    for node in nodes:
        await server.request("POST", f"{path}/nodes/{node['node_id']}/start")
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    (forwarder,) = forwarders
    before = forwarder.parks
    link = await server.request("POST", f"{path}/links", {"nodes": ends, **conditions}, 201)
    assert 0 < forwarder.parks - before <= MOST_PARKS
    assert link["suspend"] is conditions.get("suspend", False)
    assert set(link["filters"]) == set(conditions.get("filters", {}))
    before = forwarder.parks
    await server.request("DELETE", f"{path}/links/{link['link_id']}", status=204)
    assert 0 < forwarder.parks - before <= MOST_PARKS


async def test_a_link_of_nodes_that_do_not_run_parks_nobody(
    server: Server, project: dict[str, Any], forwarders: list[Forwarder]
):
    path = f"/v2/projects/{project['project_id']}"
    nodes = await make_nodes(server, path, "vpcs")
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    (forwarder,) = forwarders
    before = forwarder.parks
    await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    assert forwarder.parks == before
