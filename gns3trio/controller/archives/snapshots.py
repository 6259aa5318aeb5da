"""Snapshots of a project: archives in its ``snapshots`` folder, and a list of them.

Format, as GNS3 2.2.61 writes it: ``snapshots/<name>.gns3snapshot``, a zip archive like a portable project whose entries
are stored without compression; and ``snapshots/snapshots.conf``, a JSON list of objects with the keys of ``Snapshot``.
An archive that is not in the list (earlier versions of 2.2 wrote ``<name>_<DDMMYY>_<HHMMSS>.gns3project`` and no list)
gets an id that is derived from the project's id and its file name, so that it is the same after a restart.
"""

import os
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import attrs
import orjson
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.controller.archives.file_tree import read_tree
from gns3trio.controller.archives.portable import (
    check_portable,
    make_portable,
    present_record,
    require_stopped,
    undisturbed,
)
from gns3trio.controller.archives.project_copy import (
    SNAPSHOT_SUFFIXES,
    link_or_copy,
    list_content,
    node_folders,
    portable_files,
    read_unpacked,
    settle,
)
from gns3trio.controller.archives.reader import Budget, unpack
from gns3trio.controller.archives.writer import require_archivable, write_archive
from gns3trio.controller.changes import SnapshotRestored
from gns3trio.controller.controller import Controller
from gns3trio.controller.gns3_format.records import ProjectRecord
from gns3trio.controller.project.files import files_at_computes
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.files import (
    NO_PLAIN_FILE,
    TEMPORARY_PREFIX,
    date_of,
    disk_error,
    read_plain,
    sync_folder,
    temporary_name,
    write_atomic,
)
from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER
from gns3trio.controller.storage.project_swap import replaced_folder, staging_folder
from gns3trio.convert import as_uuid, make_strict_converter, parse_uuid, structure
from gns3trio.errors import Conflict, Invalid, NotFound, Unavailable
from gns3trio.json_text import read_json
from gns3trio.printable import MAX_FILE_NAME_BYTES
from gns3trio.project_layout import CAPTURES, PROJECT_FILES, SNAPSHOT_LIST, SNAPSHOTS

_SUFFIX = SNAPSHOT_SUFFIXES[0]
_MAX_LIST_BYTES = 16 << 20
# How long a snapshot waits for requests that change nodes.
_BUSY_SECONDS = 5.0
_EARLIER_NAME = re.compile(r"(?P<name>.+)_(?P<date>\d{6}_\d{6})", re.DOTALL)


@frozen(kw_only=True)
class Snapshot:
    """A snapshot. ``created_at`` is in seconds since 1970."""

    snapshot_id: UUID
    name: str
    created_at: int
    description: str
    filename: str
    project_id: UUID


_list_converter = make_strict_converter(forbid_extra_keys=False)


