"""The commands of a switch's console. Sans-IO: bytes typed in, bytes shown out."""

from collections.abc import Callable
from typing import Protocol

import attrs

from gns3trio.forwarder.stats import PortCounters

# A longer line is not a command.
MAX_LINE_BYTES = 256
_ENTER = frozenset(b"\r\n")
_ERASE = frozenset(b"\b\x7f")
_CTRL_C = 3


@attrs.frozen(order=True)
class SwitchMac:
    """An entry of the address table. ``age`` in seconds since the address sent last."""

    vlan: int
    mac: str
    port_number: int
    port_name: str
    age: int


@attrs.frozen
class SwitchPortState:
    """A port, and what passed it; None when it has no link."""

    name: str
    type: str
    vlan: int
    ethertype: str | None
    counters: PortCounters | None


class ShownSwitch(Protocol):
    """What the commands look at."""

    @property
    def name(self) -> str:
        """The name in the prompt."""

    def macs(self) -> list[SwitchMac]:
        """The address table."""

    def clear_macs(self) -> None:
        """Forget all addresses."""

    def port_states(self) -> list[SwitchPortState]:
        """The ports."""


@attrs.frozen
class Answer:
    """What to show, and whether the client that typed last wants to leave."""

    text: bytes
    leaves: bool = False


class SwitchShell:
    """Reads lines and answers them. Echoes what is typed, because telnet clients leave that to the server."""

    def __init__(self, switch: ShownSwitch) -> None:
        self._switch = switch
        self._line = bytearray()
        self._last_was_cr = False
        self._commands: dict[str, tuple[str, Callable[[], list[str]]]] = {
            "show mac": ("shows the address table", self._show_mac),
            "clear mac": ("forgets all addresses", self._clear_mac),
            "show ports": ("shows the ports and what passed them", self._show_ports),
            "help": ("shows this", self._help),
        }

    def greeting(self) -> bytes:
        """What a newcomer sees first."""
        return f"\r\n{self._switch.name}: type help for the commands\r\n".encode() + self._prompt()

    def _prompt(self) -> bytes:
        return f"{self._switch.name}> ".encode()

    def feed(self, typed: bytes) -> Answer:
        """Take what was typed."""
        shown = bytearray()
        leaves = False
        for byte in typed:
            after_cr, self._last_was_cr = self._last_was_cr, byte == 0x0D
            if byte in _ENTER:
                if byte == 0x0A and after_cr:
                    continue  # the second half of CR LF
                shown += b"\r\n"
                line, self._line = " ".join(self._line.decode(errors="replace").split()), bytearray()
                leaves = line in ("exit", "quit", "disconnect")
                shown += b"".join(text.encode() + b"\r\n" for text in self._run(line)) + self._prompt()
            elif byte in _ERASE:
                if self._line:
                    self._line.pop()
                    shown += b"\b \b"
            elif byte == _CTRL_C:
                self._line.clear()
                shown += b"^C\r\n" + self._prompt()
            elif byte >= 0x20 and len(self._line) < MAX_LINE_BYTES:
                self._line.append(byte)
                shown.append(byte)
        return Answer(bytes(shown), leaves)

    def _run(self, line: str) -> list[str]:
        if line in ("", "exit", "quit", "disconnect"):
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
        return lines + [f"{e.vlan:<6}{e.mac:<19}{f'{e.age} s':<7}{e.port_name}" for e in self._switch.macs()]

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
