"""Between the clients of a console and a VPCS. Sans-IO.

VPCS drops what follows an Enter in the same read, takes the bytes of keys that it does not know for text, and does not
survive all lines. So lines are edited here (``LineEditor``), and VPCS gets whole ones, each when it has printed a
prompt for it. While a command runs, what is typed waits; Ctrl-C goes to VPCS at once, and so does the key that ``Press
any key to continue`` asks for.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import attrs

from gns3trio.compute.nodes.vpcs.lines import refusal_of_typed, takes_long
from gns3trio.console.line_editor import Interrupt, Line, LineEditor
from gns3trio.console.typed_input import TypedInput

Typist = TypeVar("Typist")

# VPCS answers at once, or by a command that is known to take long. Should it have a prompt that is not recognised, what
# waits goes to it after it said nothing for so long.
PATIENCE_SECONDS = 10.0

# As VPCS prints it: always on a line of its own, and after LF CR, which begin nothing else.
_PROMPT = re.compile(rb"\n\r(?P<name>[^\r\n]{1,64}?)> ")
_LONGEST_PROMPT = 80
_QUESTION = b"Press any key to continue\r\n"
# The prompt of a VPCS that was given no name.
_DEFAULT_PROMPT = b"VPCS> "
_NO_NAME = re.compile(rb"(?<=\n\r)VPCS> ")
_CTRL_C = b"\x03"


class _State(Enum):
    BUSY = "busy"  # a command runs, or the start-up script
    ASKS = "asks"  # for any key
    READY = "ready"  # a line is typed at the prompt


@attrs.frozen
class Taken(Generic[Typist]):
    """What typing led to: bytes for VPCS, bytes to show, and who pressed the Enter, if a line goes to VPCS."""

    program: bytes = b""
    shown: bytes = b""
    entered_by: Typist | None = None


class VpcsTerminal:
    """One run of a VPCS whose node has the name ``name``.

    While VPCS has no name of its own, its prompt is shown with the node's. A name of several words, which only version
    1 of the API gives, makes no prompt that scripts know for one: VPCS's own is left then.
    """

    def __init__(self, name: str) -> None:
        own_prompt = f"{name}> ".encode() if len(name.split()) == 1 else _DEFAULT_PROMPT
        self._own_prompt: Callable[[re.Match[bytes]], bytes] = lambda _: own_prompt
        self._prompt = b""  # the last one that was shown
        self._state = _State.BUSY
        self._command = ""  # that runs
        self._editor = LineEditor()
        self._echo = b""  # what VPCS will print first: the line that it got, which is on the screen already
        self._held = b""
        self._seen = b"\n"  # the last bytes that it printed
        self._asked_at = 0

    @property
    def is_patient(self) -> bool:
        """Whether what is typed waits for the prompt however long that takes."""
        return self._state is not _State.BUSY or takes_long(self._command)

    def lose_patience(self) -> None:
        """VPCS has said nothing for PATIENCE_SECONDS: take it to be at its prompt."""
        self._state = _State.READY

    # --- what VPCS prints ---

    def feed_output(self, output: bytes, arrived: int) -> bytes:
        """What of it to show; ``arrived`` is how much has been typed so far, as ``TypedInput`` counts it."""
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
            self._echo = b""  # something else came first; then the line is shown twice
            return output
        self._echo = self._echo[common:]
        return output[common:]

    def _look_for_prompt(self, seen: bytes, known: int, arrived: int) -> None:
        """``seen`` is new from ``known`` on."""
        for prompt in _PROMPT.finditer(seen):
            if prompt.end() > known:
                self._state = _State.READY
                self._prompt = _NO_NAME.sub(self._own_prompt, prompt[0]).removeprefix(b"\n")
        if self._state is _State.BUSY and seen.endswith(_QUESTION):
            self._state, self._asked_at = _State.ASKS, arrived

    # --- what is typed ---

    def take(self, typed: TypedInput[Typist]) -> Taken[Typist] | None:
        """Take from ``typed`` what can be used now; None when that is nothing."""
        if typed.is_empty:
            return None
        if typed.begins_with_interrupt:
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
            self._state, self._command = _State.BUSY, ""  # it prints another prompt
        return Taken(_CTRL_C)

    def _enter(self, line: Line, typist: Typist, shown: bytes) -> Taken[Typist]:
        reason = "it is too long" if line.left_out else refusal_of_typed(line.text)
        if reason is not None:
            shown += f"\r\nThis line was refused: {reason}.\r\n".encode() + b"\r\n" + self._prompt
            return Taken(shown=shown)
        self._state, self._command, self._echo = _State.BUSY, line.text, line.text.encode()
        return Taken(self._echo + b"\r", shown, typist)


def _unfinished(seen: bytes) -> int:
    """How many bytes at the end may be the beginning of the prompt of a VPCS without a name."""
    _, begins, line = seen.rpartition(b"\n\r")
    return len(line) if begins and line != _DEFAULT_PROMPT and _DEFAULT_PROMPT.startswith(line) else 0