def _entry(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot in the list."""
    return {
        **attrs.asdict(snapshot),
        "snapshot_id": str(snapshot.snapshot_id),
        "project_id": str(snapshot.project_id),
    }


def describe(name: str, created_at: int) -> str:
    """The default description of a snapshot."""
    return f"{name}, taken at {datetime.fromtimestamp(created_at, UTC):%Y-%m-%d %H:%M:%S} UTC"


# --- the list ---


def read_snapshots(folder: Path, project_id: UUID) -> list[Snapshot]:
    """The snapshots in a project's folder, oldest first. Raises Unavailable if the disk reports an error."""
    place = folder / SNAPSHOTS
    try:
        files = {
            path.name: path
            for path in place.iterdir()
            if path.name.endswith(SNAPSHOT_SUFFIXES) and not path.name.startswith(".") and path.is_file()
        }
        listed = {s.filename: s for s in _read_list(folder / SNAPSHOT_LIST, project_id) if s.filename in files}
        found = [listed.get(name) or _unlisted(path, project_id) for name, path in files.items()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise disk_error(place, error) from error
    return sorted(found, key=lambda snapshot: (snapshot.created_at, snapshot.name))


def _read_list(path: Path, project_id: UUID) -> list[Snapshot]:
    """The list file. Damaged entries are left out, because the archives contain nearly the same data."""
    try:
        entries = read_json(read_plain(path, _MAX_LIST_BYTES))
    except (FileNotFoundError, Invalid):
        return []
    except OSError as error:
        if error.errno not in NO_PLAIN_FILE:
            raise
        return []
    snapshots = []
    for entry in entries if isinstance(entries, list) else ():
        with suppress(Invalid):
            snapshot = structure(_list_converter, entry, Snapshot)
            snapshots.append(attrs.evolve(snapshot, project_id=project_id))
    return snapshots


def _unlisted(path: Path, project_id: UUID) -> Snapshot:
    name, created_at = path.stem, int(date_of(path.stat()))
    if (match := _EARLIER_NAME.fullmatch(name)) is not None:
        with suppress(ValueError):
            created_at = int(datetime.strptime(match["date"], "%d%m%y_%H%M%S").replace(tzinfo=UTC).timestamp())
            name = match["name"]
    return Snapshot(
        snapshot_id=uuid5(project_id, path.name),
        name=name,
        created_at=created_at,
        description=describe(name, created_at),
        filename=path.name,
        project_id=project_id,
    )


def _write_list(folder: Path, snapshots: list[Snapshot]) -> None:
    text = orjson.dumps([_entry(snapshot) for snapshot in snapshots], option=orjson.OPT_INDENT_2)
    write_atomic(folder / SNAPSHOT_LIST, text)


# --- operations of clients ---


async def list_snapshots(project: Project) -> list[Snapshot]:
    """The snapshots of a project, open or closed, oldest first."""
    return await threads.disk.run(read_snapshots, project.folder, project.project_id)


async def find_snapshot(project: Project, snapshot_id: str) -> Snapshot:
    """A snapshot of a project by its id. Raises NotFound, or Unavailable if the disk reports an error."""
    for snapshot in await list_snapshots(project):
        with suppress(ValueError):
            if snapshot.snapshot_id == parse_uuid(snapshot_id):
                return snapshot
    raise NotFound(f"Snapshot ID {snapshot_id} doesn't exist")


@asynccontextmanager
async def _still(project: Project) -> AsyncIterator[None]:
    """Keep an open project with stopped nodes from changing while the ``with`` lasts. Raises Conflict if a node is
    running, or busy for long, as one whose compute does not answer.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(undisturbed(project))
        project.require_open()
        require_stopped(project)
        deadline = trio.current_time() + _BUSY_SECONDS  # others who change the project wait meanwhile
        for node in sorted(project.nodes.values(), key=lambda node: node.node_id):
            with trio.CancelScope(deadline=deadline) as waiting:
                await stack.enter_async_context(node.lock)
            if waiting.cancelled_caught:
                raise Conflict(f"node '{node.name}' is busy with another request")
        require_stopped(project)
        yield


async def create_snapshot(
    controller: Controller, project: Project, name: str, description: str | None = None
) -> Snapshot:
    """Create a snapshot of the project.

    Raises Forbidden if it is closed; Conflict if a node is running, or the name is in use or is not a valid file name;
    Unavailable if the disk reports an error. Nothing is left then.
    """
    project.require_open()
    file_name = f"{name}{_SUFFIX}"
    if not name.strip() or name.startswith(".") or any(c in name for c in "/\0") or _is_too_long(file_name):
        raise Conflict(f"name: {name!r} cannot be the name of a file")
    async with project.snapshots_lock, _still(project):
        snapshots = await list_snapshots(project)
        if any(snapshot.name == name or snapshot.filename == file_name for snapshot in snapshots):
            raise Conflict(f"name: there is a snapshot named {name!r} already")
        saved = await present_record(project)
        check_portable(saved, to_elsewhere=False)
        created_at = int(datetime.now(UTC).timestamp())
        snapshot = Snapshot(
            snapshot_id=uuid4(),
            name=name,
            created_at=created_at,
            description=description or describe(name, created_at),
            filename=file_name,
            project_id=project.project_id,
        )
        made = portable_files(make_portable(saved, keep_compute_ids=True), controller.file_versions)
        await threads.compression.run(_write_snapshot, project.folder, made, snapshot, snapshots)
        project.warn_of_left_out(files_at_computes(project))
    return snapshot


def _is_too_long(file_name: str) -> bool:
    try:
        return len(file_name.encode()) > MAX_FILE_NAME_BYTES
    except UnicodeEncodeError:
        return True


def _write_snapshot(folder: Path, made: dict[str, bytes], snapshot: Snapshot, others: list[Snapshot]) -> None:
    place = folder / SNAPSHOTS
    temporary, file = place / temporary_name(), place / snapshot.filename
    try:
        place.mkdir(exist_ok=True)
        try:
            tree = list_content(folder).tree  # links that lead out are not in the snapshot, and a restore keeps them
            require_archivable(tree)
            budget = Budget.for_disk(place)
            budget.require_room(place, tree.bytes)
            checkpoint = budget.watched(place, trio.from_thread.check_cancelled)
            write_archive(temporary, folder, tree, made, checkpoint=checkpoint)
            temporary.rename(file)
            sync_folder(place)
            _write_list(folder, [*others, snapshot])
        except BaseException:
            for path in (temporary, file):
                path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise disk_error(place, error) from error


async def delete_snapshot(project: Project, snapshot_id: str) -> None:
    """Delete a snapshot. Raises NotFound, or Unavailable if the disk reports an error."""
    with _told_when_deleted(project):
        async with project.snapshots_lock:
            await _delete_snapshot(project, snapshot_id)


async def _delete_snapshot(project: Project, snapshot_id: str) -> None:
    snapshot = await find_snapshot(project, snapshot_id)
    others = [s for s in await list_snapshots(project) if s.snapshot_id != snapshot.snapshot_id]

    def delete() -> None:
        try:
            (project.folder / SNAPSHOTS / snapshot.filename).unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(project.folder / SNAPSHOTS, error) from error
        _write_list(project.folder, others)

    await threads.disk.run(delete)


async def restore_snapshot(controller: Controller, project: Project, snapshot_id: str) -> Snapshot:
    """Replace the contents of an open project by those of a snapshot. Afterwards it is open with stopped nodes.

    Its name, captures and snapshots are kept, and files that snapshots do not contain. Raises Forbidden if it is
    closed; NotFound; Conflict if the snapshot is damaged or cannot be opened; Unavailable if the disk reports an error.
    The contents are unchanged then.
    """
    project.require_open()
    with _told_when_deleted(project):
        async with project.snapshots_lock, staging_folder(project.folder) as staging:
            snapshot = await _restore(controller, project, snapshot_id, staging)
    controller.changes.publish(SnapshotRestored(snapshot))
    return snapshot


@contextmanager
def _told_when_deleted(project: Project) -> Iterator[None]:
    """Raise NotFound, not a disk error, if files are missing because the project is being deleted."""
    try:
        yield
    except (OSError, Unavailable) as error:
        if project.deleted:
            raise NotFound(f"Project ID {project.project_id} doesn't exist") from error
        raise


async def _restore(controller: Controller, project: Project, snapshot_id: str, staging: Path) -> Snapshot:
    snapshot = await find_snapshot(project, snapshot_id)
    archive, content = project.folder / SNAPSHOTS / snapshot.filename, staging / "content"

    def unpack_content() -> ProjectRecord:
        content.mkdir(mode=0o755)
        unpack(archive, content, Budget.for_disk(staging), trio.from_thread.check_cancelled)
        return read_unpacked(content)

    try:
        saved = await threads.compression.run(unpack_content)
    except (OSError, Unavailable):
        await find_snapshot(project, snapshot_id)  # it may have been deleted meanwhile
        raise
    saved = attrs.evolve(
        saved,
        project_id=project.project_id,
        settings=attrs.evolve(saved.settings, name=project.settings.name),
        revision=project.record().revision,  # the project may have been converted since
    )

    def finish() -> None:
        settle(content, project.file.path.name, saved, controller.file_versions)
        _carry_over(project.folder, content, set(project.nodes), {node.node_id for node in saved.nodes})

    await threads.copying.run(finish)
    await project.reopen(lambda: replaced_folder(project.folder, content))
    return snapshot


def _carry_over(old: Path, new: Path, present: Collection[UUID], kept: Collection[UUID]) -> None:
    """Keep the files that snapshots do not contain: captures and, as in GNS3, everything outside of ``project-files``;
    and inside it the parts that GNS3's snapshots lack: links, empty folders, and folders of nodes that are not in the
    project.

    ``present`` are the project's nodes, ``kept`` those of the snapshot.
    """
    beside = [path.name for path in old.iterdir() if path.name != PROJECT_FILES]
    orphans = [
        f"{PROJECT_FILES}/{path.parent.name}/{path.name}"
        for node_id, path in node_folders(old)
        if node_id not in present
    ]
    for name in (*beside, CAPTURES, *orphans):
        is_temporary = name.startswith(TEMPORARY_PREFIX) and name != VERSIONS_FOLDER
        if not is_temporary and not os.path.lexists(new / name):
            link_or_copy(old / name, new / name)
    gone = set(present) - set(kept)
    tree = read_tree(old / PROJECT_FILES, lambda name, _: _node_of(name) not in gone)
    for name, target in [*((name, None) for name in tree.folders), *tree.links.items()]:
        place = new / PROJECT_FILES / name
        with suppress(FileExistsError, NotADirectoryError):  # the snapshot contains something else there
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir() if target is None else place.symlink_to(target)


def _node_of(name: str) -> UUID | None:
    """The node to whose folder a path below ``project-files`` belongs."""
    _, *below = name.split("/")
    return as_uuid(below[0]) if below else None
