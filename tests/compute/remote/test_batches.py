"""Answers to requests that concern many nodes or ports: a compute may tell less, more, or nonsense, or break off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest
import trio

from gns3trio.compute.interface import ComputeNode, ComputePort, Joint, PairJoint, TunnelJoint
from gns3trio.compute.nio import TrunkLease, UdpLease, UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.remote import batches
from gns3trio.compute.remote.batches import in_requests
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.errors import Conflict, Invalid, LabError, NotFound, Unavailable
from gns3trio.limits import MAX_ITEMS
from tests.support.fake_compute import Answer, FakeCompute, fake_compute, reply, says
from tests.support.remote_compute import PATIENCE, PROJECT, connected, spec

OURS = {"product": "gns3trio", "version": "1", "extensions": ["batches", "link_conditions"]}
BATCH = f"POST projects/{PROJECT}/batch"


class Made:
    """What became of nodes, by place."""

    def __init__(self) -> None:
        self.nodes: dict[int, ComputeNode] = {}
        self.errors: dict[int, LabError] = {}

    def tell(self, place: int, outcome: ComputeNode | LabError) -> None:
        assert place not in self.nodes and place not in self.errors
        if isinstance(outcome, LabError):
            self.errors[place] = outcome
        else:
            self.nodes[place] = outcome


@asynccontextmanager
async def ours(tmp_path: Path) -> AsyncIterator[tuple[FakeCompute, RemoteCompute]]:
    """A compute that says that it has batches."""
    async with fake_compute(extensions=says(reply(OURS))) as fake, connected(fake, tmp_path) as (compute, _):
        fake.answers["POST projects"] = says(reply({"name": "x", "project_id": str(PROJECT)}, 201))
        yield fake, compute


def made(wanted: NodeSpec, **more: Any) -> dict[str, Any]:
    """The part of an answer that tells that a node was made."""
    return {"status": 201, "node_id": str(wanted.node_id), "node": {"status": "stopped"}, "mac_id": 3, **more}


async def make(fake: FakeCompute, compute: RemoteCompute, number: int) -> list[ComputeNode]:
    specs, told = [spec() for _ in range(number)], Made()
    fake.answers[f"{BATCH}/create"] = says(reply({"nodes": list(map(made, specs))}))
    await compute.create_nodes(specs, told.tell)
    return [told.nodes[place] for place in range(number)]


def breaks_off(begun: bytes) -> Answer:
    """An answer that never comes to its end, because the connection does."""

    async def answer(stream: trio.SocketStream, head: str) -> None:
        await stream.send_all(begun)
        await stream.aclose()

    return answer


async def until_asked(fake: FakeCompute, wanted: str) -> None:
    with trio.fail_after(PATIENCE):
        while wanted not in fake.asked:
            await trio.sleep(0.01)


async def test_only_nodes_that_the_answer_shows_are_believed(tmp_path: Path) -> None:
    specs, told = [spec() for _ in range(9)], Made()
    parts = [
        "no part",
        {"status": 201},
        {**made(specs[8]), "node_id": "another"},
        {"status": 409, "node_id": str(specs[2].node_id), "message": "\x1b]0;no"},
        made(specs[1], mac_id=-4),
        made(specs[0]),
        {**made(specs[0]), "status": 400, "message": "said twice"},
        made(specs[3], node="no node"),
        made(specs[4], status="201"),
        made(specs[5], status=404, message=["no"]),
        made(spec()),
    ]
    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/create"] = says(reply({"nodes": parts}))
        await compute.create_nodes(specs, told.tell)
        assert set(told.nodes) == {0, 1}
        assert (told.nodes[0].mac_id, told.nodes[1].mac_id) == (3, None)
        assert isinstance(told.errors[2], Conflict) and "\ufffd]0;no" in str(told.errors[2])
        assert isinstance(told.errors[5], NotFound) and "answered 404" in str(told.errors[5])
        # What may be there all the same is deleted.
        for place in (3, 4, 6, 7, 8):
            assert isinstance(told.errors[place], Conflict)
            await until_asked(fake, f"DELETE projects/{PROJECT}/vpcs/nodes/{specs[place].node_id}")
        assert fake.asked.count(f"{BATCH}/create") == 1


@pytest.mark.parametrize("answer", [{"nodes": None}, {}, [], None, "x", {"nodes": {"0": 1}}, {"nodes": []}])
async def test_an_answer_that_is_none_makes_no_node(answer: Any, tmp_path: Path) -> None:
    specs, told = [spec(), spec()], Made()
    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/create"] = says(reply(answer))
        await compute.create_nodes(specs, told.tell)
        assert not told.nodes and set(told.errors) == {0, 1}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(reply({"message": "body: too large", "status": 413}, 413)), Conflict),
        (says(reply({"message": "nodes: is not a list", "status": 400}, 400)), Invalid),
        (breaks_off(b""), Unavailable),
        (breaks_off(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), Unavailable),
    ],
)
async def test_a_request_that_fails_is_the_error_of_each_node(
    answer: Answer, kind: type[LabError], tmp_path: Path
) -> None:
    specs, told = [spec(), spec()], Made()
    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/create"] = answer
        await compute.create_nodes(specs, told.tell)
        assert not told.nodes and all(isinstance(told.errors[place], kind) for place in (0, 1))
        if kind is Unavailable:  # the compute may have made them before it broke off
            for each in specs:
                await until_asked(fake, f"DELETE projects/{PROJECT}/vpcs/nodes/{each.node_id}")


async def test_creations_that_are_cancelled_are_undone_when_they_are_answered(tmp_path: Path) -> None:
    """The request goes on: the compute may make the nodes later than a request of ours could delete them."""
    specs, told, may_answer = [spec(), spec()], Made(), trio.Event()

    async def late(stream: trio.SocketStream, head: str) -> None:
        await may_answer.wait()
        await stream.send_all(reply({"nodes": list(map(made, specs))}))

    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/create"] = late
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(compute.create_nodes, specs, told.tell)
                await until_asked(fake, f"{BATCH}/create")
                scope.cancel()
        assert not told.nodes and not told.errors
        assert not [asked for asked in fake.asked if asked.startswith("DELETE")]
        may_answer.set()
        for each in specs:
            await until_asked(fake, f"DELETE projects/{PROJECT}/vpcs/nodes/{each.node_id}")


LEASES: list[tuple[Any, list[int | None]]] = [
    ([{"status": 201, "kind": "udp", "udp_port": 5}, {"status": 409, "message": "none left"}], [5, None, None]),
    ([{"status": 201, "kind": "udp", "udp_port": port} for port in (5, 6, 7, 8, 9)], [5, 6, 7]),
    ([{"status": 201, "kind": "udp", "udp_port": port} for port in (5, 5, 6)], [5, None, 6]),
    ([{"status": 201, "kind": "udp", "udp_port": port} for port in (0, 70000, True)], [None, None, None]),
    ([{"status": 201, "kind": "vni", "udp_port": 5}, {"status": 201, "udp_port": 5}, 7], [None, None, None]),
    (None, [None, None, None]),
]


@pytest.mark.parametrize(("parts", "ports"), LEASES, ids=range(len(LEASES)))
async def test_ends_of_tunnels_are_those_that_the_answer_tells(
    parts: Any, ports: list[int | None], tmp_path: Path
) -> None:
    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/lease"] = says(reply({"leases": parts}))
        leases = await compute.lease_ends(PROJECT, ["udp"] * 3)
        assert [lease.port if isinstance(lease, UdpLease) else None for lease in leases] == ports


TRUNK_LEASES: list[tuple[Any, list[TrunkLease | None]]] = [
    (
        [{"status": 201, "kind": "trunk", "udp_port": 3080, "vni": vni} for vni in (1, 2**24 - 1)],
        [TrunkLease(3080, 1), TrunkLease(3080, 2**24 - 1)],
    ),
    ([{"status": 201, "kind": "trunk", "udp_port": 3080, "vni": vni} for vni in (0, 2**24)], [None, None]),
    ([{"status": 201, "kind": "trunk", "udp_port": 3080}, {"status": 201, "kind": "udp", "udp_port": 5}], [None, None]),
    ([{"status": 201, "kind": "trunk", "vni": 7, "udp_port": True}, {"status": 409}], [None, None]),
    ([{"status": 201, "kind": "trunk", "vni": 7, "udp_port": 1}] * 2, [TrunkLease(1, 7), None]),  # twice the same
]


@pytest.mark.parametrize(("parts", "wanted"), TRUNK_LEASES, ids=range(len(TRUNK_LEASES)))
async def test_ends_at_a_trunk_are_those_that_the_answer_tells(
    parts: Any, wanted: list[TrunkLease | None], tmp_path: Path
) -> None:
    async with ours(tmp_path) as (fake, compute):
        fake.answers[f"{BATCH}/lease"] = says(reply({"leases": parts}))
        leases = await compute.lease_ends(PROJECT, ["trunk"] * 2)
        assert [lease if isinstance(lease, TrunkLease) else None for lease in leases] == wanted


def pair(nodes: list[ComputeNode], number: int) -> PairJoint:
    return PairJoint(ComputePort(nodes[0], 0, number), ComputePort(nodes[1], 0, number))


async def test_ports_are_joined_as_the_answer_tells(tmp_path: Path) -> None:
    async with ours(tmp_path) as (fake, compute):
        nodes = await make(fake, compute, 2)
        joints: list[Joint] = [pair(nodes, n) for n in range(3)]
        joints.append(TunnelJoint(ComputePort(nodes[0], 0, 3), UdpNio(1000, "192.0.2.1", 1001)))
        joints.append(pair(nodes, 4))
        stranger: Any = attrs.make_class("Stranger", ["node_id"])(uuid4())
        joints.append(TunnelJoint(ComputePort(stranger, 0, 0), UdpNio(1000, "192.0.2.1", 1001)))
        parts: list[Any] = [{"status": 201}, {"status": 409, "message": "in use"}, {"status": None}, {"status": 200}]
        fake.answers[f"{BATCH}/join"] = says(reply({"joints": parts}))
        errors = await compute.join(joints)
        assert [type(error) for error in errors] == [type(None), Conflict, Conflict, type(None), Conflict, NotFound]
        assert [nodes[0].link_end(0, n) is not None for n in range(5)] == [True, False, False, True, False]
        assert "in use" in str(errors[1]) and "does not tell" in str(errors[2])

        fake.answers[f"{BATCH}/separate"] = says(reply({"ports": [{"status": 404, "message": "no such node"}]}))
        ports = [ComputePort(nodes[0], 0, n) for n in (0, 3, 4)]
        errors = await compute.separate(ports)
        assert [type(error) for error in errors] == [type(None), type(None), Conflict]  # the last was not connected
        assert not nodes[0].has_nio

        assert fake.asked.count(f"{BATCH}/join") == fake.asked.count(f"{BATCH}/separate") == 1


async def test_connections_that_are_cancelled_are_undone_when_they_are_answered(tmp_path: Path) -> None:
    may_answer = trio.Event()

    async def late(stream: trio.SocketStream, head: str) -> None:
        await may_answer.wait()
        await stream.send_all(reply({"joints": [{"status": 201}, {"status": 409}]}))

    async with ours(tmp_path) as (fake, compute):
        nodes = await make(fake, compute, 2)
        fake.answers[f"{BATCH}/join"] = late
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(compute.join, [pair(nodes, 0), pair(nodes, 1)])
                await until_asked(fake, f"{BATCH}/join")
                scope.cancel()
        assert not nodes[0].has_nio and f"{BATCH}/separate" not in fake.asked
        may_answer.set()
        await until_asked(fake, f"{BATCH}/separate")


async def test_a_compute_that_breaks_off_has_separated_ports(tmp_path: Path) -> None:
    """It forgets them with their nodes, or they are connected anew when it returns."""
    async with ours(tmp_path) as (fake, compute):
        nodes = await make(fake, compute, 2)
        fake.answers[f"{BATCH}/join"] = says(reply({"joints": [{"status": 201}]}))
        assert await compute.join([pair(nodes, 0)]) == [None]
        fake.answers[f"{BATCH}/separate"] = breaks_off(b"")
        (error,) = await compute.separate([ComputePort(nodes[0], 0, 0)])
        assert isinstance(error, Unavailable) and not nodes[0].has_nio


async def test_long_batches_are_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = await in_requests(range(2 * MAX_ITEMS + 1), lambda number: {"number": number})
    assert [len(items) for items, _ in requests] == [MAX_ITEMS, MAX_ITEMS, 1]
    monkeypatch.setattr(batches, "_MOST_BYTES", 1000)
    requests = await in_requests(range(10), lambda number: "x" * (600 if number != 5 else 3000))
    assert [list(items) for items, _ in requests] == [[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]]
    assert await in_requests([], lambda number: number) == []
