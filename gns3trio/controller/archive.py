"""Zip archives of projects: written in pieces, and read with distrust. Synchronous; callers run it in threads.

Format: ZIP (APPNOTE 6.3) as GNS3 2.2 writes portable projects: regular files only, sizes behind the data.
An archive comes from anywhere. One that names a path outside of its folder, a link or device, or one name twice, whose
entries share bytes, or that the disk has no room for, is refused, and so is one that is merely damaged. How small it is
says nothing: an empty disk image shrinks to a thousandth, or much less.

The topology may be there twice: GNS3 writes one for each ``.gns3`` file of a project's folder, and a restore after a
rename makes a second file. GNS3 takes the last one, and so do we.
"""

import io
import lzma
import os
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import attrs

from gns3trio.errors import Conflict, Invalid, LabError, Unavailable

PORTABLE_TOPOLOGY = "project.gns3"

COMPRESSIONS: dict[str, int] = {
    "none": zipfile.ZIP_STORED,
    "zip": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}

# A lab of a thousand nodes has some ten thousand files.
MAX_ENTRIES = 50_000
# All entries together; disk images of a large lab.
MAX_UNPACKED_BYTES = 256 << 30
# What an archive leaves free of the disk, so that projects can still be saved; of a nearly full one a tenth.
RESERVE_BYTES = 64 << 20
# The list of entries, which is read into memory as a whole.
MAX_DIRECTORY_BYTES = 16 << 20
MAX_NAME_BYTES = 1024
MAX_DEPTH = 64
# NAME_MAX of Linux file systems.
MAX_COMPONENT_BYTES = 255
# What a decoder of LZMA may ask for; its presets use 64 MiB at most.
MAX_LZMA_DICTIONARY_BYTES = 64 << 20

CHUNK_BYTES = 256 * 1024
_PIECE_BYTES = 128 * 1024
_OLDEST = (1980, 1, 1, 0, 0, 0)  # the format knows nothing before
_LOCAL_HEADER = struct.Struct("<26xHH")  # APPNOTE 4.3.7: lengths of name and extra field
_LZMA_HEADER = struct.Struct("<2xHBI")  # APPNOTE 5.8.8: size of the properties; lc/lp/pb, dictionary size
_ENCRYPTED = 0x1  # general purpose bit 0

# What zipfile and its decoders raise for a damaged archive.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
    IndexError,
)


def _go_on() -> None:
    """Nobody wants to stop it."""


def check_compression(name: str) -> int:
    """The number of a compression method. Raises Invalid."""
    try:
        return COMPRESSIONS[name]
    except KeyError:
        raise Invalid(f"compression: {name!r} is not one of {', '.join(COMPRESSIONS)}") from None


def disk_error(path: object, error: OSError) -> LabError:
    """What to tell of a disk that refuses."""
    return Unavailable(f"{path}: {error.strerror or error}")


# --- writing ---


