"""Turns the counters of the computes into ``link.stats`` events of our own.

A compute says that counters changed; one snapshot is taken and travels through a channel to the publisher, which
compares it with the one before. A link on which nothing moves gets no event, but for the last one, which says so.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import attrs
import trio

from gns3trio.compute.interface import Compute, PortCounters, receive_rates, send_rates
from gns3trio.compute.node_traits import NodePort
from gns3trio.controller.changes import LinkTraffic
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.controller.links.statistics import DirectionStatistics, LinkStatistics, PortStatistics, PortTraffic
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict
from gns3trio.notifications.feed import ChangeFeed


@attrs.frozen
class Snapshot:
    """The counters of a compute by their ids, and when they were read (seconds of trio's clock)."""

    taken_at: float
    counters: Mapping[int, PortCounters]
    quiet_until: float = -math.inf  # nothing had moved for long before

    def of(self, port_id: int | None) -> PortCounters:
        """The counters of a port, all 0 when it is not there."""
        return self.counters.get(port_id, _NOTHING) if port_id is not None else _NOTHING


@attrs.frozen
class _Span:
    """Two snapshots of a compute, between which rates are taken."""

    before: Snapshot
    now: Snapshot

    @property
    def seconds(self) -> float:
        """Its length; two readings in one instant give no rate."""
        return max(self.now.taken_at - self.before.taken_at, _SHORTEST_INTERVAL)


Reading = Mapping[str, Snapshot]  # of all computes, by their ids


class LinkStats:
    """Publishes ``link.stats`` events while ``run`` runs, at most one in ``interval`` seconds for a link.

    ``computes`` are those that have the ends of links; ``links`` gives those of all projects.
    """

    def __init__(
        self,
        computes: Iterable[Compute],
        links: Callable[[], Iterable[Links]],
        changes: ChangeFeed,
        interval: float,
    ) -> None:
        self._links = links
        self._changes = changes
        self._interval = interval
        nothing = Snapshot(trio.current_time(), {})
        self._computes = {compute.compute_id: compute for compute in computes}
        self._told = dict.fromkeys(self._computes, _Span(nothing, nothing))  # what the last events told
        self._busy: dict[str, set[UUID]] = {}  # links whose last event told of traffic, by compute

    async def run(self) -> None:
        """Publish until cancelled."""
        async with trio.open_nursery() as nursery:
            for compute in self._computes.values():
                nursery.start_soon(self._run_for, compute)

    async def _run_for(self, compute: Compute) -> None:
        # One snapshot may wait; the reader is quick, and counters only grow, so nothing is lost by waiting.
        send, receive = trio.open_memory_channel[Snapshot](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take_snapshots, compute, send)
            async for snapshot in receive:
                # Rates are those of what moved, not of the silence before it.
                last = self._told[compute.compute_id].now
                before = attrs.evolve(last, taken_at=max(last.taken_at, snapshot.quiet_until))
                self._told[compute.compute_id] = _Span(before, snapshot)
                self._publish(compute)

    def _publish(self, compute: Compute) -> None:
        """Tell of links on which something moved, and once more, with rates of 0, when it does no more."""
        before, busy = self._busy.get(compute.compute_id, set()), set[UUID]()
        for links in self._links():
            for link in links.values():
                ends = _ends(links, link, self._told)
                if len(ends) != 2:
                    continue
                moved = any(end.compute_id == compute.compute_id and end.has_moved for end in ends)
                if moved:
                    busy.add(link.link_id)
                if moved or link.link_id in before:
                    self._changes.publish(LinkTraffic(link, link_statistics(link, ends)))
        self._busy[compute.compute_id] = busy

    async def _take_snapshots(self, compute: Compute, send: trio.MemorySendChannel[Snapshot]) -> None:
        async with send:
            is_last = True  # nothing is to be told until something moves
            while True:
                waiting_since = trio.current_time()
                with trio.move_on_after(math.inf if is_last else 2 * self._interval) as waiting:
                    await compute.wait_counted()
                is_last = waiting.cancelled_caught
                snapshot = _snapshot(compute)
                if snapshot.taken_at - waiting_since > self._interval:
                    snapshot = attrs.evolve(snapshot, quiet_until=snapshot.taken_at - self._interval)
                await send.send(snapshot)
                await trio.sleep(self._interval)  # every worker signals for itself

    def read(self) -> Reading:
        """The counters of all computes now."""
        return {compute_id: _snapshot(compute) for compute_id, compute in self._computes.items()}

    def current(self, links: Links, link: Link) -> LinkStatistics:
        """What has crossed a link by now. Raises Conflict for a link that is not wired on this host."""
        statistics = self.at(self.read(), links, link)
        if statistics is None:
            reason = links.problem_of(link)
            raise Conflict(f"Link {link.link_id} is not wired on this host" + (f": {reason}" if reason else ""))
        return statistics

    def at(self, reading: Reading, links: Links, link: Link) -> LinkStatistics | None:
        """What had crossed a link at ``reading``; None when it is not wired.

        Rates are those since the last event, or since the one before when that was just now.
        """
        ends = _ends(links, link, self._spans(reading))
        return link_statistics(link, ends) if len(ends) == 2 else None

    def of_node(self, reading: Reading, node: Node) -> list[PortStatistics]:
        """What had passed each linked port of a node at ``reading``; rates as in ``at``.

        Raises Conflict for a node that nothing runs.
        """
        return port_statistics(node, self._spans(reading))

    def _spans(self, reading: Reading) -> Mapping[str, _Span]:
        spans = {}
        for compute_id, snapshot in reading.items():
            told = self._told[compute_id]
            is_recent = snapshot.taken_at - told.now.taken_at < self._interval / 2
            spans[compute_id] = _Span(told.before if is_recent else told.now, snapshot)
        return spans


def _snapshot(compute: Compute) -> Snapshot:
    return Snapshot(trio.current_time(), compute.counters())


@attrs.frozen
class _End:
    """An end of a link: whose counters are those of its tunnel and of the node's own port, and when they were read."""

    compute_id: str
    tunnel: int
    device: int | None
    span: _Span

    @property
    def has_moved(self) -> bool:
        """Whether anything passed."""
        return any(self.span.before.of(port) != self.span.now.of(port) for port in (self.tunnel, self.device))


def _end(node: Node, adapter_number: int, port_number: int, spans: Mapping[str, _Span]) -> _End | None:
    end = node.require_instance().link_end(adapter_number, port_number)
    if end is None:
        return None
    compute_id = node.require_compute().compute_id
    return _End(compute_id, *end.counter_ids, spans[compute_id])


def _ends(links: Links, link: Link, spans: Mapping[str, _Span]) -> list[_End]:
    ends = (
        _end(node, address.adapter_number, address.port_number, spans) for node, address in links.running_nodes(link)
    )
    return [end for end in ends if end is not None]


def link_statistics(link: Link, ends: list[_End]) -> LinkStatistics:
    """What crossed a link from end to end."""
    a, b = ends
    return LinkStatistics(
        link_id=link.link_id,
        project_id=link.project_id,
        interval=round(a.span.seconds, 3),
        a_to_b=_direction(b, a),
        b_to_a=_direction(a, b),
    )


def port_statistics(node: Node, spans: Mapping[str, _Span]) -> list[PortStatistics]:
    """What passed each linked port of a node."""
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
    """What arrived at the tunnel port of one end from the other, and what did not or not yet."""
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
