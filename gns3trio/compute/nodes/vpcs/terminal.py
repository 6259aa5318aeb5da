"""Mediates between the clients of a console and a VPCS. Sans-IO.

VPCS drops the bytes after an Enter in the same read, treats unknown keys as text, and crashes on some lines. So lines
are edited here (``LineEditor``), and VPCS gets complete, safe lines, each after it has printed a prompt. While a
command runs, typed input waits. Ctrl-C is passed to VPCS at once, and so is the key after ``Press any key to
continue``.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.nodes.vpcs.lines import refusal_of_typed, takes_long
from gns3trio.console.line_editor import Interrupt, Line, LineEditor
from gns3trio.console.typed_input import TypedInput

Typist = TypeVar("Typist")

# VPCS answers at once, except to commands that are known to take long. If its prompt is not recognised, waiting input
# is passed to it after this many seconds of silence.
PATIENCE_SECONDS = 10.0

# The prompt of VPCS: always on a line of its own, after LF CR, which precede nothing else.
_PROMPT = re.compile(rb"\n\r(?P<name>[^\r\n]{1,64}?)> ")
_LONGEST_PROMPT = 80
_QUESTION = b"Press any key to continue\r\n"
# The prompt of a VPCS without a name.
_DEFAULT_PROMPT = b"VPCS> "
_NO_NAME = re.compile(rb"(?<=\n\r)VPCS> ")
_CTRL_C = b"\x03"


class _State(Enum):
    BUSY = "busy"  # a command or the start-up script is running
    ASKS = "asks"  # VPCS waits for any key
    READY = "ready"  # at the prompt, editing a line


@frozen
class Taken(Generic[Typist]):
    """The result of typed input: bytes for VPCS, bytes to display, and the client that pressed Enter, if a line goes to
    VPCS.
    """

    program: bytes = b""
    shown: bytes = b""
    entered_by: Typist | None = None


class VpcsTerminal:
    """One run of a VPCS whose node has the name ``name``.

    While VPCS has no name of its own, its prompt is displayed with the node's name. Version 1 of the API allows names
    of several words, which scripts would not recognise in a prompt: VPCS's own prompt is kept then.
    """

    def __init__(self, name: str) -> None:
        own_prompt = f"{name}> ".encode() if len(name.split()) == 1 else _DEFAULT_PROMPT
        self._own_prompt: Callable[[re.Match[bytes]], bytes] = lambda _: own_prompt
        self._prompt = b""  # the last prompt that was displayed
        self._state = _State.BUSY
        self._command = ""  # the running line
        self._editor = LineEditor()
        self._echo = b""  # VPCS will echo this line first, but it is on the screen already
        self._held = b""
        self._seen = b"\n"  # the last bytes of its output
        self._asked_at = 0

    @property
    def is_patient(self) -> bool:
        """Whether typed input waits for the prompt without a time limit."""
        return self._state is not _State.BUSY or takes_long(self._command)

    @property
    def _ends_soon(self) -> bool:
        """Whether a line is running that is over before a Ctrl-C could interrupt it. VPCS would find that at its next
        prompt, and drop the line that we send when we see this prompt.
        """
        return self._state is _State.BUSY and self._command != "" and not takes_long(self._command)

    def lose_patience(self) -> None:
        """VPCS was silent for PATIENCE_SECONDS: assume that it is at its prompt."""
        self._state = _State.READY

    # --- output of VPCS ---

    def feed_output(self, output: bytes, arrived: int) -> bytes:
        """Process output; returns the part to display. ``arrived`` is the count of typed pieces so far, as in
        ``TypedInput``.
        """
        known = len(self._seen)
        seen = self._seen + self._held + self._without_echo(output)
        held = _unfinished(seen)
        seen, self._held = seen[: len(seen) - held], seen[len(seen) - held :]
        if self._state is not _State.READY:
            self._look_for_prompt(seen, known, arrived)
        self._seen = seen[-_LONGEST_PROMPT:]
        return _NO_NAME.sub(self._own_prompt, seen[max(0, known - 2) :])[min(2, known) :]

    def _without_echo(self, output: bytes) -> bytes:
        common = min(len(self._echo), len(output))
        if output[:common] != self._echo[:common]:
            self._echo = b""  # something else came first; the line is displayed twice then
            return output
        self._echo = self._echo[common:]
        return output[common:]

    def _look_for_prompt(self, seen: bytes, known: int, arrived: int) -> None:
        """Search a prompt in ``seen``, whose bytes from ``known`` on are new."""
        for prompt in _PROMPT.finditer(seen):
            if prompt.end() > known:
                self._state = _State.READY
                self._prompt = _NO_NAME.sub(self._own_prompt, prompt[0]).removeprefix(b"\n")
        if self._state is _State.BUSY and seen.endswith(_QUESTION):
            self._state, self._asked_at = _State.ASKS, arrived

    # --- typed input ---

    def take(self, typed: TypedInput[Typist]) -> Taken[Typist] | None:
        """Take the usable part of ``typed``; None if nothing can be used now."""
        if typed.is_empty:
            return None
        if typed.begins_with_interrupt:
            if self._ends_soon:
                return None
            typed.take_byte()
            return self._interrupt()
        if self._state is _State.ASKS:
            key = typed.take_byte_after(self._asked_at)
            if key is not None:
                self._state = _State.BUSY
            return Taken(key) if key is not None else None
        if self._state is _State.BUSY:
            return None
        typist, piece = typed.take()
        step = self._editor.feed(piece)
        typed.put_back(typist, step.rest)
        match step.event:
            case Line() as line:
                return self._enter(line, typist, step.shown)
            case Interrupt():
                taken: Taken[Typist] = self._interrupt()
                return attrs.evolve(taken, shown=step.shown)
            case None:
                return Taken(shown=step.shown)

    def _interrupt(self) -> Taken[Typist]:
        self._editor.clear()
        if self._state is _State.READY:
            self._state, self._command = _State.BUSY, ""  # VPCS prints another prompt
        return Taken(_CTRL_C)

    def _enter(self, line: Line, typist: Typist, shown: bytes) -> Taken[Typist]:
        reason = "it is too long" if line.left_out else refusal_of_typed(line.text)
        if reason is not None:
            shown += f"\r\nThis line was refused: {reason}.\r\n".encode() + b"\r\n" + self._prompt
            return Taken(shown=shown)
        self._state, self._command, self._echo = _State.BUSY, line.text, line.text.encode()
        return Taken(self._echo + b"\r", shown, typist)


def _unfinished(seen: bytes) -> int:
    """The number of bytes at the end that may be the beginning of the prompt of a VPCS without a name."""
    _, begins, line = seen.rpartition(b"\n\r")
    return len(line) if begins and line != _DEFAULT_PROMPT and _DEFAULT_PROMPT.startswith(line) else 0
