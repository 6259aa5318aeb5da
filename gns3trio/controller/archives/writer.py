"""Writes zip archives of projects in pieces. Synchronous; callers run it in threads.

Format: ZIP (APPNOTE 6.3) as GNS3 writes portable projects: sizes follow the data. Empty folders and symbolic links
are entries (see ``entry_names``). The format's dates range from 1980 to 2107; others become the nearest of these.
"""

import io
import os
import stat
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from gns3trio.classes import frozen
from gns3trio.controller.archives.entry_names import link_problem, named_info
from gns3trio.controller.archives.file_tree import Tree, open_file_below
from gns3trio.controller.archives.reader import MAX_ENTRIES, MAX_UNPACKED_BYTES
from gns3trio.controller.archives.zip_files import zipfile
from gns3trio.controller.storage.file_names import name_problem
from gns3trio.controller.storage.files import disk_error, printable
from gns3trio.errors import DISK_REFUSALS, Conflict, Invalid, Refused
from gns3trio.sizes import size_text

# The number of each method in the format, and its levels; None for one without levels.
COMPRESSIONS: dict[str, tuple[int, range | None]] = {
    "none": (zipfile.ZIP_STORED, None),
    "zip": (zipfile.ZIP_DEFLATED, range(10)),
    "bzip2": (zipfile.ZIP_BZIP2, range(1, 10)),
    "lzma": (zipfile.ZIP_LZMA, None),
    "zstd": (zipfile.ZIP_ZSTANDARD, range(1, 23)),
}
# The levels of zstd above this one take 700 MiB of memory instead of 90, and save a few percent.
_HIGHEST_LEVEL = 19

# Entries that are not files of the project: the project file and our own fields.
_OWN_ENTRIES = 2
_DOS_FOLDER = 0x10  # the DOS attribute of a folder, in the lower half of the attributes
_PIECE_BYTES = 128 * 1024
_READ_BYTES = 256 * 1024
_OLDEST = (1980, 1, 1, 0, 0, 0)
_NEWEST = (2107, 12, 31, 23, 59, 58)
# Seconds since 1970, a day inside the limits because of time zones; the time functions do not accept every number.
_OLDEST_SECONDS, _NEWEST_SECONDS = 0, 4354819200


@frozen
class Compression:
    """How entries are packed: the number of the method in the format, and the level, None for the usual one."""

    method: int = zipfile.ZIP_STORED
    level: int | None = None


NO_COMPRESSION = Compression()


def check_compression(name: str, level: int | None = None) -> Compression:
    """The compression of a name, and a level of it, which means nothing for a method without levels. Raises Invalid for
    an unknown name, Refused for a level that there is not.
    """
    try:
        method, levels = COMPRESSIONS[name]
    except KeyError:
        raise Invalid(f"compression: {name!r} is not one of {', '.join(COMPRESSIONS)}") from None
    if level is None or levels is None:
        return Compression(method)
    if level not in levels:
        raise Refused(
            f"compression_level: {level} is not in the range from {levels[0]} to {levels[-1]}, those of {name}"
        )
    return Compression(method, min(level, _HIGHEST_LEVEL))


class _Sink(io.BytesIO):
    """Collects zipfile's output until it is fetched. It is not seekable, so that sizes follow the data."""

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


def require_archivable(tree: Tree, others: Mapping[str, Path] = MappingProxyType({}), other_bytes: int = 0) -> None:
    """Raises Conflict for files that an archive cannot contain, or that ``reader`` would reject. ``others`` are those
    of ``zip_pieces``.
    """
    for name in (*tree.files, *tree.folders, *tree.links, *others):
        problem = name_problem(name)
        if problem is not None:
            raise Conflict(f"{printable(name)[:200]!r} {problem}")
    entries = len(tree.files) + len(tree.folders) + len(tree.links) + len(others)
    if entries > MAX_ENTRIES - _OWN_ENTRIES:
        raise Conflict(f"the project has {entries} files, an archive holds {MAX_ENTRIES - _OWN_ENTRIES}")
    size = tree.bytes + other_bytes
    if size > MAX_UNPACKED_BYTES:
        raise Conflict(f"the project has {size_text(size)} of files, an archive holds {size_text(MAX_UNPACKED_BYTES)}")


