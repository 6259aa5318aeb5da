"""Publishes the counters of the computes as ``link.stats`` events.

A compute signals that counters have changed. The changed counters are read and sent through a channel to the publisher,
which compares them with their earlier values. So an idle link costs nothing. When its traffic stops, it gets one last
event with rates of 0.
"""

import math
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from uuid import UUID

import attrs
import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, PortPlace
from gns3trio.compute.node_traits import NodePort
from gns3trio.controller.changes import LinkTraffic
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.controller.links.statistics import DirectionStatistics, LinkStatistics, PortStatistics, PortTraffic
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.slices import Slices
from gns3trio.traffic.counters import PortCounters, receive_rates, send_rates


@frozen
class CounterSnapshot:
    """The counters of a compute by id, and the time when they were read (trio's clock, in seconds)."""

    taken_at: float
    counters: Mapping[int, PortCounters]

    def of(self, port_id: int | None) -> PortCounters:
        """The counters of a port; all 0 if it does not exist."""
        return self.counters.get(port_id, _NOTHING) if port_id is not None else _NOTHING


class _ReadWhenAsked(Mapping[int, PortCounters]):
    """Counters of a compute that are read on demand, each once."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._read: dict[int, PortCounters] = {}

    def __getitem__(self, counter_id: int) -> PortCounters:
        if counter_id not in self._read:
            self._read[counter_id] = self._compute.counters((counter_id,)).get(counter_id, _NOTHING)
        return self._read[counter_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


@frozen
class _Span:
    """Two snapshots of a compute, from which rates are computed."""

    before: CounterSnapshot
    now: CounterSnapshot

    @property
    def seconds(self) -> float:
        """The time between the snapshots. If it is 0, there are no rates."""
        return max(self.now.taken_at - self.before.taken_at, _SHORTEST_INTERVAL)


@frozen
class _Changes:
    """Changed counters, and the time when they were read."""

    taken_at: float
    counters: Mapping[int, PortCounters]
    quiet_until: float = -math.inf  # there was no traffic for long before


class _Told:
    """The counters of a compute in the last events: two snapshots, which share their equal parts."""

    def __init__(self) -> None:
        self._latest: dict[int, PortCounters] = {}
        nothing = CounterSnapshot(trio.current_time(), self._latest)
        self.span = _Span(nothing, nothing)

    def take(self, changes: _Changes) -> list[int]:
        """Add changed counters; returns the ids of those with traffic."""
        earlier: dict[int, PortCounters] = {}
        for counter_id, counters in changes.counters.items():
            earlier[counter_id] = self._latest.get(counter_id, _NOTHING)
            if counters == _NOTHING and not counters.rx_offloaded:
                self._latest.pop(counter_id, None)
            else:
                self._latest[counter_id] = counters
        # Rates cover the time of the traffic, not the silence before it.
        before_at = max(self.span.now.taken_at, changes.quiet_until)
        self.span = _Span(
            CounterSnapshot(before_at, ChainMap(earlier, self._latest)), CounterSnapshot(changes.taken_at, self._latest)
        )
        return [counter_id for counter_id, was in earlier.items() if was != changes.counters[counter_id]]


Reading = Mapping[str, CounterSnapshot]  # snapshots of all computes, by compute id
_BusyLinks = dict[tuple[UUID, UUID], tuple[Links, Link]]  # by project id and link id


class LinkStats:
    """Publishes ``link.stats`` events of the computes that it follows, at most one per ``interval`` seconds and link.

    ``computes`` returns those with ends of links. ``links_at`` returns the links at a port of a node. ``counted`` is
    called with the ids of counters that have changed at a compute.
    """

    def __init__(
        self,
        computes: Callable[[], Iterable[Compute]],
        links_at: Callable[[PortPlace], Iterable[tuple[Links, Link]]],
        changes: ChangeFeed,
        interval: float,
        counted: Callable[[Compute, Iterable[int]], None] = lambda compute, counter_ids: None,
    ) -> None:
        self._counted = counted
        self._links_at = links_at
        self._changes = changes
        self._interval = interval
        self._computes = computes
        self._told = defaultdict(_Told, {compute.compute_id: _Told() for compute in computes()})
        self._busy: dict[str, _BusyLinks] = {}  # links with traffic in their last event, by compute
        self._told_at: dict[tuple[UUID, UUID], float] = {}  # links between computes: the time of their last event

    async def follow(self, compute: Compute) -> None:
        """Publish events of the changed counters of a compute until cancelled."""
        self._told[compute.compute_id] = _Told()
        # A single change may wait; the reader is fast.
        send, receive = trio.open_memory_channel[_Changes](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read_changes, compute, send)
            async for changes in receive:
                moved = self._told[compute.compute_id].take(changes)
                self._counted(compute, moved)
                await self._publish(compute, moved)

    async def _publish(self, compute: Compute, moved: Iterable[int]) -> None:
        """Publish events of links with traffic, and one last event with rates of 0 when the traffic stops."""
        slices, busy = Slices(), _BusyLinks()
        for counter_id in moved:
            place = compute.counted_at(counter_id)
            for links, link in self._links_at(place) if place is not None else ():
                busy[link.project_id, link.link_id] = links, link
        quiet = {key: found for key, found in self._busy.get(compute.compute_id, {}).items() if key not in busy}
        for key in quiet:
            self._told_at.pop(key, None)
        self._busy[compute.compute_id] = busy
        spans = self._told_spans()
        for key, (links, link) in (busy | quiet).items():
            ends = _ends(links, link, spans) if links.get(link.link_id) is link else []
            if len(ends) == 2 and not (key in busy and self._was_told(key, ends)):
                self._changes.publish(LinkTraffic(link, link_statistics(link, ends)))
            await slices.pause()

    def _was_told(self, key: tuple[UUID, UUID], ends: list["_End"]) -> bool:
        """Whether the compute of the other end has just caused an event of a link between two computes. When the
        traffic stops, there is an event all the same.
        """
        if ends[0].compute_id == ends[1].compute_id:
            return False
        now = trio.current_time()
        if now - self._told_at.get(key, -math.inf) < self._interval / 2:
            return True
        self._told_at[key] = now
        return False

    async def _read_changes(self, compute: Compute, send: trio.MemorySendChannel[_Changes]) -> None:
        async with send:
            is_last = True  # no events until there is traffic
            while True:
                waiting_since = trio.current_time()
                with trio.move_on_after(math.inf if is_last else 2 * self._interval) as waiting:
                    await compute.wait_counted()
                is_last = waiting.cancelled_caught
                changes = await _read_changes(compute)
                if changes.taken_at - waiting_since > self._interval:
                    changes = attrs.evolve(changes, quiet_until=changes.taken_at - self._interval)
                await send.send(changes)
                await trio.sleep(self._interval)  # each worker sends its own signal

    def look(self) -> Reading:
        """The counters of all computes, each read when it is asked for: all of a large lab take longer than a slice."""
        return {each: CounterSnapshot(trio.current_time(), _ReadWhenAsked(it)) for each, it in self._by_id().items()}

    def _by_id(self) -> Mapping[str, Compute]:
        return {compute.compute_id: compute for compute in self._computes()}

    def current(self, links: Links, link: Link) -> LinkStatistics:
        """The current counters of a link. Raises Conflict for a link that is not wired on this host."""
        statistics = self.at(self.look(), links, link)
        if statistics is None:
            reason = links.problem_of(link)
            if reason is None and None not in links.ends(link):
                raise Conflict(f"Link {link.link_id} has no counters: its ends are on other hosts, which do not count")
            raise Conflict(f"Link {link.link_id} is not wired on this host" + (f": {reason}" if reason else ""))
        return statistics

    def at(self, reading: Reading, links: Links, link: Link) -> LinkStatistics | None:
        """The counters of a link at ``reading``; None if it is not wired.

        Rates cover the time since the last event, or since the one before if the last was just now.
        """
        ends = _ends(links, link, self._spans(reading))
        return link_statistics(link, ends) if len(ends) == 2 else None

    def of_node(self, reading: Reading, node: Node) -> list[PortStatistics]:
        """The counters of each linked port of a node at ``reading``; rates as in ``at``.

        Raises Conflict for a node that does not run here.
        """
        return port_statistics(node, self._spans(reading))

    def _told_spans(self) -> Mapping[str, _Span]:
        return {compute_id: told.span for compute_id, told in self._told.items()}

    def _spans(self, reading: Reading) -> Mapping[str, _Span]:
        spans = {}
        for compute_id, snapshot in reading.items():
            told = self._told[compute_id].span
            is_recent = snapshot.taken_at - told.now.taken_at < self._interval / 2
            spans[compute_id] = _Span(told.before if is_recent else told.now, snapshot)
        return spans


async def _read_changes(compute: Compute) -> _Changes:
    """Read all changed counters, with pauses for other tasks."""
    counters: dict[int, PortCounters] = {}
    slices = Slices()
    while some := compute.counted():
        counters.update(some)
        await slices.pause()
    return _Changes(trio.current_time(), counters)


@frozen
class _End:
    """An end of a link: the counters of its tunnel and of the node's own port, and when they were read."""

    compute_id: str
    tunnel: int
    device: int | None
    span: _Span


