"""Between the types of ``pc_types`` and the structures of ``native/pc.h``."""

from collections.abc import Callable
from functools import singledispatch
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, cast

from gns3trio._udpfwd import ffi, lib
from gns3trio.core_contract import names_of
from gns3trio.errors import Invalid
from gns3trio.forwarder.pc_types import (
    Address,
    AddressReady,
    AddressTaken,
    Autoconfigure,
    Dhcp,
    DhcpMessage,
    Event,
    Finished,
    IcmpError,
    Lease,
    Neighbour,
    NotSent,
    Origin,
    PcCounters,
    PcIdentity,
    PcState,
    Ping,
    Reason,
    Reply,
    Reset,
    Resolve,
    Resolved,
    RouterFound,
    Step,
    TakeAddress,
    TimedOut,
    Trace,
)

MAC_BYTES = 6
# What the modules of the core check once more (pc_probe.c and others): here the field is named.
_BYTE, _PORT, _LONG = 0xFF, 0xFFFF, 0xFFFFFFFF
_LEAST_PROBE_US, _MOST_PROBE_US, _MOST_PROBES = 100, 600_000_000, 16
_LEAST_QUESTION_US, _MOST_QUESTION_US, _MOST_ATTEMPTS = 1000, 60_000_000, 10
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
# Why something could not be sent, or how it ended, by ``udpfwd_pc_reason``.
REASONS = list(names_of("udpfwd_pc_reason", "UDPFWD_PC_", "reasons"))
_STEPS = list(names_of("udpfwd_pc_step", "UDPFWD_PC_", "steps"))
_ORIGINS: dict[int, Origin | None] = {
    lib.UDPFWD_PC_NO_ADDRESS: None,
    lib.UDPFWD_PC_MANUAL: "manual",
    lib.UDPFWD_PC_DHCP: "dhcp",
    lib.UDPFWD_PC_AUTOMATIC: "automatic",
}
_DHCP_ACTIONS = {
    "discover": lib.UDPFWD_PC_DHCP_DISCOVER,
    "renew": lib.UDPFWD_PC_DHCP_RENEW,
    "release": lib.UDPFWD_PC_DHCP_RELEASE,
}

# --- addresses and texts ---


def core_address(address: Address | None) -> Any:
    """A pointer to it; family 0 for None."""
    made = ffi.new("udpfwd_pc_address *")
    put_address(made[0], address)
    return made


def put_address(to: Any, address: Address | None) -> None:
    """Write it to a structure that is zeroed; None stays family 0."""
    if address is not None:
        to.bytes[0 : len(address.packed)] = address.packed
        to.family = address.version


def read_address(address: Any) -> Address | None:
    """The address; None for family 0."""
    if address.family == 0:
        return None
    return ip_address(bytes(address.bytes)[: 4 if address.family == 4 else lib.UDPFWD_PC_ADDRESS_BYTES])


def _read_mac(mac: Any) -> str:
    return ":".join(f"{byte:02x}" for byte in mac)


def _put_text(to: Any, name: str, text: str) -> None:
    encoded = text.encode()
    if len(encoded) >= len(to) or b"\0" in encoded:
        raise Invalid(f"{name}: at most {len(to) - 1} bytes, and no zero among them")
    to[0 : len(encoded)] = encoded


def core_identity(identity: PcIdentity) -> Any:
    """A pointer to it. Raises Invalid with the name of the field that is wrong."""
    made = ffi.new("udpfwd_pc_identity *")
    try:
        mac = bytes.fromhex(identity.mac.replace(":", ""))
    except ValueError:
        mac = b""
    if len(mac) != MAC_BYTES or mac[0] & 1:
        raise Invalid(f"mac: {identity.mac!r} is not the MAC address of one host")
    if not lib.UDPFWD_PC_MIN_MTU <= identity.mtu <= lib.UDPFWD_PC_MAX_MTU:
        raise Invalid(f"mtu: {lib.UDPFWD_PC_MIN_MTU} to {lib.UDPFWD_PC_MAX_MTU} bytes, not {identity.mtu}")
    if len(identity.dns) > len(made.dns):
        raise Invalid(f"dns: at most {len(made.dns)} servers")
    made.mac, made.mtu = mac, identity.mtu
    _put_text(made.name, "name", identity.name)
    _put_text(made.domain, "domain", identity.domain)
    for entry, server in zip(made.dns, identity.dns, strict=False):
        put_address(entry, server)
    return made


# --- state ---


