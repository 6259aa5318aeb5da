"""The headers and trailers of capture files, which surround the records. Sans-IO.

Formats: pcap (draft-ietf-opsawg-pcap) with microseconds, and pcapng (draft-ietf-opsawg-pcapng) with nanoseconds. Both
are little-endian, like the records that the core writes.
"""

import struct
from collections.abc import Sequence

_PCAP_MAGIC = 0xA1B2C3D4  # timestamps in microseconds
_PCAP_VERSION = (2, 4)
_PCAP_RECORD_HEADER_BYTES = 16

_SECTION_HEADER = 0x0A0D0D0A
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_PCAPNG_VERSION = (1, 0)
_UNKNOWN_LENGTH = -1
_INTERFACE_DESCRIPTION = 1
_INTERFACE_STATISTICS = 5
_OPT_COMMENT = 1
_SHB_USERAPPL = 4
_IF_NAME = 2
_IF_TSRESOL = 9
_IF_FILTER = 11
_ISB_IFRECV = 4
_ISB_IFDROP = 5
_NANOSECONDS = b"\x09"
_FILTER_IS_TEXT = b"\x00"


def pcap_header(snaplen: int, link_type_number: int) -> bytes:
    """The header of a pcap file."""
    return struct.pack("<IHHiIII", _PCAP_MAGIC, *_PCAP_VERSION, 0, 0, snaplen, link_type_number)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes, options: Sequence[bytes]) -> bytes:
    body += b"".join(options) + (bytes(4) if options else b"")  # opt_endofopt
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def pcapng_header(
    snaplen: int, link_type_number: int, *, interfaces: Sequence[str], application: str, expression: str, comment: str
) -> bytes:
    """A section header, and a description of each interface, which names the sender of its frames."""
    options = [_option(_SHB_USERAPPL, application.encode())]
    if comment:
        options.insert(0, _option(_OPT_COMMENT, comment.encode()))
    section = _block(
        _SECTION_HEADER, struct.pack("<IHHq", _BYTE_ORDER_MAGIC, *_PCAPNG_VERSION, _UNKNOWN_LENGTH), options
    )
    described = b""
    for name in interfaces:
        options = [_option(_IF_NAME, name.encode()), _option(_IF_TSRESOL, _NANOSECONDS)]
        if expression:
            options.append(_option(_IF_FILTER, _FILTER_IS_TEXT + expression.encode()))
        described += _block(_INTERFACE_DESCRIPTION, struct.pack("<HHI", link_type_number, 0, snaplen), options)
    return section + described


def record_bytes(data: memoryview, at: int, *, pcapng: bool) -> int:
    """The length of the record at ``at``, which the core has written."""
    length: int
    if pcapng:
        (length,) = struct.unpack_from("<I", data, at + 4)
        return length
    (length,) = struct.unpack_from("<I", data, at + 8)
    return _PCAP_RECORD_HEADER_BYTES + length


def pcapng_statistics(interface: int, time_ns: int, *, received: int, dropped: int) -> bytes:
    """Statistics of an interface: frames seen, and frames lost for lack of buffer. ``time_ns`` is since 1970."""
    return _block(
        _INTERFACE_STATISTICS,
        struct.pack("<III", interface, time_ns >> 32, time_ns & 0xFFFFFFFF),
        [_option(_ISB_IFRECV, struct.pack("<Q", received)), _option(_ISB_IFDROP, struct.pack("<Q", dropped))],
    )
