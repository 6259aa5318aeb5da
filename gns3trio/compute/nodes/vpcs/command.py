"""The command line and the output of VPCS. Sans-IO.

Measured with 0.5b2 (Debian's package) and 0.8.3 (upstream), without ``-p``, on a terminal.
"""

import re
from enum import Enum

from gns3trio.classes import frozen

# The last byte of the MAC address, 00:50:79:66:68:xx. Both versions accept 0 to 255 with one PC (-i 1).
MAC_IDS = 255

STARTUP_FILE = "startup.vpc"

# -R disables the relay, which would bind a second UDP port (its own port + 9). New in 0.8.
_RELAY_OPTION_SINCE = (0, 8)
_VERSION = re.compile(r"Virtual PC Simulator, version (?P<text>(?P<major>\d+)\.(?P<minor>\d+)\S*)")
RELAY_PORT_OFFSET = 9

INSTALL_ADVICE = (
    "Install it (Debian and Ubuntu: apt install vpcs), set vpcs_path to the program, or choose the engine builtin."
)


@frozen
class VpcsVersion:
    """A version as VPCS prints it, with its first two numbers."""

    text: str
    number: tuple[int, int]

    @property
    def has_relay_option(self) -> bool:
        """Whether this version supports the option ``-R``."""
        return self.number >= _RELAY_OPTION_SINCE

    @property
    def longest_name(self) -> int:
        """The most bytes of a name for ``set pcname``."""
        return 12 if self.number >= (0, 8) else 6


def parse_version(output: str) -> VpcsVersion | None:
    """Parse the output of ``vpcs -v``; None if the program is not VPCS."""
    match = _VERSION.search(output)
    if match is None:
        return None
    return VpcsVersion(match["text"], (int(match["major"]), int(match["minor"])))


def build_command(
    program: str, version: VpcsVersion, *, mac_id: int, local_port: int, remote_port: int, script: str | None
) -> list[str]:
    """The argument list for one virtual PC on its terminal.

    It receives frames at UDP port ``local_port`` and sends them to ``remote_port`` of 127.0.0.1. First it runs
    ``script``, a file in its working directory.
    """
    command = [program, "-i", "1", "-m", str(mac_id)]
    if version.has_relay_option:
        command.append("-R")
    command += ["-s", str(local_port), "-c", str(remote_port), "-t", "127.0.0.1"]
    if script is not None:
        command.append(script)
    return command


class Boot(Enum):
    """The progress of a starting VPCS."""

    STARTING = "starting"
    READY = "ready"  # it handles frames and commands, or runs its start-up script
    PORT_TAKEN = "port taken"  # it runs, but without a network


class BootWatcher:
    """Detects from the output when VPCS is ready, and whether it could bind its UDP port.

    After the banner, VPCS prints a line about help. Then comes the prompt, or the note that the start-up script is
    executed, or ``Open port N error [reason]``.
    """

    _HELP = b"to get help."
    _PORT_ERROR = b"Open port "
    # The banner has 600 bytes.
    _MAX_BYTES = 16 * 1024

    def __init__(self) -> None:
        self.output = b""  # the output so far, for an error message
        self.state = Boot.STARTING

    def feed(self, output: bytes) -> None:
        """Process the next output of VPCS."""
        if self.state is not Boot.STARTING:
            return
        self.output = (self.output + output)[-self._MAX_BYTES :]
        _, found, rest = self.output.partition(self._HELP)
        rest = rest.lstrip()
        if not found or not rest or (len(rest) < len(self._PORT_ERROR) and self._PORT_ERROR.startswith(rest)):
            return
        self.state = Boot.PORT_TAKEN if rest.startswith(self._PORT_ERROR) else Boot.READY


class DisconnectFilter:
    """Finds and removes VPCS's answer to ``disconnect`` in its output.

    Without ``-p`` VPCS answers ``NOT daemon mode`` and an empty line, instead of a good-bye and the end of the
    connection. The output of a user's ``echo NOT daemon mode`` has no empty line after it. The text may come in any
    number of pieces; output is held back only while it may still become the answer.
    """

    _ANSWER = b"NOT daemon mode\r\n\r\n"
    # The empty line is kept: it ends the answer to any command.
    _TAKEN_OUT = re.compile(rb"(?<=\n)NOT daemon mode\r\n(?=\r\n)")

    def __init__(self) -> None:
        self._before = b"\n"  # the last byte that was displayed
        self._held = b""

    def feed(self, output: bytes) -> list[bytes]:
        """The output to display, in pieces; an answer to ``disconnect`` was between each two."""
        text = self._before + self._held + output
        held = self._unfinished(text)
        text, self._held = text[: len(text) - held], text[len(text) - held :]
        pieces = self._TAKEN_OUT.split(text)
        pieces[0] = pieces[0][len(self._before) :]
        self._before = text[-1:]
        return pieces

    def _unfinished(self, text: bytes) -> int:
        """The number of bytes at the end of ``text`` that may be the beginning of an answer."""
        for count in range(min(len(self._ANSWER), len(text)) - 1, 0, -1):
            if text[-count - 1 : -count] == b"\n" and self._ANSWER.startswith(text[-count:]):
                return count
        return 0
