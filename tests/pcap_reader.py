"""A strict reader of pcap and pcapng files, for tests. Both little-endian."""

import struct
from typing import Any

import attrs


@attrs.frozen
class Packet:
    """A captured frame. ``time_ns`` since 1970; ``interface`` is None in pcap."""

    time_ns: int
    data: bytes
    original_length: int
    interface: int | None = None
    options: dict[int, bytes] = attrs.field(factory=dict)


@attrs.define
class CaptureContent:
    """What a file holds. ``torn`` bytes at its end are no whole record."""

    snaplen: int
    link_type: int
    packets: list[Packet] = attrs.field(factory=list)
    interfaces: list[dict[int, bytes]] = attrs.field(factory=list)
    section: dict[int, bytes] = attrs.field(factory=dict)
    statistics: list[dict[int, bytes]] = attrs.field(factory=list)
    torn: int = 0


def read_capture(data: bytes) -> CaptureContent:
    """The content of a file; raises ValueError when it is wrong, and not only torn at its end."""
    try:
        if data[:4] == struct.pack("<I", 0xA1B2C3D4):
            return _read_pcap(data)
        if data[:4] == struct.pack("<I", 0x0A0D0D0A):
            return _read_pcapng(data)
    except struct.error as error:
        raise ValueError(f"a field is cut off: {error}") from None
    raise ValueError(f"neither pcap nor pcapng: {data[:4]!r}")


def _read_pcap(data: bytes) -> CaptureContent:
    _, major, minor, zone, accuracy, snaplen, link_type = struct.unpack_from("<IHHiIII", data)
    _check((major, minor, zone, accuracy) == (2, 4, 0, 0), "header")
    content = CaptureContent(snaplen, link_type)
    at = 24
    while len(data) - at >= 16:
        seconds, microseconds, kept, original = struct.unpack_from("<IIII", data, at)
        _check(microseconds < 1_000_000 and kept <= snaplen and kept <= original, f"record at {at}")
        if len(data) - at - 16 < kept:
            break
        packet = Packet((seconds * 1_000_000 + microseconds) * 1000, data[at + 16 : at + 16 + kept], original)
        content.packets.append(packet)
        at += 16 + kept
    content.torn = len(data) - at
    return content


def _read_pcapng(data: bytes) -> CaptureContent:
    content = CaptureContent(0, 0)
    at = 0
    while len(data) - at >= 12:
        kind, length = struct.unpack_from("<II", data, at)
        _check(length >= 12 and length % 4 == 0, f"block at {at}")
        if len(data) - at < length:
            break
        _check(struct.unpack_from("<I", data, at + length - 4)[0] == length, f"second length of the block at {at}")
        _read_block(content, kind, data[at + 8 : at + length - 4])
        at += length
    content.torn = len(data) - at
    return content


def _read_block(content: CaptureContent, kind: int, body: bytes) -> None:
    if kind == 0x0A0D0D0A:
        _check(struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1), "section header")
        content.section = _options(body[16:])
    elif kind == 1:
        content.link_type, reserved, content.snaplen = struct.unpack_from("<HHI", body)
        _check(reserved == 0, "interface description")
        content.interfaces.append(_options(body[8:]))
    elif kind == 5:
        content.statistics.append(_options(body[12:]))
    elif kind == 6:
        interface, high, low, kept, original = struct.unpack_from("<IIIII", body)
        _check(interface < len(content.interfaces) and kept <= content.snaplen and kept <= original, "packet")
        padded = kept + -kept % 4
        _check(body[20 + kept : 20 + padded] == bytes(padded - kept), "padding")
        options = _options(body[20 + padded :])
        content.packets.append(Packet(high << 32 | low, body[20 : 20 + kept], original, interface, options))
    else:
        raise ValueError(f"block type {kind}")


def _options(data: bytes) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            _check(length == 0 and len(data) == 4, "end of options")
            return options
        _check(len(data) >= 4 + length, f"option {code}")
        options[code] = data[4 : 4 + length]
        data = data[4 + length + -length % 4 :]
    return options


def _check(condition: Any, what: str) -> None:
    if not condition:
        raise ValueError(f"wrong {what}")
