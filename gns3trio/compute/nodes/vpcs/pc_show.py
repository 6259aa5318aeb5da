"""The commands of a built-in PC that show something: show, arp, version, history. Sans-IO."""

from collections.abc import Callable

from gns3trio import __version__
from gns3trio.compute.nodes.vpcs.pc_help import bold, help_on
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, Print
from gns3trio.forwarder.pc_types import PcState

# What a VPCS tells of its UDP tunnel. A built-in PC has none.
_NO_TUNNEL = "0      0.0.0.0:0"

BANNER = f"""
Welcome to Virtual PC Simulator, version {__version__} (built into gns3trio)
"""


def show(session: PcSession, words: list[str]) -> Command:
    """``show [arp|dump|echo|history|ip [all]|ipv6 [all]|version]``."""
    if len(words) == 1:
        yield Print(_overview(session))
        return
    found = [name for name in _SUBJECTS if name.startswith(words[1])]
    if words[1] in _SUBJECTS:
        found = [words[1]]
    if len(found) != 1:
        yield Print("Invalid arguments\n")
        return
    yield Print(_SUBJECTS[found[0]](session, words[2:]))


def arp(session: PcSession, words: list[str]) -> Command:
    """``arp``: short for ``show arp``."""
    yield Print(_arp(session, []))


def version(session: PcSession, words: list[str]) -> Command:
    """``version``: short for ``show version``."""
    yield Print(BANNER)


def history(session: PcSession, words: list[str]) -> Command:
    """``history``: short for ``show history``."""
    yield Print(_history(session, []))


def masked(address: object, prefix: int) -> str:
    """An address with its network, as in 10.0.0.1/24."""
    return f"{address}/{prefix}"


def _ipv4(state: PcState) -> str:
    return masked(state.ipv4, state.ipv4_prefix) if state.ipv4 is not None else "0.0.0.0/0"


def _gateway(state: PcState) -> str:
    return str(state.ipv4_gateway or "0.0.0.0")


def _numbered(session: PcSession) -> str:
    """The name in tables, where VPCS numbers PCs that have none."""
    return f"{session.name}1" if session.name == "VPCS" else session.name


def _overview(session: PcSession) -> str:
    state = session.pc.state()
    eui64 = " eui-64" if session.uses_eui64 or state.ipv6_origin == "automatic" else ""
    lines = [
        "",
        "NAME   IP/MASK              GATEWAY           MAC                LPORT  RHOST:PORT",
        f"{_numbered(session):<7}{_ipv4(state):<21}{_gateway(state):<18}{state.identity.mac:<19}{_NO_TUNNEL}",
        f"       {masked(state.link_local, 64)}",
    ]
    if state.ipv6 is not None:
        lines.append(f"       {masked(state.ipv6, state.ipv6_prefix)}{eui64}")
    return "\n".join(lines) + "\n"


def _ip(session: PcSession, words: list[str]) -> str:
    state = session.pc.state()
    dns = [str(server) for server in state.identity.dns if server.version == 4]
    if words[:1] == ["all"]:
        return (
            "\nNAME   IP/MASK              GATEWAY           MAC                DNS\n"
            f"{_numbered(session):<7}{_ipv4(state):<21}{_gateway(state):<18}{state.identity.mac:<19}{'  '.join(dns)}\n"
        )
    fields = [
        ("NAME", f"{session.name}[1]"),
        ("IP/MASK", _ipv4(state)),
        ("GATEWAY", _gateway(state)),
        ("DNS", "  ".join(dns + [""] * (len(dns) == 1))),
    ]
    if (lease := state.lease) is not None:
        times = f"{lease.seconds}/{lease.renew_seconds}/{lease.rebind_seconds}"
        fields += [("DHCP SERVER", str(lease.server)), ("DHCP LEASE", f"{lease.left}, {times}")]
    if state.identity.domain:
        fields.append(("DOMAIN NAME", state.identity.domain))
    return _as_fields(session, fields, 12)


def _ipv6(session: PcSession, words: list[str]) -> str:
    state = session.pc.state()
    link_local = masked(state.link_local, 64)
    own = masked(state.ipv6, state.ipv6_prefix) if state.ipv6 is not None else ""
    if words[:1] == ["all"]:
        width = max(len(own or link_local), len("IP/MASK")) + 2
        lines = [f"NAME   {'IP/MASK':<{width}}ROUTER LINK-LAYER  MTU"]
        if own:
            lines.append(f"{_numbered(session):<7}{link_local}")
        first = "" if own else _numbered(session)
        lines.append(f"{first:<7}{own or link_local:<{width}}{state.gateway_mac or '':<19}{state.identity.mtu}")
        return "".join(f"{line}\n" for line in ("", *lines))
    dns = [str(server) for server in state.identity.dns if server.version == 6]
    fields = [
        ("NAME", f"{session.name}[1]"),
        ("LINK-LOCAL SCOPE", link_local),
        ("GLOBAL SCOPE", own),
        ("DNS", "  ".join(dns + [""] * (len(dns) == 1))),
        ("ROUTER LINK-LAYER", state.gateway_mac or ""),
    ]
    return _as_fields(session, fields, 18)


def _as_fields(session: PcSession, fields: list[tuple[str, str]], width: int) -> str:
    identity = session.identity
    colon = ":" if width == 18 else ""  # as VPCS has it
    fields += [
        ("MAC", identity.mac),
        ("LPORT", "0"),
        ("RHOST:PORT", "0.0.0.0:0"),
        (f"MTU{colon}", str(identity.mtu)),
    ]
    return "\n" + "".join(f"{name:<{width}}: {value}\n" for name, value in fields)


def _arp(session: PcSession, words: list[str]) -> str:
    entries = session.pc.neighbours(4)
    shown = "".join(f"{e.mac}  {e.address} expires in {e.left} seconds \n" for e in entries)
    return "\n" + (shown or "arp table is empty\n")


def _dump(session: PcSession, words: list[str]) -> str:
    return "\ndump flags: (none)\n"


def _echo(session: PcSession, words: list[str]) -> str:
    return (
        f"\nEcho {bold('On' if session.echo else 'Off')}\n"
        f"Foreground color: {session.foreground or 'default'}\n"
        f"Background color: {session.background or 'default'}\n"
    )


def _history(session: PcSession, words: list[str]) -> str:
    return "".join(f"{line}\n" for line in session.history)


def _version(session: PcSession, words: list[str]) -> str:
    return BANNER


_SUBJECTS: dict[str, Callable[[PcSession, list[str]], str]] = {
    "arp": _arp,
    "dump": _dump,
    "echo": _echo,
    "history": _history,
    "ip": _ip,
    "ipv6": _ipv6,
    "version": _version,
    "?": lambda session, words: help_on("show"),
}
