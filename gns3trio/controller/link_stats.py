"""Turns the forwarder's counters into ``link.stats`` events of our own.

The forwarder says that counters changed; one snapshot is taken and travels through a channel to the publisher, which
compares it with the one before. A link on which nothing moved gets no event.
"""

from typing import Any

import attrs
import trio

from gns3trio.controller.controller import Controller
from gns3trio.controller.link import Link
from gns3trio.controller.project import Project
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.forwarder.stats import PortCounters, receive_rates
from gns3trio.notifications.events import Event
from gns3trio.notifications.hub import NotificationHub


@attrs.frozen
class Snapshot:
    """The counters of all ports by port id, and when they were read (seconds of trio's clock)."""

    taken_at: float
    counters: dict[int, PortCounters]


async def publish_link_stats(forwarder: Forwarder, controller: Controller, hub: NotificationHub) -> None:
    """Publish until cancelled."""
    # One snapshot may wait; the reader is quick, and counters only grow, so nothing is lost by waiting.
    send, receive = trio.open_memory_channel[Snapshot](1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_take_snapshots, forwarder, send)
        before = Snapshot(trio.current_time(), {})
        async for now in receive:
            for project in controller.projects.values():
                for link in project.links.values():
                    payload = link_stats(project, link, before, now)
                    if payload is not None:
                        hub.publish(Event("link.stats", payload, project.project_id))
            before = now


async def _take_snapshots(forwarder: Forwarder, send: trio.MemorySendChannel[Snapshot]) -> None:
    async with send:
        while True:
            await forwarder.wait_changed()
            await send.send(Snapshot(trio.current_time(), forwarder.snapshot()))


def link_stats(project: Project, link: Link, before: Snapshot, now: Snapshot) -> dict[str, Any] | None:
    """The ``link.stats`` payload of a link; None when nothing moved between the two snapshots.

    ``a_to_b`` counts what the first node of the link sent to the second: totals (``frames``, ``bytes``, ``drops`` by
    reason) since the link was made, and rates over ``interval`` seconds.
    """
    ports = project.tunnel_ports(link)
    if ports is None or all(before.counters.get(port) == now.counters.get(port) for port in ports):
        return None
    interval = now.taken_at - before.taken_at
    a, b = ports
    return {
        "link_id": str(link.link_id),
        "project_id": str(link.project_id),
        "interval": round(interval, 3),
        "a_to_b": _direction(b, a, before, now, interval),
        "b_to_a": _direction(a, b, before, now, interval),
    }


def _direction(receiver: int, sender: int, before: Snapshot, now: Snapshot, interval: float) -> dict[str, Any]:
    """What arrived at the tunnel port ``receiver``, and what was dropped on the way to its node."""
    received = now.counters.get(receiver, _NOTHING)
    sent = now.counters.get(sender, _NOTHING)
    rates = receive_rates(before.counters.get(receiver, _NOTHING), received, interval)
    return {
        "frames": received.rx_frames,
        "bytes": received.rx_bytes,
        "drops": {reason: count + sent.drops[reason] for reason, count in received.drops.items()},
        "frames_per_second": rates.frames_per_second,
        "bits_per_second": rates.bits_per_second,
    }


_NOTHING = PortCounters()
