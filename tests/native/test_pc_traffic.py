"""Generated traffic between built-in PCs, through its Python face and the real core."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest
import trio

from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.controller.nodes.mesh import MAX_PAIRS
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from gns3trio.forwarder.pc import Pc, Pcs, open_pcs
from gns3trio.forwarder.pc_traffic import PcFlow, PcFlows, listening, open_flows
from gns3trio.forwarder.pc_types import PcIdentity
from gns3trio.traffic.flows import FlowResult, FlowSpec
from tests.native.vpcs_terminal import PATIENCE

QUICK = FlowSpec(packets_per_second=20_000, data_bytes=100, seconds=60, packets=1000)
SECOND = IPv4Address("10.0.0.2")


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder(stats_interval=0.001) as opened:
        yield opened


@pytest.fixture
async def pcs(forwarder: Forwarder) -> AsyncIterator[Pcs]:
    async with open_pcs(forwarder) as opened:
        yield opened


def open_pc(pcs: Pcs, number: int) -> Pc:
    pc = pcs.open(PcIdentity(mac=f"00:50:79:66:{number >> 8:02x}:{number & 255:02x}", name=f"PC{number}"))
    pc.set_address(IPv4Address("10.0.0.0") + number, 16)
    return pc


@pytest.fixture
def pair(forwarder: Forwarder, pcs: Pcs) -> tuple[Pc, Pc]:
    first, second = open_pc(pcs, 1), open_pc(pcs, 2)
    forwarder.connect(first.port, second.port)
    return first, second


async def finished(flows: PcFlows) -> list[FlowResult]:
    """What became of them once everything has arrived."""
    with trio.fail_after(PATIENCE):
        while True:
            results = await flows.read()
            if all(not result.is_sending and result.lost == 0 for result in results):
                return results
            await trio.sleep(0.01)


async def test_a_flow_is_counted_at_both_ends(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    before = first.state().memory_bytes
    async with open_flows(forwarder, [PcFlow(first, second, SECOND, attrs.evolve(QUICK, echo=True))]) as flows:
        (result,) = await finished(flows)
        assert (result.state, result.reason, result.sent, result.unsent) == ("done", "done", 1000, 0)
        assert result.loss_ratio == 0 and 0.04 < result.seconds < PATIENCE
        assert result.arrived is not None
        for arrivals in (result.arrived, result.returned):
            assert (arrivals.packets, arrivals.bytes) == (1000, 100_000)
            assert (arrivals.duplicated, arrivals.reordered) == (0, 0)
            latency = arrivals.latency
            assert latency is not None and latency.samples == 1000
            times = (latency.min, latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max)
            assert times == tuple(sorted(times)) and latency.min > 0 and latency.mean < PATIENCE
        state = first.state()
        assert state.timers == 0 and state.memory_bytes > before
    assert first.state().memory_bytes < before + 1000  # the neighbour


async def test_what_a_link_does_is_seen(forwarder: Forwarder, pcs: Pcs) -> None:
    """A delay of 5 ms each way, as the filter of the link says."""
    first, second = open_pc(pcs, 1), open_pc(pcs, 2)
    near, far = forwarder.open_link([CoreFilter("delay", "both", (5000,))], 1, suspended=False)
    forwarder.connect(first.port, near)
    forwarder.connect(second.port, far)
    spec = attrs.evolve(QUICK, echo=True, packets=200, packets_per_second=2000)
    async with open_flows(forwarder, [PcFlow(first, second, SECOND, spec)]) as flows:
        (result,) = await finished(flows)
        while result.returned.packets < 200:
            await trio.sleep(0.01)
            (result,) = await flows.read()
    assert result.arrived is not None and result.arrived.latency is not None and result.returned.latency is not None
    assert result.arrived.latency.min >= 0.005 and result.returned.latency.min >= 0.01


async def test_a_listener_counts_and_reports(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    with listening(forwarder, second) as listener:
        with pytest.raises(Conflict, match="already"), listening(forwarder, second):
            pass
        assert listener.heard() == []
        async with open_flows(forwarder, [PcFlow(first, None, SECOND, QUICK)]) as flows:
            (result,) = await finished(flows)
        (heard,) = listener.heard()
    assert (heard.source, heard.sent, heard.arrived) == ("10.0.0.1", 1000, result.arrived)
    async with open_flows(forwarder, [PcFlow(first, None, SECOND, attrs.evolve(QUICK, packets=10))]) as flows:
        with trio.fail_after(PATIENCE):
            while (result := (await flows.read())[0]).is_sending:
                await trio.sleep(0.01)
    assert (result.arrived, result.sent) == (None, 10)  # nobody listens any more
    assert first.state().timers == second.state().timers == 0


async def test_thousands_of_flows_are_started_and_read_at_once(forwarder: Forwarder, pcs: Pcs) -> None:
    """All pairs of 60 PCs on a switch."""
    count = 60
    switch = forwarder.open_switch()
    hosts = [open_pc(pcs, number) for number in range(1, count + 1)]
    for host in hosts:
        switch.join(host.port)
    spec = attrs.evolve(QUICK, packets=5, packets_per_second=10)
    wanted = [
        PcFlow(sender, receiver, IPv4Address("10.0.0.0") + number, attrs.evolve(spec, delay=(number % 10) / 50))
        for sender in hosts
        for number, receiver in enumerate(hosts, 1)
        if receiver is not sender
    ]
    async with open_flows(forwarder, wanted) as flows:
        results = await finished(flows)
    assert len(results) == count * (count - 1)
    assert {(result.sent, result.lost, result.reason) for result in results} == {(5, 0, "done")}
    assert all(host.state().timers == 0 for host in hosts)


async def test_pcs_that_go_while_flows_run(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    spec = attrs.evolve(QUICK, packets=None)
    flows_each_way = [PcFlow(first, second, SECOND, spec), PcFlow(second, first, IPv4Address("10.0.0.1"), spec)]
    async with open_flows(forwarder, flows_each_way) as flows:
        with trio.fail_after(PATIENCE):
            while not all(result.arrived is not None and result.arrived.packets for result in await flows.read()):
                await trio.sleep(0.01)
        second.close()
        there, back = await flows.read()
        assert (there.state, there.arrived) == ("sending", None)
        assert (back.state, back.sent) == ("gone", 0) and back.arrived is not None
    with pytest.raises(Conflict, match="stopped"):
        async with open_flows(forwarder, flows_each_way):
            pass


async def test_what_cannot_be(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    changes: list[dict[str, float]] = [
        {"packets_per_second": 0},
        {"packets_per_second": 1_000_001},
        {"packets_per_second": float("nan")},
        {"data_bytes": 47},
        {"data_bytes": 65_508},
        {"seconds": 0},
        {"seconds": 86_401},
        {"packets": 0},
        {"burst": 0},
        {"burst": 1001},
        {"port": 0},
        {"delay": -1},
    ]
    good = PcFlow(first, second, SECOND, QUICK)
    for change in changes:
        bad = attrs.evolve(good, spec=attrs.evolve(QUICK, **change))
        with pytest.raises(Invalid, match=next(iter(change))):
            async with open_flows(forwarder, [good, bad]):
                pass
    for target in ("10.0.255.255", "255.255.255.255", "224.0.0.1", "::", "ff02::1"):
        with pytest.raises(Invalid, match="one host"):
            async with open_flows(forwarder, [good, attrs.evolve(good, target=ip_address(target))]):
                pass
    assert first.state().timers == 0  # the good ones did not begin


async def test_ipv6(forwarder: Forwarder, pair: tuple[Pc, Pc]) -> None:
    first, second = pair
    for number, pc in enumerate(pair, 1):
        pc.set_address(IPv6Address("2001:db8::") + number, 64)
    spec = attrs.evolve(QUICK, data_bytes=5000, packets=100, echo=True)
    async with open_flows(forwarder, [PcFlow(first, second, IPv6Address("2001:db8::2"), spec)]) as flows:
        (result,) = await finished(flows)
    assert result.arrived is not None and result.arrived.bytes == 500_000


async def test_the_largest_mesh_fits_with_what_comes_back(forwarder: Forwarder, pcs: Pcs) -> None:
    opened = [open_pc(pcs, number) for number in range(1, 143)]
    spec = FlowSpec(packets_per_second=1, data_bytes=100, seconds=60, delay=60, echo=True)
    flows = [
        PcFlow(sender, receiver, IPv4Address("10.0.0.0") + number, spec)
        for sender in opened
        for number, receiver in enumerate(opened, 1)
        if sender is not receiver
    ]
    async with open_flows(forwarder, flows[:MAX_PAIRS]) as run:
        assert [result.state for result in await run.read()] == ["waiting"] * MAX_PAIRS
