"""The ends of links at the ports of this host's nodes: ends of UDP tunnels, and of links that need no UDP.

Two ends that lead to each other are spliced, and so is an end that leads to itself. Frames between spliced ports
keep the record of their path, by which the core detects loops; frames that pass a socket lose it.
"""

import ipaddress
import secrets
import socket
from collections.abc import Callable
from uuid import UUID, uuid4

import trio

from gns3trio import threads
from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.captures import LocalCapture, start_capture
from gns3trio.compute.local.leases import PortLease, UdpPorts
from gns3trio.compute.nio import LocalNio, Nio, UdpNio
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.forwarder.captures import CaptureService
from gns3trio.forwarder.forwarder import Address, Forwarder, Port

# Seconds to resolve the name of a remote host, including the wait for a thread. Resolvers can ask two servers twice.
LOOKUP_SECONDS = 20

# Filters with the same probability on several links of a path must not choose the same frames, so each has its own
# seed.
_SEED_BITS = 53


class LocalLinkEnd:
    """A node's end of a link: a port of the forwarder. ``lease`` is its UDP port, if it has one.

    ``at`` is the node's port. ``here`` and ``remote`` are its numeric addresses.
    """

    knows_impairments = True

    def __init__(self, table: "LinkEnds", nio: Nio, port: Port, at: PortPlace | None) -> None:
        self.nio = nio
        self.port = port
        self.at = at
        self.lease: PortLease | None = None
        self.here: Address | None = None
        self.remote: Address | None = None
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
    def counter_ids(self) -> tuple[int, int | None]:
        """The ids of its counters: its own forwarder port, and the port to which it is patched."""
        return self.port.id, self._device.id if self._device is not None else None

    def put_in_force(self, conditions: LinkConditions, *, is_first: bool = True) -> None:
        """Replace the conditions in one step. Raises Invalid."""
        filters = conditions.core_filters(at_first_end=is_first)
        self.port.set_filters(filters, _seed(conditions), suspended=conditions.suspend)

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
        """Close the forwarder's port and release the UDP port."""
        self._table.forget(self)
        self.port.close()
        if self.lease is not None:
            self.lease.release()


