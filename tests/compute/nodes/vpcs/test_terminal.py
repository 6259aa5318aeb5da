"""Lines for VPCS: when it gets them, and what is shown of what it prints. VPCS is played by the test."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gns3trio.compute.nodes.vpcs.terminal import VpcsTerminal
from gns3trio.console.typed_input import TypedInput

PROMPT = b"\r\n\rVPCS> "
OWN = b"\r\n\rPC1> "


class Session:
    """A terminal, what is typed, what is shown, and what VPCS got."""

    def __init__(self, name: str = "PC1") -> None:
        self.terminal = VpcsTerminal(name)
        self.typed: TypedInput[str] = TypedInput()
        self.shown = b""
        self.got: list[bytes] = []
        self.entered: list[str] = []

    def prints(self, output: bytes) -> None:
        self.shown += self.terminal.feed_output(output, self.typed.arrived)
        self._pump()

    async def types(self, keys: bytes, who: str = "someone") -> None:
        await self.typed.put(who, keys)
        self._pump()

    def _pump(self) -> None:
        while (taken := self.terminal.take(self.typed)) is not None:
            self.shown += taken.shown
            if taken.program:
                self.got.append(taken.program)
            if taken.entered_by is not None:
                self.entered.append(taken.entered_by)


async def test_one_line_for_each_prompt() -> None:
    session = Session()
    await session.types(b"first\rsecond\rthi", "a")
    await session.types(b"rd\r", "b")
    assert session.got == []
    for number, line in enumerate((b"first", b"second", b"third"), 1):
        session.prints(PROMPT)
        assert session.got[-1] == line + b"\r" and len(session.got) == number
        session.prints(line + b"\r\nBad command\r\n")
    session.prints(PROMPT)
    assert (
        session.shown == b"".join(OWN + line + b"\r\nBad command\r\n" for line in (b"first", b"second", b"third")) + OWN
    )
    assert session.entered == ["a", "a", "b"]


async def test_a_prompt_is_seen_in_any_pieces_and_with_text_behind_it() -> None:
    session = Session()
    await session.types(b"x\r")
    for byte in PROMPT:
        session.prints(bytes((byte,)))
    assert session.got == [b"x\r"]
    await session.types(b"y\r")
    session.prints(b"x\r\n\n\rVPCS> a packet came")
    assert session.got == [b"x\r", b"y\r"]


async def test_text_that_looks_like_a_prompt_is_none() -> None:
    session = Session()
    await session.types(b"x\r")
    session.prints(b"a > b\r\nVPCS> \r\n\rno\r\n> ")
    assert session.got == []


async def test_no_more_keys_than_the_question_asks_for() -> None:
    session = Session()
    session.prints(PROMPT)
    await session.types(b"sleep\rwaits\r")
    session.prints(b"sleep\r\nPress any key to continue\r\n")
    assert session.got == [b"sleep\r"]
    await session.types(b"ok")
    assert session.got == [b"sleep\r", b"o"]
    session.prints(PROMPT)
    assert session.got[-1] == b"waits\r"


async def test_ctrl_c_goes_at_once_and_another_line_only_behind_its_prompt() -> None:
    session = Session()
    session.prints(PROMPT)
    await session.types(b"half a line")
    await session.types(b"\x03whole\r")
    assert session.got == [b"\x03"]
    session.prints(PROMPT)
    assert session.got == [b"\x03", b"whole\r"]


async def test_an_echo_that_differs_is_shown() -> None:
    session = Session()
    session.prints(PROMPT)
    await session.types(b"abc\r")
    session.prints(b"a packet\r\n")
    assert session.shown.endswith(b"abca packet\r\n")


async def test_a_refused_line_has_its_prompt_behind_it() -> None:
    session = Session()
    session.prints(PROMPT)
    await session.types(b"x" * 2000 + b"\rnext\r")
    assert session.got == [b"next\r"]
    assert b"refused" in session.shown and session.shown.endswith(b"\r\n\r\n\rPC1> next")


async def test_an_interrupt_of_a_line_that_is_over_soon_waits_for_the_prompt() -> None:
    """VPCS finds a Ctrl-C that came too late at its prompt, and drops what it reads behind it."""
    session = Session()
    session.prints(PROMPT)
    await session.types(b"echo a\r")
    await session.types(b"\x03echo b\r")
    assert session.got == [b"echo a\r"]
    session.prints(b"echo a\r\na\r\n" + PROMPT)
    assert session.got == [b"echo a\r", b"\x03"]
    session.prints(PROMPT)
    assert session.got == [b"echo a\r", b"\x03", b"echo b\r"]


async def test_an_interrupt_of_a_line_that_takes_long_does_not_wait() -> None:
    session = Session()
    session.prints(PROMPT)
    await session.types(b"ping 10.0.0.2\r")
    await session.types(b"\x03")
    assert session.got == [b"ping 10.0.0.2\r", b"\x03"]


def test_a_long_name_of_a_node_is_a_prompt_too() -> None:
    session = Session("n" * 250)
    session.prints(PROMPT)
    session.terminal.feed_output(b"", 0)
    assert session.shown == b"\r\n\r" + b"n" * 250 + b"> "


OUTPUT = st.lists(
    st.sampled_from([b"\r", b"\n", b"VPCS", b"> ", b"VP", b"x", PROMPT, b"Press any key to continue\r\n"])
)


@given(OUTPUT.map(b"".join), st.data())
def test_any_split_of_the_output_shows_the_same(output: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(output)), max_size=6))
    whole, pieced = Session(), Session()
    whole.prints(output)
    for start, end in pairwise([0, *sorted(cuts), len(output)]):
        pieced.prints(output[start:end])
    for session in (whole, pieced):
        session.prints(b"#")  # ends what was held back
    assert whole.shown == pieced.shown == output.replace(b"\n\rVPCS> ", b"\n\rPC1> ") + b"#"


@given(
    st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b"\r", b"\x03", b"\x1b[A", b"echo x\r"])), max_size=60)
)
async def test_vpcs_gets_lines_that_it_survives_and_nothing_else(pieces: list[bytes]) -> None:
    session = Session()
    for piece in pieces:
        await session.types(piece)
        session.prints(PROMPT)
    for line in session.got:
        if line != b"\x03":
            assert line.endswith(b"\r") and len(line) <= 127 and len(re.findall(rb"[^\s/=]+", line)) <= 20
            assert all(0x20 <= byte < 0x7F for byte in line[:-1])
