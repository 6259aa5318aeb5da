"""What is told of the traffic of many links, and what is read for it. The clock jumps."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
import trio

from gns3trio.controller.changes import LinkTraffic
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.controller.links.traffic import LinkStats
from gns3trio.controller.project.project import Project
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.traffic.counters import PortCounters
from tests.controller.conftest import Told, make_link, make_nodes
from tests.support.memory_compute import MemoryCompute

INTERVAL = 0.5
PAIRS = 20


def came(frames: int) -> PortCounters:
    """Of a link's end: so many frames came in there, of 100 bytes each."""
    return PortCounters(rx_frames=frames, rx_bytes=100 * frames)


@pytest.fixture
async def links(project: Project) -> list[Link]:
    """A00-B00 and so on."""
    made = []
    for number in range(PAIRS):
        made.append(await make_link(project, *await make_nodes(project, f"A{number:02}", f"B{number:02}")))
    return made


@pytest.fixture
async def stats(controller: Controller, told: Told, links: list[Link]) -> AsyncIterator[LinkStats]:
    """Running, at a moment at which nothing has moved."""
    link_stats = LinkStats(controller.computes.driven, controller.links_at, ChangeFeed(told), INTERVAL)
    async with trio.open_nursery() as nursery:
        for compute in controller.computes.driven():
            nursery.start_soon(link_stats.follow, compute)
        await trio.sleep(10 * INTERVAL)
        yield link_stats
        nursery.cancel_scope.cancel()


def refuse(*_: object) -> NoReturn:
    raise AssertionError("all of them were looked at")


async def test_of_many_links_those_that_moved_are_told_and_once_more_when_they_rest(
    stats: LinkStats,
    links: list[Link],
    compute: MemoryCompute,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: Any,
) -> None:
    with monkeypatch.context() as patch:
        for name in ("__iter__", "values", "items", "keys"):
            patch.setattr(Links, name, refuse)
        patch.setattr(MemoryCompute, "counters", refuse)
        await check_what_is_told(links, compute, told)


async def check_what_is_told(links: list[Link], compute: MemoryCompute, told: Told) -> None:
    compute.count(compute.node("B07").ends[0, 0], came(10))
    await trio.sleep(10 * INTERVAL)
    moved, rests = told.of(LinkTraffic)
    assert moved.link is rests.link is links[7]
    assert (moved.statistics.a_to_b.frames, moved.statistics.b_to_a.frames) == (10, 0)
    assert moved.statistics.a_to_b.frames_per_second > 0
    assert rests.statistics.a_to_b.frames == 10 and rests.statistics.a_to_b.frames_per_second == 0
    compute.count(compute.node("B07").ends[0, 0], came(30))
    compute.count(compute.node("A03").ends[0, 0], came(1))
    await trio.sleep(10 * INTERVAL)
    told_later = told.of(LinkTraffic)[2:]
    assert [change.link for change in told_later] == [links[7], links[3]] * 2
    assert (told_later[0].statistics.a_to_b.frames, told_later[1].statistics.b_to_a.frames) == (30, 1)


async def test_counters_that_are_what_they_were_tell_nothing(
    stats: LinkStats, compute: MemoryCompute, told: Told, autojump_clock: Any
) -> None:
    end = compute.node("B00").ends[0, 0]
    compute.count(end, came(0))
    compute.count(compute.node("B01").ends[0, 0], came(5))
    await trio.sleep(10 * INTERVAL)
    assert [change.statistics.a_to_b.frames for change in told.of(LinkTraffic)] == [5, 5]
    compute.count(compute.node("B01").ends[0, 0], came(5))
    await trio.sleep(10 * INTERVAL)
    assert len(told.of(LinkTraffic)) == 2


async def test_a_link_that_is_deleted_while_it_is_busy_is_told_no_more(
    stats: LinkStats, project: Project, links: list[Link], compute: MemoryCompute, told: Told, autojump_clock: Any
) -> None:
    compute.count(compute.node("B00").ends[0, 0], came(5))
    await trio.sleep(INTERVAL / 2)
    assert [change.link for change in told.of(LinkTraffic)] == [links[0]]
    await project.links.delete(links[0])
    compute.count(compute.node("B01").ends[0, 0], came(5))
    await trio.sleep(10 * INTERVAL)
    assert [change.link for change in told.of(LinkTraffic)] == [links[0], links[1], links[1]]


async def test_a_link_that_never_rests_is_told_once_in_an_interval(
    stats: LinkStats, compute: MemoryCompute, told: Told, autojump_clock: Any
) -> None:
    for frames in range(1, 101):
        compute.count(compute.node("B00").ends[0, 0], came(frames))
        await trio.sleep(0.097 * INTERVAL)  # never at the moment at which counters are read
    await trio.sleep(10 * INTERVAL)
    seen = [change.statistics for change in told.of(LinkTraffic)]
    assert 10 <= len(seen) <= 13 and seen[-1].a_to_b.frames == 100
    rates = [each.a_to_b.frames_per_second for each in seen[1:-2]]
    assert rates == pytest.approx([20] * len(rates), rel=0.2)


async def test_a_request_reads_its_link_now(
    stats: LinkStats,
    project: Project,
    links: list[Link],
    compute: MemoryCompute,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: Any,
) -> None:
    asked: list[int] = []
    counters = MemoryCompute.counters

    def read(compute: MemoryCompute, ids: Any = None) -> Any:
        assert ids is not None, "all of them were read"
        asked.extend(ids)
        return counters(compute, ids)

    monkeypatch.setattr(MemoryCompute, "counters", read)
    end = compute.node("B05").ends[0, 0]
    compute.passed[end.counter_ids[0]] = came(3)  # which nobody has signalled yet
    assert stats.current(project.links, links[5]).a_to_b.frames == 3
    assert sorted(asked) == sorted({*end.counter_ids, *compute.node("A05").ends[0, 0].counter_ids} - {None})
