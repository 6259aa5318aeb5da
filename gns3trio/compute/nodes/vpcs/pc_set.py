"""``set`` of a built-in PC. Sans-IO."""

import re

import attrs

from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_session import COLOURS, PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Print

_MIN_MTU, _MAX_MTU = 576, 9216
MAX_NAME = 63  # bytes of a host name (RFC 1123, 2.1); VPCS takes 12
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def set_something(session: PcSession, words: list[str]) -> Command:
    """``set pcname|mtu|echo ...``."""
    if len(words) == 1:
        yield Print(help_on("set"))
        return
    what, values = words[1], words[2:]
    if what == "pcname":
        _set_name(session, values)
    elif what == "mtu":
        yield from _set_mtu(session, values)
    elif what == "echo":
        _set_echo(session, values)
    elif what == "dump":
        if values != ["off"]:
            raise CommandError("Packets are not dumped here: capture the link instead.")
        yield Print("\ndump flags: (none)\n")
    elif what in ("lport", "rport", "rhost"):
        raise CommandError(f"A built-in PC has no {what}: links join nodes.")
    else:
        raise CommandError("Invalid command.")


def _set_name(session: PcSession, values: list[str]) -> None:
    if len(values) != 1:
        raise CommandError("Incomplete command.")
    if len(values[0]) > MAX_NAME:
        raise CommandError(f"Hostname is too long. (Maximum {MAX_NAME} characters)")
    if not _NAME.fullmatch(values[0]):
        raise CommandError("Invalid hostname: letters, digits, '-', '_' and '.' are allowed.")
    session.pc.identify(attrs.evolve(session.identity, name=values[0]))
    session.name = values[0]


def _set_mtu(session: PcSession, values: list[str]) -> Command:
    text = values[0] if values else ""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        yield Print(help_on("set", "mtu"))
        return
    if int(text) < _MIN_MTU:
        raise CommandError(f"Invalid MTU, should bigger than {_MIN_MTU}")
    if int(text) > _MAX_MTU:
        raise CommandError(f"Invalid MTU, should not be bigger than {_MAX_MTU}")
    session.pc.identify(attrs.evolve(session.identity, mtu=int(text)))


def _set_echo(session: PcSession, values: list[str]) -> None:
    match values:
        case []:
            raise CommandError("Incomplete command.")
        case ["on" | "off" as state]:
            session.echo = state == "on"
        case ["color"]:
            pass
        case ["color", "clear"]:
            session.foreground = session.background = None
        case ["color", foreground, *rest] if {foreground, *rest} <= set(COLOURS) and len(rest) < 2:
            session.foreground, session.background = foreground, rest[0] if rest else None
        case _:
            raise CommandError("Invalid options")
