"""The line at a prompt: what is shown is what a terminal needs to show the line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.console.line_editor import MAX_HISTORY, MAX_LINE, Interrupt, Line, LineEditor

LEFT, RIGHT, UP, DOWN, DELETE = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[3~"
BACKSPACE, HOME, END, CTRL_U, CTRL_K, CTRL_W = "\x7f", "\x01", "\x05", "\x15", "\x0b", "\x17"
_SHOWN = re.compile(r"\x1b\[(\d*)([A-Z@])|(\x08)|(.)", re.DOTALL)


class Terminal:
    """One row of a terminal, as ECMA-48 has it."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.column = 0

    def show(self, output: str) -> None:
        for count, command, back, character in _SHOWN.findall(output):
            number = int(count or 1)
            if command == "@":
                self.cells[self.column : self.column] = [" "] * number
            elif command == "P":
                del self.cells[self.column : self.column + number]
            elif command == "K":
                del self.cells[self.column :]
            elif command == "C":
                self.column += number
            elif command == "D" or back:
                self.column -= number
                assert self.column >= 0
            else:
                assert character.isprintable(), repr(output)
                self.cells[self.column : self.column + 1] = [character]
                self.column += 1

    @property
    def text(self) -> str:
        return "".join(self.cells).rstrip()


def type_all(editor: LineEditor, typed: bytes) -> tuple[list[Line | Interrupt], str]:
    """The events, and what was shown since the last one."""
    events: list[Line | Interrupt] = []
    shown = ""
    while typed:
        step = editor.feed(typed)
        shown += step.shown.decode()
        typed = step.rest
        if step.event is not None:
            events.append(step.event)
            shown = ""
    return events, shown


def entered(typed: str | bytes) -> str:
    """The last line that was entered."""
    events, _ = type_all(LineEditor(), typed if isinstance(typed, bytes) else typed.encode())
    assert isinstance(events[-1], Line)
    return events[-1].text


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("abc\r", "abc"),
        ("abX" + BACKSPACE + "c\r", "abc"),
        ("caf\u00e9" + BACKSPACE + "e\r", "cafe"),
        ("\u4e2d\u6587" + BACKSPACE + "\r", "\u4e2d"),
        ("ae\u0301" + BACKSPACE + "b\r", "ab"),  # a letter with its mark is one character
        ("bc" + HOME + "a" + END + "d\r", "abcd"),
        ("ac" + LEFT + "b\r", "abc"),
        ("\x1b[Habc\x1b[F\x1b[1~\x1b[4~d\r", "abcd"),
        ("abXc" + LEFT * 2 + DELETE + "\r", "abc"),
        ("garbage" + CTRL_U + "abc\r", "abc"),
        ("garbageabc" + LEFT * 3 + CTRL_U + "\r", "abc"),
        ("abcgarbage" + LEFT * 7 + CTRL_K + "\r", "abc"),
        ("abc garbage  " + CTRL_W + "\r", "abc "),
        (CTRL_W + BACKSPACE + DELETE + LEFT + RIGHT + "abc\r", "abc"),
        ("abc\r" + UP + "\r", "abc"),
        ("abc\rdef\r" + UP * 2 + DOWN + "\r", "def"),
        ("abc\r" + "new" + UP + DOWN + "er\r", "newer"),
        ("abc\r" + UP * 5 + "\r", "abc"),
        (DOWN * 5 + "abc\r", "abc"),
        ("a\x1b[200~b\x1b[15~c\x1bOPd\r", "abcd"),  # keys that mean nothing
        ("a\tb\0c\x07\r", "abc"),
    ],
)
def test_keys(typed: str, line: str) -> None:
    assert entered(typed) == line
    keys = LineEditor()
    for byte in typed.encode()[:-1]:
        type_all(keys, bytes((byte,)))  # in whatever pieces they come
    assert type_all(keys, b"\r")[0] == [Line(line)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_every_form_of_enter_ends_one_line(end: bytes) -> None:
    events, _ = type_all(LineEditor(), b"a" + end + b"b" + end)
    assert events == [Line("a"), Line("b")]


def test_what_follows_the_line_is_given_back() -> None:
    step = LineEditor().feed(b"abc\rdef")
    assert (step.shown, step.event, step.rest) == (b"abc", Line("abc"), b"def")


def test_ctrl_c_gives_the_line_up_and_no_history_has_it() -> None:
    editor = LineEditor()
    events, _ = type_all(editor, b"abc\x03" + UP.encode() + b"\r")
    assert events == [Interrupt(), Line("")]


def test_a_line_is_kept_up_to_its_limit_and_the_rest_is_counted() -> None:
    assert type_all(LineEditor(), b"x" * (MAX_LINE + 5) + b"\r")[0] == [Line("x" * MAX_LINE, 5)]


def test_the_history_is_bounded_and_has_no_line_twice_in_a_row() -> None:
    editor = LineEditor()
    type_all(editor, b"".join(b"%d\r" % number for number in range(MAX_HISTORY + 50)) + b"last\r" * 3)
    events, _ = type_all(editor, UP.encode() * 2 + b"\r")
    assert events == [Line(str(MAX_HISTORY + 49))]
    events, _ = type_all(editor, UP.encode() * 500 + b"\r")
    assert events == [Line("52")]  # one more was entered since


KEYS = [LEFT, RIGHT, UP, DOWN, DELETE, BACKSPACE, HOME, END, CTRL_U, CTRL_K, CTRL_W, "\x1bOD", "\x1b[7~", "\x1b"]
TYPED = st.lists(st.sampled_from([*KEYS[:-1], "a", "bc", " ", "\u00e9", "\r", "\x03", "word "]), max_size=40)


@given(TYPED)
def test_a_terminal_shows_the_line_and_the_cursor(keys: list[str]) -> None:
    editor = LineEditor()
    _, shown = type_all(editor, "".join(keys).encode())
    terminal = Terminal()
    terminal.show(shown)
    column = terminal.column
    _, marker = type_all(editor, b"|")
    terminal.show(marker)
    assert terminal.text[column] == "|"
    (line,), _ = type_all(editor, b"\r")
    assert isinstance(line, Line)
    assert line.text.rstrip() == terminal.text


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_in_any_pieces_are_survived(pieces: list[bytes]) -> None:
    whole, pieced = LineEditor(), LineEditor()
    first, _ = type_all(whole, b"".join(pieces) + b"\r")
    second = [event for piece in [*pieces, b"\r"] for event in type_all(pieced, piece)[0]]
    assert first == second


@given(st.lists(st.one_of(st.sampled_from([key.encode() for key in KEYS]), st.binary(max_size=8)), max_size=400))
def test_what_is_shown_is_small_and_has_no_control_but_our_own(keys: list[bytes]) -> None:
    editor = LineEditor()
    for key in keys:
        step = editor.feed(key)
        assert len(step.shown) <= 3 * MAX_LINE + 64
        for _, command, back, character in _SHOWN.findall(step.shown.decode()):
            assert command or back or ord(character) >= 0x20
