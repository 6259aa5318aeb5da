"""Remembers and numbers the newest events, so that a client that reconnects can get those it missed.

An event's id is ``RUN-NUMBER``: the run differs for each start of the server, and the numbers count up from 1.
Coalescible events (``link.stats``) have no id: a client that reconnects waits for the next one.

Events that most followers have read already are kept compressed.
"""

import secrets
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from itertools import islice

import trio

from gns3trio.notifications.events import BATCH_BYTES, MAX_QUEUED_COALESCIBLE, Event
from gns3trio.notifications.packed_events import PACK_BYTES, PACK_EVENTS, PackedEvents
from gns3trio.notifications.topics import Topic

MAX_EVENTS = 32768
MAX_BYTES = 32 * 1024 * 1024

_MAX_DIGITS = 20  # digits of the number in an id; Python refuses to parse thousands of digits


class Forgotten(Exception):
    """The events after the given id are no longer available; the client must read the state again."""


class Journal:
    """The newest events of a hub. Bounded in number and in bytes, as they are before they are compressed."""

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._run = secrets.token_hex(4)
        self._packed: list[PackedEvents] = []
        self._newest: deque[Event] = deque()  # not compressed yet
        self._unpacked: tuple[PackedEvents, list[Event]] | None = None  # the run that was read last
        self._bytes = self._newest_bytes = 0
        self.first = 1
        """The number of the oldest event in the journal; that of the next event if it is empty."""
        self.last = 0

    def offer(self, event: Event) -> None:
        """Add an event under the next number; never blocks."""
        if event.coalescible:
            return
        self.last += 1
        self._newest.append(event)
        self._bytes += len(event.line)
        self._newest_bytes += len(event.line)
        if len(self._newest) >= 2 * PACK_EVENTS or self._newest_bytes >= 2 * PACK_BYTES:
            self._pack()
        while self.last - self.first >= self._max_events or self._bytes > self._max_bytes:
            self._forget_first()

    def _pack(self) -> None:
        """Compress the older half of what is not compressed."""
        first = self.last - len(self._newest) + 1
        events = [self._newest.popleft()]
        size = len(events[0].line)
        while len(self._newest) > 1 and len(events) < PACK_EVENTS:
            if size + len(self._newest[0].line) > PACK_BYTES:
                break
            size += len(self._newest[0].line)
            events.append(self._newest.popleft())
        self._newest_bytes -= size
        self._packed.append(PackedEvents(first, events))

    def _forget_first(self) -> None:
        if self._packed:
            oldest = self._packed[0]
            self._bytes -= oldest.sizes[self.first - oldest.first]
            if self.first == oldest.last:
                del self._packed[0]
        else:
            size = len(self._newest.popleft().line)
            self._bytes -= size
            self._newest_bytes -= size
        self.first += 1

    def id_of(self, number: int) -> str:
        """The id of an event; 0 stands for the start of the server."""
        return f"{self._run}-{number}"

    def number_of(self, event_id: str) -> int:
        """The number in an id. Raises Forgotten for an id of another run of the server."""
        run, _, number = event_id.rpartition("-")
        is_number = number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS
        if run != self._run or not is_number or int(number) > self.last:
            raise Forgotten
        return int(number)

    def after(self, number: int) -> Iterator[tuple[int, Event]]:
        """The events after ``number``, oldest first. Raises Forgotten if one of them is no longer in the journal."""
        if number + 1 < self.first:
            raise Forgotten
        return self._from(number + 1)

    def _from(self, number: int) -> Iterator[tuple[int, Event]]:
        """The events from this one on, which is there or will be the next one."""
        for packed in self._packed[bisect_left(self._packed, number, key=lambda packed: packed.last) :]:
            if self._unpacked is None or self._unpacked[0] is not packed:
                self._unpacked = packed, packed.unpack()
            for event in self._unpacked[1][number - packed.first :]:
                yield number, event
                number += 1
        first = self.last - len(self._newest) + 1
        for event in islice(self._newest, number - first, None):
            yield number, event
            number += 1


class Follower:
    """Reads a journal: returns its events in order, and between them those without an id.

    It queues no numbered events: a slow client costs no memory, and one that falls behind the journal gets Forgotten.
    """

    oldest = sys.maxsize  # of the events without an id, which are queued here

    def lose_events(self) -> None:
        """Does nothing: a follower queues no numbered events."""

    def __init__(self, journal: Journal, topic: Topic, number: int, gather_seconds: float = 0.0) -> None:
        self.topic = topic
        self._gather_seconds = gather_seconds
        self._offered_bytes = 0  # since the last reading
        self._enough = trio.Event()  # they are enough for a write
        self._is_behind = False  # the last reading left events in the journal
        self.number = number
        self._journal = journal
        self._passing: deque[Event] = deque(maxlen=MAX_QUEUED_COALESCIBLE)
        self._wakeup = trio.Event()

    def offer(self, event: Event, number: int = 0) -> None:
        """Note that there is a new event; never blocks."""
        if event.coalescible:
            self._passing.append(event)
        self._wakeup.set()
        self._offered_bytes += len(event.line)
        if self._offered_bytes >= BATCH_BYTES:
            self._enough.set()

    async def receive(self) -> list[tuple[str | None, bytes]]:
        """The next events as (id or None, line), as many as fit into one write. Waits for the first.

        Raises Forgotten if events were lost; ``number`` is then that of the newest event.
        """
        while True:
            self._wakeup = trio.Event()
            if self._gather_seconds and self._offered_bytes and not self._is_behind:
                with trio.move_on_after(self._gather_seconds):
                    await self._enough.wait()
            if events := self._take():
                return events
            await self._wakeup.wait()

    def _take(self) -> list[tuple[str | None, bytes]]:
        taken: list[tuple[str | None, bytes]] = []
        size = self._offered_bytes = 0
        self._enough = trio.Event()
        self._is_behind = False
        try:
            for number, event in self._journal.after(self.number):
                self.number = number
                if self.topic.wants(event):
                    taken.append((self._journal.id_of(number), event.line_with_user))
                    size += len(event.line)
                    if size >= BATCH_BYTES:
                        self._is_behind = True
                        return taken
        except Forgotten:
            self.number = self._journal.last
            raise
        taken += [(None, event.line) for event in self._passing]
        self._passing.clear()
        return taken
