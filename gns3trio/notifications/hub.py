"""Distributes events to subscribers. No subscriber can delay another one or use unbounded memory.

A subscriber has a bounded queue. When it is full, coalescible events are dropped. Any other event that does not fit
ends the subscription, and its last event says so, because a client that silently misses a change shows a wrong lab. The
client then reconnects and reads the state again. The queues of all subscribers together hold no more than the journal:
a subscription also ends when its oldest event leaves the journal. A follower has no queue; it reads the journal.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from gns3trio.classes import define
from gns3trio.notifications.events import BATCH_BYTES, MAX_QUEUED_COALESCIBLE, Event, log_event
from gns3trio.notifications.journal import MAX_BYTES, MAX_EVENTS, Follower, Journal
from gns3trio.notifications.topics import Topic

# Those of the journal, which has these events in memory anyway. So the burst of events when a large project opens fits,
# before the client reads.
MAX_QUEUED_EVENTS = MAX_EVENTS
MAX_QUEUED_BYTES = MAX_BYTES
NEVER = sys.maxsize

EVENTS_LOST = "This client reads too slowly: events were lost. Connect again and reload the project."


@define
class EventCounts:
    """What clients of a hub did not get: ``passed_over`` are coalescible events, which the next one of their kind
    replaces; ``lost`` is how often a client that reads too slowly was told that it lost events.
    """

    passed_over: int = 0
    lost: int = 0


class Subscription:
    """One client's subscription. ``receive`` returns its events in order.

    With ``gather_seconds``, it waits so long for further events after the first one, but not if there are enough for a
    write. A burst of events then wakes its reader once for many of them.
    """

    def __init__(self, topic: Topic, gather_seconds: float = 0.0, counts: EventCounts | None = None) -> None:
        self.topic = topic
        self._counts = counts or EventCounts()
        self._gather_seconds = gather_seconds
        self._enough = trio.Event()  # there are events for a whole write, or the last one
        self.lost_events = False
        # Sends a line if that is possible without waiting, and returns whether it did. Most events take this path.
        self.send_now: Callable[[bytes], bool] | None = None
        self.oldest = NEVER  # the number in the journal of the oldest event that waits
        self._idle = False  # all events so far are sent
        self.offer_time = trio.current_time()  # of the newest event that went into the queue
        self._queue: deque[tuple[int, Event]] = deque()  # with the number of the newest event then
        self._bytes = 0
        self._coalescible = 0
        self._wakeup = trio.Event()

    def offer(self, event: Event, number: int = NEVER) -> None:
        """Queue ``event``; never blocks. Ends the subscription if there is no room.

        ``number`` is that of the journal's newest event.
        """
        if self.lost_events:
            return
        if self._idle and not self._queue and self.send_now is not None and self.send_now(event.line):
            self.offer_time = trio.current_time()
            return
        if event.coalescible and self._coalescible >= MAX_QUEUED_COALESCIBLE:
            self._counts.passed_over += 1
            return
        if len(self._queue) >= MAX_QUEUED_EVENTS or self._bytes + len(event.line) > MAX_QUEUED_BYTES:
            if event.coalescible:
                self._counts.passed_over += 1
                return
            self.lose_events()
        else:
            self._append(event, number)

    def lose_events(self) -> None:
        """End the subscription: drop the queued events and tell the client."""
        if not self.lost_events:
            self._counts.lost += 1
        self.lost_events = True
        self._queue.clear()
        self._bytes = self._coalescible = 0
        self.oldest = NEVER
        self._append(log_event("error", EVENTS_LOST), NEVER)

    def _append(self, event: Event, number: int) -> None:
        self.oldest = min(self.oldest, number)
        self._queue.append((number, event))
        self._bytes += len(event.line)
        self._coalescible += event.coalescible
        self.offer_time = trio.current_time()
        self._wakeup.set()
        if self._bytes >= BATCH_BYTES or self.lost_events:
            self._enough.set()

    async def receive(self) -> list[bytes]:
        """The queued lines, oldest first, as many as fit into one write. Waits for the first.

        Raises trio.EndOfChannel after events were lost and the client was told.
        """
        if not self._queue:
            if self.lost_events:
                raise trio.EndOfChannel
            self._wakeup = trio.Event()
            self._idle = True
            try:
                await self._wakeup.wait()
            finally:
                self._idle = False
        if self._gather_seconds:
            with trio.move_on_after(self._gather_seconds):
                await self._enough.wait()
        return self._take()

    def _take(self) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        while self._queue and size < BATCH_BYTES:
            _, event = self._queue.popleft()
            self._coalescible -= event.coalescible
            lines.append(event.line)
            size += len(event.line)
        self._bytes -= size
        self.oldest = self._queue[0][0] if self._queue else NEVER
        if self._bytes < BATCH_BYTES and not self.lost_events and self._enough.is_set():
            self._enough = trio.Event()
        return lines


Encode = Callable[[object], Event | None]


def _no_event(change: object) -> None:
    """For a hub that is only published to."""


class NotificationHub:
    """The event streams of one version of the API.

    ``encode`` makes an event of a change, or None when the version does not tell of it. That is done once for all
    subscribers; ``on_demand`` only when there are any, otherwise also for the ``journal``.
    """

    def __init__(self, encode: Encode = _no_event, journal: Journal | None = None, *, on_demand: bool = False) -> None:
        self.journal = journal or Journal()
        self._encode = encode
        self._on_demand = on_demand
        self._subscriptions: set[Subscription | Follower] = set()
        self.counts = EventCounts()

    def tell(self, change: object) -> None:
        """Something has happened; see ``ChangeFeed``."""
        if self._subscriptions or not self._on_demand:
            event = self._encode(change)
            if event is not None:
                self.publish(event)

    def publish(self, event: Event) -> None:
        """Queue ``event`` for every subscriber whose topic matches; never blocks."""
        journal = self.journal
        journal.offer(event)
        first, last = journal.first, journal.last
        for subscription in self._subscriptions:
            # Its queued events are in memory for it alone. An event without a number counts under that of the one
            # before it, hence the 1.
            if subscription.oldest < first - 1:
                subscription.lose_events()
            if subscription.topic.wants(event):
                subscription.offer(event, last)

    def lose_events(self) -> None:
        """End all subscriptions, because events were lost."""
        for subscription in self._subscriptions:
            subscription.lose_events()

    @contextmanager
    def subscribe(self, topic: Topic, gather_seconds: float = 0.0) -> Iterator[Subscription]:
        """Subscribe for as long as the ``with`` lasts."""
        subscription = Subscription(topic, gather_seconds, self.counts)
        with self._subscribed(subscription):
            yield subscription

    @contextmanager
    def follow(self, topic: Topic, number: int, gather_seconds: float = 0.0) -> Iterator[Follower]:
        """Follow the journal from after event ``number``, for as long as the ``with`` lasts."""
        follower = Follower(self.journal, topic, number, gather_seconds)
        with self._subscribed(follower):
            yield follower

    @contextmanager
    def _subscribed(self, subscription: Subscription | Follower) -> Iterator[None]:
        self._subscriptions.add(subscription)
        try:
            yield
        finally:
            self._subscriptions.discard(subscription)

    def count(self) -> int:
        """The number of subscribers."""
        return len(self._subscriptions)
