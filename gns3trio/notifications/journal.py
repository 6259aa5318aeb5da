"""Remembers the newest events under numbers, so that a client that comes back gets what it missed.

An event's id is ``RUN-NUMBER``: the run differs for each start of the server, the numbers count up from 1. Events of
which the next says it all again (``link.stats``) have no id: whoever comes back waits for the next.
"""

import secrets
import sys
from collections import deque
from collections.abc import Iterator

import trio

from gns3trio.notifications.events import BATCH_BYTES, MAX_QUEUED_COALESCIBLE, Event
from gns3trio.notifications.topics import EVERYTHING, Topic

MAX_EVENTS = 32768
MAX_BYTES = 32 * 1024 * 1024

_MAX_DIGITS = 20  # of the number in an id; Python fails to read thousands of them


class Forgotten(Exception):
    """Events after the given id are not known any more; the state has to be read anew."""


class Journal:
    """The newest events of the hub that it listens to. Bounded in number and in bytes."""

    topic = EVERYTHING

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._run = secrets.token_hex(4)
        self._events: dict[int, Event] = {}
        self._bytes = 0
        self.last = 0

    @property
    def first(self) -> int:
        """The number of the oldest event that is remembered; that of the next event when there is none."""
        return self.last - len(self._events) + 1

    def offer(self, event: Event) -> None:
        """Give the event the next number; never blocks."""
        if event.coalescible:
            return
        self.last += 1
        self._events[self.last] = event
        self._bytes += len(event.line)
        while len(self._events) > self._max_events or self._bytes > self._max_bytes:
            self._bytes -= len(self._events.pop(self.first).line)

    def id_of(self, number: int) -> str:
        """The id of an event; 0 stands for the start of the server."""
        return f"{self._run}-{number}"

    def number_of(self, event_id: str) -> int:
        """The number behind an id. Raises Forgotten for one that this run has not given."""
        run, _, number = event_id.rpartition("-")
        is_number = number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS
        if run != self._run or not is_number or int(number) > self.last:
            raise Forgotten
        return int(number)

    def after(self, number: int) -> Iterator[tuple[int, Event]]:
        """The events behind ``number``, oldest first. Raises Forgotten when one of them is not remembered."""
        if number + 1 < self.first:
            raise Forgotten
        return ((each, self._events[each]) for each in range(number + 1, self.last + 1))


class Follower:
    """A place in a journal: gives its events in order, and between them those that have no id.

    It holds no event itself: a slow client costs nothing, and one that falls behind the journal gets Forgotten.
    """

    oldest = sys.maxsize  # of the events that wait here alone

    def lose_events(self) -> None:
        """Not needed: it holds none."""

    def __init__(self, journal: Journal, topic: Topic, number: int) -> None:
        self.topic = topic
        self.number = number
        self._journal = journal
        self._passing: deque[Event] = deque(maxlen=MAX_QUEUED_COALESCIBLE)
        self._wakeup = trio.Event()

    def offer(self, event: Event, number: int = 0) -> None:
        """Take note that there is something new; never blocks."""
        if event.coalescible:
            self._passing.append(event)
        self._wakeup.set()

    async def receive(self) -> list[tuple[str | None, bytes]]:
        """The next events as (id or None, line), as many as fit one write; waits for the first.

        Raises Forgotten when events were lost; ``number`` is then that of the newest event.
        """
        while True:
            self._wakeup = trio.Event()
            if events := self._take():
                return events
            await self._wakeup.wait()

    def _take(self) -> list[tuple[str | None, bytes]]:
        taken: list[tuple[str | None, bytes]] = []
        size = 0
        try:
            for number, event in self._journal.after(self.number):
                self.number = number
                if self.topic.wants(event):
                    taken.append((self._journal.id_of(number), event.line))
                    size += len(event.line)
                    if size >= BATCH_BYTES:
                        return taken
        except Forgotten:
            self.number = self._journal.last
            raise
        taken += [(None, event.line) for event in self._passing]
        self._passing.clear()
        return taken
