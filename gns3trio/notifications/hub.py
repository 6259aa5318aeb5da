"""Hands events to subscribers, none of whom can hold up another or grow without bound.

All subscribers together hold no more than the journal does: one whose oldest event the journal has forgotten is ended
too.

A subscriber has a bounded queue. When it is full, coalescible events are left out; any other event that does not
fit ends the subscription, and its last event says so, because a client that silently missed a change
shows a wrong lab. It reconnects and reads the state anew. A follower has no queue: it reads the journal.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from gns3trio.notifications.events import BATCH_BYTES, MAX_QUEUED_COALESCIBLE, Event, log_event
from gns3trio.notifications.journal import Follower, Journal
from gns3trio.notifications.topics import Topic

# Room for the burst of a large project opening (nodes, links and drawings) before the client has read once.
MAX_QUEUED_EVENTS = 4096
MAX_QUEUED_BYTES = 8 * 1024 * 1024
NEVER = sys.maxsize

EVENTS_LOST = "This client reads too slowly: events were lost. Connect again and reload the project."


class Subscription:
    """One client's place in the hub. ``receive`` gives its events in order."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.lost_events = False
        # Sends a line if that needs no waiting, and returns whether it did: what most events of most clients need.
        self.send_now: Callable[[bytes], bool] | None = None
        self.oldest = NEVER  # the number in the journal of the oldest event that waits
        self._idle = False  # everything so far is sent
        self.offer_time = trio.current_time()  # of the newest event that went into the queue
        self._queue: deque[tuple[int, Event]] = deque()  # with the number of the newest event then
        self._bytes = 0
        self._coalescible = 0
        self._wakeup = trio.Event()

    def offer(self, event: Event, number: int = NEVER) -> None:
        """Queue ``event``; never blocks. Ends the subscription when there is no room for it.

        ``number`` is that of the journal's newest event.
        """
        if self.lost_events:
            return
        if self._idle and not self._queue and self.send_now is not None and self.send_now(event.line):
            self.offer_time = trio.current_time()
            return
        if event.coalescible and self._coalescible >= MAX_QUEUED_COALESCIBLE:
            return
        if len(self._queue) >= MAX_QUEUED_EVENTS or self._bytes + len(event.line) > MAX_QUEUED_BYTES:
            if event.coalescible:
                return
            self.lose_events()
        else:
            self._append(event, number)

    def lose_events(self) -> None:
        """End the subscription: what waits is dropped, and its client is told."""
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

    async def receive(self) -> list[bytes]:
        """The waiting lines, oldest first, as many as fit one write; waits for the first.

        Raises trio.EndOfChannel when events were lost and this client has been told.
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
        return lines


class NotificationHub:
    """Everybody publishes here; streams subscribe here."""

    def __init__(self) -> None:
        self.journal = Journal()
        self._subscriptions: set[Subscription | Follower] = set()

    def publish(self, event: Event) -> None:
        """Give ``event`` to every subscriber that wants it; never blocks."""
        journal = self.journal
        if journal.topic.wants(event):
            journal.offer(event)
        first, last = journal.first, journal.last
        for subscription in self._subscriptions:
            # What waits for it is in memory for it alone. An event without a number waits under that of the one before
            # it, hence the 1.
            if subscription.oldest < first - 1:
                subscription.lose_events()
            if subscription.topic.wants(event):
                subscription.offer(event, last)

    @contextmanager
    def subscribe(self, topic: Topic) -> Iterator[Subscription]:
        """A subscription that lasts as long as the ``with``."""
        subscription = Subscription(topic)
        with self._subscribed(subscription):
            yield subscription

    @contextmanager
    def follow(self, topic: Topic, number: int) -> Iterator[Follower]:
        """The events behind ``number`` in the journal, and those to come, as long as the ``with`` lasts."""
        follower = Follower(self.journal, topic, number)
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
        """How many subscribers there are."""
        return len(self._subscriptions)
