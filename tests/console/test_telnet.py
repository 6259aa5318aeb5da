"""The telnet protocol: bytes in, events and answers out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.console import telnet
from gns3trio.console.telnet import (
    AreYouThere,
    Break,
    Data,
    Event,
    InterruptProcess,
    Negotiation,
    Subnegotiation,
    TelnetConnection,
    telnet_client,
    telnet_server,
)

IAC, SB, SE = b"\xff", b"\xfa", b"\xf0"
WILL, WONT, DO, DONT = b"\xfb", b"\xfc", b"\xfd", b"\xfe"
ECHO, SGA, BINARY, NAWS = b"\x01", b"\x03", b"\x00", b"\x1f"


def received(connection: TelnetConnection, *pieces: bytes) -> list[Event]:
    """All events, with adjacent Data joined: how data is cut into events means nothing."""
    events: list[Event] = []
    for piece in pieces:
        for event in connection.receive_data(piece):
            if isinstance(event, Data) and events and isinstance(last := events[-1], Data):
                events[-1] = Data(last.data + event.data)
            else:
                events.append(event)
    return events


def test_the_greeting_is_that_of_gns3():
    assert telnet_server().greeting == bytes.fromhex("fffb01 fffb03 fffb00 fffd00")


def test_plain_text_is_data():
    connection = telnet_server()
    assert received(connection, b"show ip\r") == [Data(b"show ip\r")]
    assert connection.take_answers() == b""


def test_a_doubled_iac_is_one_byte_of_data():
    assert received(telnet_server(), b"a\xff\xffb") == [Data(b"a\xffb")]


def test_sent_data_has_iac_doubled():
    assert telnet_server().send(b"a\xffb") == b"a\xff\xffb"


@pytest.mark.parametrize("enter", [b"\r", b"\r\n", b"\r\0"])
def test_enter_is_cr_in_all_its_forms(enter: bytes):
    assert received(telnet_server(), b"a" + enter + b"b") == [Data(b"a\rb")]


def test_a_lone_line_feed_stays():
    assert received(telnet_server(), b"a\nb\n") == [Data(b"a\nb\n")]


def test_a_client_gets_the_line_ends_of_the_server():
    assert received(telnet_client(), b"a\r\nb\n\r") == [Data(b"a\r\nb\n\r")]


@pytest.mark.parametrize(
    ("byte", "event"), [(b"\xf6", AreYouThere()), (b"\xf3", Break()), (b"\xf4", InterruptProcess())]
)
def test_commands_between_data(byte: bytes, event: Event):
    assert received(telnet_server(), b"a" + IAC + byte + b"b") == [Data(b"a"), event, Data(b"b")]


def test_commands_without_meaning_here_vanish():
    nop, go_ahead, data_mark = b"\xf1", b"\xf9", b"\xf2"
    text = b"a" + IAC + nop + b"b" + IAC + go_ahead + b"c" + IAC + data_mark + b"d"
    assert received(telnet_server(), text) == [Data(b"abcd")]


def test_a_linux_telnet_client_negotiates_and_types():
    """What it sends: agreement to the greeting, and offers that it has of its own."""
    connection = telnet_server()
    agreement = IAC + DO + ECHO + IAC + DO + SGA + IAC + DO + BINARY + IAC + WILL + BINARY
    events = received(connection, agreement + IAC + WILL + NAWS + b"x")
    assert events[:2] == [Negotiation(telnet.DO, telnet.ECHO), Negotiation(telnet.DO, telnet.SUPPRESS_GO_AHEAD)]
    assert events[-1] == Data(b"x")
    assert connection.take_answers() == IAC + DONT + NAWS


def test_unknown_options_are_refused():
    connection = telnet_server()
    received(connection, IAC + DO + b"\x2a" + IAC + WILL + b"\x2b" + IAC + WONT + b"\x2c" + IAC + DONT + b"\x2d")
    assert connection.take_answers() == IAC + WONT + b"\x2a" + IAC + DONT + b"\x2b"


def test_an_option_is_turned_off_and_on_again():
    connection = telnet_server()
    received(connection, IAC + DO + SGA)
    assert connection.take_answers() == b""
    received(connection, IAC + DONT + SGA)
    assert connection.take_answers() == IAC + WONT + SGA
    received(connection, IAC + DO + SGA)
    assert connection.take_answers() == IAC + WILL + SGA


def test_server_and_client_agree_and_fall_silent():
    server, client = telnet_server(), telnet_client()
    to_client = server.greeting
    for _ in range(3):
        client.receive_data(to_client)
        server.receive_data(client.take_answers())
        to_client = server.take_answers()
    assert to_client == b""
    assert client.take_answers() == b""


def test_a_subnegotiation_with_an_escaped_iac():
    text = IAC + SB + NAWS + b"\x00\xff\xff\x00\x18" + IAC + SE + b"x"
    assert received(telnet_server(), text) == [Subnegotiation(31, b"\x00\xff\x00\x18"), Data(b"x")]


def test_a_long_subnegotiation_is_bounded():
    text = IAC + SB + NAWS + b"a" * 100_000 + IAC + SE + b"x"
    kept = b"a" * telnet.MAX_SUBNEGOTIATION_BYTES
    assert received(telnet_server(), text) == [Subnegotiation(31, kept, truncated=True), Data(b"x")]


def test_a_subnegotiation_without_end_does_not_swallow_the_next_command():
    assert received(telnet_server(), IAC + SB + NAWS + b"\x00" + IAC + b"\xf6" + b"x") == [AreYouThere(), Data(b"x")]


_pieces_of_telnet = st.lists(
    st.one_of(
        st.sampled_from([IAC, SB, SE, WILL, DO, WONT, DONT, b"\r", b"\n", b"\0", IAC + SB + NAWS, IAC + SE, ECHO]),
        st.binary(max_size=5),
    ),
    max_size=30,
).map(b"".join)


@given(text=_pieces_of_telnet, cuts=st.lists(st.integers(0, 150), max_size=10), is_server=st.booleans())
def test_any_split_of_the_input_gives_the_same(text: bytes, cuts: list[int], is_server: bool):
    make = telnet_server if is_server else telnet_client
    whole, split = make(), make()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert received(split, *pieces) == received(whole, text)
    assert split.take_answers() == whole.take_answers()


@given(data=st.binary(max_size=200))
def test_what_one_end_sends_the_other_receives(data: bytes):
    assert received(telnet_client(), telnet_server().send(data)) == ([Data(data)] if data else [])


@given(data=st.binary(max_size=500))
def test_nonsense_is_harmless_and_answers_are_bounded(data: bytes):
    connection = telnet_server()
    connection.receive_data(data)
    assert len(connection.take_answers()) <= len(data)
