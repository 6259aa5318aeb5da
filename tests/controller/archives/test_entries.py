"""The entries of archives: every method of GNS3 is read, and none makes the server hold more than a piece of it."""

import bz2
import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gns3trio.controller.archives import entries as module
from gns3trio.controller.archives.entries import PIECE_BYTES, entry_pieces
from gns3trio.controller.archives.writer import COMPRESSIONS, check_compression
from gns3trio.controller.archives.zip_files import zipfile, zstd
from gns3trio.errors import Refused
from tests import corpus

METHODS = [method for method, _ in COMPRESSIONS.values()]
# Exported by gns3-server 3.0.6: the same two PCs and two machines, with each of its methods.
OF_GNS3_3 = sorted((corpus.FOLDER / "exported by gns3-3.0").glob("*.gns3project"))


def packed(content: bytes, method: int, level: int | None = None) -> tuple[bytes, zipfile.ZipInfo]:
    """An archive with one entry."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method, compresslevel=level) as archive:
        archive.writestr("a", content)
    with zipfile.ZipFile(target) as archive:
        return target.getvalue(), archive.infolist()[0]


def around(content: bytes, stream: bytes, method: int) -> tuple[bytes, zipfile.ZipInfo]:
    """An archive with one entry, whose packed data was made elsewhere."""
    data, info = packed(stream, zipfile.ZIP_STORED)
    info.compress_type, info.file_size, info.CRC = method, len(content), zlib.crc32(content)
    return data, info


def unpacked(data: bytes, info: zipfile.ZipInfo) -> bytes:
    pieces = list(entry_pieces(io.BytesIO(data), info))
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.binary(max_size=300), times=st.integers(0, 3000))
@settings(deadline=None, max_examples=25)
def test_what_was_packed_is_unpacked(method: int, seed: bytes, times: int) -> None:
    content = seed * times
    assert unpacked(*packed(content, method)) == content


@pytest.mark.parametrize("method", METHODS)
def test_sizes_at_the_edges_of_pieces(method: int) -> None:
    for size in (PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES):
        assert unpacked(*packed(bytes(size), method)) == bytes(size), size


@pytest.mark.parametrize("name", [name for name, (_, levels) in COMPRESSIONS.items() if levels])
def test_the_levels_of_a_method(name: str) -> None:
    method, levels = COMPRESSIONS[name]
    assert levels is not None
    for level in (levels[0], levels[-1]):
        used = check_compression(name, level).level
        assert used == min(level, 19)  # the highest ones of zstd take too much memory
        assert unpacked(*packed(b"text" * 1000, method, used)) == b"text" * 1000
    for level in (levels[0] - 1, levels[-1] + 1):
        with pytest.raises(Refused, match="compression_level"):
            check_compression(name, level)


@pytest.mark.parametrize("name", ["none", "lzma"])
def test_a_level_means_nothing_for_a_method_without_levels(name: str) -> None:
    assert check_compression(name, 5) == check_compression(name)


@pytest.mark.parametrize("method", [method for method in METHODS if method != zipfile.ZIP_STORED])
def test_a_bomb_takes_no_memory(method: int) -> None:
    """A few kilobytes that become many megabytes: ``zipfile`` holds all of them at once."""
    size = 64 << 20
    data, info = packed(bytes(size), method)
    tracemalloc.start()
    try:
        assert sum(map(len, entry_pieces(io.BytesIO(data), info))) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 << 20


@pytest.mark.parametrize("method", METHODS)
def test_an_entry_that_lies_about_its_content(method: int) -> None:
    data, info = packed(b"some text" * 100_000, method)
    for size in (10, info.file_size - 1, info.file_size + 1):
        _, lying = packed(b"some text" * 100_000, method)
        lying.file_size = size
        with pytest.raises(zipfile.BadZipFile):
            unpacked(data, lying)
    info.CRC ^= 1
    with pytest.raises(zipfile.BadZipFile, match="checksum"):
        unpacked(data, info)


@pytest.mark.parametrize("method", METHODS)
@given(at=st.integers(0, 400), by=st.integers(1, 255))
@settings(deadline=None, max_examples=40)
def test_damage_is_told(method: int, at: int, by: int) -> None:
    content = bytes(range(256)) * 4
    data, info = packed(content, method)
    damaged = bytearray(data)
    damaged[at % (len(data) - 22)] ^= by
    with suppress(zipfile.BadZipFile):
        assert unpacked(bytes(damaged), info) == content


def test_frames_may_follow_one_another() -> None:
    content = b"first" * 1000 + b"second" * 1000
    for method, pack in ((zipfile.ZIP_ZSTANDARD, zstd.compress), (zipfile.ZIP_BZIP2, bz2.compress)):
        stream = pack(content[:5000]) + pack(content[5000:])
        assert unpacked(*around(content, stream, method)) == content


def test_an_entry_that_wants_much_memory() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: module.MAX_ZSTD_WINDOW_LOG + 1}
    compressor = zstd.ZstdCompressor(options=options)
    stream = compressor.compress(b"some text") + compressor.flush()
    with pytest.raises(zipfile.BadZipFile):
        unpacked(*around(b"some text", stream, zipfile.ZIP_ZSTANDARD))
    header = struct.pack("<2xHBI", 5, 0x5D, 0xFFFFFFF0)
    with pytest.raises(zipfile.BadZipFile, match="memory"):
        unpacked(*around(b"some text", header, zipfile.ZIP_LZMA))


def test_a_method_that_is_not_known() -> None:
    with pytest.raises(zipfile.BadZipFile, match="method 97"):
        unpacked(*around(b"x", b"x", 97))


@pytest.mark.parametrize("path", OF_GNS3_3, ids=lambda path: path.name)
def test_archives_of_gns3_3(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        contents = {info.filename: archive.read(info) for info in infos}
    assert "project.gns3" in contents
    for info in infos:
        assert unpacked(path.read_bytes(), info) == contents[info.filename]
