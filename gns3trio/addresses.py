"""Parses and resolves the host addresses in settings and headers."""

import errno
import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from gns3trio.errors import Invalid

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_address(text: str) -> Address | None:
    """Parse an address, which may be in brackets; None if it is invalid. An IPv4-mapped IPv6 address becomes IPv4."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse_network(text: str) -> Network | None:
    """Parse an address or a network such as ``10.0.0.0/8``; None if it is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


def is_wildcard(address: str) -> bool:
    """Whether the address stands for all addresses of this machine."""
    return address in ("0.0.0.0", "::")


def resolve_hosts(setting: str, hosts: Sequence[str]) -> tuple[str, ...]:
    """The addresses to listen on: the addresses in ``hosts``, and those of this machine that its names resolve to.

    Resolving a name may take a while. Raises Invalid with the name of the setting.
    """
    found: dict[str, None] = {}
    for host in hosts:
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if parse_address(bare) is not None:
            found[bare] = None
        else:
            found.update(dict.fromkeys(_look_up(setting, host)))
    return tuple(found)


def _look_up(setting: str, name: str) -> Iterable[str]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Invalid(f"{setting}: {name!r} is no address and no known name: {error}") from None
    addresses = [str(answer[4][0]) for answer in answers]
    # "localhost" also names ::1 on machines without IPv6.
    here = [address for address in addresses if why_not_here(address) is None]
    if not here:
        raise Invalid(f"{setting}: {name!r} is not an address of this machine, but {', '.join(sorted(set(addresses)))}")
    return here


def why_not_here(address: str) -> str | None:
    """The reason why a program cannot listen on the address; None if it can."""
    try:
        with socket.socket(family_of(address), socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return "is not an address of this machine"
        return os.strerror(error.errno or 0)
    return None


def is_own_address(text: str) -> bool:
    """Whether a text is a numeric address of this machine. Names are not looked up."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return why_not_here(text) is None


def family_of(address: str) -> socket.AddressFamily:
    """The address family of a socket for this address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listening_socket(address: str, others: Iterable[str]) -> socket.socket:
    """A stream socket for the address, not bound yet. ``::`` also accepts IPv4, unless ``others`` contains IPv4
    addresses.
    """
    made = socket.socket(family_of(address), socket.SOCK_STREAM)
    if made.family == socket.AF_INET6:
        apart = any(family_of(other) == socket.AF_INET for other in others)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, apart)
    return made
