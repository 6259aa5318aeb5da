"""What ``compute/interface.py`` promises, of this host's compute, of one on another host, and of the one in memory, by
which tests of the controller go.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import pytest
import trio

from gns3trio.api.v2 import compute as compute_api
from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.interface import Compute, ComputeNode, ComputePort, LinkEnd, PairJoint, TunnelJoint
from gns3trio.compute.local_compute import open_local_compute
from gns3trio.compute.nio import TunnelLease, UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_features import TrafficEndpoint, TrafficFlow
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.conditions.impairments import Impairment
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.config import Config
from gns3trio.errors import Conflict, Invalid, LabError
from gns3trio.traffic.flows import FlowSpec
from tests.compute.conftest import CONSOLE_RANGE, LOOPBACK, UDP_RANGE
from tests.support.fake_compute import IgnoringWatcher
from tests.support.far_server import far_server
from tests.support.memory_compute import MemoryCompute

PROJECT = UUID(int=7)
PATIENCE = 30.0
LOSS = LinkConditions(filters={"delay": [20, 0]}, impairments=(Impairment(type="loss", percent=5.0),), seed=1)


def loss(compute: Compute) -> LinkConditions:
    """As much of it as switches of the compute know."""
    return LOSS if compute.capabilities.impairments else LinkConditions()


@asynccontextmanager
async def remote_compute(folder: Path) -> AsyncIterator[Compute]:
    """A server of ours, driven as another host."""
    async with far_server(folder) as far, trio.open_nursery() as nursery:
        compute = RemoteCompute(ComputeAddress(**far.address), IgnoringWatcher(), folder)
        nursery.start_soon(compute.run)
        await compute.wait_tried()
        assert compute.trouble is None
        yield compute
        nursery.cancel_scope.cancel()


@pytest.fixture(params=["local", "memory", "remote", "gns3"])
async def compute(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Compute]:
    """``gns3`` is another host, too, but without extensions."""
    if request.param == "gns3":
        monkeypatch.setattr(compute_api, "EXTENSIONS", ())
    if request.param in ("remote", "gns3"):
        async with remote_compute(tmp_path / "far") as far:
            yield far
        return
    if request.param == "memory":
        yield MemoryCompute(types=("vpcs", "ethernet_switch"))
        return
    config = Config(
        projects_path=tmp_path,
        console_start_port_range=CONSOLE_RANGE[0],
        console_end_port_range=CONSOLE_RANGE[1],
        udp_start_port_range=UDP_RANGE[0],
        udp_end_port_range=UDP_RANGE[1],
        vpcs_engine="builtin",
    )
    async with open_local_compute(config) as opened:
        yield opened


def spec(tmp_path: Path, name: str, node_type: str = "ethernet_switch") -> NodeSpec:
    node_id = uuid4()
    return NodeSpec(
        node_type=node_type,
        node_id=node_id,
        project_id=PROJECT,
        name=name,
        folder=tmp_path / node_type / str(node_id),
        console=None,
        console_type=None,
        properties={},
        startup_script=None,
        emit=lambda event: None,
    )


async def make(compute: Compute, tmp_path: Path, *names: str) -> list[ComputeNode]:
    return [await compute.create_node(spec(tmp_path, name)) for name in names]


def end_of(node: ComputeNode, number: int = 0) -> LinkEnd:
    end = node.link_end(0, number)
    assert end is not None
    return end


async def test_a_node_is_made_once_and_gone_when_it_is_closed(compute: Compute, tmp_path: Path) -> None:
    wanted = spec(tmp_path, "SW1")
    node = await compute.create_node(wanted)
    assert (node.node_id, node.project_id, node.name) == (wanted.node_id, PROJECT, "SW1")
    assert node.always_runs and node.status == "started" and len(node.ports()) == 8
    with pytest.raises(Conflict, match="exists already"):
        await compute.create_node(attrs.evolve(wanted, project_id=uuid4()))
    await compute.close_node(node)
    await compute.close_node(node)
    await compute.delete_node(await compute.create_node(wanted))


async def test_what_it_does_not_run_is_refused(compute: Compute, tmp_path: Path) -> None:
    assert compute.runs("vpcs") and not compute.runs("virtualbox")
    assert {"vpcs", "ethernet_switch"} <= set(compute.capabilities.node_types)
    with pytest.raises(Conflict):
        await compute.check_properties("virtualbox", {})
    with pytest.raises(Conflict):
        await compute.create_node(spec(tmp_path, "Q", "virtualbox"))


async def test_two_ports_are_connected_and_separated(compute: Compute, tmp_path: Path) -> None:
    first, second = await make(compute, tmp_path, "A", "B")
    await compute.connect(ComputePort(first, 0, 0), ComputePort(second, 0, 3), loss(compute))
    near, far = end_of(first), end_of(second, 3)
    assert near.is_open and far.is_open and first.has_nio and second.has_nio
    assert near.counter_ids is None or far.counter_ids is None or near.counter_ids[0] != far.counter_ids[0]
    await first.unbind_nio(0, 0)
    assert not near.is_open and first.link_end(0, 0) is None and far.is_open
    with pytest.raises(Conflict):
        await first.unbind_nio(0, 0)
    await second.unbind_nio(0, 3)
    await compute.connect(ComputePort(second, 0, 3), ComputePort(first, 0, 0), LinkConditions(suspend=True))


async def test_a_connection_that_fails_at_its_second_port_leaves_none(compute: Compute, tmp_path: Path) -> None:
    first, second = await make(compute, tmp_path, "A", "B")
    with pytest.raises(Conflict):
        await compute.connect(ComputePort(first, 0, 0), ComputePort(second, 0, 99), loss(compute))
    assert not first.has_nio and not second.has_nio
    with pytest.raises(Conflict):
        await compute.connect(ComputePort(first, 5, 0), ComputePort(second, 0, 0), loss(compute))
    assert not first.has_nio and not second.has_nio


async def test_conditions_are_put_in_force_at_either_end(compute: Compute, tmp_path: Path) -> None:
    first, second = await make(compute, tmp_path, "A", "B")
    await compute.connect(ComputePort(first, 0, 0), ComputePort(second, 0, 0), LinkConditions())
    assert end_of(first).knows_impairments == compute.capabilities.impairments
    await end_of(first).apply(loss(compute), is_first=True)
    await end_of(second).apply(loss(compute), is_first=False)
    for suspended in (True, False):
        await end_of(second).suspend(suspended)


async def test_a_tunnel_takes_the_place_of_what_was_at_a_port(compute: Compute, tmp_path: Path) -> None:
    first, second = await make(compute, tmp_path, "A", "B")
    await compute.connect(ComputePort(first, 0, 0), ComputePort(second, 0, 0), LinkConditions())
    before = end_of(first)
    lport = await compute.lease_udp(PROJECT)
    await first.bind_nio(0, 0, UdpNio(lport, LOOPBACK, lport + 1))
    assert not before.is_open and end_of(first).is_open


async def test_ports_that_nobody_took_are_free_when_the_project_is_released(compute: Compute) -> None:
    ports = [await compute.lease_udp(PROJECT) for _ in range(3)]
    assert len(set(ports)) == 3 and (await compute.port_usage()).udp_ports == ports
    await compute.release_project(PROJECT)
    assert (await compute.port_usage()).udp_ports == []


async def test_a_capture_has_its_file_for_itself(compute: Compute, tmp_path: Path) -> None:
    first, second = await make(compute, tmp_path, "A", "B")
    await compute.connect(ComputePort(first, 0, 0), ComputePort(second, 0, 0), LinkConditions())
    wanted = CaptureSpec(path=tmp_path / "x.pcap")
    capture = await end_of(first).capture(wanted, pytest.fail)
    assert capture.running and capture.spec == wanted and capture.error is None
    assert wanted.path is not None and compute.is_capturing_to(wanted.path)
    with pytest.raises(Conflict, match="is being written by another capture"):
        await end_of(second).capture(wanted, pytest.fail)
    await capture.stop()
    await capture.stop()
    assert not capture.running and not compute.is_capturing_to(wanted.path)
    with capture.stream() as reader:
        while await reader.receive():
            pass


async def test_what_happened_to_a_node_is_told(compute: Compute, tmp_path: Path) -> None:
    """A switch without a console runs always: to stop it means nothing, and nothing is told."""
    told: list[NodeEvent] = []
    wanted = spec(tmp_path, "A")
    node = await compute.create_node(attrs.evolve(wanted, emit=told.append))
    for action in (node.start, node.stop, node.reload):
        await action()
    assert node.status == "started" and not told


# --- many at once ---


class Made:
    """What became of new nodes."""

    def __init__(self) -> None:
        self.by_place: dict[int, ComputeNode | LabError] = {}

    def tell(self, place: int, outcome: ComputeNode | LabError) -> None:
        assert place not in self.by_place
        self.by_place[place] = outcome

    @property
    def nodes(self) -> list[ComputeNode]:
        return [node for _, node in sorted(self.by_place.items()) if not isinstance(node, LabError)]

    @property
    def errors(self) -> dict[int, str]:
        return {place: str(error) for place, error in self.by_place.items() if isinstance(error, LabError)}


async def make_many(compute: Compute, tmp_path: Path, number: int) -> list[ComputeNode]:
    made = Made()
    await compute.create_nodes([spec(tmp_path, f"SW{n}") for n in range(number)], made.tell)
    assert not made.errors
    return made.nodes


async def tunnels(compute: Compute, number: int) -> list[TunnelLease]:
    leases = await compute.lease_ends(PROJECT, ["udp"] * number)
    return [lease for lease in leases if not isinstance(lease, LabError)]


def joint(node: ComputeNode, port: int, near: TunnelLease, far: TunnelLease) -> TunnelJoint:
    return TunnelJoint(ComputePort(node, 0, port), UdpNio(near.port, LOOPBACK, far.port))


async def test_of_many_nodes_each_is_made_or_not(compute: Compute, tmp_path: Path) -> None:
    made, taken = Made(), spec(tmp_path, "TAKEN")
    await compute.create_node(taken)
    specs = [spec(tmp_path, f"N{n}", "vpcs" if n % 2 else "ethernet_switch") for n in range(20)]
    specs[3] = attrs.evolve(taken, project_id=uuid4())
    specs[5] = spec(tmp_path, "Q", "virtualbox")
    await compute.create_nodes(specs, made.tell)
    assert len(made.by_place) == 20
    assert set(made.errors) == {3, 5} and "exists already" in made.errors[3]
    assert [node.name for node in made.nodes] == [f"N{n}" for n in range(20) if n not in (3, 5)]
    assert len({node.node_id for node in made.nodes}) == 18
    await compute.create_nodes([], made.tell)


async def test_of_many_leases_none_is_given_twice(compute: Compute) -> None:
    assert await compute.lease_ends(PROJECT, []) == []
    leases = await tunnels(compute, 50)
    assert len({lease.port for lease in leases}) == 50
    assert (await compute.port_usage()).udp_ports == sorted(lease.port for lease in leases)


async def test_many_ports_are_connected_and_separated(compute: Compute, tmp_path: Path) -> None:
    first, second, third = await make_many(compute, tmp_path, 3)
    leases = await tunnels(compute, 4)
    errors = await compute.join(
        [
            joint(first, 0, leases[0], leases[1]),
            joint(second, 0, leases[1], leases[0]),
            joint(first, 99, leases[2], leases[3]),  # there is no such port
            PairJoint(ComputePort(first, 0, 1), ComputePort(third, 0, 1), loss(compute)),
            PairJoint(ComputePort(second, 0, 2), ComputePort(third, 0, 99)),
            joint(third, 0, leases[3], leases[2]),
        ]
    )
    assert [error is None for error in errors] == [True, True, False, True, False, True]
    assert isinstance(errors[2], Conflict) and isinstance(errors[4], Conflict)
    ends = [end_of(first), end_of(second), end_of(first, 1), end_of(third, 1), end_of(third)]
    assert all(end.is_open for end in ends) and second.link_end(0, 2) is None
    ports = [ComputePort(first, 0, 0), ComputePort(first, 0, 1), ComputePort(second, 0, 2), ComputePort(third, 0, 0)]
    errors = await compute.separate(ports)
    assert [error is None for error in errors] == [True, True, False, True]
    assert not first.has_nio and not ends[0].is_open and not ends[2].is_open and third.link_end(0, 0) is None
    await compute.release_project(PROJECT)


async def test_what_is_connected_anew_loses_its_earlier_end(compute: Compute, tmp_path: Path) -> None:
    first, second = await make_many(compute, tmp_path, 2)
    leases = await tunnels(compute, 2)
    assert await compute.join([PairJoint(ComputePort(first, 0, 0), ComputePort(second, 0, 0))]) == [None]
    before = end_of(first)
    assert await compute.join([joint(first, 0, *leases)]) == [None]
    assert not before.is_open and end_of(first).is_open


async def test_conditions_of_many_act_from_the_first_frame(compute: Compute, tmp_path: Path) -> None:
    first, second = await make_many(compute, tmp_path, 2)
    suspended = LinkConditions(suspend=True)
    joints = [PairJoint(ComputePort(first, 0, n), ComputePort(second, 0, n), suspended) for n in range(4)]
    assert await compute.join(joints) == [None] * 4
    for number in range(4):
        await end_of(first, number).apply(loss(compute), is_first=True)
        await end_of(second, number).suspend(False)


async def test_cancelled_creations_leave_nothing(compute: Compute, tmp_path: Path) -> None:
    """Nodes that were told belong to who asked. The ids of the others are free."""
    made = Made()
    specs = [spec(tmp_path, f"SW{n}") for n in range(8)]
    with trio.CancelScope() as scope:
        scope.cancel()
        await compute.create_nodes(specs, made.tell)
    untold = [each for place, each in enumerate(specs) if place not in made.by_place]
    again = Made()
    await compute.create_nodes(untold, again.tell)
    assert not again.errors


async def test_cancelled_connections_leave_nothing(compute: Compute, tmp_path: Path) -> None:
    first, second = await make_many(compute, tmp_path, 2)
    with trio.CancelScope() as scope:
        scope.cancel()
        await compute.join([PairJoint(ComputePort(first, 0, n), ComputePort(second, 0, n)) for n in range(8)])
    assert scope.cancelled_caught
    assert not first.has_nio and not second.has_nio
    assert await compute.join([PairJoint(ComputePort(first, 0, 0), ComputePort(second, 0, 0))]) == [None]


# --- generated traffic ---


async def traffic_end(node: ComputeNode) -> TrafficEndpoint:
    """The end of flows at a node that was started, when it has its address."""
    end = node.traffic_endpoint()
    with trio.fail_after(PATIENCE):
        while not end.addresses():
            await trio.sleep(0.02)
    return end


async def test_traffic_from_node_to_node(compute: Compute, tmp_path: Path) -> None:
    """Two flows that are started together; they are gone with their sender."""
    nodes = []
    for number in (1, 2):
        wanted = attrs.evolve(spec(tmp_path, f"PC{number}", "vpcs"), startup_script=f"ip 10.0.0.{number}/24\n")
        nodes.append(await compute.create_node(wanted))
    await compute.connect(ComputePort(nodes[0], 0, 0), ComputePort(nodes[1], 0, 0), LinkConditions())
    with pytest.raises(Conflict):
        nodes[0].traffic_endpoint()
    if isinstance(compute, RemoteCompute):  # GNS3's computes have none
        with pytest.raises(Conflict):
            compute.run_traffic([])
        return
    for node in nodes:
        await node.start()
    first, second = [await traffic_end(node) for node in nodes]
    assert first.addresses() == [IPv4Address("10.0.0.1")] and second.is_open
    sent = FlowSpec(packets_per_second=1000, data_bytes=100, seconds=PATIENCE, packets=20, echo=True)
    flows = [
        TrafficFlow(first, second, second.addresses()[0], sent),
        TrafficFlow(second, None, first.addresses()[0], attrs.evolve(sent, packets=None)),
    ]
    async with compute.run_traffic(flows) as run:
        with trio.fail_after(PATIENCE):
            while (results := await run.read())[0].returned.packets < 20:
                await trio.sleep(0.02)
        assert (results[0].state, results[0].sent, results[0].lost, results[0].loss_ratio) == ("done", 20, 0, 0)
        assert results[0].arrived is not None and results[0].arrived.latency is not None
        assert results[1].is_sending and results[1].lost is None
        await nodes[1].stop()
        assert [result.state for result in await run.read()] == ["done", "gone"] and not second.is_open
    with pytest.raises(Conflict):
        async with compute.run_traffic(flows):
            pass
    with pytest.raises(Invalid, match="burst"):
        async with compute.run_traffic([attrs.evolve(flows[0], spec=attrs.evolve(sent, burst=0))]):
            pass


async def test_what_is_no_host_has_no_traffic(compute: Compute, tmp_path: Path) -> None:
    (switch,) = await make(compute, tmp_path, "SW1")
    with pytest.raises(Conflict, match="SW1"):
        switch.traffic_endpoint()


async def test_what_nodes_take_is_told_in_their_order(compute: Compute, tmp_path: Path) -> None:
    nodes = await make(compute, tmp_path, "SW1", "SW2")
    assert await compute.usage([]) == []
    usages = await compute.usage(nodes)
    assert len(usages) == len(await compute.known_usage(nodes)) == 2
    for usage in usages:  # GNS3 does not tell
        assert usage is None or usage.memory_bytes is None or usage.memory_bytes > 0
