"""``trace`` of a built-in PC. Sans-IO."""

from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_hosts import find_host
from gns3trio.compute.nodes.vpcs.pc_icmp import describe_icmp
from gns3trio.compute.nodes.vpcs.pc_ping import milliseconds, why_not_sent
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Print, begin, next_event
from gns3trio.forwarder.pc_types import Address, Finished, IcmpError, NotSent, Protocol, Reply, TimedOut, Trace

_DEFAULT_HOPS = 8
_MAX_HOPS = 64
_PROTOCOLS: dict[str, Protocol] = {"1": "icmp", "6": "tcp", "17": "udp"}
# A router says that a packet's time to live, or its hop limit, has ended.
_EXPIRED = {4: (11, 0), 6: (3, 0)}


def trace(session: PcSession, words: list[str]) -> Command:
    """``trace HOST [-P PROTOCOL] [-m TTL]``."""
    if len(words) == 1:
        yield Print(help_on("trace"))
        return
    options = _read_options(words[2:])
    if options is None:
        yield Print(help_on("trace"))
        return
    protocol, hops = options
    target = yield from find_host(session, words[1])
    how = "" if protocol == "udp" else f" ({protocol.upper()})"
    yield Print(f"trace to {target}, {hops} hops max{how}, press Ctrl+C to stop\n")
    yield from begin(Trace(target=target, protocol=protocol, max_hops=hops))
    yield from _show_hops(session, target)


def _read_options(words: list[str]) -> tuple[Protocol, int] | None:
    """Protocol and hops; None for options that are none."""
    protocol: Protocol = "udp"
    hops = _DEFAULT_HOPS
    rest = list(words)
    while rest:
        option, value = rest.pop(0), rest.pop(0) if rest else ""
        if option == "-P" and value in _PROTOCOLS:
            protocol = _PROTOCOLS[value]
        elif option == "-m" and value.isascii() and value.isdigit() and len(value) < 4 and int(value):
            hops = min(int(value), _MAX_HOPS)
        else:
            return None
    return protocol, hops


def _show_hops(session: PcSession, target: Address) -> Command:
    hop, shown_address = 0, None
    while not isinstance(event := (yield from next_event()), Finished):
        if isinstance(event, NotSent):
            raise CommandError(("\n" if hop else "") + why_not_sent(session.pc.state(), target, event.reason))
        if not isinstance(event, Reply | TimedOut | IcmpError):
            continue
        begins = event.hop != hop
        if begins:
            yield Print(f"{chr(10) if hop else ''}{event.hop:2} ")
            hop, shown_address = event.hop, None
        if isinstance(event, TimedOut):
            yield Print("    *" if begins else "  *")
            continue
        if isinstance(event, IcmpError) and (event.type, event.code) != _EXPIRED[event.address.version]:
            what = describe_icmp(event.address.version, event.type, event.code)
            yield Print(f"  *{event.address}   {milliseconds(event)} ({what})\n")
            return
        named = f"  {event.address} " if event.address != shown_address else ""
        shown_address = event.address
        yield Print(f"{named}  {milliseconds(event)}")
    if hop:
        yield Print("\n")
