"""The properties of NAT nodes in the API. Sans-IO."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.limits import Bound

# The network behind a user-mode gateway (``native/nat_network.h``). It is that of libvirt's bridge, so that a lab with
# fixed addresses works with either.
NETWORK = IPv4Network("192.168.122.0/24")
GATEWAY = NETWORK[1]
# As many listening sockets as a gateway has for this.
MAX_FORWARDS = 64

Way = Literal["bridge", "user"]


@frozen(kw_only=True)
class PortForward:
    """A port of this host that leads to a port of a host in the lab.

    ``host_address`` is the address on which the gateway listens. By default only programs on this host can connect.
    """

    protocol: Literal["tcp", "udp"] = "tcp"
    host_address: str = "127.0.0.1"
    host_port: int = attrs.field(validator=v.PORT)
    guest_address: str
    guest_port: int = attrs.field(validator=v.PORT)

    @property
    def where(self) -> str:
        """The place where it listens, for messages."""
        return f"{self.protocol} {self.host_address}:{self.host_port}"

    def view(self) -> dict[str, Any]:
        """The forwarded port as in the API."""
        return attrs.asdict(self)


@frozen(kw_only=True)
class NatSettings:
    """The properties of a NAT in the API. Its port is always the same, and ``gateway`` is what this server chose;
    values from a client are ignored. ``port_forwards`` and ``gateway`` are not in GNS3.
    """

    ports_mapping: list[dict[str, Any]] | None = None
    port_forwards: Annotated[list[PortForward], Bound(MAX_FORWARDS)] = attrs.field(factory=list)
    gateway: str | None = None


def check_forwards(forwards: Sequence[PortForward]) -> tuple[PortForward, ...]:
    """The forwarded ports, if they are possible. Raises Invalid with the field."""
    taken: dict[tuple[str, str, int], int] = {}
    for index, forward in enumerate(forwards):
        where = f"properties.port_forwards[{index}]"
        host = _address(forward.host_address, f"{where}.host_address")
        if host.is_multicast or host.is_reserved:
            raise Invalid(f"{where}.host_address: {host} cannot be an address of this host")
        guest = _address(forward.guest_address, f"{where}.guest_address")
        if guest not in NETWORK or guest in (NETWORK[0], GATEWAY, NETWORK[-1]):
            raise Invalid(f"{where}.guest_address: {guest} is not from {NETWORK[2]} to {NETWORK[-2]}")
        key = (forward.protocol, forward.host_address, forward.host_port)
        if key in taken:
            raise Invalid(f"{where}.host_port: {forward.where} is forwarded by port_forwards[{taken[key]}] already")
        taken[key] = index
    return tuple(forwards)


def _address(text: str, where: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise Invalid(f"{where}: {text!r} is not an IPv4 address") from None
