"""The commands of a built-in PC: a line in, the steps of its command out. Sans-IO.

The words, options and answers are those of VPCS 0.8.3 (``tests/compute/test_pc_recording.py`` has a session of both,
and each difference with its reason). Its known faults are left out.
"""

from collections.abc import Callable

from gns3trio.compute.nodes.vpcs import pc_ip, pc_scripts, pc_show
from gns3trio.compute.nodes.vpcs.pc_dhcp import dhcp
from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_ping import ping
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_set import set_something
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Leave, Print, Quit, say
from gns3trio.compute.nodes.vpcs.pc_trace import trace
from gns3trio.compute.nodes.vpcs.pc_traffic import traffic
from gns3trio.errors import Conflict, Invalid

MAX_WORDS = 40
_SHOWN_CHARACTERS = 80


def run_line(session: PcSession, line: str) -> Command:
    """Run a line, which may be anything. Shows what is wrong with it."""
    try:
        yield from _run(session, line)
    except CommandError as error:
        yield Print(f"{error}\n")
    except (Conflict, Invalid) as error:  # of the PC
        yield Print(f"{error}\n")


def _run(session: PcSession, line: str) -> Command:
    words = line.split()
    if not words:
        return
    if words[0] == "echo":
        yield from pc_scripts.echo(session, line)
        return
    found = find_commands(words[0])
    if len(found) != 1:
        if found:
            yield Print("".join(f"{name}\n" for name in found))
            return
        raise CommandError(f'Bad command: "{shown(line)}". Use ? for help.')
    name = found[0]
    if len(words) > MAX_WORDS:
        raise CommandError(f"Too many words: {MAX_WORDS} are allowed.")
    if len(words) > 1 and words[-1] == "?" and name not in ("echo", "version"):
        yield Print(help_on(name, *words[1:-1]) if name in _HELPED else help_on())
        return
    if name == "echo":
        yield from pc_scripts.echo(session, line.replace(words[0], "echo", 1))
        return
    yield from COMMANDS[name](session, [name, *words[1:]])


def find_commands(word: str) -> list[str]:
    """The commands that a word means: one, if it is its name or a beginning of no other. A beginning of one of VPCS's
    commands means this one, as in VPCS.
    """
    if word in COMMANDS:
        return [word]
    found = [name for name in COMMANDS if name.startswith(word)]
    return [name for name in found if name not in _OURS] or found


def shown(line: str) -> str:
    """A line in an answer, which may come from a file that is no script."""
    text = "".join(character if character.isprintable() else "?" for character in line)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."


def prompt(session: PcSession) -> str:
    """What stands before a line."""
    return f"{session.name}> "


def _help(session: PcSession, words: list[str]) -> Command:
    yield Print(help_on())


def _disconnect(session: PcSession, words: list[str]) -> Command:
    yield Leave()


def _quit(session: PcSession, words: list[str]) -> Command:
    yield Quit()


def _no_relay(session: PcSession, words: list[str]) -> Command:
    yield from say("Relay function is disabled")


def _no_rlogin(session: PcSession, words: list[str]) -> Command:
    yield from say("rlogin is refused: it would connect to the host of this server, which nodes cannot reach.")


def _echo(session: PcSession, words: list[str]) -> Command:
    yield from pc_scripts.echo(session, " ".join(words))


_load = pc_scripts.load(run_line)

COMMANDS: dict[str, Callable[[PcSession, list[str]], Command]] = {
    "?": _help,
    "arp": pc_show.arp,
    "clear": pc_ip.clear,
    "dhcp": dhcp,
    "disconnect": _disconnect,
    "echo": _echo,
    "help": _help,
    "history": pc_show.history,
    "ip": pc_ip.ip,
    "load": _load,
    "ping": ping,
    "quit": _quit,
    "relay": _no_relay,
    "rlogin": _no_rlogin,
    "save": pc_scripts.save,
    "set": set_something,
    "show": pc_show.show,
    "sleep": pc_scripts.sleep,
    "trace": trace,
    "traffic": traffic,
    "version": pc_show.version,
}
# Those that VPCS does not have.
_OURS = frozenset({"traffic"})
# Those that take a question mark as an argument; "relay ?" and "history ?" are answered as without.
_HELPED = frozenset(COMMANDS) - {"?", "history", "relay", "rlogin"}
