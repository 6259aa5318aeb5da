"""What VPCS takes and what it prints."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.compute.nodes.vpcs.command import (
    Boot,
    BootWatcher,
    DisconnectFilter,
    VpcsVersion,
    build_command,
    parse_version,
)

OLD = VpcsVersion("0.5b2", (0, 5))
NEW = VpcsVersion("0.8.3", (0, 8))

BANNER = (
    b"\r\r\nWelcome to Virtual PC Simulator, version 0.8.3\r\r\nDedicated to Daling.\r\r\n"
    b"For more information, please visit wiki.freecode.com.cn.\r\r\n\r\nPress '?' to get help.\r\n"
)
PROMPT = b"\r\n\rVPCS> "
SCRIPT = b"\r\nExecuting the startup file\r\n"
PORT_ERROR = b"Open port 30001 error [Address already in use]\r\n"


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_version_is_read_from_the_banner(version: VpcsVersion):
    assert parse_version(f"\r\nWelcome to Virtual PC Simulator, version {version.text}\r\nDedicated") == version


def test_another_program_has_no_version():
    assert parse_version("bash, version 5.2") is None


def test_the_command_of_each_version():
    """Only the newer one knows -R."""
    new = build_command("/bin/vpcs", NEW, mac_id=3, local_port=40000, remote_port=40001, script="startup.vpc")
    old = build_command("/bin/vpcs", OLD, mac_id=3, local_port=40000, remote_port=40001, script=None)
    assert " ".join(new) == "/bin/vpcs -i 1 -m 3 -R -s 40000 -c 40001 -t 127.0.0.1 startup.vpc"
    assert " ".join(old) == "/bin/vpcs -i 1 -m 3 -s 40000 -c 40001 -t 127.0.0.1"


@given(cut=st.integers(0, len(BANNER + PROMPT)), end=st.sampled_from([PROMPT, SCRIPT]))
def test_ready_at_the_prompt_or_when_the_script_runs(cut: int, end: bytes):
    watcher = BootWatcher()
    text = BANNER + end
    watcher.feed(text[:cut])
    watcher.feed(text[cut:])
    assert watcher.state is Boot.READY


@given(cut=st.integers(0, len(BANNER + PORT_ERROR)))
def test_a_taken_port_is_seen(cut: int):
    watcher = BootWatcher()
    text = BANNER + PORT_ERROR + PROMPT
    watcher.feed(text[:cut])
    watcher.feed(text[cut:])
    assert watcher.state is Boot.PORT_TAKEN


def test_the_banner_alone_is_not_ready():
    watcher = BootWatcher()
    watcher.feed(BANNER)
    assert watcher.state is Boot.STARTING


ANSWERED = b"VPCS> disconnect\r\nNOT daemon mode\r\n\r\n\rVPCS> "
ECHOED = b"VPCS> echo NOT daemon mode\r\nNOT daemon mode\r\n\rVPCS> "


def filtered(*pieces: bytes) -> list[bytes]:
    """What is shown before, between and after the answers to ``disconnect``."""
    console, shown = DisconnectFilter(), [b""]
    for piece in pieces:
        first, *others = console.feed(piece)
        shown[-1] += first
        shown += others
    return shown


def test_the_answer_to_disconnect_is_taken_out():
    assert filtered(ANSWERED) == [b"VPCS> disconnect\r\n", b"\r\n\rVPCS> "]


def test_two_answers_in_one_piece():
    assert filtered(ANSWERED + b"disc\r\nNOT daemon mode\r\n\r\nx") == [
        b"VPCS> disconnect\r\n",
        b"\r\n\rVPCS> disc\r\n",
        b"\r\nx",
    ]


def test_an_echo_of_the_same_words_is_shown():
    assert filtered(ECHOED) == [ECHOED]


@given(st.lists(st.integers(0, len(ANSWERED + ECHOED)), max_size=8))
def test_any_split_of_the_output_gives_the_same(cuts: list[int]):
    text = ANSWERED + ECHOED
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert filtered(*pieces) == filtered(text)


@given(text=st.lists(st.sampled_from([b"\r\n", b"NOT", b" daemon mode", b"N", b"\n", b"\r", b"x"])).map(b"".join))
def test_nothing_but_the_answer_is_lost(text: bytes):
    console = DisconnectFilter()
    shown = console.feed(text)
    rest = console.feed(b"#")  # ends whatever was held back
    everything = b"NOT daemon mode\r\n".join([*shown[:-1], shown[-1] + rest[0], *rest[1:]])
    assert everything == text + b"#"


@pytest.mark.parametrize("typed", [b"N", b"VPCS> N", b"VPCS> NOT daemon mode"])
def test_what_is_typed_is_shown_at_once(typed: bytes):
    """Except at the start of a line, where only VPCS writes."""
    assert filtered(b"\r\n\rVPCS> ", typed) == [b"\r\n\rVPCS> " + typed]
