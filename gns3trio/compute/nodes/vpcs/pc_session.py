"""What the console of a built-in PC knows beside the PC itself, and how its commands see both. Sans-IO."""

from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

import attrs

from gns3trio.classes import define
from gns3trio.forwarder.pc_types import Address, Family, Neighbour, PcIdentity, PcState

MAX_HISTORY = 100
NO_NAME = "VPCS"


class ControlledPc(Protocol):
    """A PC, as far as its console needs it: see ``forwarder.pc.Pc``."""

    def state(self) -> PcState:
        """Its addresses, lease and counters at this moment."""

    def identify(self, identity: PcIdentity) -> None:
        """Change its name, domain, DNS servers and MTU. Raises Invalid."""

    def set_address(self, address: Address, prefix: int, gateway: Address | None = None) -> None:
        """Set an address at once. Raises Invalid."""

    def clear(self, family: Family) -> None:
        """Take the address and gateway of a family away."""

    def neighbours(self, family: Family) -> list[Neighbour]:
        """The ARP cache (4), or IPv6's neighbour cache (6)."""

    def forget_neighbours(self, family: Family) -> None:
        """Empty that cache."""


@define
class PcSession:
    """A PC and the state of its console: ``name`` stands in its prompt; ``in_script`` is how deep ``load`` is."""

    pc: ControlledPc
    name: str = NO_NAME
    echo: bool = False
    foreground: str | None = None
    background: str | None = None
    uses_eui64: bool = False
    history: list[str] = attrs.field(factory=list)
    in_script: int = 0

    def remember(self, line: str) -> None:
        """Put a typed line into the history."""
        if line.strip():
            self.history = [*self.history, line][-MAX_HISTORY:]

    @property
    def identity(self) -> PcIdentity:
        """Who the PC is now."""
        return self.pc.state().identity

    def coloured(self, text: str) -> str:
        """Text as ``echo`` shows it."""
        codes = [str(30 + COLOURS.index(self.foreground))] if self.foreground else []
        codes += [str(40 + COLOURS.index(self.background))] if self.background else []
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes else text


# In the order of their numbers in ECMA-48.
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def parse_address(text: str) -> Address | None:
    """The address; None if it is none. Scopes are not addresses here."""
    for kind in (IPv4Address, IPv6Address):
        try:
            return kind(text) if "%" not in text else None
        except ValueError:
            pass
    return None
