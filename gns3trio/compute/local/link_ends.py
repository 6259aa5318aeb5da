"""The ends of links at the ports of this host's nodes: ends of UDP tunnels, and of links that need no UDP.

Two ends that lead to each other are spliced, and so is an end that leads to itself. Frames between spliced ports
keep the record of their path, by which the core detects loops; frames that pass a socket lose it.
"""

import secrets
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from gns3trio.compute.captures import MAX_CAPTURES, CaptureSpec
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.captures import LocalCapture, start_capture
from gns3trio.compute.local.leases import PortLease, UdpPorts
from gns3trio.compute.local.trunks import LocalTrunk, VniLease
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict
from gns3trio.forwarder.captures import CaptureService
from gns3trio.forwarder.forwarder import Address, Forwarder, Port

# Filters with the same probability on several links of a path must not choose the same frames, so each has its own
# seed.
_SEED_BITS = 53


class Nio(Protocol):
    """The other side of a node's port: it opens the end of the link there. Calls come in this order."""

    async def resolve(self) -> None:
        """Look up what is needed, which may take long. Raises Invalid or Unavailable."""

    def lease(self, ends: "LinkEnds", project_id: UUID, before: "LocalLinkEnd | None") -> None:
        """Lease what is needed. The end ``before``, which is to be replaced, may have to give it. Raises Conflict."""

    def open(self, ends: "LinkEnds", at: PortPlace | None = None) -> "LocalLinkEnd":
        """Open the end, with the link's conditions from the first frame. ``at`` is the port that it is the end of a
        link at, if it is that. Raises Conflict or Invalid; nothing is held then.
        """

    def forget(self, ends: "LinkEnds", link_end: "LocalLinkEnd") -> None:
        """The end is being closed. May be called again for the same end."""


class LocalLinkEnd:
    """A node's end of a link: a port of the forwarder. ``lease`` is its UDP port or VNI, if it has one.

    ``nio`` has opened it. ``at`` is the node's port. ``path`` are the numeric addresses of a tunnel, its own first.
    """

    __slots__ = ("_device", "_table", "at", "lease", "nio", "path", "port")

    most_captures = MAX_CAPTURES
    knows_impairments = True
    knows_filters = True

    def __init__(self, table: "LinkEnds", nio: Nio, port: Port, at: PortPlace | None) -> None:
        self.nio = nio
        self.port = port
        self.at = at
        self.lease: PortLease | VniLease | None = None
        self.path: tuple[Address, Address] | None = None
        self._device: Port | None = None
        self._table = table
        table.counts(port, self)

    @property
    def device(self) -> Port | None:
        """The port that it is patched to: the socket of the node's process, or an interface of the host.

        None without one, and at a bridge, which is connected to the link ends directly.
        """
        return self._device

    @device.setter
    def device(self, device: Port | None) -> None:
        if self._device is not None:
            self._table.counts_no_more(self._device, self)
        self._device = device
        if device is not None:
            self._table.counts(device, self)

    @property
    def is_open(self) -> bool:
        """Whether the end is still open."""
        return self.port.is_open

    @property
    def trouble(self) -> str | None:
        """Why no frame passes here, as far as it is known."""
        return self.lease.trouble if isinstance(self.lease, VniLease) else None

    @property
    def counter_ids(self) -> tuple[int, int | None]:
        """The ids of its counters: its own forwarder port, and the port to which it is patched."""
        return self.port.id, self._device.id if self._device is not None else None

    def put_in_force(self, conditions: LinkConditions, *, is_first: bool = True) -> None:
        """Replace the conditions in one step. Raises Invalid."""
        filters = conditions.core_filters(at_first_end=is_first)
        self.port.set_filters(filters, seed_of(conditions), suspended=conditions.suspend)

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """As ``LinkEnd.apply``. Expressions that are not in the core's cache are compiled here, which blocks."""
        self.put_in_force(conditions, is_first=is_first)

    async def suspend(self, suspended: bool) -> None:
        """Suspend the link end, or let frames pass the filters again."""
        self.port.suspend(suspended)

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> LocalCapture:
        """Start a capture. Raises as ``LinkEnd.capture``."""
        return await start_capture(self._table.captures, self.port, spec, failed)

    def close(self) -> None:
        """Close the forwarder's port and release the UDP port or VNI."""
        self.device = None
        self._table.counts_no_more(self.port, self)
        self.nio.forget(self._table, self)
        self.port.close()
        if self.lease is not None:
            self.lease.release()


class LinkEnds:
    """All ends of links, and the UDP ports of clouds. ``by_lport`` has the ends of tunnels by their UDP ports here."""

    def __init__(
        self, forwarder: Forwarder, udp_ports: UdpPorts, captures: CaptureService, trunk: LocalTrunk | None = None
    ) -> None:
        self._trunk = trunk
        self.captures = captures
        self.forwarder = forwarder
        self.udp_ports = udp_ports
        self.by_lport: dict[int, LocalLinkEnd] = {}
        self._by_port: dict[int, LocalLinkEnd] = {}  # by the id of its port, and of the port to which it is patched

    def require_trunk(self) -> LocalTrunk:
        """The trunk to other hosts. Raises Conflict."""
        if self._trunk is None:
            raise Conflict("links to other hosts have no trunk here")
        return self._trunk

    def all(self) -> list["LocalLinkEnd"]:
        """The ends of links at ports of nodes."""
        return [link_end for port_id, link_end in self._by_port.items() if link_end.port.id == port_id]

    def counts(self, port: Port, link_end: LocalLinkEnd) -> None:
        """Record that the counters of this port belong to this link end."""
        if link_end.at is not None:
            self._by_port[port.id] = link_end

    def counts_no_more(self, port: Port, link_end: LocalLinkEnd) -> None:
        """Undo ``counts``. The port may be closed already, and its id reused."""
        if self._by_port.get(port.id) is link_end:
            del self._by_port[port.id]

    def counted_at(self, port_id: int) -> PortPlace | None:
        """The node's port whose link uses this forwarder port; None if there is none."""
        link_end = self._by_port.get(port_id)
        return link_end.at if link_end is not None else None


def seed_of(conditions: LinkConditions) -> int:
    """The seed of the conditions, or one of its own for each link that has none."""
    return conditions.seed if conditions.seed is not None else secrets.randbits(_SEED_BITS)