def _end(node: Node, adapter_number: int, port_number: int, spans: Mapping[str, _Span]) -> _End | None:
    end = node.require_instance().link_end(adapter_number, port_number)
    if end is None:
        return None
    compute_id = node.require_compute().compute_id
    span = spans.get(compute_id)
    return _End(compute_id, *end.counter_ids, span) if end.counter_ids is not None and span is not None else None


def _ends(links: Links, link: Link, spans: Mapping[str, _Span]) -> list[_End]:
    ends = [
        _end(node, address.adapter_number, address.port_number, spans) for node, address in links.running_nodes(link)
    ]
    if len(ends) == 2 and None in ends and None not in links.ends(link):  # one is on a host that does not count
        ends = [end or _mirrored(other) for end, other in zip(ends, reversed(ends), strict=True)]
    return [end for end in ends if end is not None]


def _mirrored(end: _End | None) -> _End | None:
    """The end of a tunnel on another host, as far as this end tells: what left here came in there."""
    if end is None:
        return None
    before, now = (
        CounterSnapshot(snapshot.taken_at, {0: _reversed(snapshot.of(end.tunnel))})
        for snapshot in (end.span.before, end.span.now)
    )
    return _End(end.compute_id, 0, None, _Span(before, now))


def _reversed(c: PortCounters) -> PortCounters:
    return PortCounters(rx_frames=c.tx_frames, rx_bytes=c.tx_bytes, tx_frames=c.rx_frames, tx_bytes=c.rx_bytes)


