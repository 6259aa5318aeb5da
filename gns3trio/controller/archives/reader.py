"""Unpacks zip archives of projects from untrusted sources. Synchronous; callers run it in threads.

Format: ZIP (APPNOTE 6.3) as written by GNS3 2.2 and 3.0 for portable projects, and by ``writer``.

An archive is rejected if it contains a path or a link that leads out of its folder, a device, or a name twice; if its
entries share bytes; if the disk has no room for it; or if it is damaged. The compression ratio is no criterion: an
empty disk image shrinks to a thousandth or less. Links are created last, when all files are in place, so that nothing
is written through one.

An archive may contain two project files: GNS3 writes one for each ``.gns3`` file in a project's folder, and a restore
after a rename creates a second one. GNS3 uses the last one, and so do we.
"""

import io
import os
import shutil
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gns3trio.classes import define
from gns3trio.controller.archives.entries import entry_pieces
from gns3trio.controller.archives.entry_names import (
    MAX_LINK_BYTES,
    PORTABLE_PROJECT_FILE,
    is_link,
    link_problem,
    name_of,
)
from gns3trio.controller.archives.zip_files import zipfile
from gns3trio.controller.storage.file_names import name_problem
from gns3trio.controller.storage.files import disk_error, printable
from gns3trio.errors import Conflict, Unavailable
from gns3trio.sizes import size_text

# A lab of a thousand nodes has some ten thousand files.
MAX_ENTRIES = 50_000
# Including the entries of archives inside it, which are snapshots.
MAX_ALL_ENTRIES = 1_000_000
# The sum of all entries, which may be disk images of a large lab.
MAX_UNPACKED_BYTES = 256 << 30
# Disk space that unpacking leaves free, so that projects can still be saved; a tenth of the free space of a nearly full
# disk.
RESERVE_BYTES = 64 << 20
# The list of entries, which is read into memory completely.
MAX_DIRECTORY_BYTES = 16 << 20

_LOCAL_HEADER = struct.Struct("<26xHH")  # APPNOTE 4.3.7: lengths of name and extra field
_ENCRYPTED = 0x1  # general purpose bit 0

# The exceptions of zipfile for damaged archives.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
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
    """The default checkpoint, which does nothing."""