class _Sink(io.BytesIO):
    """Collects what zipfile writes, until it is taken; says that it cannot seek, so that sizes come behind the data."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    @property
    def size(self) -> int:
        return self.getbuffer().nbytes

    def take(self) -> bytes:
        data = self.getvalue()
        super().seek(0)
        self.truncate()
        return data


def zip_pieces(
    folder: Path, names: Iterable[str], made: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Generator[bytes]:
    """A zip archive as pieces of some 100 KiB: first the files of ``made``, then those of ``folder`` by their names.

    A file that is gone meanwhile is left out; when the folder itself was replaced, raises Conflict. Raises Unavailable
    when the disk refuses.
    """
    sink = _Sink()
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with zipfile.ZipFile(sink, "w", compression) as archive:
            for name, data in made.items():
                archive.writestr(_info(name, time.time(), 0o644, compression), data)
                yield sink.take()
            for name in names:
                yield from _zip_file(archive, sink, root, folder, name, compression)
        yield sink.take()
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        os.close(root)


def _zip_file(
    archive: zipfile.ZipFile, sink: _Sink, root: int, folder: Path, name: str, compression: int
) -> Iterator[bytes]:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=root)
    except FileNotFoundError:
        if not _is_same(root, folder):
            raise Conflict(f"{folder} was replaced or deleted") from None
        return
    with open(descriptor, "rb", buffering=0) as source:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        info = _info(name, status.st_mtime, status.st_mode, compression)
        info.file_size = left = status.st_size  # what a growing file gets later is not in
        with archive.open(info, "w") as target:
            while left > 0 and (chunk := source.read(min(CHUNK_BYTES, left))):
                target.write(chunk)
                left -= len(chunk)
                if sink.size >= _PIECE_BYTES:
                    yield sink.take()


def _is_same(descriptor: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder))
    except FileNotFoundError:
        return False


def _info(name: str, modified: float, mode: int, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, max(time.localtime(modified)[:6], _OLDEST))
    info.compress_type = compression
    info.external_attr = (stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)) << 16
    return info


def write_archive(
    target: Path,
    folder: Path,
    names: Iterable[str],
    made: Mapping[str, bytes],
    compression: int = zipfile.ZIP_STORED,
    checkpoint: Callable[[], None] = _go_on,
) -> None:
    """Write ``zip_pieces`` to a new file, whose content is durable and its name not yet.

    ``checkpoint`` may raise to end it. Raises Unavailable when the disk refuses.
    """
    with _disk(target), open(target, "xb") as file:
        for piece in zip_pieces(folder, names, made, compression):
            checkpoint()
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


# --- reading ---


@attrs.define
class Budget:
    """How much an archive may still take, with the archives in it. ``reserve``: what stays free of the disk.

    What others write meanwhile counts too, so several archives together do not fill the disk either.
    """

    reserve: int
    bytes_left: int = MAX_UNPACKED_BYTES
    entries_left: int = MAX_ENTRIES

    @classmethod
    def for_disk(cls, folder: Path) -> "Budget":
        """That of an archive that is unpacked into ``folder``. Raises Unavailable."""
        return cls(min(RESERVE_BYTES, _free_bytes(folder) // 10))

    def spend(self, data: int, entries: int = 0) -> None:
        """Raises Conflict when there is not that much left."""
        self.bytes_left -= data
        self.entries_left -= entries
        if self.entries_left < 0:
            raise Conflict(f"archive: more than {MAX_ENTRIES} entries")
        if self.bytes_left < 0:
            raise Conflict(f"archive: unpacks to more than {MAX_UNPACKED_BYTES} bytes")

    def require_room(self, folder: Path, size: int = 0) -> None:
        """Raises Unavailable when the disk of ``folder`` cannot take so many bytes more."""
        free = _free_bytes(folder)
        if free - size < self.reserve:
            room = f"{free} bytes are free, of which {self.reserve} stay so"
            raise Unavailable(f"archive: the disk has no room for it: {size} bytes more, {room}")


def _free_bytes(folder: Path) -> int:
    with _disk(folder):
        return shutil.disk_usage(folder).free


class _LimitedReads(io.BufferedReader):
    """A file of which nobody reads much at once: zipfile would read a list of entries of any size."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > MAX_DIRECTORY_BYTES:
            data = super().read(MAX_DIRECTORY_BYTES + 1)
            if len(data) > MAX_DIRECTORY_BYTES:
                raise Conflict(f"archive: its list of entries is larger than {MAX_DIRECTORY_BYTES} bytes")
            return data
        return super().read(size)


