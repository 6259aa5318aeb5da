"""``ping`` of a built-in PC. Sans-IO."""

from gns3trio.classes import define
from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_hosts import find_host
from gns3trio.compute.nodes.vpcs.pc_icmp import describe_icmp
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Pause, Print, begin, next_event
from gns3trio.forwarder.pc_types import (
    DEFAULT_TTL,
    Address,
    Finished,
    IcmpError,
    NotSent,
    PcState,
    Ping,
    Protocol,
    Reply,
    Reset,
    TimedOut,
)

MAX_DATA_BYTES = 65507
_MAX_PORT = 65535
_MAX_MILLISECONDS = 3_600_000
_MAX_COUNT = 0xFFFFFFFF
_PROTOCOLS: dict[int, Protocol] = {1: "icmp", 6: "tcp", 17: "udp"}
_BY_OPTION: dict[str, Protocol] = {"-1": "icmp", "-2": "udp", "-3": "tcp"}
_STEPS = {"connect": "Connect", "send": "SendData", "close": "Close", "echo": ""}
_TCP_FLAGS = "FSRPAUEC"  # the bits from 0 on


@define
class PingOptions:
    """What the options of ``ping`` set. ``count`` 0 pings nothing, None without end."""

    protocol: Protocol = "icmp"
    count: int | None = 5
    data_bytes: int = 56
    dont_fragment: bool = False
    flags: int = 0
    interval_ms: int = 1000
    timeout_ms: int = 1000
    source_port: int = 0
    port: int = 7
    ttl: int = DEFAULT_TTL


def ping(session: PcSession, words: list[str]) -> Command:
    """``ping HOST [OPTION ...]``."""
    if len(words) == 1:
        yield Print(help_on("ping"))
        return
    options = read_options(words[2:])
    target = yield from find_host(session, words[1])
    yield Print("\n")
    if options.count == 0:
        return
    state = session.pc.state()
    if options.protocol == "icmp" and target in (state.ipv4, state.ipv6, state.link_local):
        yield from _ping_itself(target, options)
        return
    yield from begin(
        Ping(
            target=target,
            protocol=options.protocol,
            count=options.count or 0,
            data_bytes=options.data_bytes,
            interval_us=options.interval_ms * 1000,
            timeout_us=options.timeout_ms * 1000,
            ttl=options.ttl,
            dont_fragment=options.dont_fragment,
            source_port=options.source_port,
            destination_port=options.port,
            tcp_flags=options.flags,
        )
    )
    while not isinstance(event := (yield from next_event()), Finished):
        if isinstance(event, NotSent):
            if event.reason != "too_big":
                raise CommandError(why_not_sent(state, target, event.reason))
            yield from _tell_too_big(target, event, options)
        else:
            text = _describe(event, target, options.protocol)
            if text:
                yield Print(text + "\n")


def read_options(words: list[str]) -> PingOptions:
    """Raises CommandError for options that are none, or whose values are missing or out of range."""
    options = PingOptions()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if len(word) > 2 and word[:2] in ("-c", "-l", "-i", "-w", "-p", "-s", "-T", "-P"):
            word, value = word[:2], word[2:]  # the value without a blank
            rest.insert(0, value)
        match word:
            case "-1" | "-2" | "-3":
                options.protocol = _BY_OPTION[word]
            case "-D":
                options.dont_fragment = True
            case "-t":
                options.count = None
            case "-f":
                options.flags = _read_flags(rest.pop(0) if rest else "")
            case "-P":
                number = _number(rest, 255)
                if number not in _PROTOCOLS:
                    raise CommandError("Invalid options")
                options.protocol = _PROTOCOLS[number]
            case "-c":
                options.count = _number(rest, _MAX_COUNT)
            case "-l":
                options.data_bytes = _number(rest, MAX_DATA_BYTES)
            case "-i":
                options.interval_ms = _number(rest, _MAX_MILLISECONDS)
            case "-w":
                options.timeout_ms = _number(rest, _MAX_MILLISECONDS) or options.timeout_ms
            case "-p":
                options.port = _number(rest, _MAX_PORT)
            case "-s":
                options.source_port = _number(rest, _MAX_PORT)
            case "-T":
                options.ttl = _number(rest, 255) or options.ttl
            case _:
                raise CommandError("Invalid options")
    return options


