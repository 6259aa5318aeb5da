"""Turns the forwarder's counters into ``link.stats`` events of our own.

The forwarder says that counters changed; one snapshot is taken and travels through a channel to the publisher, which
compares it with the one before. A link on which nothing moves gets no event, but for the last one, which says so.
"""

import math
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.compute.node import ComputeNode
from gns3trio.controller.changes import LinkTraffic
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.stats import PortCounters, receive_rates, send_rates
from gns3trio.notifications.feed import ChangeFeed


@attrs.frozen
class Snapshot:
    """The counters of all ports by port id, and when they were read (seconds of trio's clock)."""

    taken_at: float
    counters: dict[int, PortCounters]
    quiet_until: float = -math.inf  # nothing had moved for long before

    def of(self, port_id: int | None) -> PortCounters:
        """The counters of a port, all 0 when it is not there."""
        return self.counters.get(port_id, _NOTHING) if port_id is not None else _NOTHING


class LinkStats:
    """Publishes ``link.stats`` events while ``run`` runs, at most one in ``interval`` seconds for a link."""

    def __init__(self, forwarder: Forwarder, controller: Controller, changes: ChangeFeed, interval: float) -> None:
        self._forwarder = forwarder
        self._controller = controller
        self._changes = changes
        self._interval = interval
        self._before = self._now = Snapshot(trio.current_time(), {})
        self._busy: set[UUID] = set()  # links whose last event told of traffic

    async def run(self) -> None:
        """Publish until cancelled."""
        # One snapshot may wait; the reader is quick, and counters only grow, so nothing is lost by waiting.
        send, receive = trio.open_memory_channel[Snapshot](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take_snapshots, send)
            async for snapshot in receive:
                # Rates are those of what moved, not of the silence before it.
                before = attrs.evolve(self._now, taken_at=max(self._now.taken_at, snapshot.quiet_until))
                self._before, self._now = before, snapshot
                self._publish()

    def _publish(self) -> None:
        """Tell of links on which something moved, and once more, with rates of 0, when it does no more."""
        before, self._busy = self._busy, set()
        for project in self._controller.projects.values():
            for link in project.links.values():
                ends = _ends(project, link)
                if len(ends) != 2:
                    continue
                moved = self._moved(ends)
                if moved:
                    self._busy.add(link.link_id)
                if moved or link.link_id in before:
                    statistics = link_statistics(link, ends, self._before, self._now)
                    self._changes.publish(LinkTraffic(link, statistics))

    async def _take_snapshots(self, send: trio.MemorySendChannel[Snapshot]) -> None:
        async with send:
            is_last = True  # nothing is to be told until something moves
            while True:
                waiting_since = trio.current_time()
                with trio.move_on_after(math.inf if is_last else 2 * self._interval) as waiting:
                    await self._forwarder.wait_changed()
                is_last = waiting.cancelled_caught
                snapshot = self.read()
                if snapshot.taken_at - waiting_since > self._interval:
                    snapshot = attrs.evolve(snapshot, quiet_until=snapshot.taken_at - self._interval)
                await send.send(snapshot)
                await trio.sleep(self._interval)  # every worker signals for itself

    def read(self) -> Snapshot:
        """The counters now."""
        return Snapshot(trio.current_time(), self._forwarder.snapshot())

    def _moved(self, ends: "list[_End]") -> bool:
        ids = [port for end in ends for port in (end.tunnel, end.device)]
        return any(self._before.of(port) != self._now.of(port) for port in ids)

    def current(self, project: Project, link: Link) -> dict[str, Any]:
        """What has crossed a link by now. Raises Conflict for a link that is not wired on this host."""
        statistics = self.at(self.read(), project, link)
        if statistics is None:
            reason = project.links.problem_of(link)
            raise Conflict(f"Link {link.link_id} is not wired on this host" + (f": {reason}" if reason else ""))
        return statistics

    def at(self, reading: Snapshot, project: Project, link: Link) -> dict[str, Any] | None:
        """What had crossed a link at ``reading``; None when it is not wired.

        Rates are those since the last event, or since the one before when that was just now.
        """
        ends = _ends(project, link)
        return link_statistics(link, ends, self._baseline(reading), reading) if len(ends) == 2 else None

    def of_node(self, reading: Snapshot, instance: ComputeNode) -> list[dict[str, Any]]:
        """What had passed each linked port of a node at ``reading``; rates as in ``at``."""
        return port_statistics(instance, self._baseline(reading), reading)

    def _baseline(self, reading: Snapshot) -> Snapshot:
        recent = reading.taken_at - self._now.taken_at < self._interval / 2
        return self._before if recent else self._now


