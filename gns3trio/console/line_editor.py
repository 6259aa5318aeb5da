"""Line editing at a prompt. Sans-IO: typed bytes in, bytes to display out.

Keys as in readline: Left and Right, Home and End (Ctrl-A, Ctrl-E), Up and Down (Ctrl-P, Ctrl-N) for the history,
Backspace, Delete, Ctrl-U (delete to the beginning), Ctrl-K (to the end), Ctrl-W (a word). The bytes of a key may come
in any number of pieces. The output moves the cursor with ECMA-48 sequences, so each key costs a few bytes, however long
the line is.
"""

import codecs
import re
import unicodedata
from enum import Enum

from gns3trio.classes import frozen

# Nobody types longer lines. Further characters of a line are counted but not kept.
MAX_LINE = 1024
MAX_HISTORY = 100

_ESCAPE = "\x1b"
# A longer sequence is not a key.
_MAX_SEQUENCE = 16
_SEQUENCE_END = re.compile(r"[@-~]")


class Key(Enum):
    """The editing actions of control characters and escape sequences."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    HOME = "home"
    END = "end"
    BACKSPACE = "backspace"
    DELETE = "delete"
    KILL_BEFORE = "kill before"
    KILL_AFTER = "kill after"
    KILL_WORD = "kill word"


_CONTROLS = {
    "\x01": Key.HOME,
    "\x02": Key.LEFT,
    "\x05": Key.END,
    "\x06": Key.RIGHT,
    "\x08": Key.BACKSPACE,
    "\x0b": Key.KILL_AFTER,
    "\x0e": Key.DOWN,
    "\x10": Key.UP,
    "\x15": Key.KILL_BEFORE,
    "\x17": Key.KILL_WORD,
    "\x7f": Key.BACKSPACE,
}
_SEQUENCES = {
    "[A": Key.UP,
    "[B": Key.DOWN,
    "[C": Key.RIGHT,
    "[D": Key.LEFT,
    "[H": Key.HOME,
    "[F": Key.END,
    "[1~": Key.HOME,
    "[7~": Key.HOME,
    "[4~": Key.END,
    "[8~": Key.END,
    "[3~": Key.DELETE,
    "OA": Key.UP,
    "OB": Key.DOWN,
    "OC": Key.RIGHT,
    "OD": Key.LEFT,
    "OH": Key.HOME,
    "OF": Key.END,
}


@frozen
class Line:
    """Enter was pressed. ``left_out`` is the number of characters that exceeded MAX_LINE."""

    text: str
    left_out: int = 0


@frozen
class Interrupt:
    """Ctrl-C was pressed: the line is discarded."""


@frozen
class Typed:
    """The result of typed bytes: bytes to display, the end of the line if it was reached, and the bytes after it."""

    shown: bytes
    event: Line | Interrupt | None = None
    rest: bytes = b""


class LineEditor:
    """Edits the line at a prompt. It displays neither the prompt nor the results of Enter and Ctrl-C."""

    def __init__(self) -> None:
        self._line = ""
        self._cursor = 0  # in characters
        self._left_out = 0
        self._history: list[str] = []
        self._place = 0  # position in the history; after its end comes the new line
        self._draft = ""
        self._sequence = ""  # an incomplete escape sequence
        self._after_cr = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._shown: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether the line is empty."""
        return not self._line

    def clear(self) -> None:
        """Discard the current line, but not the history."""
        self._line, self._cursor, self._left_out = "", 0, 0
        self._sequence, self._place = "", len(self._history)

    def feed(self, typed: bytes) -> Typed:
        """Process typed bytes up to the end of the line."""
        event: Line | Interrupt | None = None
        taken = 0
        while taken < len(typed) and event is None:
            for character in self._decoder.decode(typed[taken : taken + 1]):
                event = self._take(character) or event
            taken += 1
        shown, self._shown = "".join(self._shown), []
        return Typed(shown.encode(), event, typed[taken:])

    def _take(self, character: str) -> Line | Interrupt | None:
        after_cr, self._after_cr = self._after_cr, character == "\r"
        if character == "\n" and after_cr:
            return None  # the second half of CR LF
        if character in "\r\n":
            return self._end_line()
        if character == "\x03":
            self.clear()
            return Interrupt()
        if character == _ESCAPE:
            self._sequence = _ESCAPE
        elif self._sequence:
            self._take_sequence(character)
        elif (key := _CONTROLS.get(character)) is not None:
            self._press(key)
        elif unicodedata.category(character) != "Cc":
            self._insert(character)
        return None

    def _take_sequence(self, character: str) -> None:
        self._sequence += character
        sequence = self._sequence[1:]
        if len(sequence) == 1 and character in "[O":
            return
        if len(sequence) > 1 and not _SEQUENCE_END.match(character) and len(sequence) < _MAX_SEQUENCE:
            return
        self._sequence = ""
        if (key := _SEQUENCES.get(sequence)) is not None:
            self._press(key)

    def _end_line(self) -> Line:
        line = Line(self._line, self._left_out)
        if self._line.strip() and not self._left_out and self._history[-1:] != [self._line]:
            self._history = [*self._history, self._line][-MAX_HISTORY:]
        self.clear()
        return line

    def _insert(self, character: str) -> None:
        if len(self._line) >= MAX_LINE:
            self._left_out += 1
            return
        width = _width(character)
        if self._cursor < len(self._line) and width:
            self._shown.append(f"\x1b[{width}@")
        self._shown.append(character)
        self._line = self._line[: self._cursor] + character + self._line[self._cursor :]
        self._cursor += 1

    def _press(self, key: Key) -> None:
        line, cursor = self._line, self._cursor
        match key:
            case Key.LEFT:
                self._move(_before(line, cursor))
            case Key.RIGHT:
                self._move(_behind(line, cursor))
            case Key.HOME:
                self._move(0)
            case Key.END:
                self._move(len(line))
            case Key.UP:
                self._recall(self._place - 1)
            case Key.DOWN:
                self._recall(self._place + 1)
            case Key.BACKSPACE:
                self._cut(_before(line, cursor), cursor)
            case Key.DELETE:
                self._cut(cursor, _behind(line, cursor))
            case Key.KILL_BEFORE:
                self._cut(0, cursor)
            case Key.KILL_AFTER:
                self._cut(cursor, len(line))
            case Key.KILL_WORD:
                words = line[:cursor].rstrip()
                self._cut(len(words) - len(words.split()[-1]) if words else 0, cursor)

    def _move(self, place: int) -> None:
        if place < self._cursor:
            self._show_move(_width(self._line[place : self._cursor]), "D")
        else:
            self._show_move(_width(self._line[self._cursor : place]), "C")
        self._cursor = place

    def _show_move(self, cells: int, direction: str) -> None:
        if cells == 1 and direction == "D":
            self._shown.append("\b")
        elif cells:
            self._shown.append(f"\x1b[{cells}{direction}")

    def _cut(self, start: int, end: int) -> None:
        """Delete the characters from ``start`` to ``end``."""
        if start == end:
            return
        cells, at_end = _width(self._line[start:end]), end == len(self._line)
        self._move(start)
        if at_end:
            self._shown.append(" \b" if cells == 1 else "\x1b[K")
        elif cells:
            self._shown.append(f"\x1b[{cells}P")
        self._line = self._line[:start] + self._line[end:]
        self._left_out = 0

    def _recall(self, place: int) -> None:
        if not 0 <= place <= len(self._history):
            return
        if self._place == len(self._history):
            self._draft = self._line
        self._place = place
        self._set_line(self._history[place] if place < len(self._history) else self._draft)

    def _set_line(self, line: str) -> None:
        self._cut(0, self._cursor)
        self._cut(0, len(self._line))
        self._shown.append(line)
        self._line, self._cursor, self._left_out = line, len(line), 0


def _width(text: str) -> int:
    """The width of the text in terminal cells."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _before(line: str, place: int) -> int:
    """The start of the character before ``place``, including its combining marks."""
    place = max(place - 1, 0)
    while place > 0 and unicodedata.combining(line[place]):
        place -= 1
    return place


def _behind(line: str, place: int) -> int:
    """The end of the character at ``place``, including its combining marks."""
    place = min(place + 1, len(line))
    while place < len(line) and unicodedata.combining(line[place]):
        place += 1
    return place
