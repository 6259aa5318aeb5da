"""The console of a switch: its commands and its keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.compute.nodes.ethernet_switch.shell import MAX_SHOWN, Answer, SwitchMac, SwitchPortState, SwitchShell
from gns3trio.console.hub import MAX_CLIENT_BYTES

UP = b"\x1b[A"


class Switch:
    """A switch without frames."""

    name = "SW1"

    def __init__(self, addresses: int = 1) -> None:
        self._macs = [SwitchMac(1, f"00:50:79:66:{n // 256:02x}:{n % 256:02x}", 0, "e0", 3) for n in range(addresses)]

    def macs(self) -> list[SwitchMac]:
        return self._macs

    def clear_macs(self) -> None:
        self._macs = []

    def port_states(self) -> list[SwitchPortState]:
        return [SwitchPortState("Ethernet0", "access", 1, None, None)]


def type_all(shell: SwitchShell, typed: bytes) -> list[Answer]:
    answers = []
    while typed:
        answers.append(shell.feed(typed))
        typed = answers[-1].rest
    return answers


def said(typed: bytes) -> str:
    return b"".join(answer.text for answer in type_all(SwitchShell(Switch()), typed)).decode()


@pytest.mark.parametrize(
    "typed",
    [
        b"show mac\r",
        b"sh m\r\n",
        b"SHOW Mac\r",
        b"show macX\x7f\r",
        b"garbage\x15show mac\r",
        b"show garbage\x17mac\r",
        b"show caf\xc3\xa9\x7f\x7f\x7f\x7fmac\r",
        b"show ac\x1b[D\x1b[Dm\r",
        b"how mac\x01s\r",
        b"show m" + b"\x1b[D" * 6 + b"\x1b[C" * 6 + b"ac\r",
    ],
)
def test_a_command_is_typed_with_the_usual_keys(typed: bytes) -> None:
    text = said(typed)
    assert "00:50:79:66:00:00" in text and "Unknown" not in text and text.endswith("\r\nSW1> ")


def test_up_recalls_the_last_command() -> None:
    assert said(b"show mac\rhelp\r" + UP + UP + b"\r").count("00:50:79:66:00:00") == 2


def test_each_answer_is_given_before_the_next_line_is_looked_at() -> None:
    answers = type_all(SwitchShell(Switch()), b"clear mac\rexit\rshow mac\r")
    assert [answer.leaves for answer in answers] == [False, True, False]
    assert answers[0].rest == b"exit\rshow mac\r"


def test_ctrl_c_gives_a_line_up() -> None:
    assert said(b"clear mac\x03show mac\r").count("00:50:79:66:00:00") == 1


def test_a_line_that_is_too_long_is_refused() -> None:
    text = said(b"h" * 5000 + b"\rhelp\r")
    assert "This line was refused: it is too long" in text and "shows the address table" in text


def test_a_full_address_table_does_not_cost_a_client_its_connection() -> None:
    text = b"".join(answer.text for answer in type_all(SwitchShell(Switch(60_000)), b"show mac\r"))
    assert b"and 59000 more" in text and text.count(b"00:50:79") == MAX_SHOWN
    assert len(text) < MAX_CLIENT_BYTES


WORDS = [
    b"show ",
    b"mac",
    b"clear ",
    b"ports",
    b"help",
    b"?",
    b"exit",
    b"\r",
    b"\n",
    b"\x03",
    UP,
    b"\x1b[B",
    b"\x1b",
    b"\x7f",
]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=20)), max_size=80))
def test_whatever_is_typed_it_goes_on(pieces: list[bytes]) -> None:
    shell = SwitchShell(Switch())
    for piece in pieces:
        for answer in type_all(shell, piece):
            assert len(answer.text) < 64 * 1024
    answers = type_all(shell, b"\x03show mac\r")
    assert b"VLAN  Address" in answers[-1].text
