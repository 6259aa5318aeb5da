"""Generated traffic between nodes, on a compute in memory: what is told, what is reported, and what goes wrong."""

from ipaddress import IPv4Address
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from gns3trio.controller.changes import NodeTraffic
from gns3trio.controller.controller import Controller
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.traffic import MOST_RUNS, TrafficReport, TrafficRequest, run_flows, send_traffic
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, Invalid, LabError, Unavailable
from gns3trio.traffic.flows import FlowResult, FlowSpec
from tests.controller.conftest import Told, make_nodes, running
from tests.support.memory_compute import MemoryCompute

SPEC = FlowSpec(packets_per_second=100, data_bytes=100, seconds=10, echo=True)


@pytest.fixture
async def pair(project: Project) -> list[Node]:
    return await running(project, "ip 10.0.0.1/24\nip 2001:db8::1/64", "ip 10.0.0.2/24\nip 2001:db8::2/64")


def request(to: Node | None, **changes: Any) -> TrafficRequest:
    return attrs.evolve(
        TrafficRequest(to=to, address=None, version=None, spec=SPEC, drain_seconds=1.0),
        **changes,
    )


async def send(controller: Controller, node: Node, asked: TrafficRequest) -> TrafficReport:
    return await send_traffic(node, asked, controller.changes)


async def test_what_is_told_and_reported(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, pair: list[Node], told: Told
) -> None:
    compute.lost = 0.25
    begun = trio.current_time()
    report = await send(controller, pair[0], request(pair[1]))
    assert 10 <= trio.current_time() - begun < 12  # its time, and what is waited for the lost ones
    result = report.result
    assert (report.address, result.sent, result.lost, result.loss_ratio) == (IPv4Address("10.0.0.2"), 1000, 250, 0.25)
    assert result.returned.packets == 750
    progress = [change.report.progress for change in told.of(NodeTraffic)]
    assert len(progress) >= 20 and progress == sorted(progress) and progress[0] >= 0 and progress[-1] <= 1
    assert not compute.traffic  # nothing runs any more
    by_ipv6 = await send(controller, pair[0], request(pair[1], version=6))
    assert str(by_ipv6.address) == "2001:db8::2"


async def test_without_loss_nothing_is_waited_for(
    autojump_clock: MockClock, controller: Controller, pair: list[Node]
) -> None:
    begun = trio.current_time()
    spec = attrs.evolve(SPEC, packets=200)
    report = await send(controller, pair[0], request(pair[1], spec=spec, drain_seconds=60.0))
    assert report.result.sent == 200 and trio.current_time() - begun < 3


async def test_to_an_address_nobody_counts(autojump_clock: MockClock, controller: Controller, pair: list[Node]) -> None:
    report = await send(controller, pair[0], request(None, address=IPv4Address("192.0.2.1")))
    assert report.to is None and report.result.sent == 1000
    assert (report.result.arrived, report.result.lost, report.result.loss_ratio) == (None, None, None)


async def test_nodes_that_stop_meanwhile(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, pair: list[Node]
) -> None:
    for stopped, complaint in ((0, "'PC1' was stopped while it sent"), (1, "'PC2' was stopped while traffic")):
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def stop(node: Node = pair[stopped]) -> None:
                await trio.sleep(3)
                await node.require_instance().stop()

            with pytest.raises(Conflict, match=complaint):
                await send(controller, pair[0], request(pair[1]))
        await pair[stopped].require_instance().start()
        assert not compute.traffic


async def test_what_cannot_be_sent(controller: Controller, project: Project, pair: list[Node]) -> None:
    (stopped,) = await make_nodes(project, "PC3")
    (far,) = await running(project, "ip 10.0.0.9/24", compute_id="far")
    bare, only_ipv4 = await running(project, "", "ip 10.0.0.4/24")
    cases: list[tuple[Node, TrafficRequest, type[LabError], str]] = [
        (stopped, request(pair[1]), Conflict, "'PC3'"),
        (pair[0], request(stopped), Conflict, "'PC3'"),
        (pair[0], request(far), Conflict, "must be on one compute"),
        (pair[0], request(bare), Conflict, f"'{bare.name}' has no address"),
        (bare, request(pair[1]), Conflict, f"'{bare.name}' has no address"),
        (pair[0], request(only_ipv4, version=6), Conflict, f"'{only_ipv4.name}' has no IPv6 address"),
        (only_ipv4, request(pair[0], version=6), Conflict, f"'{only_ipv4.name}' has no IPv6 address"),
        (pair[0], request(pair[1], spec=attrs.evolve(SPEC, burst=0)), Invalid, "burst"),
    ]
    for node, asked, error, complaint in cases:
        with pytest.raises(error, match=complaint):
            await send(controller, node, asked)


async def test_a_compute_that_goes_away(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, pair: list[Node]
) -> None:
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def go() -> None:
            await trio.sleep(3)
            compute.is_away = True

        with pytest.raises(Unavailable, match="cannot be reached"):
            await send(controller, pair[0], request(pair[1]))
    compute.is_away = False
    assert not compute.traffic


async def test_so_many_run_at_once(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, pair: list[Node]
) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_RUNS):
            nursery.start_soon(send, controller, pair[0], request(pair[1]))
        await trio.sleep(1)
        with pytest.raises(Unavailable, match=f"{MOST_RUNS} requests send traffic"):
            await send(controller, pair[0], request(pair[1]))
        assert len(compute.traffic) == MOST_RUNS
        nursery.cancel_scope.cancel()
    assert not compute.traffic
    await send(controller, pair[0], request(pair[1]))


async def test_no_flows_are_over_at_once(compute: MemoryCompute) -> None:
    told: list[tuple[list[FlowResult], float]] = []
    assert await run_flows(compute, [], 1.0, lambda results, progress: told.append((list(results), progress))) == []
    assert told == []
