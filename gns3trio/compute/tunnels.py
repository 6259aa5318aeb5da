"""The UDP tunnels of this host's nodes, and the splicing of those that lead to each other, or to themselves.

A frame that is spliced keeps the way that it came, by which circles are noticed; one that takes a socket does not.
"""

import ipaddress
import secrets
import socket

import trio

from gns3trio.compute.leases import PortLease
from gns3trio.compute.nio import UdpNio
from gns3trio.errors import Invalid
from gns3trio.forwarder.filters import core_filters
from gns3trio.forwarder.forwarder import Forwarder, Port

# Filters of one chance on several links of a path must not choose the same frames, so each has a seed of its own.
_SEED_BITS = 53


class Tunnel:
    """A node's end of a tunnel: a port of the forwarder on a leased UDP port."""

    def __init__(self, table: "TunnelTable", lease: PortLease, nio: UdpNio, remote: tuple[str, int]) -> None:
        self.nio = nio
        self.lease = lease
        self.remote = remote  # numeric address and port
        self.port: Port = table.forwarder.open_port(lease.socket, remote)
        self._table = table

    def apply(self, nio: UdpNio) -> None:
        """Let the filters and the suspension of a NIO take the place of those before, in one step."""
        filters = core_filters(nio.filters, (), at_first_end=True)
        self.port.set_filters(filters, secrets.randbits(_SEED_BITS), suspended=nio.suspend)

    def close(self) -> None:
        """Close the forwarder's port; the lease stays with its owner."""
        self._table.forget(self)
        self.port.close()


class TunnelTable:
    """All tunnels, and the UDP ports of clouds. Two that name each other's ports on this host are spliced: a frame
    takes one hop, not two. One that names its own is spliced to itself.
    """

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        self._by_port: dict[int, Tunnel] = {}

    async def resolve(self, nio: UdpNio) -> tuple[str, int]:
        """The numeric remote address of a NIO. Raises Invalid when ``rhost`` is not a host."""
        try:
            found = await trio.socket.getaddrinfo(
                nio.remote_host, nio.rport, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except OSError as error:
            raise Invalid(f"rhost: {nio.rhost!r} is not a host: {error.strerror}") from None
        address = ipaddress.IPv4Address(found[0][4][0])
        if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
            raise Invalid(f"rhost: {nio.rhost!r} is not the address of a host")
        return str(address), nio.rport

    def open(self, lease: PortLease, nio: UdpNio, remote: tuple[str, int]) -> Tunnel:
        """A tunnel on ``lease`` to ``remote``; spliced with its other end if that is here. Raises Conflict.

        What the NIO says of filters and suspension is in force before the first frame.
        """
        tunnel = Tunnel(self, lease, nio, remote)
        self._by_port[lease.port] = tunnel
        other = self._by_port.get(remote[1])
        try:
            if nio.filters or nio.suspend:
                tunnel.apply(nio)
            if other is not None and _joined(tunnel, other):
                self.forwarder.splice(tunnel.port, other.port)
        except BaseException:
            tunnel.close()
            raise
        return tunnel

    def forget(self, tunnel: Tunnel) -> None:
        """The tunnel is being closed, and its splice with it."""
        self._by_port.pop(tunnel.lease.port, None)


def _joined(a: Tunnel, b: Tunnel) -> bool:
    """Whether the kernel would bring what leaves at one to the other: their sockets are connected to each other."""
    return _here(a) == b.remote and _here(b) == a.remote


def _here(tunnel: Tunnel) -> tuple[str, int]:
    address: tuple[str, int] = tunnel.lease.socket.getsockname()
    return address