def zip_pieces(
    folder: Path,
    tree: Tree,
    made: Mapping[str, bytes],
    compression: Compression = NO_COMPRESSION,
    others: Mapping[str, Path] = MappingProxyType({}),
) -> Generator[bytes]:
    """Yield a zip archive in pieces of about 100 KiB: first the files of ``made``, then the files of ``tree`` in
    ``folder``, then ``others``, by their names in the archive: files of the server elsewhere, which may be links. A
    piece may be empty: one comes after a certain amount of input, because a gigabyte may shrink to less than a piece.

    A file that has vanished is left out; a file that shrinks is shorter; of a growing file, the part at the time of
    opening is included. Raises Conflict if the folder itself was replaced or deleted, Unavailable if the disk reports
    an error.
    """
    sink = _Sink()
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        if error.errno in DISK_REFUSALS:
            raise disk_error(folder, error) from error
        raise Conflict(f"{printable(folder)} was replaced or deleted") from None
    try:
        with zipfile.ZipFile(sink, "w", compression.method) as archive:
            for name, data in made.items():
                info = _info(archive, name, time.time(), 0o644, compression)
                yield from _compress(archive, sink, info, io.BytesIO(data), len(data))
            for name in tree.files:
                yield from _zip_file(archive, sink, root, folder, name, compression)
            for name in tree.folders:
                _add(archive, f"{name}/", b"", stat.S_IFDIR | 0o755)
                yield from _full(sink)
            for name, target in tree.links.items():
                if link_problem(name, target) is None:
                    _add(archive, name, os.fsencode(target), stat.S_IFLNK | 0o777)
                    yield from _full(sink)
            for name, path in others.items():
                if name not in archive.NameToInfo:
                    yield from _zip_other(archive, sink, path, name, compression)
        yield sink.take()
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        os.close(root)


def _full(sink: _Sink) -> Iterator[bytes]:
    if sink.size >= _PIECE_BYTES:
        yield sink.take()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    info = _info(archive, name, time.time(), mode, NO_COMPRESSION)
    info.external_attr = mode << 16 | (_DOS_FOLDER if stat.S_ISDIR(mode) else 0)
    archive.writestr(info, data)


def _zip_file(
    archive: zipfile.ZipFile, sink: _Sink, root: int, folder: Path, name: str, compression: Compression
) -> Iterator[bytes]:
    opened = open_file_below(root, name)
    if opened is None:
        if not _is_same(root, folder):
            raise Conflict(f"{printable(folder)} was replaced or deleted")
        return
    descriptor, status = opened
    with open(descriptor, "rb", buffering=0) as source:
        info = _info(archive, name, status.st_mtime, status.st_mode, compression)
        yield from _compress(archive, sink, info, source, status.st_size)


def _zip_other(
    archive: zipfile.ZipFile, sink: _Sink, path: Path, name: str, compression: Compression
) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    with open(descriptor, "rb", buffering=0) as source:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            info = _info(archive, name, status.st_mtime, status.st_mode, compression)
            yield from _compress(archive, sink, info, source, status.st_size)


def _compress(
    archive: zipfile.ZipFile, sink: _Sink, info: zipfile.ZipInfo, source: io.RawIOBase | io.BytesIO, size: int
) -> Iterator[bytes]:
    """Write an entry with ``size`` bytes of ``source``, even if the file grows meanwhile."""
    info.file_size = left = size
    with archive.open(info, "w") as target:
        while left > 0 and (chunk := source.read(min(_READ_BYTES, left))):
            target.write(chunk)
            left -= len(chunk)
            yield sink.take() if sink.size >= _PIECE_BYTES else b""


def _is_same(descriptor: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder))
    except FileNotFoundError:
        return False


def _info(archive: zipfile.ZipFile, name: str, modified: float, mode: int, compression: Compression) -> zipfile.ZipInfo:
    info = named_info(name, archive.NameToInfo)
    seconds = min(max(modified, _OLDEST_SECONDS), _NEWEST_SECONDS)
    info.date_time = min(max(time.localtime(seconds)[:6], _OLDEST), _NEWEST)
    info.compress_type, info.compress_level = compression.method, compression.level
    info.external_attr = (stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)) << 16
    return info


def write_archive(
    target: Path,
    folder: Path,
    tree: Tree,
    made: Mapping[str, bytes],
    compression: Compression = NO_COMPRESSION,
    checkpoint: Callable[[], None] = lambda: None,
) -> None:
    """Write ``zip_pieces`` to a new file. Its content is durable afterwards, but its name is not yet.

    ``checkpoint`` may raise to abort. Raises Unavailable if the disk reports an error.
    """
    try:
        with open(target, "xb") as file:
            for piece in zip_pieces(folder, tree, made, compression):
                checkpoint()
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(target, error) from error
