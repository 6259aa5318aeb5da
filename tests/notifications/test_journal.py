"""The journal: numbers, what it remembers, and followers who come back."""

from uuid import uuid4

import orjson
import pytest
import trio
import trio.testing

from gns3trio.notifications.events import BATCH_BYTES, Event
from gns3trio.notifications.hub import NotificationHub
from gns3trio.notifications.journal import Follower, Forgotten, Journal
from gns3trio.notifications.packed_events import PackedEvents
from gns3trio.notifications.topics import EVERYTHING, project_topic


def note(number: int) -> Event:
    return Event("log.info", {"message": str(number)})


def messages(events: list[tuple[str | None, bytes]]) -> list[str]:
    return [orjson.loads(line)["event"]["message"] for _, line in events]


async def test_who_comes_back_gets_what_was_missed() -> None:
    hub = NotificationHub()
    hub.publish(note(1))
    with hub.follow(EVERYTHING, 0) as follower:
        ((event_id, _),) = await follower.receive()
    assert event_id is not None
    for number in (2, 3):
        hub.publish(note(number))
    with hub.follow(EVERYTHING, hub.journal.number_of(event_id)) as follower:
        assert messages(await follower.receive()) == ["2", "3"]
        async with trio.open_nursery() as nursery:

            async def wait() -> None:
                assert messages(await follower.receive()) == ["4"]

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            hub.publish(note(4))
    assert hub.count() == 0


def test_only_what_is_remembered_can_be_asked_for() -> None:
    journal = Journal(max_events=3)
    assert journal.number_of(journal.id_of(0)) == 0 and list(journal.after(0)) == []
    for number in range(1, 6):
        journal.offer(note(number))
    assert (journal.first, journal.last) == (3, 5)
    assert [number for number, _ in journal.after(2)] == [3, 4, 5]
    with pytest.raises(Forgotten):
        journal.after(1)
    for foreign in (
        "",
        "5",
        "nonsense-5",
        journal.id_of(6),
        journal.id_of(5) + "x",
        journal.id_of(5) + "0" * 5000,
        f"{journal.id_of(0)[:-1]}²",
    ):
        with pytest.raises(Forgotten):
            journal.number_of(foreign)


def test_the_memory_is_bounded_in_bytes() -> None:
    size = len(note(1).line)
    journal = Journal(max_bytes=10 * size)
    for _ in range(100):
        journal.offer(note(1))
    assert (journal.first, journal.last) == (91, 100)


async def test_a_follower_that_is_too_slow_is_told_and_goes_on_with_the_newest() -> None:
    journal = Journal(max_events=3)
    follower = Follower(journal, EVERYTHING, 0)
    for number in range(1, 6):
        journal.offer(note(number))
    with pytest.raises(Forgotten):
        await follower.receive()
    assert follower.number == 5
    journal.offer(note(6))
    assert messages(await follower.receive()) == ["6"]


async def test_events_that_the_next_replaces_have_no_id() -> None:
    hub, project = NotificationHub(), uuid4()
    with hub.follow(project_topic(project), 0) as follower:
        hub.publish(Event("link.stats", {"message": "load"}, project))
        hub.publish(Event("link.stats", {"message": "other"}, uuid4()))
        assert await follower.receive() == [(None, Event("link.stats", {"message": "load"}).line)]
    assert hub.journal.last == 0


async def test_a_long_absence_is_told_in_pieces() -> None:
    hub = NotificationHub()
    text = "x" * (BATCH_BYTES // 2)
    for _ in range(5):
        hub.publish(Event("log.info", {"message": text}))
    with hub.follow(EVERYTHING, 0) as follower:
        assert [len(await follower.receive()) for _ in range(3)] == [2, 2, 1]


async def test_what_was_compressed_is_given_as_it_was() -> None:
    journal, project, about = Journal(), uuid4(), uuid4()
    made = [Event("log.info", {"message": f"{number} ü"}, project if number % 3 else None) for number in range(1000)]
    made[500] = Event("project.updated", {"name": "x" * 3 * BATCH_BYTES}, about=about)
    for event in made:
        journal.offer(event)
    assert list(journal.after(0)) == list(enumerate(made, 1))
    for number in (1, 127, 128, 129, 499, 500, 501, 998, 999, 1000):
        assert list(journal.after(number)) == list(enumerate(made, 1))[number:]


def test_the_limits_count_events_that_are_compressed() -> None:
    size = len(note(10_000).line)
    for journal in (Journal(max_events=700), Journal(max_bytes=700 * size)):
        for number in range(10_000, 15_000):
            journal.offer(note(number))
        assert (journal.first, journal.last) == (4301, 5000)
        assert [orjson.loads(event.line)["event"]["message"] for _, event in journal.after(4990)] == [
            str(number) for number in range(14_990, 15_000)
        ]
        with pytest.raises(Forgotten):
            journal.after(4299)


def test_events_that_resemble_each_other_take_a_fifth_when_compressed() -> None:
    events = [Event("node.updated", {"node_id": str(uuid4()), "text": "x" * 900}) for _ in range(100)]
    packed = PackedEvents(1, events[:60])
    assert packed.unpack() == events[:60] and packed.last == 60
    assert packed.kept_bytes < sum(packed.sizes) / 5
