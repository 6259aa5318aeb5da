"""The commands of a switch's console. Sans-IO: typed bytes in, bytes to display out."""

from collections.abc import Callable
from typing import Protocol

from gns3trio.classes import frozen
from gns3trio.compute.node_features import SwitchMac
from gns3trio.console.line_editor import Interrupt, Line, LineEditor
from gns3trio.traffic.counters import PortCounters

# The most bytes of an answer, which must fit into a client's buffer.
MAX_SHOWN = 1000

_LEAVING = frozenset({"exit", "quit", "disconnect"})
_TOO_LONG = "This line was refused: it is too long"


@frozen
class SwitchPortState:
    """A port with its counters, which are None if it has no link."""

    name: str
    type: str
    vlan: int
    ethertype: str | None
    counters: PortCounters | None


class ShownSwitch(Protocol):
    """The parts of a switch that the commands use."""

    @property
    def name(self) -> str:
        """The name of the switch, for the prompt."""

    def macs(self) -> list[SwitchMac]:
        """The entries of the address table."""

    def clear_macs(self) -> None:
        """Clear the address table."""

    def port_states(self) -> list[SwitchPortState]:
        """The ports with their configuration and counters."""


@frozen
class Answer:
    """The bytes to display, whether the client wants to leave, and the bytes that were typed after the line."""

    text: bytes
    leaves: bool = False
    rest: bytes = b""


class SwitchShell:
    """Reads lines and answers them. It echoes typed bytes, because telnet clients expect that from the server."""

    def __init__(self, switch: ShownSwitch) -> None:
        self._switch = switch
        self._editor = LineEditor()
        self._commands: dict[str, tuple[str, Callable[[], list[str]]]] = {
            "show mac": ("shows the address table", self._show_mac),
            "clear mac": ("forgets all addresses", self._clear_mac),
            "show ports": ("shows the ports and what passed them", self._show_ports),
            "help": ("shows this", self._help),
        }

    def greeting(self) -> bytes:
        """The first output for a new client."""
        return f"\r\n{self._switch.name}: type help for the commands\r\n".encode() + self._prompt()

    def _prompt(self) -> bytes:
        return f"{self._switch.name}> ".encode()

    def feed(self, typed: bytes) -> Answer:
        """Process typed bytes up to the end of the line."""
        step = self._editor.feed(typed)
        match step.event:
            case Line() as line:
                command = " ".join(line.text.lower().split())
                answer = [_TOO_LONG] if line.left_out else self._run(command)
                text = "\r\n".join(["", *answer, ""]).encode() + self._prompt()
                return Answer(step.shown + text, command in _LEAVING, step.rest)
            case Interrupt():
                return Answer(step.shown + b"^C\r\n" + self._prompt(), False, step.rest)
            case None:
                return Answer(step.shown)

    def _run(self, line: str) -> list[str]:
        if not line or line in _LEAVING:
            return []
        if line in ("?", "help"):
            return self._help()
        # Words may be shortened: "sh mac".
        words = line.split()
        matches = [
            command
            for command in self._commands
            if len(command.split()) == len(words)
            and all(full.startswith(word) for full, word in zip(command.split(), words, strict=True))
        ]
        if len(matches) != 1:
            return [f"Unknown command: {line}", *self._help()]
        return self._commands[matches[0]][1]()

    def _help(self) -> list[str]:
        return [f"{command:<12}{meaning}" for command, (meaning, _) in self._commands.items()] + [
            "exit        ends this connection"
        ]

    def _show_mac(self) -> list[str]:
        lines = ["VLAN  Address            Age    Port"]
        macs = self._switch.macs()
        lines += [f"{e.vlan:<6}{e.mac:<19}{f'{e.age} s':<7}{e.port_name}" for e in macs[:MAX_SHOWN]]
        return lines + ([f"and {len(macs) - MAX_SHOWN} more"] if len(macs) > MAX_SHOWN else [])

    def _clear_mac(self) -> list[str]:
        self._switch.clear_macs()
        return ["The address table is empty."]

    def _show_ports(self) -> list[str]:
        lines = ["Port            Mode    VLAN  Ethertype  Link  Frames in    Frames out   Drops"]
        for port in self._switch.port_states():
            c = port.counters
            counts = f"{c.rx_frames:<13}{c.tx_frames:<13}{c.dropped}" if c is not None else f"{'-':<13}{'-':<13}-"
            lines.append(
                f"{port.name:<16}{port.type:<8}{port.vlan:<6}{port.ethertype or '-':<11}"
                f"{'yes' if c is not None else 'no':<6}{counts}"
            )
        return lines
