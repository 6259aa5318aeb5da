"""The DHCP client of a built-in PC at its console: ``dhcp`` and ``ip dhcp``. Sans-IO."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Literal

from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Print, begin, next_event
from gns3trio.forwarder.pc_types import AddressReady, AddressTaken, Dhcp, DhcpMessage, Finished

# RFC 2132, 9.6: what VPCS calls them, and the letter that it shows for each.
_MESSAGES = {1: ("Discover", "D"), 2: ("Offer", "O"), 3: ("Request", "R"), 5: ("Ack", "A"), 6: ("Nak", "N")}
_MORE_MESSAGES = {4: "Decline", 7: "Release", 8: "Inform"}
# RFC 2131, 2: where the options begin, behind the magic cookie.
_OPTIONS = 240
_PAD, _END = 0, 255
_SECONDS = {51: "Lease Time", 58: "Renewal Time", 59: "Rebinding Time"}
_ADDRESSES = {
    1: "Subnet Mask",
    3: "Router",
    6: "DNS Server",
    28: "Broadcast",
    50: "Requested IP Address",
    54: "DHCP Server",
}
_TEXTS = {12: "Host Name", 15: "Domain", 56: "Message"}
_MOST_TEXT = 255
# A server that asks for the address first, as dnsmasq does, takes 3 s; with these, 7 s pass until nobody is there.
_ATTEMPTS, _TIMEOUT_US = 3, 1_000_000


def dhcp(session: PcSession, words: list[str]) -> Command:
    """``dhcp [-d] [-r] [-x]``."""
    options = set(words[1:])
    if options - {"-d", "-r", "-x"}:
        yield Print(help_on("ip"))
        return
    if "-x" in options:
        yield from _release(session)
        return
    has_lease = session.pc.state().lease is not None
    action: Literal["discover", "renew"] = "renew" if "-r" in options and has_lease else "discover"
    yield from begin(Dhcp(action=action, attempts=_ATTEMPTS, timeout_us=_TIMEOUT_US))
    decodes = "-d" in options
    while True:
        match (yield from next_event()):
            case DhcpMessage() as message:
                if decodes:
                    yield Print(describe(message.data) + "\n")
                else:
                    yield Print(_MESSAGES.get(message.type, ("", ""))[1])
            case AddressReady(address=address):
                state = session.pc.state()
                gateway = f" GW {state.ipv4_gateway}" if state.ipv4_gateway is not None else ""
                yield Print(f" IP {address}/{state.ipv4_prefix}{gateway}\n")
                return
            case AddressTaken(address=address, mac=mac):
                raise CommandError(f"\n{address} is being used by MAC {mac}")
            case Finished(reason=reason):
                refused = reason == "server_failed"
                raise CommandError("\nThe dhcp server refused" if refused else "\nCan't find dhcp server")


def _release(session: PcSession) -> Command:
    if session.pc.state().lease is None:
        return
    yield from begin(Dhcp(action="release"))
    while not isinstance((yield from next_event()), Finished):
        pass


def describe(data: bytes) -> str:
    """A message, one line for each field; what is cut or wrong in it is left out."""
    lines = [f"Opcode: {data[0]} ({'REQUEST' if data[0] == 1 else 'REPLY'})"] if data else []
    for offset, name in ((12, "Client"), (16, "Your"), (20, "Server"), (24, "Gateway")):
        if len(data) >= offset + 4:
            lines.append(f"{name} IP Address: {IPv4Address(data[offset : offset + 4])}")
    if len(data) >= 34:
        lines.append(f"Client MAC Address: {data[28:34].hex(':')}")
    lines += [f"Option {code}: {text}" for code, value in _options(data) if (text := _describe_option(code, value))]
    return "".join(line + "\n" for line in lines)


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = _OPTIONS
    while place < len(data) and data[place] != _END:
        if data[place] == _PAD:
            place += 1
            continue
        size = data[place + 1] if place + 1 < len(data) else 0
        value = data[place + 2 : place + 2 + size]
        if len(value) == size and size:
            yield data[place], value
        place += 2 + size


def _describe_option(code: int, value: bytes) -> str | None:
    if code == 53:
        kind = _MESSAGES[value[0]][0] if value[0] in _MESSAGES else _MORE_MESSAGES.get(value[0], str(value[0]))
        return f"Message Type = {kind}"
    if code in _SECONDS and len(value) == 4:
        return f"{_SECONDS[code]} = {int.from_bytes(value)}"
    if code in _ADDRESSES and len(value) % 4 == 0:
        found = [str(IPv4Address(value[place : place + 4])) for place in range(0, len(value), 4)]
        return f"{_ADDRESSES[code]} = {' '.join(found)}{' ' if code == 6 else ''}"
    if code in _TEXTS:
        return f"{_TEXTS[code]} = {printable(value)}"
    if code == 61 and value[0] == 1 and len(value) == 7:
        return f"Client Identifier = Hardware Type=Ethernet MAC Address = {value[1:].hex(':')}"
    return None


def printable(value: bytes) -> str:
    """Text that a server sent, which may be anything."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in value[:_MOST_TEXT].decode(errors="replace"))