@attrs.frozen
class _End:
    """An end of a link: ids of the forwarder's ports, that of the tunnel and the node's own."""

    tunnel: int
    device: int | None


def _end(instance: ComputeNode, adapter_number: int, port_number: int) -> _End | None:
    tunnel = instance.tunnel(adapter_number, port_number)
    if tunnel is None:
        return None
    device = instance.device_port(adapter_number, port_number)
    return _End(tunnel.port.id, device.id if device is not None else None)


def _ends(project: Project, link: Link) -> list[_End]:
    ends = []
    for address in link.addresses:
        node = project.nodes.get(address.node_id)
        if node is not None and node.instance is not None:
            ends.append(_end(node.instance, address.adapter_number, address.port_number))
    return [end for end in ends if end is not None]


def link_statistics(link: Link, ends: list[_End], before: Snapshot, now: Snapshot) -> dict[str, Any]:
    """What crossed a link from end to end.

    ``a_to_b`` counts what the first node of the link sent to the second: totals (``frames``, ``bytes``, ``drops`` by
    reason, ``duplicated``) since the link was made, ``held`` frames that a filter delays now, ``offloaded`` whether
    the kernel moves frames at this moment (``kernel_offload``), and rates over ``interval`` seconds. ``node_drops``
    are frames that were lost between the nodes and the link, at the nodes' own ports, since these were opened;
    ``refused`` counts notices that nobody listens where frames were sent to.
    """
    interval = max(now.taken_at - before.taken_at, _SHORTEST_INTERVAL)
    a, b = ends
    return {
        "link_id": str(link.link_id),
        "project_id": str(link.project_id),
        "interval": round(interval, 3),
        "a_to_b": _direction(b, a, before, now, interval),
        "b_to_a": _direction(a, b, before, now, interval),
    }


def port_statistics(instance: ComputeNode, before: Snapshot, now: Snapshot) -> list[dict[str, Any]]:
    """What passed each linked port of a node: ``in`` came to it over the link, ``out`` it sent."""
    interval = max(now.taken_at - before.taken_at, _SHORTEST_INTERVAL)
    statistics = []
    for port in instance.ports():
        end = _end(instance, port.adapter_number, port.port_number)
        if end is None:
            continue
        c, device = now.of(end.tunnel), now.of(end.device)
        received, sent = (rates(before.of(end.tunnel), c, interval) for rates in (receive_rates, send_rates))
        statistics.append(
            {
                **attrs.asdict(port),
                "in": {
                    "frames": c.rx_frames,
                    "bytes": c.rx_bytes,
                    "drops": c.rx_drops,
                    "held": c.rx_held,
                    "node_drops": device.tx_drops,
                    "refused": device.refused,
                    **attrs.asdict(received),
                },
                "out": {
                    "frames": c.tx_frames,
                    "bytes": c.tx_bytes,
                    "drops": c.tx_drops,
                    "held": c.tx_held,
                    "node_drops": device.rx_drops,
                    "refused": c.refused,
                    **attrs.asdict(sent),
                },
            }
        )
    return statistics


def _direction(to: _End, by: _End, before: Snapshot, now: Snapshot, interval: float) -> dict[str, Any]:
    """What arrived at the tunnel port of one end from the other, and what did not or not yet."""
    received, sent = now.of(to.tunnel), now.of(by.tunnel)
    taken, given = now.of(by.device), now.of(to.device)
    rates = receive_rates(before.of(to.tunnel), received, interval)
    return {
        "frames": received.rx_frames,
        "bytes": received.rx_bytes,
        "drops": {reason: count + sent.tx_drops[reason] for reason, count in received.rx_drops.items()},
        "duplicated": received.rx_duplicated + sent.tx_duplicated,
        "held": received.rx_held + sent.tx_held,
        "offloaded": received.rx_offloaded,
        "node_drops": {reason: count + given.tx_drops[reason] for reason, count in taken.rx_drops.items()},
        "refused": sent.refused + given.refused,
        "frames_per_second": rates.frames_per_second,
        "bits_per_second": rates.bits_per_second,
    }


_NOTHING = PortCounters()
_SHORTEST_INTERVAL = 0.001  # two readings in one instant give no rate
