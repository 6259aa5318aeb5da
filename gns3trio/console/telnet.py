"""The telnet protocol, both roles. Sans-IO: bytes in, events and answers out.

Sources: RFC 854 (commands), 855 (options), 856 (BINARY), 857 (ECHO), 858 (SUPPRESS-GO-AHEAD), 1073 (NAWS), and
1143 for the states of an option. We never ask to turn an option off, so of 1143's states three are enough:
no, wanted, yes.

``TelnetConnection`` keeps its state between calls, so an IAC sequence may be split over any number of reads.
Neither role converts the line ends that it sends: consoles send their own, and all GNS3 clients accept BINARY.
"""

import re
from enum import Enum

from gns3trio.classes import frozen

# Commands (RFC 854).
SE = 240
BREAK = 243
INTERRUPT_PROCESS = 244
ARE_YOU_THERE = 246
SB = 250
WILL = 251
WONT = 252
DO = 253
DONT = 254
IAC = 255

# Options (IANA telnet option registry).
BINARY = 0
ECHO = 1
SUPPRESS_GO_AHEAD = 3

# The longest one in use (terminal environment, RFC 1572) is much shorter. The rest of a longer one is discarded.
MAX_SUBNEGOTIATION_BYTES = 1024

_CR = 13
_ENTER = re.compile(rb"\r[\n\0]")


@frozen
class Data:
    """Data bytes of the session, without telnet commands."""

    data: bytes


@frozen
class Negotiation:
    """The peer sent WILL, WONT, DO or DONT (``verb``) for ``option``; it has been answered as needed."""

    verb: int
    option: int


@frozen
class Subnegotiation:
    """A parameter of an option; ``truncated`` when it was longer than MAX_SUBNEGOTIATION_BYTES."""

    option: int
    data: bytes
    truncated: bool = False


@frozen
class AreYouThere:
    """The peer asks for a visible sign that the connection works (telnet AYT)."""


@frozen
class Break:
    """The peer pressed its Break key (telnet BREAK)."""


@frozen
class InterruptProcess:
    """The peer pressed its interrupt key, usually Ctrl-C (telnet IP)."""


Event = Data | Negotiation | Subnegotiation | AreYouThere | Break | InterruptProcess

_COMMAND_EVENTS: dict[int, Event] = {
    ARE_YOU_THERE: AreYouThere(),
    BREAK: Break(),
    INTERRUPT_PROCESS: InterruptProcess(),
}


class _State(Enum):
    DATA = "data"
    IAC = "after IAC"
    VERB = "after WILL, WONT, DO or DONT"
    SUBNEGOTIATION = "in a subnegotiation"
    SUBNEGOTIATION_IAC = "after IAC in a subnegotiation"


class _Option(Enum):
    NO = "no"
    WANTED = "wanted"  # offered, no answer yet
    YES = "yes"


