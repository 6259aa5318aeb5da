"""The reader that judges our captures: it reads what is right, and says so of whatever is wrong."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pcap_reader import read_capture

FRAME = bytes(range(60))
PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 7, 8, 60, 1400) + FRAME


def block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


PCAPNG = (
    block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    + block(1, struct.pack("<HHI", 1, 0, 65535) + struct.pack("<HH2s2x", 2, 2, b"e0") + bytes(4))
    + block(6, struct.pack("<IIIII", 0, 1, 2, 60, 1400) + FRAME)
)


def test_what_is_right_is_read() -> None:
    (packet,) = read_capture(PCAP).packets
    assert (packet.time_ns, packet.data, packet.original_length) == (7_000_008_000, FRAME, 1400)
    content = read_capture(PCAPNG)
    assert content.packets[0].time_ns == (1 << 32) + 2
    assert content.interfaces == [{2: b"e0"}]


@pytest.mark.parametrize("whole", [PCAP, PCAPNG])
def test_a_torn_end_is_told_and_spoils_nothing(whole: bytes) -> None:
    start = read_capture(whole[:-1])
    assert start.packets == []
    assert start.torn > 0


@given(st.sampled_from([PCAP, PCAPNG, b""]), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255))), st.binary())
def test_whatever_comes_is_read_or_refused(whole: bytes, changes: list[tuple[int, int]], more: bytes) -> None:
    data = bytearray(whole + more)
    for position, value in changes:
        if position < len(data):
            data[position] = value
    try:
        content = read_capture(bytes(data))
    except ValueError:
        return
    assert sum(len(packet.data) for packet in content.packets) + content.torn <= len(data)
