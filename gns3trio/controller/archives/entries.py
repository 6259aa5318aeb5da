"""Unpacks the entries of a zip archive in pieces of limited size. Synchronous.

``zipfile`` reads a piece of the packed data and unpacks all of it at once: a quarter of a megabyte of bzip2, LZMA or
Zstandard may be gigabytes. Here, each call of a decoder says how many bytes it may return.

Format: ZIP (APPNOTE 6.3), sections 4.3.7 (local header) and 5.8 (LZMA).
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from gns3trio.classes import define
from gns3trio.controller.archives.zip_files import zipfile, zstd
from gns3trio.sizes import size_text

PIECE_BYTES = 256 * 1024
# How much packed data is read at once.
_READ_BYTES = 64 * 1024
# The memory of an LZMA decoder; the presets of LZMA use at most 64 MiB.
MAX_LZMA_DICTIONARY_BYTES = 64 << 20
# The memory of a Zstandard decoder is 2 to this power, 128 MiB: what the highest level of compression needs.
MAX_ZSTD_WINDOW_LOG = 27

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, lengths of name and extra field
_SIGNATURE = b"PK\3\4"
_LZMA_HEADER = struct.Struct("<2xHBI")  # size of the properties; lc/lp/pb, dictionary size
_LZMA_PROPERTIES = 5


class Decoder(Protocol):
    """Unpacks a stream. ``decompress`` returns at most ``max_length`` bytes; what it has not used yet it keeps, and
    ``needs_input`` is false as long as it can go on without more. After the end of the stream, ``unused_data`` is what
    came behind it.
    """

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Deflate:
    """``zlib`` in the form of the other decoders."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._has_more = False

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not (self._has_more or self._stream.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self._has_more = len(piece) == max_length  # some may be left of input that is used up
        return piece


def _zstd() -> Decoder:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_ZSTD_WINDOW_LOG})


_DECODERS: dict[int, Callable[[], Decoder]] = {
    zipfile.ZIP_DEFLATED: _Deflate,
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    zipfile.ZIP_ZSTANDARD: _zstd,
}
# Their streams may follow one another in an entry.
_IN_FRAMES = frozenset({zipfile.ZIP_BZIP2, zipfile.ZIP_ZSTANDARD})
# The exceptions of the decoders for damaged data. bzip2 raises OSError.
_DAMAGE = (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError, ValueError, MemoryError)


@define
class _Packed:
    """The packed data of an entry."""

    file: IO[bytes]
    left: int

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data


def entry_pieces(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry in pieces of at most ``PIECE_BYTES``.

    Raises BadZipFile for an entry that is damaged, has another size than it claims, or needs too much memory; and
    OSError if the file cannot be read.
    """
    crc, size = 0, 0
    for piece in _pieces(file, info):
        size += len(piece)
        if size > info.file_size:
            raise zipfile.BadZipFile(f"{info.filename[:100]!r} is larger than the archive says")
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename[:100]!r} is shorter than the archive says")
    if crc != info.CRC:
        raise zipfile.BadZipFile(f"{info.filename[:100]!r} has another checksum than the archive says")


def _pieces(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) != _LOCAL_HEADER.size or not header.startswith(_SIGNATURE):
        raise zipfile.BadZipFile(f"{info.filename[:100]!r} is not where the archive says")
    _, name_size, extra_size = _LOCAL_HEADER.unpack(header)
    file.seek(name_size + extra_size, 1)
    packed = _Packed(file, info.compress_size)
    if not packed.left:  # GNS3 3.0 writes folders like this, whatever the method
        return
    if info.compress_type == zipfile.ZIP_STORED:
        while piece := packed.read(PIECE_BYTES):
            yield piece
        return
    yield from _unpacked(packed, info)


def _unpacked(packed: _Packed, info: zipfile.ZipInfo) -> Iterator[bytes]:
    decoder = _decoder(packed, info)
    data, left = b"", info.file_size
    while True:
        if decoder.eof:
            data = decoder.unused_data or packed.read(_READ_BYTES)
            if not data or info.compress_type not in _IN_FRAMES:
                return
            decoder = _decoder(packed, info)
        elif decoder.needs_input and not data:
            data = packed.read(_READ_BYTES)
            if not data:
                return  # the size tells whether something is missing: LZMA need not have an end
        try:
            piece, data = decoder.decompress(data, PIECE_BYTES), b""
        except _DAMAGE as error:
            raise zipfile.BadZipFile(f"{info.filename[:100]!r}: {error or type(error).__name__}") from None
        if piece:
            yield piece
            left -= len(piece)
        if left <= 0 and info.compress_type == zipfile.ZIP_LZMA:
            return


def _decoder(packed: _Packed, info: zipfile.ZipInfo) -> Decoder:
    if info.compress_type == zipfile.ZIP_LZMA:
        return _lzma(packed, info)
    try:
        return _DECODERS[info.compress_type]()
    except KeyError:
        raise zipfile.BadZipFile(
            f"{info.filename[:100]!r} is packed with method {info.compress_type}, which is not supported"
        ) from None


def _lzma(packed: _Packed, info: zipfile.ZipInfo) -> Decoder:
    header = packed.read(_LZMA_HEADER.size)
    if len(header) != _LZMA_HEADER.size:
        raise zipfile.BadZipFile(f"{info.filename[:100]!r} has no LZMA header")
    size, properties, dictionary = _LZMA_HEADER.unpack(header)
    if size != _LZMA_PROPERTIES or properties >= 9 * 5 * 5:
        raise zipfile.BadZipFile(f"{info.filename[:100]!r} has another LZMA header than there are")
    if dictionary > MAX_LZMA_DICTIONARY_BYTES:
        raise zipfile.BadZipFile(
            f"{info.filename[:100]!r} needs more than {size_text(MAX_LZMA_DICTIONARY_BYTES)} of memory to unpack"
        )
    rest, lc = divmod(properties, 9)
    pb, lp = divmod(rest, 5)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}]
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    except _DAMAGE as error:
        raise zipfile.BadZipFile(f"{info.filename[:100]!r}: {error or type(error).__name__}") from None
