"""The counters at the ends of links on another host, as its compute told them last. Does no I/O."""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping

import trio

from gns3trio.compute.interface import PortPlace
from gns3trio.traffic.counters import PortCounters

_NOTHING = PortCounters()
# Told at a time, as by the compute of this host.
_AT_ONCE = 256


class RemoteCounters:
    """The counters by the ids that ``add`` gives: of a link's end, and of the port behind it."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._by_place: dict[PortPlace, tuple[int, int]] = {}
        self._places: dict[int, PortPlace] = {}
        self._latest: dict[int, PortCounters] = {}
        self._changed: dict[int, None] = {}
        self._telling: deque[int] = deque()  # those that changed before, and are told next
        self._counted = trio.Event()

    def add(self, place: PortPlace) -> tuple[int, int]:
        """A link was connected to a port: the ids of its counters, which begin at 0."""
        ids = self._by_place[place] = next(self._ids), next(self._ids)
        self._places |= dict.fromkeys(ids, place)
        return ids

    def remove(self, ids: tuple[int, int]) -> None:
        """The link was disconnected."""
        place = self._places.get(ids[0])
        if place is not None and self._by_place.get(place) == ids:
            del self._by_place[place]
        for counter_id in ids:
            self._places.pop(counter_id, None)
            if self._latest.pop(counter_id, None) is not None:
                self._change(counter_id)

    def take(self, place: PortPlace, end: PortCounters, device: PortCounters | None) -> None:
        """The compute has told the counters at a port. Those of ports without a link do not matter."""
        for counter_id, counters in zip(self._by_place.get(place, ()), (end, device or _NOTHING), strict=False):
            if self._latest.get(counter_id, _NOTHING) != counters:
                self._latest[counter_id] = counters
                self._change(counter_id)

    def _change(self, counter_id: int) -> None:
        self._changed[counter_id] = None
        self._counted.set()

    async def wait(self) -> None:
        """As ``Compute.wait_counted``."""
        await self._counted.wait()

    def counted(self) -> Mapping[int, PortCounters]:
        """As ``Compute.counted``."""
        if not self._telling:
            self._telling.extend(self._changed)
            self._changed.clear()
            self._counted = trio.Event()
        return self.of([self._telling.popleft() for _ in range(min(_AT_ONCE, len(self._telling)))])

    def at(self, counter_id: int) -> PortPlace | None:
        """As ``Compute.counted_at``."""
        return self._places.get(counter_id)

    def of(self, ids: Iterable[int] | None = None) -> dict[int, PortCounters]:
        """As ``Compute.counters``."""
        if ids is None:
            return dict(self._latest)
        return {counter_id: self._latest.get(counter_id, _NOTHING) for counter_id in ids}
