"""The commands of a built-in PC that give it addresses: ip, dhcp, clear. Sans-IO."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.nodes.vpcs.pc_dhcp import dhcp
from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_session import PcSession, parse_address
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Print, finish, say
from gns3trio.forwarder.pc_types import Address, AddressReady, AddressTaken, Autoconfigure, TakeAddress

_DEFAULT_PREFIX = {4: 24, 6: 64}
_WIDTH = {4: 32, 6: 128}
MAX_DNS = 2  # of both families together, as the core keeps them


@frozen
class _Given:
    """What ``ip`` was asked to set."""

    address: Address
    prefix: int
    gateway: Address | None


def ip(session: PcSession, words: list[str]) -> Command:
    """``ip auto|dhcp|dns|dns6|domain ...`` or ``ip ADDRESS ...``."""
    if len(words) == 1:
        yield Print(help_on("ip"))
        return
    command = _SUBCOMMANDS.get(words[1])
    if command is None:
        command = _address
    yield from command(session, words[1:])


def _address(session: PcSession, words: list[str]) -> Command:
    """``A``, ``A/24``, ``A 24 G``, ``A G 24``, ``A MASK gateway G``, and the same of IPv6."""
    words = [part for word in words for part in word.split("/") if part]
    uses_eui64 = words[-1:] == ["eui-64"]
    words = words[:-1] if uses_eui64 else words
    if not words:
        raise CommandError("Invalid address")
    given = _read_address(words)
    if given.address.version == 6:
        yield from _ipv6_address(session, given, uses_eui64)
        return
    if uses_eui64:
        raise CommandError("Invalid options")
    mask = IPv4Network((0, given.prefix)).netmask
    yield from say("Checking for duplicate address...")
    request = TakeAddress(address=given.address, prefix=given.prefix, gateway=given.gateway)
    events, finished = yield from finish(request)
    for event in events:
        if isinstance(event, AddressTaken):
            yield Print(f"{event.address} is being used by MAC {event.mac}\nAddress not changed\n")
            return
        if isinstance(event, AddressReady):
            gateway = f" gateway {given.gateway}" if given.gateway is not None else ""
            yield from say(f"{session.name} : {given.address} {mask}{gateway}")
            return
    raise CommandError(f"Address not changed: {finished.reason.replace('_', ' ')}")


def _ipv6_address(session: PcSession, given: _Given, uses_eui64: bool) -> Command:
    address = given.address
    assert isinstance(address, IPv6Address)
    if uses_eui64:
        network = int(address) >> 64 << 64
        host = int(session.pc.state().link_local) & (1 << 64) - 1
        address = IPv6Address(network | host)
    session.pc.set_address(address, given.prefix, given.gateway)
    session.uses_eui64 = uses_eui64
    gateway = f"gateway {given.gateway}" if given.gateway is not None else ""
    yield from say(f"{session.name} : {address}/{given.prefix} {'eui-64' if uses_eui64 else gateway}")


def _read_address(words: list[str]) -> _Given:
    """Raises CommandError."""
    address = parse_address(words[0])
    if address is None:
        raise CommandError("Invalid ipv6 address." if ":" in words[0] else "Invalid address")
    prefix: int | None = None
    gateway: Address | None = None
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "gateway" and rest:
            prefix_found, gateway_found = None, parse_address(rest.pop(0))
        else:
            prefix_found = _read_prefix(word, address)
            gateway_found = None if prefix_found is not None else parse_address(word)
        if prefix_found is not None and prefix is None:
            prefix = prefix_found
        elif gateway_found is not None and gateway is None and gateway_found.version == address.version:
            gateway = gateway_found
        else:
            raise CommandError("Invalid options")
    given = _Given(address, _DEFAULT_PREFIX[address.version] if prefix is None else prefix, gateway)
    _check(given)
    return given


def _read_prefix(word: str, address: Address) -> int | None:
    """The length of a mask, which may be written as an address."""
    if word.isascii() and word.isdigit() and len(word) <= 3:
        if not 1 <= int(word) <= _WIDTH[address.version]:
            raise CommandError("Invalid mask")
        return int(word)
    if address.version == 4 and word.startswith(("255.", "254.", "252.", "248.", "240.", "224.", "192.", "128.")):
        try:
            return IPv4Network((0, word)).prefixlen
        except ValueError:
            return None
    return None


def _check(given: _Given) -> None:
    address, gateway = given.address, given.gateway
    if address.is_multicast or address.is_loopback or address.is_unspecified or address == gateway:
        raise CommandError("Invalid address")
    if isinstance(address, IPv4Address):
        if address.is_reserved:
            raise CommandError("Invalid address")
        network = IPv4Network((int(address), given.prefix), strict=False)
        if given.prefix < 31 and address in (network.network_address, network.broadcast_address):
            raise CommandError("Invalid host address")
        if gateway is not None and gateway not in network:
            raise CommandError("not same subnet")


def _auto(session: PcSession, words: list[str]) -> Command:
    events, _ = yield from finish(Autoconfigure())
    for event in events:
        if isinstance(event, AddressTaken):
            raise CommandError(f"{event.address} is being used by MAC {event.mac}")
        if isinstance(event, AddressReady):
            session.uses_eui64 = False
            state = session.pc.state()
            yield from say(f"GLOBAL SCOPE      : {event.address}/{state.ipv6_prefix}")
            yield from say(f"ROUTER LINK-LAYER : {state.gateway_mac or ''}")
            return
    raise CommandError("No router answered ICMPv6 Router Solicitation")


def _dns(session: PcSession, words: list[str]) -> Command:
    version = 6 if words[0] == "dns6" else 4
    servers: list[Address] = []
    for word in words[1:]:
        if word == "0":
            continue
        server = parse_address(word)
        if server is None or server.version != version:
            raise CommandError("Invalid address" if version == 4 else f"Invalid address: {word}")
        servers.append(server)
    if len(words) > 1:
        identity = session.identity
        others = [server for server in identity.dns if server.version != version]
        # The new ones come first where there is no room for all.
        dns = tuple(dict.fromkeys([*servers, *others]))[:MAX_DNS]
        session.pc.identify(attrs.evolve(identity, dns=dns))
    yield Print("")


def _domain(session: PcSession, words: list[str]) -> Command:
    if len(words) < 2:
        raise CommandError("Incomplete command.")
    session.pc.identify(attrs.evolve(session.identity, domain=words[1]))
    yield Print("")


_SUBCOMMANDS: dict[str, Callable[[PcSession, list[str]], Command]] = {
    "auto": _auto,
    "dhcp": dhcp,
    "dns": _dns,
    "dns6": _dns,
    "domain": _domain,
}


def clear(session: PcSession, words: list[str]) -> Command:
    """``clear ip|ipv6|arp|neighbor|hist``."""
    what = words[1:]
    if not what:
        yield Print(help_on("clear"))
    elif what[0] == "ip":
        session.pc.clear(4)
        session.pc.identify(attrs.evolve(session.identity, domain="", dns=()))
        yield from say("IPv4 address/mask, gateway, DNS, and DHCP cleared")
    elif what[0] == "ipv6":
        session.pc.clear(6)
        session.uses_eui64 = False
        yield from say("IPv6 address/mask and router link-layer address cleared")
    elif what[0] == "arp":
        session.pc.forget_neighbours(4)
    elif what[0] == "neighbor":
        session.pc.forget_neighbours(6)
    elif "history".startswith(what[0]):
        session.history = []
    else:
        raise CommandError("Invalid options")