def _read_identity(identity: Any) -> PcIdentity:
    return PcIdentity(
        mac=_read_mac(identity.mac),
        name=ffi.string(identity.name).decode(errors="replace"),
        domain=ffi.string(identity.domain).decode(errors="replace"),
        dns=tuple(server for entry in identity.dns if (server := read_address(entry)) is not None),
        mtu=identity.mtu,
    )


def _read_lease(state: Any) -> Lease | None:
    server = read_address(state.dhcp_server)
    if server is None:
        return None
    return Lease(
        server=cast(IPv4Address, server),
        seconds=state.lease_seconds,
        renew_seconds=state.renew_seconds,
        rebind_seconds=state.rebind_seconds,
        left=state.lease_left_seconds,
    )


def read_state(state: Any) -> PcState:
    """What the core says of a PC."""
    counters = state.counters
    return PcState(
        identity=_read_identity(state.identity),
        ipv4=cast(IPv4Address | None, read_address(state.ipv4)),
        ipv4_prefix=state.ipv4_prefix,
        ipv4_gateway=cast(IPv4Address | None, read_address(state.ipv4_gateway)),
        ipv4_origin=_ORIGINS[state.ipv4_origin],
        lease=_read_lease(state),
        link_local=cast(IPv6Address, read_address(state.link_local)),
        link_local_ready=bool(state.link_local_ready),
        ipv6=cast(IPv6Address | None, read_address(state.ipv6)),
        ipv6_prefix=state.ipv6_prefix,
        ipv6_gateway=cast(IPv6Address | None, read_address(state.ipv6_gateway)),
        ipv6_origin=_ORIGINS[state.ipv6_origin],
        gateway_mac=_read_mac(state.gateway_mac) if any(state.gateway_mac) else None,
        valid_left=state.valid_left_seconds,
        preferred_left=state.preferred_left_seconds,
        jobs=state.jobs,
        timers=state.timers,
        memory_bytes=state.memory_bytes,
        counters=PcCounters(
            malformed=counters.malformed,
            unwanted=counters.unwanted,
            refused=counters.refused,
            dropped=counters.dropped,
        ),
    )


def read_neighbour(entry: Any) -> Neighbour:
    """An entry of a cache."""
    return Neighbour(cast(Address, read_address(entry.address)), _read_mac(entry.mac), entry.left_seconds)


# --- requests ---


def core_request(request: Any) -> Any:
    """A pointer to what a request (``pc_types.Request``) is for the core. Raises Invalid with the wrong field."""
    made = ffi.new("udpfwd_pc_request *")
    _fill(request, made[0])
    return made


