"""Where nodes are drawn: free places for those that name none, arrangements, and moving many at once."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.drawn import are_apart
from tests.support.server import Server
from tests.support.websockets import ws_events

Json = dict[str, Any]

YAML = {"Content-Type": "application/yaml"}


@pytest.fixture
def path(project: Json) -> str:
    return f"/v2/projects/{project['project_id']}"


async def places(server: Server, path: str) -> dict[str, tuple[int, int]]:
    nodes = await server.request("GET", f"{path}/nodes", None, 200)
    return {node["name"]: (node["x"], node["y"]) for node in nodes}


async def hub(server: Server, path: str, **fields: Any) -> Json:
    body = {"name": "Hub", "node_type": "ethernet_hub", "compute_id": "local", **fields}
    node: Json = await server.request("POST", f"{path}/nodes", body, 201)
    return node


async def test_nodes_without_places_get_free_ones(server: Server, path: str) -> None:
    there = await hub(server, path, x=0, y=0)
    for _ in range(4):
        await hub(server, path)
    await server.request("DELETE", f"{path}/nodes/{there['node_id']}", None, 204)
    assert (await hub(server, path))["x"] == 0  # the place is free again
    vms = {"vm_type": "vpcs", "compute_id": "local"}
    await server.request("POST", f"{path}/vms", {**vms, "name": "OLD"}, 201)
    batch = {"nodes": [{"name": f"B{each}", "node_type": "vpcs", "compute_id": "local"} for each in range(5)]}
    await server.request("POST", f"{path}/batch", batch, 201)
    taken = await places(server, path)
    assert len(taken) == 11
    assert are_apart(list(taken.values()))


async def test_a_place_that_is_named_is_kept(server: Server, path: str) -> None:
    assert (await hub(server, path, x=5, y=-7))["y"] == -7
    alike = await hub(server, path, x=5, y=-7)  # as a client wants it
    assert (alike["x"], alike["y"]) == (5, -7)
    half = await hub(server, path, x=0)
    assert (half["x"], half["y"]) == (0, 0)


async def test_a_new_lab_without_places_is_arranged(server: Server, path: str) -> None:
    hosts = "".join(f"  PC{number}: {{node_type: vpcs}}\n" for number in range(1, 8))
    links = "".join(f"  - ends: [PC{number}, SW1]\n" for number in range(1, 8))
    document = f"nodes:\n{hosts}  SW1: {{node_type: ethernet_switch}}\nlinks:\n{links}"
    for _ in range(2):  # the second time changes nothing
        reply = await server.http.put(f"{path}/topology", content=document, headers=YAML)
        assert reply.status_code == 200, reply.text
        found = await places(server, path)
        assert are_apart(list(found.values()))
        assert all(found["SW1"][1] < found[f"PC{number}"][1] for number in range(1, 8))
    assert reply.json()["changes"] == []
    more = document.replace("  SW1:", "  PC8: {node_type: vpcs}\n  SW1:") + "  - ends: [PC8, SW1]\n"
    reply = await server.http.put(f"{path}/topology", content=more, headers=YAML)
    assert [change["name"] for change in reply.json()["changes"]] == ["PC8", "PC8 - SW1"]
    after = await places(server, path)
    assert are_apart(list(after.values()))
    assert {name: place for name, place in after.items() if name != "PC8"} == found


@pytest.mark.parametrize("layout", ["layered", "force", "circle"])
async def test_a_lab_is_arranged(server: Server, path: str, layout: str) -> None:
    nodes = [await hub(server, path, x=0, y=0) for _ in range(6)]
    locked = await hub(server, path, x=400, y=300)
    await server.request("PUT", f"{path}/nodes/{locked['node_id']}", {"locked": True}, 200)
    asked = {"layout": layout, "dry_run": True}
    planned = (await server.request("POST", f"{path}/arrange", asked, 200))["nodes"]
    assert {each["node_id"] for each in planned} == {node["node_id"] for node in nodes}
    assert set((await places(server, path)).values()) == {(0, 0), (400, 300)}
    async with ws_events(server, f"{path}/notifications/ws") as stream:
        done = (await server.request("POST", f"{path}/arrange", {"layout": layout}, 200))["nodes"]
        assert done == planned
        for _ in done:
            assert (await stream.until("node.updated"))["locked"] is False
    found = await places(server, path)
    assert are_apart(list(found.values()))
    assert found[locked["name"]] == (400, 300)


async def test_some_nodes_are_arranged(server: Server, path: str) -> None:
    nodes = [await hub(server, path, x=0, y=10 * number) for number in range(4)]
    ids = [node["node_id"] for node in nodes[:2]]
    done = await server.request("POST", f"{path}/arrange", {"layout": "circle", "nodes": ids}, 200)
    assert [each["node_id"] for each in done["nodes"]] == ids
    found = await places(server, path)
    assert [found[node["name"]] for node in nodes[2:]] == [(0, 20), (0, 30)]
    assert abs(found[nodes[0]["name"]][0] - found[nodes[1]["name"]][0]) >= 90 or abs(found["Hub1"][1]) >= 76


async def test_many_nodes_are_moved_at_once_and_back(server: Server, path: str) -> None:
    nodes = [await hub(server, path) for _ in range(3)]
    before = [{"node_id": node["node_id"], "x": node["x"], "y": node["y"]} for node in nodes]
    wanted = [{"node_id": node["node_id"], "x": 7 * number, "y": -3} for number, node in enumerate(nodes)]
    for places_now in (wanted, before):
        reply = await server.request("PUT", f"{path}/positions", {"nodes": places_now}, 200)
        assert reply == {"missing": [], "nodes": places_now}
        assert sorted((await places(server, path)).values()) == sorted((each["x"], each["y"]) for each in places_now)
    gone = {"node_id": str(uuid4()), "x": 1, "y": 1}
    reply = await server.request("PUT", f"{path}/positions", {"nodes": [gone, before[0]]}, 200)
    assert reply == {"missing": [gone["node_id"]], "nodes": [before[0]]}
    await server.request("PUT", f"{path}/positions", {"nodes": [{**wanted[0], "x": 1 << 40}]}, 400)
    assert sorted((await places(server, path)).values()) == sorted((each["x"], each["y"]) for each in before)


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"layout": "spiral"}, 400), ({"nodes": [str(uuid4())]}, 404), ({"nodes": ["x"]}, 400), ({"deep": 1}, 400)],
)
async def test_what_cannot_be_arranged_is_told(server: Server, path: str, asked: Json, status: int) -> None:
    reply = await server.request("POST", f"{path}/arrange", asked, status)
    assert reply["message"]


async def test_a_closed_project_is_not_arranged(server: Server, path: str) -> None:
    await server.request("POST", f"{path}/close", {}, 204)
    await server.request("POST", f"{path}/arrange", {}, 403)
    await server.request("PUT", f"{path}/positions", {"nodes": []}, 403)