def unpack(source: Path, target: Path, budget: Budget, checkpoint: Callable[[], None] = _go_on) -> list[str]:
    """Unpack an archive into the empty folder ``target``; returns the names of its files.

    Raises Conflict for an archive that is not accepted, Unavailable when the disk refuses or has no room; ``target``
    may hold a part of it then, and nothing was written elsewhere.
    """
    try:
        file = _LimitedReads(io.FileIO(source))
    except OSError as error:
        raise disk_error(source, error) from error
    with file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _check_members(archive.infolist(), budget)
                _check_overlap(members.values(), archive.start_dir)
                budget.require_room(target, sum(info.file_size for info in members.values()))
                for name, info in members.items():
                    checkpoint()
                    _check_decoder(file, info)
                    _unpack_member(archive, info, target / name, budget, checkpoint)
        except _DAMAGE as error:
            raise Conflict(f"archive: is damaged, or not a portable project: {error or type(error).__name__}") from None
        except OSError as error:  # bzip2 says this of damage; errors of the disk are told where they happen
            raise Conflict(f"archive: is damaged: {error}") from None
        return [name for name, info in members.items() if not info.is_dir()]


def _check_members(infos: Iterable[zipfile.ZipInfo], budget: Budget) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, folders included, and of several topologies the last one.

    Raises Conflict when one is not acceptable or all are too much.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    claimed = 0
    for info in infos:
        name = _check_name(info)
        if name in members and name != PORTABLE_TOPOLOGY:
            raise Conflict(f"archive: {name!r} is in it twice")
        members[name] = info
        claimed += info.file_size
        if len(members) > budget.entries_left or claimed > budget.bytes_left:
            budget.spend(claimed, len(members))
    for name in members:
        parent = name
        while parent := parent.rpartition("/")[0]:
            if parent in members and not members[parent].is_dir():
                raise Conflict(f"archive: {parent!r} is a file and a folder")
    budget.spend(0, len(members))
    return members


def _check_overlap(infos: Iterable[zipfile.ZipInfo], end: int) -> None:
    """Raises Conflict when entries share bytes, with which a small archive holds anything; not every zipfile looks."""
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        if info.header_offset + _LOCAL_HEADER.size + info.compress_size > end:
            raise Conflict(f"archive: {info.filename[:100]!r} overlaps with another entry")
        end = info.header_offset


def _check_name(info: zipfile.ZipInfo) -> str:
    raw = info.orig_filename
    name = info.filename.removesuffix("/")
    shown = repr(raw[:100])
    parts = name.split("/")
    if "\0" in raw or not name:
        raise Conflict(f"archive: {shown} is no name of a file")
    if raw.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise Conflict(f"archive: {shown} leads out of the project or is not in its plain form")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise Conflict(f"archive: {shown} is no name of a file") from None
    if max(sizes) > MAX_COMPONENT_BYTES or sum(sizes) > MAX_NAME_BYTES or len(parts) > MAX_DEPTH:
        raise Conflict(f"archive: the name {shown} is too long")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Conflict(f"archive: {shown} is a link or device")
    if info.flag_bits & _ENCRYPTED:
        raise Conflict(f"archive: {shown} is encrypted")
    return name


def _check_decoder(file: IO[bytes], info: zipfile.ZipInfo) -> None:
    """Raises Conflict when unpacking the entry would take much memory."""
    if info.compress_type != zipfile.ZIP_LZMA:
        return
    file.seek(info.header_offset)
    name_size, extra_size = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(name_size + extra_size, os.SEEK_CUR)
    _, _, dictionary = _LZMA_HEADER.unpack(file.read(_LZMA_HEADER.size))
    if dictionary > MAX_LZMA_DICTIONARY_BYTES:
        raise Conflict(f"archive: {info.filename!r} needs more than {MAX_LZMA_DICTIONARY_BYTES} bytes to unpack")


def _unpack_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, budget: Budget, checkpoint: Callable[[], None]
) -> None:
    with _disk(path):
        (path if info.is_dir() else path.parent).mkdir(parents=True, exist_ok=True)
    if info.is_dir():
        return
    mode = 0o755 if (info.external_attr >> 16) & stat.S_IXUSR else 0o644
    with archive.open(info) as source:
        with _disk(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            while chunk := source.read(CHUNK_BYTES):
                checkpoint()
                budget.spend(len(chunk))
                budget.require_room(path.parent, len(chunk))
                with _disk(path):
                    _write(descriptor, chunk)
            with _disk(path):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What the disk refuses in here is told as such."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error