def _bound(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise Invalid(f"{name}: {least} to {most}, not {value}")
    return value


def _fill_questions(request: Dhcp | Autoconfigure | Resolve, to: Any) -> None:
    to.attempts = _bound("attempts", request.attempts, 1, _MOST_ATTEMPTS)
    to.timeout_us = _bound("timeout_us", request.timeout_us, _LEAST_QUESTION_US, _MOST_QUESTION_US)


@singledispatch
def _fill(request: Any, to: Any) -> None:
    raise TypeError(f"{type(request).__name__} is no request to a PC")


@_fill.register
def _(request: Ping, to: Any) -> None:
    to.kind, to.protocol = lib.UDPFWD_PC_PING, _PROTOCOLS[request.protocol]
    put_address(to.target, request.target)
    to.ttl = _bound("ttl", request.ttl, 1, _BYTE)
    to.count = _bound("count", request.count, 0, _LONG)
    to.data_bytes = _bound("data_bytes", request.data_bytes, 0, lib.UDPFWD_PC_MAX_DATA_BYTES)
    to.interval_us = _bound("interval_us", request.interval_us, 0, _MOST_PROBE_US)
    to.timeout_us = _bound("timeout_us", request.timeout_us, _LEAST_PROBE_US, _MOST_PROBE_US)
    to.dont_fragment = request.dont_fragment
    to.tcp_flags = _bound("tcp_flags", request.tcp_flags, 0, _BYTE)
    to.source_port = _bound("source_port", request.source_port, 0, _PORT)
    to.destination_port = _bound("destination_port", request.destination_port, 0, _PORT)


@_fill.register
def _(request: Trace, to: Any) -> None:
    to.kind, to.protocol = lib.UDPFWD_PC_TRACE, _PROTOCOLS[request.protocol]
    put_address(to.target, request.target)
    to.ttl = _bound("max_hops", request.max_hops, 1, _BYTE)
    to.count = _bound("probes", request.probes, 1, _MOST_PROBES)
    to.data_bytes = _bound("data_bytes", request.data_bytes, 0, lib.UDPFWD_PC_MAX_DATA_BYTES)
    to.timeout_us = _bound("timeout_us", request.timeout_us, _LEAST_PROBE_US, _MOST_PROBE_US)


@_fill.register
def _(request: TakeAddress, to: Any) -> None:
    to.kind = lib.UDPFWD_PC_TAKE_ADDRESS
    to.prefix = _bound("prefix", request.prefix, 1, request.address.max_prefixlen)
    put_address(to.target, request.address)
    put_address(to.gateway, request.gateway)
    to.attempts = _bound("attempts", request.attempts, 0, _MOST_ATTEMPTS)
    to.timeout_us = _bound("timeout_us", request.timeout_us, 0, _MOST_QUESTION_US)


@_fill.register
def _(request: Dhcp, to: Any) -> None:
    to.kind = _DHCP_ACTIONS[request.action]
    _fill_questions(request, to)


@_fill.register
def _(request: Autoconfigure, to: Any) -> None:
    to.kind = lib.UDPFWD_PC_AUTOCONFIGURE
    _fill_questions(request, to)


@_fill.register
def _(request: Resolve, to: Any) -> None:
    to.kind, to.family = lib.UDPFWD_PC_RESOLVE, request.family
    _fill_questions(request, to)
    _put_text(to.name, "name", request.name)


# --- events ---


def _time_us(event: Any) -> float:
    return float(event.round_trip_ns) / 1000


def _where(event: Any) -> Any:
    return cast(Address, read_address(event.address))


def _step(event: Any) -> Step:
    return cast(Step, _STEPS[event.step])


def _reason(event: Any) -> Reason:
    return cast(Reason, REASONS[event.code])


def _ports(event: Any) -> dict[str, int]:
    return {"source_port": event.source_port, "destination_port": event.destination_port}


def _reply(event: Any, data: bytes) -> Event:
    return Reply(
        address=_where(event),
        sequence=event.sequence,
        ttl=event.ttl,
        bytes=event.bytes,
        time_us=_time_us(event),
        step=_step(event),
        hop=event.hop,
        **_ports(event),
    )


def _timed_out(event: Any, data: bytes) -> Event:
    return TimedOut(sequence=event.sequence, step=_step(event), hop=event.hop, **_ports(event))


def _icmp_error(event: Any, data: bytes) -> Event:
    return IcmpError(
        address=_where(event),
        sequence=event.sequence,
        type=event.type,
        code=event.code,
        mtu=event.mtu,
        ttl=event.ttl,
        bytes=event.bytes,
        time_us=_time_us(event),
        hop=event.hop,
        **_ports(event),
    )


def _reset(event: Any, data: bytes) -> Event:
    return Reset(
        address=_where(event),
        sequence=event.sequence,
        step=_step(event),
        ttl=event.ttl,
        bytes=event.bytes,
        time_us=_time_us(event),
        **_ports(event),
    )


def _dhcp_message(event: Any, data: bytes) -> Event:
    received = event.kind == lib.UDPFWD_PC_DHCP_RECEIVED
    return DhcpMessage(received=received, type=event.code, address=_where(event), data=data)


_READERS: dict[int, Callable[[Any, bytes], Event]] = {
    lib.UDPFWD_PC_REPLY: _reply,
    lib.UDPFWD_PC_TIMEOUT: _timed_out,
    lib.UDPFWD_PC_ICMP_ERROR: _icmp_error,
    lib.UDPFWD_PC_RESET: _reset,
    lib.UDPFWD_PC_NOT_SENT: lambda event, data: NotSent(
        sequence=event.sequence, reason=_reason(event), mtu=event.mtu, hop=event.hop
    ),
    lib.UDPFWD_PC_ADDRESS_READY: lambda event, data: AddressReady(address=_where(event)),
    lib.UDPFWD_PC_ADDRESS_TAKEN: lambda event, data: AddressTaken(address=_where(event), mac=_read_mac(event.mac)),
    lib.UDPFWD_PC_DHCP_SENT: _dhcp_message,
    lib.UDPFWD_PC_DHCP_RECEIVED: _dhcp_message,
    lib.UDPFWD_PC_RESOLVED: lambda event, data: Resolved(address=_where(event)),
    lib.UDPFWD_PC_ROUTER: lambda event, data: RouterFound(address=_where(event), mac=_read_mac(event.mac), data=data),
    lib.UDPFWD_PC_FINISHED: lambda event, data: Finished(reason=_reason(event), sent=event.sequence, lost=event.lost),
}
if len(_READERS) != lib.UDPFWD_PC_EVENT_KINDS:
    raise ImportError("the core has events of PCs that nobody reads here")


def read_event(event: Any, data: bytes) -> Event:
    """What the core told. ``data`` is what belongs to it."""
    return _READERS[event.kind](event, data)
