"""How many pixels a raster picture has, by its first bytes.

A small file can have so many that a browser has no room for them. Our page decides the same of drawings
(``web/map/raster_size.js``).
"""

import math
import struct

MOST_PIXELS = 40_000_000  # a browser needs four bytes for each
# The size of a JPEG comes after all that cameras write before it.
HEAD_BYTES = 256 * 1024


def pixels_of(data: bytes) -> float:
    """The number of pixels. Infinite for what is none of the kinds that are known here; 0 for one that ends too early,
    which no browser shows.
    """
    data = data[:HEAD_BYTES]
    try:
        if data.startswith(b"\x89PNG"):
            return _product(">II", data, 16)
        if data.startswith(b"GIF8"):
            return _product("<HH", data, 6)
        if data.startswith(b"BM"):
            return abs(_product("<ii", data, 18))
        if data.startswith(b"\xff\xd8\xff"):
            return _pixels_of_jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _pixels_of_webp(data)
    except struct.error:
        return 0
    return math.inf if data else 0


def _product(layout: str, data: bytes, at: int) -> int:
    width, height = struct.unpack_from(layout, data, at)
    return int(width * height)


def _pixels_of_jpeg(data: bytes) -> float:
    """ITU-T T.81, B.1 and B.2: segments, one of which begins the frame."""
    at = 2
    while at < len(data):
        while data[at : at + 2] == b"\xff\xff":
            at += 1  # fill bytes
        start, marker, length = struct.unpack_from(">BBH", data, at)
        if start != 0xFF:
            return math.inf
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _product(">HH", data, at + 5)
        at += 2 + length
    return 0 if len(data) < HEAD_BYTES else math.inf


def _pixels_of_webp(data: bytes) -> float:
    """RFC 9649."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return int((width & 0x3FFF) * (height & 0x3FFF))
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return int(((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1))
    if kind != b"VP8X" or len(data) < 30:
        return math.inf if kind != b"VP8X" else 0
    width, height = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    return (width + 1) * (height + 1)
