"""A mesh of generated traffic between built-in PCs through the API."""

import json
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import trio

from gns3trio.config import Config
from tests.support.lab import Lab, create, read_match
from tests.support.server import Server, node_path
from tests.support.websockets import console, ws_events

QUICK = {"packets_per_second": 200, "packets": 40}


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, vpcs_engine="builtin")


@pytest.fixture
async def started(server: Server, project: dict[str, Any]) -> AsyncIterator[Lab]:
    """Four PCs at a switch, which have addresses by their scripts a while later."""
    lab = Lab(server, project, [])
    switch = await lab.node("ethernet_switch")
    for number in range(4):
        script = {"startup_script": f"ip 10.0.0.{number + 1}/24\n"}
        node = await create(server, project, name=f"PC{number + 1}", properties=script)
        await lab.link((node, 0), (switch, number))
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        lab.nodes.append(node)
    yield lab


@pytest.fixture
async def switched(started: Lab) -> Lab:
    """The same, when they have their addresses."""
    for node in started.nodes:
        async with console(started.server, started.project, node) as opened:
            await read_match(opened, rb"255\.255\.255\.0\s+PC\d> ")
    return started


async def test_a_matrix(switched: Lab) -> None:
    mesh = f"{switched.path}/mesh"
    async with ws_events(switched.server, f"{switched.path}/notifications/ws") as stream:
        report = await switched.server.request("POST", mesh, {**QUICK, "round_trip": True}, 201)
        event = await stream.until("project.mesh")
    assert event.keys() == {"project_id", "pairs", "sent", "lost", "progress"} and event["pairs"] == 12
    assert [node["name"] for node in report["nodes"]] == ["PC1", "PC2", "PC3", "PC4"]
    assert [node["address"] for node in report["nodes"]] == [f"10.0.0.{n}" for n in range(1, 5)]
    pairs = report["pairs"]
    assert [(p["sender"], p["receiver"]) for p in pairs] == [(a, b) for a in range(4) for b in range(4) if a != b]
    assert all(
        (p["sent"], p["arrived"], p["lost"], p["loss_percent"], p["ended"]) == (40, 40, 0, 0, "done") for p in pairs
    )
    assert all(0 < p["latency"]["p50_us"] <= p["latency"]["max_us"] for p in pairs)
    assert all(p["round_trip"]["p50_us"] > p["latency"]["p50_us"] / 2 for p in pairs)
    assert (report["sent"], report["arrived"], report["lost"], report["possible_pairs"]) == (480, 480, 0, 12)


async def test_loss_at_one_node_is_seen_in_its_pairs_only(switched: Lab) -> None:
    link = (await switched.server.request("GET", f"{switched.path}/links", None, 200))[0]  # of PC1
    await switched.server.request(
        "PUT", f"{switched.path}/links/{link['link_id']}", {"filters": {"packet_loss": [100]}}, 201
    )
    ids = [node["node_id"] for node in switched.nodes]
    pairs = [{"sender_id": ids[a], "receiver_id": ids[b]} for a, b in ((0, 1), (1, 2), (2, 0), (2, 3))]
    body = {**QUICK, "pairs": pairs, "drain_seconds": 0.1}
    report = await switched.server.request("POST", f"{switched.path}/mesh", body, 201)
    names = [node["name"] for node in report["nodes"]]
    lost = {(names[p["sender"]], names[p["receiver"]]): p["arrived"] == 0 for p in report["pairs"]}
    assert lost == {("PC1", "PC2"): True, ("PC2", "PC3"): False, ("PC3", "PC1"): True, ("PC3", "PC4"): False}
    assert {p["ended"] for p in report["pairs"] if p["sent"] == 0} <= {"no_neighbour"}
    chosen = await switched.server.request(
        "POST", f"{switched.path}/mesh", {**QUICK, "max_pairs": 3, "packets": 1}, 201
    )
    assert len(chosen["pairs"]) == 3 and chosen["possible_pairs"] == 12


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"node_ids": ["A", "B"], "pairs": [{"sender_id": "A", "receiver_id": "B"}]}, "give one of them"),
        ({"node_ids": ["A", "A"]}, "node_ids: a node is given twice"),
        ({"pairs": [{"sender_id": "A", "receiver_id": "A"}]}, "pairs: a node sends nothing to itself"),
        ({"pairs": [{"sender_id": "A", "receiver_id": "B"}] * 2}, "pairs: a pair is given twice"),
        ({"pairs": []}, "pairs"),
        ({"pairs": [{"sender_id": "A"}]}, "receiver_id"),
        ({"max_pairs": 0}, "max_pairs"),
        ({"max_pairs": 1_000_000}, "max_pairs"),
        ({"seconds": 0}, "seconds"),
        ({"ip_version": 5}, "ip_version"),
        ({"packets_per_second": 10, "bits_per_second": 10_000}, "give one of them"),
        ({"nodes": []}, "nodes"),
    ],
)
async def test_wrong_requests(started: Lab, body: dict[str, Any], complaint: str) -> None:
    text = json.dumps(body)
    for name, node in zip("AB", started.nodes, strict=False):
        text = text.replace(f'"{name}"', f'"{node["node_id"]}"')
    reply = await started.server.request("POST", f"{started.path}/mesh", json.loads(text), 400)
    assert complaint in reply["message"]


async def test_refusals(started: Lab) -> None:
    mesh, server = f"{started.path}/mesh", started.server
    unknown = {"node_ids": ["00000000-0000-0000-0000-000000000001", started.nodes[0]["node_id"]]}
    await server.request("POST", mesh, unknown, 404)
    await server.request("POST", f"{started.path}/nodes/{started.nodes[1]['node_id']}/stop", None, 200)
    both = {"node_ids": [started.nodes[0]["node_id"], started.nodes[1]["node_id"]]}
    assert "'PC2' is not started" in (await server.request("POST", mesh, both, 409))["message"]
    await server.request("POST", f"{started.path}/nodes/stop", None, 204)
    assert "a mesh needs 2 started nodes" in (await server.request("POST", mesh, {}, 409))["message"]


async def test_a_client_that_leaves_ends_it(switched: Lab) -> None:
    mesh = f"{switched.path}/mesh"
    async with (
        ws_events(switched.server, f"{switched.path}/notifications/ws") as stream,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(lambda: switched.server.http.post(mesh, json={"seconds": 3600}))
        with trio.fail_after(30):
            while (event := await stream.until("project.mesh"))["sent"] == 0:
                pass
        assert event["progress"] < 0.1
        nursery.cancel_scope.cancel()
    quick = {**QUICK, "packets": 1}
    for _ in range(20):  # more than may run at once: what is left behind would use them up
        await switched.server.request("POST", mesh, quick, 201)
