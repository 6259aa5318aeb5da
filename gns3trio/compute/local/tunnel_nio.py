"""Ends of UDP tunnels, and the addresses they lead to."""

import ipaddress
import socket
from functools import lru_cache
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.leases import PortLease
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.nio import UdpNio
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions
from gns3trio.errors import Invalid, Unavailable
from gns3trio.forwarder.forwarder import Address

# Seconds to resolve the name of a remote host, including the wait for a thread. Resolvers can ask two servers twice.
LOOKUP_SECONDS = 20


class TunnelNio:
    """One end of a UDP tunnel, as ``udp`` says. If the other end is on this host too, both are spliced, so that a frame
    takes one hop instead of two; an end that leads to its own port is spliced to itself.

    ``remote`` is the numeric address of the other end, if it is known already. ``conditions`` replace those of ``udp``;
    ``is_first``: whether they act at the link's first end.
    """

    def __init__(
        self,
        udp: UdpNio,
        remote: Address | None = None,
        conditions: LinkConditions | None = None,
        *,
        is_first: bool = True,
    ) -> None:
        self.udp = udp
        self._remote = remote
        self._conditions = conditions or LinkConditions(filters=udp.filters, suspend=udp.suspend)
        self._is_first = is_first
        self._lease: PortLease | None = None

    async def resolve(self) -> None:
        """Find the numeric address of the other end, if it is not known. Raises as ``resolve`` below."""
        if self._remote is None:
            self._remote = await resolve(self.udp)

    def lease(self, ends: LinkEnds, project_id: UUID, before: LocalLinkEnd | None) -> None:
        """Lease the UDP port. If the end ``before`` has the same one, it loses it. Raises Conflict."""
        if before is not None and isinstance(before.lease, PortLease) and before.lease.port == self.udp.lport:
            self._lease, before.lease = before.lease, None
        else:
            self._lease = ends.udp_ports.claim(project_id, self.udp.lport)

    def open(self, ends: LinkEnds, at: PortPlace | None = None) -> LocalLinkEnd:
        """Open the end, which owns its lease, with the conditions. Raises Conflict or Invalid."""
        lease, self._lease = self._lease, None
        if self._remote is None or lease is None:
            raise ValueError("an end of a tunnel needs an address and a port")
        try:
            link_end = LocalLinkEnd(ends, self, ends.forwarder.open_port(lease.socket, self._remote), at)
        except BaseException:
            lease.release()
            raise
        link_end.lease = lease
        link_end.path = (lease.socket.getsockname(), self._remote)
        ends.by_lport[self.udp.lport] = link_end
        try:
            if self._conditions != NO_CONDITIONS:
                link_end.put_in_force(self._conditions, is_first=self._is_first)
            other = ends.by_lport.get(self.udp.rport)
            # Whether the kernel would deliver frames of one to the other: their sockets are connected to each other.
            if other is not None and other.path == link_end.path[::-1]:
                ends.forwarder.splice(link_end.port, other.port)
        except BaseException:
            link_end.close()
            raise
        return link_end

    def forget(self, ends: LinkEnds, link_end: LocalLinkEnd) -> None:
        """Nothing is spliced to the end any more."""
        if ends.by_lport.get(self.udp.lport) is link_end:
            del ends.by_lport[self.udp.lport]


async def resolve(nio: UdpNio) -> Address:
    """Resolve the remote address. Raises as ``resolve_host``."""
    return await resolve_host(nio.remote_host), nio.rport


async def resolve_host(host: str) -> str:
    """The numeric address of a host.

    Raises Invalid if ``host`` is not one, Unavailable if its name cannot be resolved in time; the field is ``rhost``.
    """
    found: str | None = None
    try:
        found = _numeric_address(host)
        if found is None:  # it is a name
            with trio.move_on_after(LOOKUP_SECONDS):
                found = await threads.names.run(_look_up, host, abandon_on_cancel=True)
    except OSError as error:
        raise Invalid(f"rhost: {host!r} is not a host: {error.strerror}") from None
    except UnicodeError:  # not a valid name
        raise Invalid(f"rhost: {host!r} is not a host") from None
    if found is None:
        raise Unavailable(f"rhost: nobody has answered for the name {host!r} in {LOOKUP_SECONDS} s")
    address = ipaddress.IPv4Address(found)
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        raise Invalid(f"rhost: {host!r} is not the address of a host")
    return str(address)


def _look_up(host: str, flags: int = 0) -> str:
    return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM, 0, flags)[0][4][0])


@lru_cache(maxsize=256)  # a thousand links lead to one host
def _numeric_address(host: str) -> str | None:
    """The address that a text is; None if it is none."""
    try:
        return _look_up(host, socket.AI_NUMERICHOST)
    except socket.gaierror:
        return None
