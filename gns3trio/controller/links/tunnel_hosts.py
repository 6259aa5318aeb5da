"""The addresses for a tunnel between two computes."""

import socket

from gns3trio import threads
from gns3trio.addresses import is_loopback
from gns3trio.compute.interface import Compute
from gns3trio.errors import Conflict

_DISCARD_PORT = 9  # nothing is sent


async def tunnel_hosts(near: Compute, far: Compute) -> tuple[str, str]:
    """The addresses of two computes for each other.

    A compute that is known by a loopback address is on this host. Another host reaches it by the address from which
    this host would send to that one. Raises Conflict if there is none.
    """
    hosts = near.tunnel_host, far.tunnel_host
    on_this_host = [_is_here(host) for host in hosts]
    if on_this_host[0] == on_this_host[1]:
        return hosts
    elsewhere = hosts[on_this_host.index(False)]
    try:
        own = await threads.names.run(_own_address_towards, elsewhere)
    except OSError as error:
        raise Conflict(f"there is no way from this host to {elsewhere}: {error.strerror}") from None
    return (own, hosts[1]) if on_this_host[0] else (hosts[0], own)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False  # a name


def _own_address_towards(host: str) -> str:
    """The IPv4 address of this host from which datagrams to another one leave."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, _DISCARD_PORT))
        return str(probe.getsockname()[0])