class LinkEnds:
    """All ends of links, and the UDP ports of clouds. Two ends that lead to each other's ports on this host, or are a
    pair, are spliced, so that a frame takes one hop instead of two. An end that leads to its own port is spliced to
    itself.
    """

    def __init__(self, forwarder: Forwarder, udp_ports: UdpPorts, captures: CaptureService) -> None:
        self.captures = captures
        self._forwarder = forwarder
        self.udp_ports = udp_ports
        self._by_lport: dict[int, LocalLinkEnd] = {}
        self._local: dict[UUID, list[LocalLinkEnd]] = {}  # by pair
        self._waiting: dict[UUID, Port] = {}  # by pair: the second port of a pair whose first end is open
        self._by_port: dict[int, LocalLinkEnd] = {}  # by the id of its port, and of the port to which it is patched

    async def resolve(self, nio: Nio) -> Address | None:
        """The numeric remote address of a NIO, if any. Raises as ``resolve`` below."""
        return None if isinstance(nio, LocalNio) else await resolve(nio)

    def lease(self, project_id: UUID, nio: Nio, before: LocalLinkEnd | None) -> PortLease | None:
        """Lease the UDP port of a NIO, if it needs one. ``before`` is the end to be replaced; if it has the same
        port, it loses it.

        Raises Conflict.
        """
        if isinstance(nio, LocalNio):
            return None
        if before is not None and before.lease is not None and before.lease.port == nio.lport:
            lease, before.lease = before.lease, None
            return lease
        return self.udp_ports.claim(project_id, nio.lport)

    def open(
        self, nio: Nio, remote: Address | None, lease: PortLease | None, *, at: PortPlace | None = None
    ) -> LocalLinkEnd:
        """Open an end, which owns its lease. It is spliced with its other end if that is on this host. Raises Conflict.

        Filters and suspension of the NIO apply from the first frame. ``remote`` and ``lease`` are the results of
        ``resolve`` and ``lease``. ``at`` is the node's port, if it is the end of a link.
        """
        if isinstance(nio, LocalNio):
            return self._open_local(nio, at)
        if remote is None or lease is None:
            raise ValueError("a UDP NIO needs both")
        try:
            link_end = LocalLinkEnd(self, nio, self._forwarder.open_port(lease.socket, remote), at)
        except BaseException:
            lease.release()
            raise
        link_end.lease, link_end.here, link_end.remote = lease, lease.socket.getsockname(), remote
        self._by_lport[nio.lport] = link_end
        try:
            if nio.filters or nio.suspend:
                link_end.put_in_force(LinkConditions(filters=nio.filters, suspend=nio.suspend))
            other = self._by_lport.get(nio.rport)
            # Whether the kernel would deliver frames of one to the other: their sockets are connected to each other.
            if other is not None and (link_end.here, other.here) == (other.remote, link_end.remote):
                self._forwarder.splice(link_end.port, other.port)
        except BaseException:
            link_end.close()
            raise
        return link_end

    def _open_local(self, nio: LocalNio, at: PortPlace | None) -> LocalLinkEnd:
        """Open the first end, and with it the ports of both ends, in one step that stops no worker."""
        others = self._local.get(nio.pair, [])
        if len(others) > 1:
            raise Conflict(f"Pair {nio.pair} has both its ends")
        if nio.pair in self._waiting:
            port = self._waiting.pop(nio.pair)
        elif others:
            port = self._open_beside(others[0].port)
        else:
            port, other = self._forwarder.open_link(nio.filters, nio.seed, suspended=nio.suspend)
            self._waiting[nio.pair] = other
        link_end = LocalLinkEnd(self, nio, port, at)
        self._local[nio.pair] = [*others, link_end]
        return link_end

    def _open_beside(self, other: Port) -> Port:
        """Open a port that replaces a closed one."""
        port = self._forwarder.open_local()
        try:
            self._forwarder.splice(port, other)
        except BaseException:
            port.close()
            raise
        return port

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

    def forget(self, link_end: LocalLinkEnd) -> None:
        """Remove an end that is being closed, with its splice."""
        link_end.device = None
        self.counts_no_more(link_end.port, link_end)
        nio = link_end.nio
        if isinstance(nio, LocalNio):
            self._local[nio.pair] = [end for end in self._local.get(nio.pair, ()) if end is not link_end]
            if not self._local[nio.pair]:
                del self._local[nio.pair]
                if nio.pair in self._waiting:
                    self._waiting.pop(nio.pair).close()
        elif self._by_lport.get(nio.lport) is link_end:
            del self._by_lport[nio.lport]


def local_nio(conditions: LinkConditions) -> LocalNio:
    """The NIO of a link inside this host, with conditions that apply from the first frame."""
    pair = uuid4()  # not the link's id, which files of two projects may have in common
    return LocalNio(pair, tuple(conditions.core_filters(at_first_end=True)), _seed(conditions), conditions.suspend)


def _seed(conditions: LinkConditions) -> int:
    return conditions.seed if conditions.seed is not None else secrets.randbits(_SEED_BITS)


async def resolve(nio: UdpNio) -> Address:
    """Resolve the remote address.

    Raises Invalid if ``rhost`` is not a host, Unavailable if its name cannot be resolved in time.
    """
    found = None
    what = (nio.remote_host, nio.rport, socket.AF_INET, socket.SOCK_DGRAM)
    try:
        try:
            found = socket.getaddrinfo(*what, 0, socket.AI_NUMERICHOST)
        except socket.gaierror:  # it is a name
            with trio.move_on_after(LOOKUP_SECONDS):
                found = await threads.names.run(socket.getaddrinfo, *what, abandon_on_cancel=True)
    except OSError as error:
        raise Invalid(f"rhost: {nio.rhost!r} is not a host: {error.strerror}") from None
    except UnicodeError:  # not a valid name
        raise Invalid(f"rhost: {nio.rhost!r} is not a host") from None
    if found is None:
        raise Unavailable(f"rhost: nobody has answered for the name {nio.rhost!r} in {LOOKUP_SECONDS} s")
    address = ipaddress.IPv4Address(found[0][4][0])
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        raise Invalid(f"rhost: {nio.rhost!r} is not the address of a host")
    return str(address), nio.rport
