"""Turns the forwarder's counters into ``link.stats`` events of our own.

The forwarder says that counters changed; one snapshot is taken and travels through a channel to the publisher, which
compares it with the one before. A link on which nothing moved gets no event.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import trio

from gns3trio.compute.node import ComputeNode
from gns3trio.controller.controller import Controller
from gns3trio.controller.link import Link
from gns3trio.controller.project import Project
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.stats import PortCounters, receive_rates
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import NotificationHub


@attrs.frozen
class Snapshot:
    """The counters of all ports by port id, and when they were read (seconds of trio's clock)."""

    taken_at: float
    counters: dict[int, PortCounters]


class LinkStats:
    """Publishes ``link.stats`` events while ``run`` runs, at most one in ``interval`` seconds for a link."""

    def __init__(self, forwarder: Forwarder, controller: Controller, hub: NotificationHub, interval: float) -> None:
        self._forwarder = forwarder
        self._controller = controller
        self._hub = hub
        self._interval = interval
        self._before = self._now = Snapshot(trio.current_time(), {})

    async def run(self) -> None:
        """Publish until cancelled."""
        # One snapshot may wait; the reader is quick, and counters only grow, so nothing is lost by waiting.
        send, receive = trio.open_memory_channel[Snapshot](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take_snapshots, send)
            async for snapshot in receive:
                self._before, self._now = self._now, snapshot
                for project in self._controller.projects.values():
                    for link in project.links.values():
                        if self._moved(project, link):
                            self._hub.publish(Event("link.stats", self.last(project, link), project.project_id))

    async def _take_snapshots(self, send: trio.MemorySendChannel[Snapshot]) -> None:
        async with send:
            while True:
                await self._forwarder.wait_changed()
                await send.send(self.read())
                await trio.sleep(self._interval)  # every worker signals for itself

    def read(self) -> Snapshot:
        """The counters now."""
        return Snapshot(trio.current_time(), self._forwarder.snapshot())

    def _moved(self, project: Project, link: Link) -> bool:
        ports = _ports(project, link)
        return len(ports) == 2 and any(self._before.counters.get(p) != self._now.counters.get(p) for p in ports)

    def last(self, project: Project, link: Link) -> dict[str, Any]:
        """What had crossed a link at the last reading, and the rates since the one before."""
        return link_statistics(link, _ports(project, link), self._before, self._now)

    def current(self, project: Project, link: Link) -> dict[str, Any]:
        """What has crossed a link by now. Raises Conflict for a link that is not wired on this host."""
        statistics = self.at(self.read(), project, link)
        if statistics is None:
            raise Conflict(f"Link {link.link_id} is not wired on this host")
        return statistics

    def at(self, reading: Snapshot, project: Project, link: Link) -> dict[str, Any] | None:
        """What had crossed a link at ``reading``; None when it is not wired.

        Rates are those since the last event, or since the one before when that was just now.
        """
        ports = _ports(project, link)
        if len(ports) < 2:
            return None
        recent = reading.taken_at - self._now.taken_at < self._interval / 2
        return link_statistics(link, ports, self._before if recent else self._now, reading)


def _ports(project: Project, link: Link) -> list[int]:
    return [tunnel.port.id for tunnel in project.links.tunnels(link) if tunnel is not None]


def link_statistics(link: Link, ports: list[int], before: Snapshot, now: Snapshot) -> dict[str, Any]:
    """What crossed a link, ``ports`` being those of its two tunnel ends in the forwarder.

    ``a_to_b`` counts what the first node of the link sent to the second: totals (``frames``, ``bytes``, ``drops`` by
    reason, ``duplicated``) since the link was made, ``held`` frames that a filter delays now, and rates over
    ``interval`` seconds.
    """
    interval = max(now.taken_at - before.taken_at, _SHORTEST_INTERVAL)
    a, b = ports
    return {
        "link_id": str(link.link_id),
        "project_id": str(link.project_id),
        "interval": round(interval, 3),
        "a_to_b": _direction(b, a, before, now, interval),
        "b_to_a": _direction(a, b, before, now, interval),
    }


def port_statistics(instance: ComputeNode, counters: Mapping[int, PortCounters]) -> list[dict[str, Any]]:
    """What passed each linked port of a node: ``in`` came to it over the link, ``out`` it sent."""
    statistics = []
    for port in instance.ports():
        tunnel = instance.tunnel(port.adapter_number, port.port_number)
        if tunnel is None:
            continue
        c = counters.get(tunnel.port.id, _NOTHING)
        statistics.append(
            {
                **attrs.asdict(port),
                "in": {"frames": c.rx_frames, "bytes": c.rx_bytes, "drops": c.rx_drops, "held": c.rx_held},
                "out": {"frames": c.tx_frames, "bytes": c.tx_bytes, "drops": c.tx_drops, "held": c.tx_held},
            }
        )
    return statistics


def _direction(receiver: int, sender: int, before: Snapshot, now: Snapshot, interval: float) -> dict[str, Any]:
    """What arrived at the tunnel port ``receiver`` from ``sender``, and what did not or not yet."""
    received = now.counters.get(receiver, _NOTHING)
    sent = now.counters.get(sender, _NOTHING)
    rates = receive_rates(before.counters.get(receiver, _NOTHING), received, interval)
    return {
        "frames": received.rx_frames,
        "bytes": received.rx_bytes,
        "drops": {reason: count + sent.tx_drops[reason] for reason, count in received.rx_drops.items()},
        "duplicated": received.rx_duplicated + sent.tx_duplicated,
        "held": received.rx_held + sent.tx_held,
        "frames_per_second": rates.frames_per_second,
        "bits_per_second": rates.bits_per_second,
    }


_NOTHING = PortCounters()
_SHORTEST_INTERVAL = 0.001  # two readings in one instant give no rate