def link_statistics(link: Link, ends: list[_End]) -> LinkStatistics:
    """Compute the statistics of a link from the counters of its ends."""
    a, b = ends
    return LinkStatistics(
        link_id=link.link_id,
        project_id=link.project_id,
        interval=round(a.span.seconds, 3),
        a_to_b=_direction(b, a),
        b_to_a=_direction(a, b),
    )


def port_statistics(node: Node, spans: Mapping[str, _Span]) -> list[PortStatistics]:
    """Compute the statistics of each linked port of a node."""
    statistics = []
    for port in node.require_instance().ports():
        end = _end(node, port.adapter_number, port.port_number, spans)
        if end is not None:
            statistics.append(_port_statistics(port, end))
    return statistics


def _port_statistics(port: NodePort, end: _End) -> PortStatistics:
    span = end.span
    c, device = span.now.of(end.tunnel), span.now.of(end.device)
    received, sent = (rates(span.before.of(end.tunnel), c, span.seconds) for rates in (receive_rates, send_rates))
    return PortStatistics(
        port=port,
        received=PortTraffic(
            frames=c.rx_frames,
            bytes=c.rx_bytes,
            drops=c.rx_drops,
            held=c.rx_held,
            node_drops=device.tx_drops,
            refused=device.refused,
            frames_per_second=received.frames_per_second,
            bits_per_second=received.bits_per_second,
        ),
        sent=PortTraffic(
            frames=c.tx_frames,
            bytes=c.tx_bytes,
            drops=c.tx_drops,
            held=c.tx_held,
            node_drops=device.rx_drops,
            refused=c.refused,
            frames_per_second=sent.frames_per_second,
            bits_per_second=sent.bits_per_second,
        ),
    )


def _direction(to: _End, by: _End) -> DirectionStatistics:
    """The statistics of one direction: frames that arrived at one end from the other, were dropped, or are held."""
    received, sent = to.span.now.of(to.tunnel), by.span.now.of(by.tunnel)
    taken, given = by.span.now.of(by.device), to.span.now.of(to.device)
    rates = receive_rates(to.span.before.of(to.tunnel), received, to.span.seconds)
    return DirectionStatistics(
        frames=received.rx_frames,
        bytes=received.rx_bytes,
        drops={reason: count + sent.tx_drops[reason] for reason, count in received.rx_drops.items()},
        duplicated=received.rx_duplicated + sent.tx_duplicated,
        held=received.rx_held + sent.tx_held,
        offloaded=received.rx_offloaded,
        node_drops={reason: count + given.tx_drops[reason] for reason, count in taken.rx_drops.items()},
        refused=sent.refused + given.refused,
        frames_per_second=rates.frames_per_second,
        bits_per_second=rates.bits_per_second,
    )


_NOTHING = PortCounters()
_SHORTEST_INTERVAL = 0.001