@define
class Budget:
    """The remaining limits of an archive, including archives inside it. ``reserve`` is the disk space that must stay
    free.

    Data that others write meanwhile counts too, so several archives together do not fill the disk either.
    """

    reserve: int
    bytes_left: int = MAX_UNPACKED_BYTES
    entries_left: int = MAX_ALL_ENTRIES

    @classmethod
    def for_disk(cls, folder: Path) -> "Budget":
        """The budget for an archive that is unpacked into ``folder``. Raises Unavailable."""
        return cls(min(RESERVE_BYTES, _free_bytes(folder) // 10))

    def spend(self, data: int, entries: int = 0) -> None:
        """Use up a part of the budget. Raises Conflict if it is exceeded."""
        self.bytes_left -= data
        self.entries_left -= entries
        if self.entries_left < 0:
            raise Conflict(f"archive: more than {MAX_ALL_ENTRIES} entries, with those of its snapshots")
        if self.bytes_left < 0:
            raise Conflict(f"archive: unpacks to more than {size_text(MAX_UNPACKED_BYTES)}")

    def watched(self, folder: Path, checkpoint: Callable[[], None]) -> Callable[[], None]:
        """Wrap a checkpoint for work that fills ``folder``: it also raises Unavailable if the disk becomes too full."""

        def check() -> None:
            checkpoint()
            self.require_room(folder)

        return check

    def require_room(self, folder: Path, size: int = 0) -> None:
        """Raises Unavailable when the disk of ``folder`` cannot take so many bytes more."""
        free = _free_bytes(folder)
        if free - size < self.reserve:
            room = f"{size_text(free)} are free, of which {size_text(self.reserve)} stay so"
            raise Unavailable(f"the disk has no room for it: {size_text(size)} more; {room}")


def _free_bytes(folder: Path) -> int:
    with _disk(folder):
        return shutil.disk_usage(folder).free


class _LimitedReads(io.BufferedReader):
    """A file that limits the size of single reads, because zipfile would read a list of entries of any size."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > MAX_DIRECTORY_BYTES:
            data = super().read(MAX_DIRECTORY_BYTES + 1)
            if len(data) > MAX_DIRECTORY_BYTES:
                raise Conflict(f"archive: its list of entries is larger than {size_text(MAX_DIRECTORY_BYTES)}")
            return data
        return super().read(size)


@contextmanager
def open_archive(source: Path, budget: Budget) -> "Iterator[tuple[IO[bytes], dict[str, zipfile.ZipInfo]]]":
    """The file of an archive, and its checked entries by name; see ``entry_pieces`` for their contents.

    Raises Conflict for an archive that is not accepted, Unavailable if the disk reports an error; inside the ``with``,
    too.
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
                yield file, members
        except _DAMAGE as error:
            raise Conflict(f"archive: is damaged, or not a portable project: {error or type(error).__name__}") from None
        except OSError as error:
            raise disk_error(source, error) from error


def unpack(source: Path, target: Path, budget: Budget, checkpoint: Callable[[], None] = _go_on) -> list[str]:
    """Unpack an archive into the empty folder ``target``; returns the names of its files and links.

    Raises Conflict for an archive that is not accepted, Unavailable if the disk is full or reports an error. ``target``
    may then contain a part of it, but nothing was written elsewhere.
    """
    with open_archive(source, budget) as (file, members):
        budget.require_room(target, sum(info.file_size for info in members.values()))
        for name, info in members.items():
            checkpoint()
            if not is_link(info):
                _unpack_member(file, info, target / name, budget, checkpoint)
        for name, info in members.items():
            if is_link(info):
                _make_link(file, info, name, target / name)
    return [name for name, info in members.items() if not info.is_dir()]


def _check_members(infos: Iterable[zipfile.ZipInfo], budget: Budget) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, including folders; of several project files only the last one.

    Raises Conflict if an entry is not acceptable, or there are too many.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    claimed = 0
    for info in infos:
        name = _check_name(info)
        if name in members and name != PORTABLE_PROJECT_FILE:
            raise Conflict(f"archive: {name!r} is in it twice")
        members[name] = info
        claimed += info.file_size
        if len(members) > MAX_ENTRIES:
            raise Conflict(f"archive: more than {MAX_ENTRIES} entries")
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
    """Raises Conflict if entries share bytes, which makes zip bombs possible; older versions of zipfile do not check
    this.
    """
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        if info.header_offset + _LOCAL_HEADER.size + info.compress_size > end:
            raise Conflict(f"archive: {info.filename[:100]!r} overlaps with another entry")
        end = info.header_offset


def _check_name(info: zipfile.ZipInfo) -> str:
    raw = info.orig_filename
    shown = repr(raw[:100])
    name = name_of(info)
    problem = name_problem(raw if "\0" in raw or raw.startswith("/") else name)
    if problem is not None:
        raise Conflict(f"archive: {shown} {problem}")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK) or (kind == stat.S_IFLNK and info.is_dir()):
        raise Conflict(f"archive: {shown} is a device, or no file of a kind that goes into one")
    if kind == stat.S_IFLNK and info.file_size > MAX_LINK_BYTES:
        raise Conflict(f"archive: {shown} is a link to too long a path")
    if info.flag_bits & _ENCRYPTED:
        raise Conflict(f"archive: {shown} is encrypted")
    return name


def _unpack_member(
    file: IO[bytes], info: zipfile.ZipInfo, path: Path, budget: Budget, checkpoint: Callable[[], None]
) -> None:
    with _disk(path):
        (path if info.is_dir() else path.parent).mkdir(parents=True, exist_ok=True)
    if info.is_dir():
        return
    mode = 0o755 if (info.external_attr >> 16) & stat.S_IXUSR else 0o644
    with _disk(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        for piece in entry_pieces(file, info):
            checkpoint()
            budget.spend(len(piece))
            budget.require_room(path.parent, len(piece))
            with _disk(path):
                _write(descriptor, piece)
        with _disk(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_link(file: IO[bytes], info: zipfile.ZipInfo, name: str, path: Path) -> None:
    target = os.fsdecode(b"".join(entry_pieces(file, info)))  # its size was checked
    problem = link_problem(name, target)
    if problem is not None:
        raise Conflict(f"archive: {printable(name)[:100]!r} {problem}")
    with _disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Convert disk errors inside the block to Unavailable."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error