def _number(rest: list[str], most: int) -> int:
    text = rest.pop(0) if rest else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise CommandError("Invalid options")
    return int(text)


def _read_flags(text: str) -> int:
    if not text or not set(text.upper()) <= set(_TCP_FLAGS):
        raise CommandError("Invalid options")
    return sum(1 << _TCP_FLAGS.index(letter) for letter in set(text.upper()))


def _ping_itself(target: Address, options: PingOptions) -> Command:
    sequence = 0
    while options.count is None or sequence < options.count:
        if sequence:
            yield Pause(max(options.interval_ms, 1) / 1000)
        sequence += 1
        yield Print(f"{target} icmp_seq={sequence} ttl={options.ttl} time=0.001 ms\n")


def _tell_too_big(target: Address, event: NotSent, options: PingOptions) -> Command:
    yield Print(
        f"{target} {label(target, options.protocol)}_seq={event.sequence} not sent: larger than the MTU ({event.mtu}), "
        "and not to be fragmented\n"
    )


def label(target: Address, protocol: Protocol) -> str:
    """How lines name the protocol: icmp, icmp6, udp6 ..."""
    return f"{protocol}6" if target.version == 6 else protocol


def _describe(event: object, target: Address, protocol: Protocol) -> str:
    name = label(target, protocol)
    match event:
        case Reply(step="echo") as reply:
            size = f"{reply.bytes} bytes from " if target.version == 4 else ""
            return f"{size}{reply.address} {name}_seq={reply.sequence} ttl={reply.ttl} time={milliseconds(reply)}"
        case Reply() as reply:
            at = f"{reply.destination_port}@{reply.address}"
            return f"{_STEPS[reply.step]:<10}{at} seq={reply.sequence} ttl={reply.ttl} time={milliseconds(reply)}"
        case TimedOut(step="echo") as missed:
            return f"{target} {name}_seq={missed.sequence} timeout"
        case TimedOut() as missed:
            return f"{_STEPS[missed.step]:<10}{missed.destination_port}@{target} timeout"
        case Reset() as reset:
            return f"{_STEPS[reset.step]:<10}{reset.destination_port}@{target} RST returned"
        case IcmpError() as error:
            what = describe_icmp(error.address.version, error.type, error.code)
            return f"*{error.address} {name}_seq={error.sequence} ttl={error.ttl} time={milliseconds(error)} ({what})"
    return ""


def milliseconds(event: Reply | IcmpError) -> str:
    """The time of an answer."""
    return f"{event.time_us / 1000:.3f} ms"


def why_not_sent(state: PcState, target: Address, reason: str) -> str:
    """Why nothing leaves for a target."""
    match reason:
        case "no_gateway":
            return "No gateway found"
        case "no_neighbour":
            return f"host ({next_hop(state, target)}) not reachable"
        case "no_source":
            return f"host ({target}) not reachable: no IPv{target.version} address is set"
        case _:
            return f"host ({target}) not reachable: {reason.replace('_', ' ')}"


def next_hop(state: PcState, target: Address) -> Address:
    """To whom a packet for the target goes on the link."""
    own, prefix, gateway = (
        (state.ipv4, state.ipv4_prefix, state.ipv4_gateway)
        if target.version == 4
        else (state.ipv6, state.ipv6_prefix, state.ipv6_gateway)
    )
    if own is None or gateway is None or target.is_link_local:
        return target
    distance = (32 if target.version == 4 else 128) - prefix
    return target if int(own) >> distance == int(target) >> distance else gateway
