"""What is told of the traffic of links, from the counters of one compute or two."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import trio
from trio.testing import MockClock

from gns3trio.controller.changes import LinkTraffic
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.many import revive_all
from gns3trio.controller.links.traffic import LinkStats
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.counters import PortCounters
from tests.controller.conftest import Told, link_record, make_link, make_nodes
from tests.support.memory_compute import MemoryCompute, MemoryEnd

INTERVAL = 1.0


@pytest.fixture
async def link_stats(controller: Controller, told: Told) -> AsyncIterator[LinkStats]:
    stats = LinkStats(controller.computes.driven, controller.links_at, ChangeFeed(told), INTERVAL)
    async with trio.open_nursery() as nursery:
        for compute in controller.computes.driven():
            nursery.start_soon(stats.follow, compute)
        yield stats
        nursery.cancel_scope.cancel()


def told_of(told: Told, link: Link) -> list[tuple[int, int, float]]:
    """Frames in both directions, and the rate of the first, of each event about a link."""
    return [
        (change.statistics.a_to_b.frames, change.statistics.b_to_a.frames, change.statistics.a_to_b.frames_per_second)
        for change in told.of(LinkTraffic)
        if change.link is link
    ]


def ends_of(compute: MemoryCompute, *names: str) -> list[MemoryEnd]:
    return [compute.node(name).ends[0, 0] for name in names]


async def test_a_link_is_told_of_while_something_moves_and_once_more(
    autojump_clock: MockClock, link_stats: LinkStats, project: Project, compute: MemoryCompute, told: Told
) -> None:
    busy = await make_link(project, *await make_nodes(project, "A", "B"))
    idle = await make_link(project, *await make_nodes(project, "C", "D"))
    near, far = ends_of(compute, "A", "B")
    await trio.sleep(100)
    for frames in (10, 30):
        compute.count(far, PortCounters(rx_frames=frames))
        compute.count(near, PortCounters(rx_frames=1))
        await trio.sleep(INTERVAL)
    await trio.sleep(100)
    assert told_of(told, busy) == [(10, 1, 10.0), (30, 1, 20.0), (30, 1, 0.0)]
    assert told_of(told, idle) == []
    assert link_stats.current(project.links, idle).a_to_b.frames == 0


async def test_each_end_of_a_link_is_counted_by_its_own_compute(
    autojump_clock: MockClock,
    link_stats: LinkStats,
    project: Project,
    compute: MemoryCompute,
    far_compute: MemoryCompute,
    told: Told,
) -> None:
    """Their counters may have one id."""
    (first,), (second,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    link = await make_link(project, first, second)
    (near,), (far,) = ends_of(compute, "A"), ends_of(far_compute, "B")
    assert near.counter_ids == far.counter_ids
    far_compute.count(far, PortCounters(rx_frames=5))
    await trio.sleep(INTERVAL / 2)
    compute.count(near, PortCounters(rx_frames=7))
    await trio.sleep(INTERVAL / 2)
    now = link_stats.current(project.links, link)
    assert (now.a_to_b.frames, now.b_to_a.frames) == (5, 7)
    assert [frames[:2] for frames in told_of(told, link)][:2] == [(5, 0), (5, 7)]


async def test_what_moves_at_a_link_that_goes_harms_nobody(
    autojump_clock: MockClock, link_stats: LinkStats, project: Project, compute: MemoryCompute, told: Told
) -> None:
    link = await make_link(project, *await make_nodes(project, "A", "B"))
    (near,) = ends_of(compute, "A")
    compute.count(near, PortCounters(rx_frames=1))
    await trio.sleep(INTERVAL)
    compute.count(near, PortCounters(rx_frames=2))
    await project.links.delete(link)
    before = len(told_of(told, link))
    await trio.sleep(10 * INTERVAL)
    assert len(told_of(told, link)) == before
    with pytest.raises(Conflict, match="is not wired"):
        link_stats.current(project.links, link)


async def test_a_link_that_is_not_wired_has_no_statistics(link_stats: LinkStats, project: Project) -> None:
    first, _ = await make_nodes(project, "A", "B")
    record = link_record(first, first)
    record.nodes[1].node_id = uuid4()
    await revive_all(project, project.links, [record], {})
    with pytest.raises(Conflict, match=r"is not wired on this host: node .* doesn't exist"):
        link_stats.current(project.links, project.links[record.link_id])
