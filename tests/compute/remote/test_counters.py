"""Counters of links on another host, as its compute told them last."""

from uuid import uuid4

import trio

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.remote.counters import RemoteCounters
from gns3trio.traffic.counters import PortCounters

NOTHING = PortCounters()


def place() -> PortPlace:
    return PortPlace(uuid4(), uuid4(), 0, 3)


def came(frames: int) -> PortCounters:
    return PortCounters(rx_frames=frames)


async def test_what_has_changed_is_told_once() -> None:
    counters = RemoteCounters()
    first, second = place(), place()
    ids, others = counters.add(first), counters.add(second)
    assert counters.counted() == {} and counters.of(ids) == dict.fromkeys(ids, NOTHING)
    counters.take(first, came(1), None)
    counters.take(first, came(2), came(5))
    counters.take(place(), came(7), None)  # no link is there
    with trio.fail_after(1):
        await counters.wait()
    assert counters.counted() == {ids[0]: came(2), ids[1]: came(5)} and counters.counted() == {}
    counters.take(first, came(2), came(5))
    with trio.move_on_after(0) as waiting:
        await counters.wait()
    assert waiting.cancelled_caught
    assert [counters.at(each) for each in (*ids, *others)] == [first, first, second, second]
    assert counters.of([ids[0], others[0]]) == {ids[0]: came(2), others[0]: NOTHING}


async def test_a_link_that_is_gone_counts_nothing_and_the_next_one_at_its_port_begins_anew() -> None:
    counters = RemoteCounters()
    where = place()
    old = counters.add(where)
    counters.take(where, came(9), None)
    counters.counted()
    new = counters.add(where)
    counters.remove(old)  # the earlier link ends when the next one is there already
    assert counters.counted() == {old[0]: NOTHING} and counters.at(old[0]) is None
    counters.take(where, came(1), None)
    assert counters.counted() == {new[0]: came(1)} and counters.of() == {new[0]: came(1)}


async def test_thousands_are_told_some_at_a_time() -> None:
    counters = RemoteCounters()
    places = [place() for _ in range(1000)]
    for each in places:
        counters.add(each)
        counters.take(each, came(1), came(2))
    told: dict[int, PortCounters] = {}
    while some := counters.counted():
        assert len(some) <= 256 and not told.keys() & some.keys()
        told |= some
    assert len(told) == 2000
