"""The order of keys, on which clients depend that take replies apart as text."""

import json
from typing import Any

import pytest
import trio

from tests.support.server import Server, check_sorted, node_path

Json = dict[str, Any]


def cut(text: str, last_key: str) -> list[Json]:
    """The objects of a list as GNS3sharp, a library in use, finds them: each ends where ``last_key`` was."""
    objects: list[Json] = []
    current: Json = {}
    for pairs in json.loads(text, object_pairs_hook=lambda pairs: pairs):
        for key, value in pairs:
            assert key not in current
            current[key] = value
            if key == last_key:
                objects.append(current)
                current = {}
    assert not current
    return objects


async def make_lab(server: Server, project: Json) -> tuple[Json, str]:
    """Two nodes with a link; one of the nodes and the path of the link."""
    nodes = f"/v2/projects/{project['project_id']}/nodes"
    body = {"name": "PC{0}", "node_type": "vpcs", "compute_id": "local"}
    ends = []
    for _ in range(2):
        node = await server.request("POST", nodes, body, 201)
        ends.append({"node_id": node["node_id"], "adapter_number": 0, "port_number": 0})
    links = f"/v2/projects/{project['project_id']}/links"
    link = await server.request("POST", links, {"nodes": ends}, 201)
    return node, f"{links}/{link['link_id']}"


async def test_lists_can_be_cut_by_the_last_keys_of_gns3(server: Server, project: Json) -> None:
    other = await server.request("POST", "/v2/projects", {"name": "other"}, 201)
    await make_lab(server, project)
    path = f"/v2/projects/{project['project_id']}"
    for list_path, last_key, name in (
        ("/v2/projects", "zoom", "project_id"),
        (f"{path}/nodes", "z", "node_id"),
        (f"{path}/links", "suspend", "link_id"),
    ):
        for action in ("open", "close"):
            await server.request("POST", f"{path}/{action}", {})
            text = (await server.http.get(list_path)).text
            assert [each[name] for each in cut(text, last_key)] == [each[name] for each in json.loads(text)]
    for kind in ("nodes", "links", "drawings", "snapshots"):
        assert (await server.http.get(f"/v2/projects/{other['project_id']}/{kind}")).text == "[]"


@pytest.mark.parametrize(
    "path",
    [
        *("/v2/projects/{project}", "{node}", "{link}", "/v2/computes", "/v2/computes/local", "/v2/templates"),
        *("/v2/templates/19021f99-e36f-394d-b4a1-8aaa902ab9cc", "/v2/version", "/v2/symbols", "/v2/statistics"),
        *("/v2/projects/{project}/stats", "/v2/projects/{project}/snapshots", "/v2/projects/{project}/drawings"),
        *("/v2/gns3vm", "/v2/compute/network/ports", "/v2/compute/projects", "/v2/nothing", "{link}/statistics"),
        *("/v2/compute/projects/x", "/v1/projects", "/v1/version", "/v2/default_symbols", "{link}/impairments"),
        *("{link}/available_filters", "/v2/compute/statistics", "{link}/captures", "/version"),
    ],
)
async def test_keys_are_sorted(server: Server, project: Json, path: str) -> None:
    node, link = await make_lab(server, project)
    await server.request("POST", f"/v2/projects/{project['project_id']}/drawings", {}, 201)
    await server.request("POST", f"/v2/projects/{project['project_id']}/snapshots", {"name": "s"}, 201)
    await server.request("POST", f"{link}/captures", {}, 201)
    reply = await server.http.get(path.format(project=project["project_id"], node=node_path(project, node), link=link))
    assert reply.json()
    check_sorted(reply.content)


async def test_keys_of_events_are_sorted(server: Server, project: Json) -> None:
    with trio.fail_after(60):
        async with server.http.stream("GET", "/v2/events") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            _, link = await make_lab(server, project)
            await server.request("PUT", link, {"filters": {"packet_loss": [5], "delay": [5, 0]}}, 201)
            await server.request("PUT", f"/v2/projects/{project['project_id']}", {"zoom": 50}, 200)
            seen: set[str] = set()
            while not {"node.created", "link.created", "link.updated", "project.updated"} <= seen:
                line = await anext(lines)
                if line.startswith("data:"):
                    check_sorted(line.removeprefix("data:").encode())
                    seen.add(json.loads(line.removeprefix("data:"))["action"])
