"""The hub: order, topics, and what a slow subscriber gets."""

from uuid import uuid4

import orjson
import pytest
import trio
import trio.testing

from gns3trio.notifications import hub as hub_module
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import MAX_QUEUED_COALESCIBLE, NotificationHub
from gns3trio.notifications.journal import Journal
from gns3trio.notifications.topics import CONTROLLER, EVERYTHING, project_topic


def actions(lines: list[bytes]) -> list[str]:
    return [orjson.loads(line)["action"] for line in lines]


async def test_each_topic_gets_its_events_in_order() -> None:
    hub, mine, other = NotificationHub(), uuid4(), uuid4()
    with (
        hub.subscribe(CONTROLLER) as controller,
        hub.subscribe(EVERYTHING) as everything,
        hub.subscribe(project_topic(mine)) as project,
    ):
        hub.publish(Event("project.created", {}))
        hub.publish(Event("node.created", {}, mine))
        hub.publish(Event("node.created", {}, other))
        hub.publish(Event("log.error", {"message": "x"}, mine))
        assert actions(await controller.receive()) == ["project.created"]
        assert actions(await everything.receive()) == [
            "project.created",
            "node.created",
            "node.created",
            "log.error",
        ]
        assert actions(await project.receive()) == ["node.created", "log.error"]
    assert hub.count() == 0


async def test_a_waiting_subscriber_is_woken() -> None:
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING) as subscription:
        async with trio.open_nursery() as nursery:

            async def wait() -> None:
                assert actions(await subscription.receive()) == ["project.created"]

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            hub.publish(Event("project.created", {}))


async def test_a_slow_subscriber_is_told_and_ended_and_others_get_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_QUEUED_EVENTS", 100)
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING) as slow, hub.subscribe(EVERYTHING) as quick:
        got = []
        for number in range(250):
            hub.publish(Event("node.updated", {"x": number}, uuid4()))
            got += [orjson.loads(line)["event"]["x"] for line in await quick.receive()]
        assert got == list(range(250))
        (last,) = await slow.receive()
        assert orjson.loads(last)["action"] == "log.error"
        assert "events were lost" in orjson.loads(last)["event"]["message"]
        with pytest.raises(trio.EndOfChannel):
            await slow.receive()


async def test_large_events_count_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MAX_QUEUED_BYTES", 10_000)
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING) as slow:
        for _ in range(20):
            hub.publish(Event("drawing.created", {"svg": "x" * 1000}))
        assert slow.lost_events


async def test_statistics_never_push_out_what_matters() -> None:
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING) as slow:
        for _ in range(10_000):
            hub.publish(Event("link.stats", {}, uuid4()))
        hub.publish(Event("node.deleted", {}, uuid4()))
        lines: list[bytes] = []
        while "node.deleted" not in actions(lines):
            lines += await slow.receive()
        assert len(lines) == MAX_QUEUED_COALESCIBLE + 1


async def test_a_slow_subscriber_holds_nothing_that_the_journal_has_forgotten() -> None:
    """Also one that the newer events do not concern."""
    hub, mine, other = NotificationHub(), uuid4(), uuid4()
    hub.journal = Journal(max_events=3)
    with hub.subscribe(project_topic(mine)) as slow, hub.subscribe(project_topic(mine)) as reader:
        hub.publish(Event("node.created", {}, mine))
        assert actions(await reader.receive()) == ["node.created"]
        for _ in range(3):
            hub.publish(Event("node.updated", {}, other))
        slow.offer(Event("ping", {}))
        assert not slow.lost_events
        hub.publish(Event("node.updated", {}, other))
        assert slow.lost_events and not reader.lost_events
        assert actions(await slow.receive()) == ["log.error"]
        with pytest.raises(trio.EndOfChannel):
            await slow.receive()
        hub.publish(Event("link.stats", {}, mine))
        hub.publish(Event("node.deleted", {}, mine))
        assert actions(await reader.receive()) == ["link.stats", "node.deleted"]


async def test_a_burst_wakes_a_gathering_subscriber_once_per_write(autojump_clock: trio.testing.MockClock) -> None:
    hub = NotificationHub()
    events = [Event("node.updated", {"x": number, "pad": "x" * 1000}) for number in range(200)]
    with hub.subscribe(EVERYTHING, 0.25) as subscription:
        for event in events[:3]:
            hub.publish(event)
            await trio.sleep(0.05)
        assert len(await subscription.receive()) == 3  # after the rest of the time
        assert trio.current_time() == pytest.approx(0.15 + 0.25)
        async with trio.open_nursery() as nursery:

            async def publish_all() -> None:
                for event in events:
                    hub.publish(event)
                    await trio.sleep(0.001)

            nursery.start_soon(publish_all)
            got: list[bytes] = []
            reads = 0
            while len(got) < len(events):
                got += await subscription.receive()
                reads += 1
        assert got == [event.line for event in events]
        assert reads == 4  # 200 KB, in writes of 64 KB
        assert trio.current_time() < 1.0


async def test_a_gathering_subscriber_is_told_at_once_that_it_lost_events(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub = NotificationHub()
    with hub.subscribe(EVERYTHING, 1000.0) as subscription:
        hub.publish(Event("project.created", {}))
        subscription.lose_events()
        assert actions(await subscription.receive()) == ["log.error"]
        assert trio.current_time() < 1.0
        with pytest.raises(trio.EndOfChannel):
            await subscription.receive()


async def test_a_gathering_follower_gets_all_in_few_writes(autojump_clock: trio.testing.MockClock) -> None:
    hub = NotificationHub()
    events = [Event("node.updated", {"x": number, "pad": "x" * 1000}) for number in range(400)]
    for event in events[:200]:
        hub.publish(event)
    with hub.follow(EVERYTHING, 0, 0.25) as follower:
        got: list[bytes] = []
        while len(got) < 200:
            got += [line for _, line in await follower.receive()]
        assert trio.current_time() < 0.1  # what it missed is there at once
        async with trio.open_nursery() as nursery:

            async def publish_rest() -> None:
                for event in events[200:]:
                    await trio.sleep(0.001)
                    hub.publish(event)

            nursery.start_soon(publish_rest)
            reads = 0
            while len(got) < 400:
                got += [line for _, line in await follower.receive()]
                reads += 1
        assert got == [event.line for event in events]
        assert reads <= 5
