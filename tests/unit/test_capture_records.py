"""Captures that come as streams from elsewhere: their records are taken out, whatever the pieces, and checked."""

import struct

import pytest

from gns3trio.errors import Invalid
from gns3trio.forwarder.capture_format import pcap_header, pcapng_header, pcapng_statistics
from gns3trio.traffic.capture_records import CaptureRecords

MOST = 1000
HEADER = pcapng_header(100, 1, interfaces=["a", "b"], application="x", expression="", comment="")


def record(data: bytes, captured: int | None = None) -> bytes:
    return struct.pack("<IIII", 1, 2, len(data) if captured is None else captured, len(data)) + data


def packet(data: bytes, *, interface: int = 0, captured: int | None = None, size: int | None = None) -> bytes:
    padded = data + bytes(-len(data) % 4)
    length = 32 + len(padded) if size is None else size
    head = struct.pack("<IIIIIII", 6, length, interface, 0, 0, len(data) if captured is None else captured, len(data))
    return head + padded + struct.pack("<I", 32 + len(padded))


@pytest.mark.parametrize("at_a_time", [1, 7, 100, 10_000])
def test_the_records_come_out_whole(at_a_time: int) -> None:
    """Headers and statistics are left out, also in the middle."""
    records = [record(bytes([number]) * number) for number in range(1, 90)]
    packets = [packet(bytes([number]) * number, interface=number % 2) for number in range(1, 90)]
    statistics = pcapng_statistics(0, 5, received=1, dropped=2)
    streams = [
        (False, pcap_header(100, 1) + b"".join(records), records),
        (True, HEADER + b"".join(packets[:5]) + statistics + b"".join(packets[5:]) + statistics, packets),
    ]
    for pcapng, stream, wanted in streams:
        taken = CaptureRecords(pcapng=pcapng, snaplen=100)
        pieces: list[bytes] = []
        for at in range(0, len(stream), at_a_time):
            pieces += taken.feed(stream[at : at + at_a_time], MOST)
        assert b"".join(pieces) == b"".join(wanted) and all(0 < len(piece) <= MOST for piece in pieces)


@pytest.mark.parametrize(
    ("pcapng", "stream"),
    [
        (False, b"GET / HTTP/1.1\r\n\r\n" + bytes(100)),
        (False, pcap_header(100, 1) + record(b"x", captured=101)),
        (False, pcap_header(100, 1) + record(b"x", captured=2**32 - 1)),
        (True, HEADER + packet(b"x", size=0)),
        (True, HEADER + packet(b"x", size=2**32 - 4)),
        (True, HEADER + packet(b"x", size=37)),
        (True, HEADER + packet(b"x", captured=5)),
        (True, HEADER + packet(b"x", interface=2)),
        (True, HEADER + struct.pack("<II", 6, 12) + struct.pack("<I", 12)),
        (True, bytes(100)),
    ],
)
def test_what_is_none_is_rejected(pcapng: bool, stream: bytes) -> None:
    with pytest.raises(Invalid):
        CaptureRecords(pcapng=pcapng, snaplen=100).feed(stream + bytes(200), MOST)
