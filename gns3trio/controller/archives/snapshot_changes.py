"""Compares a snapshot with the project as it is now, or with another snapshot."""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.classes import define, frozen
from gns3trio.controller.archives.differences import Difference, Fields, changed_fields, differences
from gns3trio.controller.archives.entries import entry_pieces
from gns3trio.controller.archives.entry_names import PORTABLE_PROJECT_FILE, is_link
from gns3trio.controller.archives.file_tree import open_file_below
from gns3trio.controller.archives.portable import present_record
from gns3trio.controller.archives.project_copy import list_content
from gns3trio.controller.archives.reader import Budget, open_archive
from gns3trio.controller.archives.snapshots import find_snapshot
from gns3trio.controller.gns3_format.own_fields import add_own_fields
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import ProjectRecord
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.file_names import is_project_file
from gns3trio.controller.storage.files import MAX_PROJECT_FILE_BYTES, disk_error, printable
from gns3trio.convert import as_uuid
from gns3trio.errors import Conflict
from gns3trio.project_layout import OWN_FIELDS_FILE, PICTURES, PROJECT_FILES, SNAPSHOTS
from gns3trio.sizes import size_text

# Files of the same size as in the snapshot are read to be compared, but not more bytes than this in one request: disks
# of machines are larger, and grow when they are written.
MAX_READ_BYTES = 64 << 20
# Larger files are told as changed, without their contents.
MAX_TEXT_BYTES = 16 << 10
_READ_BYTES = 1 << 20
# What the compute makes of a start-up script each time.
_PREPARED = ".prepared."
_NO_FILES_OF_USERS = (f"{PICTURES}/", f"{SNAPSHOTS}/")


@frozen
class Comparison:
    """What was changed from one state of a project to another. ``not_compared`` are the files whose sizes are the same,
    and which were too large to be read.
    """

    changes: list[Difference]
    not_compared: list[str]


@define
class _State:
    """A state of a project, and its files: their sizes, and what reads them. ``checksum`` is None for a file that is
    too large to be read.
    """

    project: ProjectRecord
    sizes: Mapping[str, int]
    checksum: Callable[[str], int | None]
    read: Callable[[str], bytes]


async def compare_snapshot(project: Project, snapshot_id: str, other_id: str | None = None) -> Comparison:
    """What was changed since a snapshot was taken: until now, or until another snapshot.

    Raises NotFound, Conflict for a snapshot that is damaged, Unavailable if the disk reports an error.
    """
    before = await _place(project, snapshot_id)
    if other_id is not None:
        after = await _place(project, other_id)
        return await threads.compression.run(_compare_snapshots, before, after)
    present = await present_record(project)
    return await threads.compression.run(_compare_with_present, before, project.folder, present)


async def _place(project: Project, snapshot_id: str) -> Path:
    return project.folder / SNAPSHOTS / (await find_snapshot(project, snapshot_id)).filename


def _compare_snapshots(before: Path, after: Path) -> Comparison:
    with _archived(before) as old, _archived(after) as new:
        return _compare(old, new)


def _compare_with_present(before: Path, folder: Path, present: ProjectRecord) -> Comparison:
    with _archived(before) as old, _present(folder, present) as new:
        return _compare(old, new)


@contextmanager
def _archived(path: Path) -> Iterator[_State]:
    """The state in a snapshot."""
    with open_archive(path, Budget(reserve=0)) as (file, members):

        def read(name: str, most: int = MAX_TEXT_BYTES) -> bytes:
            if name not in members:
                raise Conflict(f"archive: there is no {name} in it")
            if members[name].file_size > most:
                raise Conflict(f"archive: {name} is larger than {size_text(most)}")
            return b"".join(entry_pieces(file, members[name]))

        project = parse_project(read(PORTABLE_PROJECT_FILE, MAX_PROJECT_FILE_BYTES))
        if OWN_FIELDS_FILE in members:
            add_own_fields(project, read(OWN_FIELDS_FILE, MAX_PROJECT_FILE_BYTES))
        sizes = {
            name: info.file_size
            for name, info in members.items()
            if not info.is_dir() and not is_link(info) and _is_compared(name)
        }
        yield _State(project, sizes, lambda name: members[name].CRC, read)


@contextmanager
def _present(folder: Path, project: ProjectRecord) -> Iterator[_State]:
    """The state on the disk."""
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise disk_error(folder, error) from error
    left = MAX_READ_BYTES

    def pieces(name: str) -> Iterator[bytes]:
        opened = open_file_below(root, name)
        if opened is None:
            return
        with open(opened[0], "rb") as file:
            while piece := file.read(_READ_BYTES):
                trio.from_thread.check_cancelled()
                yield piece

    def checksum(name: str) -> int | None:
        nonlocal left
        if sizes[name] > left:
            return None
        left -= sizes[name]
        total = 0
        for piece in pieces(name):
            total = zlib.crc32(piece, total)
        return total

    try:
        names = filter(_is_compared, list_content(folder).tree.files)
        sizes = {name: size for name in names if (size := _size(root, name)) is not None}
        yield _State(project, sizes, checksum, lambda name: b"".join(pieces(name)))
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        os.close(root)


def _size(root: int, name: str) -> int | None:
    opened = open_file_below(root, name)
    if opened is None:
        return None
    os.close(opened[0])
    return opened[1].st_size


def _is_compared(name: str) -> bool:
    """Whether a file is one of the user's: the pictures of drawings are compared as drawings."""
    if name.rpartition("/")[2].startswith(_PREPARED):
        return False
    return not (is_project_file(name) or name == OWN_FIELDS_FILE or name.startswith(_NO_FILES_OF_USERS))


def _compare(before: _State, after: _State) -> Comparison:
    changes = list(differences(before.project, after.project))
    not_compared: list[str] = []
    names = {node.node_id: node.name for state in (before, after) for node in state.project.nodes}
    for name in sorted({*before.sizes, *after.sizes}):
        trio.from_thread.check_cancelled()
        node_id = _node_of(name)
        told = printable(f"{names[node_id]}: {name.split('/', 3)[3]}" if node_id in names else name)
        if name not in before.sizes:
            changes.append(Difference("create", "file", told, node_id))
        elif name not in after.sizes:
            changes.append(Difference("delete", "file", told, node_id))
        elif before.sizes[name] != after.sizes[name]:
            changes.append(Difference("update", "file", told, node_id, _file_fields(before, after, name)))
        elif (now := after.checksum(name)) is None:
            not_compared.append(told)
        elif now != before.checksum(name):
            changes.append(Difference("update", "file", told, node_id, _file_fields(before, after, name)))
    return Comparison(changes, not_compared)


def _node_of(name: str) -> UUID | None:
    """The node to whose folder a file belongs."""
    parts = name.split("/", 3)
    return as_uuid(parts[2]) if len(parts) == 4 and parts[0] == PROJECT_FILES else None


def _file_fields(before: _State, after: _State, name: str) -> Fields:
    """The contents of a short text, or else the sizes."""
    if max(before.sizes[name], after.sizes[name]) <= MAX_TEXT_BYTES:
        with suppress(UnicodeDecodeError):
            old, new = (state.read(name)[:MAX_TEXT_BYTES].decode() for state in (before, after))
            return changed_fields({"content": old}, {"content": new})
    return changed_fields({"bytes": before.sizes[name]}, {"bytes": after.sizes[name]})
