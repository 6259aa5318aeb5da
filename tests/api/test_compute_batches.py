"""Many nodes or ports at once through the compute API, for controllers of ours: each part has a result of its own."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import trio

from gns3trio.limits import MAX_ITEMS
from tests.support.server import Server

Json = dict[str, Any]
NOTHING = {"filters": {}, "impairments": [], "seed": None, "suspend": False, "is_first": True}


@pytest.fixture
async def hosted(server: Server) -> AsyncIterator[str]:
    """The path of a hosted project."""
    project = await server.request("POST", "/v2/compute/projects", {"name": "far lab", "project_id": str(uuid4())}, 201)
    yield f"/v2/compute/projects/{project['project_id']}"


async def batch(server: Server, hosted: str, action: str, name: str, parts: list[Any], **more: Any) -> list[Json]:
    """Send a batch; returns the parts of the reply."""
    reply = await server.request("POST", f"{hosted}/batch/{action}", {name: parts, **more}, 200)
    assert reply.keys() == {name} and len(reply[name]) == len(parts)
    return list(reply[name])


def node(name: str, node_type: str = "vpcs", **fields: Any) -> Json:
    return {"node_type": node_type, "node_id": str(uuid4()), "name": name, "properties": {}, **fields}


def port(node: Json, number: int = 0) -> Json:
    return {"node_id": node["node_id"], "adapter_number": 0, "port_number": number}


def nio(near: int, far: int, rhost: str = "127.0.0.1") -> Json:
    return {"type": "nio_udp", "lport": near, "rhost": rhost, "rport": far}


async def make(server: Server, hosted: str, *wanted: Json) -> list[Json]:
    made = await batch(server, hosted, "create", "nodes", list(wanted))
    assert [part["status"] for part in made] == [201] * len(wanted), made
    return list(wanted)


async def leases(server: Server, hosted: str, number: int) -> list[int]:
    made = await batch(server, hosted, "lease", "leases", [{"kind": "udp"}] * number)
    return [part["udp_port"] for part in made]


async def join(server: Server, hosted: str, *joints: Any) -> list[int]:
    """The statuses."""
    return [part["status"] for part in await batch(server, hosted, "join", "joints", list(joints))]


async def test_nodes_are_made_in_their_order_and_told_as_gns3_shows_them(server: Server, hosted: str) -> None:
    wanted = [node(f"PC{n}", startup_script="ip 10.0.0.1/24\n") for n in range(1, 4)]
    made = await batch(server, hosted, "create", "nodes", wanted)
    for asked, part in zip(wanted, made, strict=True):
        shown = await server.request("GET", f"{hosted}/vpcs/nodes/{asked['node_id']}", None, 200)
        assert part["node"] == shown and part["node_id"] == asked["node_id"] and shown["name"] == asked["name"]
    consoles = [part["node"]["console"] for part in made]
    assert consoles == sorted(consoles) and len({part["mac_id"] for part in made}) == 3


async def test_numbers_of_mac_addresses_are_kept_and_those_of_nodes_elsewhere_left_out(
    server: Server, hosted: str
) -> None:
    wanted = [node("PC1"), node("PC2", mac_id=7), node("PC3")]
    made = await batch(server, hosted, "create", "nodes", wanted, reserved_mac_ids=[0, 1, 2])
    numbers = [part["mac_id"] for part in made]
    assert numbers[1] == 7 and not {0, 1, 2} & set(numbers) and len(set(numbers)) == 3


BAD_NODES: list[tuple[Any, int, str]] = [
    (None, 400, "expected an object"),
    ([], 400, "expected an object"),
    ({"node_type": "vpcs", "name": "X", "properties": {}}, 400, "node_id"),
    (node("X", node_id="no"), 400, "node_id: 'no' is not a UUID"),
    (node(""), 400, "name"),
    (node("X", console=99_999_999), 400, "console"),
    (node("X", console="5000"), 400, "console: expected"),
    (node("X", startup_script="x" * 300_000), 400, "startup_script: has 300000 characters"),
    (node("X", unknown=1), 400, "unknown"),
    (node("X", "virtualbox"), 409, "node_type"),
    (node("X", properties={"ram": 5}), 400, "properties.ram"),
    (node("X", mac_id=-1), 400, "mac_id"),
]


async def test_a_bad_node_does_not_keep_others_from_being_made(server: Server, hosted: str) -> None:
    good = [node(f"PC{n}") for n in range(len(BAD_NODES) + 1)]
    mixed = [good[0]]
    for (bad, _, _), each in zip(BAD_NODES, good[1:], strict=True):
        mixed += [bad, each]
    made = await batch(server, hosted, "create", "nodes", mixed)
    assert [part["status"] for part in made[::2]] == [201] * len(good)
    for part, (_, status, message) in zip(made[1::2], BAD_NODES, strict=True):
        assert part["status"] == status and message in part["message"], part
    for part in made[1::2]:
        assert "node" not in part


async def test_an_id_that_comes_twice_is_one_node(server: Server, hosted: str) -> None:
    wanted = node("PC1")
    made = await batch(server, hosted, "create", "nodes", [wanted, {**wanted, "name": "PC2"}])
    assert [part["status"] for part in made] == [201, 201]
    assert made[0]["node"] == made[1]["node"]


async def test_a_node_of_another_project_is_not_touched(server: Server, hosted: str) -> None:
    other = await server.request("POST", "/v2/compute/projects", {"name": "other", "project_id": str(uuid4())}, 201)
    (there,) = await make(server, f"/v2/compute/projects/{other['project_id']}", node("PC1"))
    made = await batch(server, hosted, "create", "nodes", [there, node("PC2")])
    assert [part["status"] for part in made] == [409, 201]
    (joined,) = await batch(
        server, hosted, "join", "joints", [{"ports": [port(there)], "nio": nio(1, 2), "conditions": NOTHING}]
    )
    assert joined["status"] == 404
    (separated,) = await batch(server, hosted, "separate", "ports", [port(there)])
    assert separated["status"] == 404


async def test_a_bad_joint_does_not_keep_others_from_being_joined(server: Server, hosted: str) -> None:
    nodes = await make(server, hosted, *(node(f"SW{n}", "ethernet_switch") for n in range(4)))
    a, b, c, d = await leases(server, hosted, 4)
    taken = await server.request("POST", "/v2/compute/projects", {"name": "x", "project_id": str(uuid4())}, 201)
    (elsewhere,) = await leases(server, f"/v2/compute/projects/{taken['project_id']}", 1)

    def joint(ports: list[Json], tunnel: Json | None = None, **conditions: Any) -> Json:
        return {"ports": ports, "conditions": {**NOTHING, **conditions}, **({"nio": tunnel} if tunnel else {})}

    statuses = await join(
        server,
        hosted,
        joint([port(nodes[0])], nio(a, b)),
        joint([port(nodes[1])], nio(elsewhere, b)),
        joint([port(nodes[2], 99)], nio(c, d)),
        joint([port(nodes[1])], nio(b, a), filters={"delay": [5, 0]}),
        joint([port(nodes[2])], nio(c, d, "no such host.invalid")),
        joint([port(nodes[2])], nio(c, d), filters={"bpf": ["not an expression ("]}),
        joint([port(nodes[2])], nio(c, d), impairments=[{"type": "loss", "percent": 200.0}]),
        joint([port(nodes[2]), port(nodes[3])], None, impairments=[{"type": "loss", "percent": 5.0}], seed=3),
        joint([port(nodes[2], 1), port(nodes[2], 2)]),
        joint([port(nodes[2], 1), port(nodes[3], 1)], nio(c, d)),
        joint([port(nodes[2], 1)]),
        joint([]),
        "joint",
        joint([port(nodes[2], 1)], nio(c, d), unknown=1),
    )
    assert statuses == [201, 409, 409, 201, 400, 400, 400, 201, 409, 409, 409, 400, 400, 400]
    separated = await batch(
        server, hosted, "separate", "ports", [port(nodes[0]), port(nodes[2], 1), port(nodes[2]), None, port(nodes[3])]
    )
    assert [part["status"] for part in separated] == [201, 409, 201, 400, 201]
    await server.request("POST", f"{hosted}/close", None, 204)
    assert (await server.request("GET", "/v2/compute/network/ports", None, 200))["udp_ports"] == [elsewhere]


async def test_many_ports_of_the_same_nodes_are_joined(server: Server, hosted: str) -> None:
    first, second, third = await make(server, hosted, *(node(f"SW{n}", "ethernet_switch") for n in range(3)))
    joints = [{"ports": [port(first, n), port(second, n)], "conditions": NOTHING} for n in range(8)]
    joints.append({"ports": [port(third), port(third)], "conditions": NOTHING})
    assert await join(server, hosted, *joints) == [201] * 8 + [409]


BAD_BODIES: list[Any] = [
    None,
    [],
    {},
    {"nodes": None},
    {"nodes": {}},
    {"nodes": [], "unknown": 1},
    {"nodes": [], "reserved_mac_ids": ["1"]},
    {"nodes": [0] * (MAX_ITEMS + 1)},
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: str(body)[:30])
async def test_what_is_no_batch_is_rejected(server: Server, hosted: str, body: Any) -> None:
    error = await server.request("POST", f"{hosted}/batch/create", body, 400)
    assert error["message"]


async def test_a_batch_at_the_limit(server: Server, hosted: str) -> None:
    """As many parts as a request may have; most of them fail."""
    made = await batch(server, hosted, "lease", "leases", [{"kind": "vni"}] * (MAX_ITEMS - 1) + [{"kind": "udp"}])
    assert [part["status"] for part in made] == [400] * (MAX_ITEMS - 1) + [201]
    nowhere = {"node_id": str(uuid4()), "adapter_number": 0, "port_number": 0}
    parts = [{"ports": [nowhere], "nio": nio(1, 2), "conditions": NOTHING}] * MAX_ITEMS
    assert set(await join(server, hosted, *parts)) == {404}


async def test_an_unknown_project_has_no_batches(server: Server) -> None:
    path = f"/v2/compute/projects/{uuid4()}/batch"
    await server.request("POST", f"{path}/create", {"nodes": []}, 404)
    await server.request("POST", f"{path}/lease", {"leases": []}, 404)
    nowhere = {"node_id": str(uuid4()), "adapter_number": 0, "port_number": 0}
    (part,) = (await server.request("POST", f"{path}/separate", {"ports": [nowhere]}, 200))["ports"]
    assert part["status"] == 404


async def test_a_project_that_is_closed_meanwhile(server: Server, hosted: str) -> None:
    """The batch ends, and nothing is left."""
    wanted = [node(f"PC{n}") for n in range(200)]
    replies: list[httpx.Response] = []

    async def create() -> None:
        replies.append(await server.http.post(f"{hosted}/batch/create", json={"nodes": wanted}))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(create)
        while not (await server.request("GET", "/v2/compute/network/ports", None, 200))["console_ports"]:
            pass
        await server.request("POST", f"{hosted}/close", None, 204)
    assert replies[0].status_code == 200
    assert {part["status"] for part in replies[0].json()["nodes"]} <= {201, 404}
    assert (await server.request("GET", "/v2/compute/network/ports", None, 200))["console_ports"] == []