class TelnetConnection:
    """One end of a telnet connection.

    ``ours`` are the options that we are willing to perform, ``theirs`` those that we want the peer to perform; all
    others are rejected. With ``announce`` (the server's role), ``greeting`` offers them; otherwise we wait for the
    peer's offers. ``fold_line_ends`` turns CR NUL and CR LF, telnet's forms of the Enter key, into CR.
    """

    def __init__(self, *, ours: tuple[int, ...], theirs: tuple[int, ...], announce: bool, fold_line_ends: bool) -> None:
        initial = _Option.WANTED if announce else _Option.NO
        self.greeting = b""
        if announce:
            self.greeting = b"".join(bytes((IAC, WILL, option)) for option in ours)
            self.greeting += b"".join(bytes((IAC, DO, option)) for option in theirs)
        self._ours = dict.fromkeys(ours, initial)
        self._theirs = dict.fromkeys(theirs, initial)
        self._fold_line_ends = fold_line_ends
        self._state = _State.DATA
        self._after_cr = False
        self._verb = 0
        self._subnegotiation = bytearray()
        self._truncated = False
        self._answers = bytearray()

    def receive_data(self, data: bytes) -> list[Event]:
        """Process received bytes; returns the events that they complete. Never raises. See ``take_answers``."""
        events: list[Event] = []
        text = bytearray()
        position = 0
        while position < len(data):
            if self._state is _State.DATA:
                end = data.find(IAC, position)
                chunk = data[position : end if end >= 0 else len(data)]
                text += self._fold(chunk) if self._fold_line_ends else chunk
                position += len(chunk)
                if end >= 0:
                    self._state = _State.IAC
                    position += 1
                continue
            byte = data[position]
            position += 1
            if self._state is _State.IAC and byte == IAC:
                text.append(IAC)
                self._after_cr = False
                self._state = _State.DATA
            elif (event := self._receive_control(byte)) is not None:
                if text:
                    events.append(Data(bytes(text)))
                    text.clear()
                events.append(event)
        if text:
            events.append(Data(bytes(text)))
        return events

    def take_answers(self) -> bytes:
        """The answers that must be sent to the peer since the last call; at most 3 bytes per 3 received."""
        answers = bytes(self._answers)
        self._answers.clear()
        return answers

    @staticmethod
    def send(data: bytes) -> bytes:
        """``data`` encoded for the wire: every 0xFF is doubled."""
        return data.replace(b"\xff", b"\xff\xff")

    def _fold(self, chunk: bytes) -> bytes:
        if self._after_cr and chunk[:1] in (b"\n", b"\0"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk[-1] == _CR
        return _ENTER.sub(b"\r", chunk)

    def _receive_control(self, byte: int) -> Event | None:
        """Process one byte that is not data; returns the event that it completes, if any."""
        match self._state:
            case _State.IAC:
                return self._receive_command(byte)
            case _State.VERB:
                self._state = _State.DATA
                self._negotiate(self._verb, byte)
                return Negotiation(self._verb, byte)
            case _State.SUBNEGOTIATION:
                if byte == IAC:
                    self._state = _State.SUBNEGOTIATION_IAC
                else:
                    self._keep(byte)
                return None
            case _:
                return self._receive_subnegotiation_command(byte)

    def _receive_command(self, byte: int) -> Event | None:
        self._state = _State.DATA
        if WILL <= byte <= DONT:
            self._state = _State.VERB
            self._verb = byte
        elif byte == SB:
            self._state = _State.SUBNEGOTIATION
            self._subnegotiation.clear()
            self._truncated = False
        return _COMMAND_EVENTS.get(byte)  # all others (NOP, GA, DM, ...) mean nothing here

    def _receive_subnegotiation_command(self, byte: int) -> Event | None:
        if byte == IAC:
            self._keep(IAC)
            self._state = _State.SUBNEGOTIATION
            return None
        self._state = _State.DATA
        if byte != SE:
            # Not in the RFC: the end of the subnegotiation was lost. Drop the unfinished parameter and obey the
            # command.
            return self._receive_command(byte)
        if not self._subnegotiation:
            return None
        return Subnegotiation(self._subnegotiation[0], bytes(self._subnegotiation[1:]), self._truncated)

    def _keep(self, byte: int) -> None:
        if len(self._subnegotiation) <= MAX_SUBNEGOTIATION_BYTES:
            self._subnegotiation.append(byte)
        else:
            self._truncated = True

    def _negotiate(self, verb: int, option: int) -> None:
        """Answer only if the state changes, so that two ends cannot answer each other for ever."""
        options, agree, refuse = (self._ours, WILL, WONT) if verb in (DO, DONT) else (self._theirs, DO, DONT)
        state = options.get(option)
        if verb in (DO, WILL):
            if state is None:
                self._answers += bytes((IAC, refuse, option))
            else:
                if state is _Option.NO:
                    self._answers += bytes((IAC, agree, option))
                options[option] = _Option.YES
        elif state is not None:
            if state is _Option.YES:
                self._answers += bytes((IAC, refuse, option))
            options[option] = _Option.NO


def telnet_server() -> TelnetConnection:
    """The server's end of a console, with the greeting of GNS3: WILL ECHO, WILL SGA, WILL BINARY, DO BINARY."""
    return TelnetConnection(
        ours=(ECHO, SUPPRESS_GO_AHEAD, BINARY), theirs=(BINARY,), announce=True, fold_line_ends=True
    )


def telnet_client() -> TelnetConnection:
    """A client that lets the server echo and sends characters as they are typed."""
    return TelnetConnection(
        ours=(SUPPRESS_GO_AHEAD, BINARY),
        theirs=(ECHO, SUPPRESS_GO_AHEAD, BINARY),
        announce=False,
        fold_line_ends=False,
    )
