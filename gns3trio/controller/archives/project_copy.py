"""Selects the files of a project that are copied, and gives copies new ids. Synchronous; callers run it in threads.

Layout of a portable project and of a snapshot, as GNS3 2.2 writes them: ``project.gns3``, the project file, at the
root, ``project-files/<node type>/<node id>/...``, other files of the project's folder, and, in portable projects only
and when asked for, ``snapshots/`` and ``images/``.
"""

import os
import shutil
import stat
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import attrs

from gns3trio.classes import define, frozen
from gns3trio.controller.archives.entry_names import PORTABLE_PROJECT_FILE, link_problem
from gns3trio.controller.archives.file_tree import Tree, open_file_below, read_tree
from gns3trio.controller.archives.reader import Budget, unpack
from gns3trio.controller.archives.writer import write_archive
from gns3trio.controller.gns3_format.own_fields import add_own_fields, format_own_fields
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import NodeRecord, ProjectRecord, format_project, renew_path
from gns3trio.controller.gns3_format.revisions import FileVersions
from gns3trio.controller.storage.converted_files import settle_files
from gns3trio.controller.storage.file_names import is_project_file
from gns3trio.controller.storage.files import (
    MAX_PROJECT_FILE_BYTES,
    TEMPORARY_PREFIX,
    disk_error,
    printable,
    temporary_name,
    write_atomic,
)
from gns3trio.convert import as_uuid
from gns3trio.errors import Conflict
from gns3trio.project_layout import CAPTURES, DISK_IMAGES, OWN_FIELDS_FILE, PROJECT_FILES, SNAPSHOTS, TEMPORARY_FILES
from gns3trio.removal import discard_tree, remove_tree
from gns3trio.sizes import size_text

SNAPSHOT_SUFFIXES = (".gns3snapshot", ".gns3project")

# The bytes between two checks whether the copy is still wanted.
_COPIED_BYTES = 1 << 20
_NOT_COPIED = frozenset({CAPTURES, TEMPORARY_FILES, OWN_FIELDS_FILE})
_LOG_ENDINGS = (".log", "_log.txt")


@define
class NewIds:
    """Maps old ids to new ones. The same id always gets the same new id, so that references stay valid."""

    _new: dict[UUID, UUID] = attrs.field(factory=dict)

    def __getitem__(self, old: UUID) -> UUID:
        return self._new.setdefault(old, uuid4())

    def of_text(self, old: object) -> str:
        """As above, for an id in text form; an invalid id gets a new one too."""
        known = as_uuid(old)
        return str(uuid4() if known is None else self[known])


def renew(saved: ProjectRecord, project_id: UUID, ids: NewIds) -> ProjectRecord:
    """A copy of the project with a new project id, and new ids of its nodes, links and drawings."""

    records = {str(record.node_id): ids[record.node_id] for record in saved.nodes}
    records |= {str(record.link_id): ids[record.link_id] for record in saved.links}
    drawings = {str(drawing["drawing_id"]): ids.of_text(drawing["drawing_id"]) for drawing in saved.drawings}
    return attrs.evolve(
        saved,
        project_id=project_id,
        nodes=[attrs.evolve(node, node_id=ids[node.node_id]) for node in saved.nodes],
        links=[
            attrs.evolve(
                link,
                link_id=ids[link.link_id],
                nodes=[attrs.evolve(end, node_id=ids[end.node_id]) for end in link.nodes],
            )
            for link in saved.links
        ],
        drawings=[{**drawing, "drawing_id": drawings[drawing["drawing_id"]]} for drawing in saved.drawings],
        unknown={renew_path(path, {**records, **drawings}): keys for path, keys in saved.unknown.items()},
        impairments={ids[link_id]: kept for link_id, kept in saved.impairments.items()},
        engines={ids[node_id]: engine for node_id, engine in saved.engines.items()},
        mac_ids={},  # the copy may be connected to its original
    )


def reset_macs(saved: ProjectRecord) -> ProjectRecord:
    """The project without assigned MAC addresses, so that copies get new ones."""
    return attrs.evolve(saved, nodes=list(map(without_macs, saved.nodes)))


def without_macs(node: NodeRecord) -> NodeRecord:
    """The node without assigned MAC addresses."""

    def without(values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if key not in ("mac_addr", "mac_address")}

    return attrs.evolve(
        node,
        properties=without(node.properties),
        custom_adapters=[without(adapter) for adapter in node.custom_adapters],
    )


# --- the files of a project ---


@frozen
class Content:
    """The files of a project that are copied. ``left_out`` has the reason for each link that is not."""

    tree: Tree
    left_out: list[str]


def list_content(folder: Path, *, snapshots: bool = False, images: bool = False) -> Content:
    """List the files of a project's folder that are copied, beside its project file and our own fields. Captures, logs,
    links that lead out of the project, and older project files are left out.

    Raises Conflict for files that the server may not read, Unavailable if the disk reports an error.
    """
    left_out = _NOT_COPIED | ({SNAPSHOTS} if not snapshots else set()) | ({DISK_IMAGES} if not images else set())

    def is_wanted(name: str, is_folder: bool) -> bool:
        base = name.rpartition("/")[2]
        if name in left_out or base.startswith(TEMPORARY_PREFIX) or base == ".DS_Store":
            return False
        return is_folder or not (base.endswith(_LOG_ENDINGS) or is_project_file(name))

    return _sorted_out(read_tree(folder, is_wanted), "")


def list_folder(folder: Path, place: str) -> Content:
    """List the files of a node's folder that are copied; it is at ``place`` in its project. Logs are left out. Raises
    as above.
    """
    return _sorted_out(
        read_tree(folder, lambda name, is_folder: is_folder or not name.endswith(_LOG_ENDINGS)), f"{place}/"
    )


def _sorted_out(tree: Tree, place: str) -> Content:
    """Remove links that lead out of the project. Raises Conflict for a file that the server may not read."""
    if tree.unreadable:
        raise Conflict(f"{printable(tree.unreadable[0])} may not be read by this server")
    problems = {name: link_problem(f"{place}{name}", target) for name, target in tree.links.items()}
    links = {name: target for name, target in tree.links.items() if problems[name] is None}
    left_out = [f"{printable(name)} {problem}" for name, problem in problems.items() if problem is not None]
    return Content(attrs.evolve(tree, links=links), left_out)


def portable_files(saved: ProjectRecord, versions: FileVersions) -> dict[str, bytes]:
    """The project file and our own fields, in the form for archives."""
    files = {PORTABLE_PROJECT_FILE: format_project(saved, versions.of(saved.revision))}
    own_fields = format_own_fields(saved)
    if own_fields is not None:
        files[OWN_FIELDS_FILE] = own_fields
    return files


def copy_files(source: Path, target: Path, tree: Tree, checkpoint: Callable[[], None]) -> None:
    """Copy the files in ``tree`` durably. A file that has vanished meanwhile is left out.

    Raises Unavailable if the disk reports an error.
    """
    try:
        root = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    except OSError as error:
        raise disk_error(source, error) from error
    place = target
    try:
        for name in tree.files:
            checkpoint()
            place = target / name
            _copy_file(root, name, place, checkpoint)
        for name in tree.folders:
            (target / name).mkdir(parents=True, exist_ok=True)
        for name, link in tree.links.items():
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(link)
    except OSError as error:
        raise disk_error(place, error) from error
    finally:
        os.close(root)


def _copy_file(root: int, name: str, target: Path, checkpoint: Callable[[], None]) -> None:
    opened = open_file_below(root, name)
    if opened is None:
        return
    descriptor, status = opened
    with open(descriptor, "rb") as old:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as new:
            while piece := old.read(_COPIED_BYTES):
                checkpoint()
                new.write(piece)
            new.flush()
            os.fchmod(new.fileno(), 0o755 if status.st_mode & stat.S_IXUSR else 0o644)
            os.fsync(new.fileno())


# --- an unpacked archive ---


def read_unpacked(folder: Path) -> ProjectRecord:
    """Read the project in an unpacked archive, with our own fields. Files of an older GNS3 are moved to their present
    places. Raises Conflict, or Unavailable if the disk reports an error.
    """
    saved = parse_project(_read(folder / PORTABLE_PROJECT_FILE))
    if (folder / OWN_FIELDS_FILE).is_file():
        add_own_fields(saved, _read(folder / OWN_FIELDS_FILE))
    if saved.conversion is not None:
        settle_files(folder, saved.conversion)
    return saved


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_PROJECT_FILE_BYTES:
            raise Conflict(f"archive: {path.name} is larger than {size_text(MAX_PROJECT_FILE_BYTES)}")
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise Conflict(f"archive: there is no {path.name} in it") from None
    except OSError as error:
        raise disk_error(path, error) from error


def settle(folder: Path, file_name: str, saved: ProjectRecord, versions: FileVersions) -> None:
    """Turn an unpacked archive into a project folder: rename its project file, and delete all others except the one of
    an older GNS3 from which it was converted.

    Raises Unavailable if the disk reports an error.
    """
    backup = f"{file_name}.backup{saved.old_revision}"
    try:
        if saved.old_revision is not None and (folder / PORTABLE_PROJECT_FILE).is_file():
            (folder / PORTABLE_PROJECT_FILE).rename(folder / backup)
        for path in list(folder.iterdir()):
            if is_project_file(path.name) and path.name != backup:
                remove_tree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (folder / PROJECT_FILES).mkdir(exist_ok=True)
        (folder / OWN_FIELDS_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    for name, data in portable_files(saved, versions).items():
        write_atomic(folder / (file_name if name == PORTABLE_PROJECT_FILE else name), data)


def node_folders(folder: Path) -> list[tuple[UUID, Path]]:
    """The folders of nodes in a project's folder, with the ids; without links. Raises OSError."""
    found = []
    for kind in _folders(folder / PROJECT_FILES):
        for path in _folders(kind):
            if (node_id := as_uuid(path.name)) is not None:
                found.append((node_id, path))
    return found


def _folders(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def rename_node_folders(folder: Path, node_ids: Collection[UUID], ids: NewIds) -> None:
    """Rename the folders of nodes to their new ids, and adjust links into them. Raises Unavailable if the disk reports
    an error.
    """
    try:
        for node_id, path in node_folders(folder):
            if node_id in node_ids:
                path.rename(path.with_name(str(ids[node_id])))
        for name, target in read_tree(folder, lambda name, is_folder: True).links.items():
            new = "/".join(_renewed(part, node_ids, ids) for part in target.split("/"))
            if new != target:
                (folder / name).unlink()
                (folder / name).symlink_to(new)
    except OSError as error:
        raise disk_error(folder, error) from error


def _renewed(part: str, node_ids: Collection[UUID], ids: NewIds) -> str:
    node_id = as_uuid(part)
    return str(ids[node_id]) if node_id is not None and node_id in node_ids else part


def renew_snapshots(
    folder: Path,
    *,
    project_id: UUID,
    name: str,
    ids: NewIds,
    versions: FileVersions,
    budget: Budget,
    checkpoint: Callable[[], None],
) -> None:
    """Change the ids in the snapshots of a project's copy to those of the copy. A snapshot that cannot be read is left
    as it is.

    Raises Conflict if they unpack to more than ``budget``, Unavailable if the disk is full or reports an error.
    """
    scratch = folder / temporary_name()

    check = budget.watched(folder, checkpoint)
    for path in sorted((folder / SNAPSHOTS).glob("*")):
        if not path.name.endswith(SNAPSHOT_SUFFIXES) or not path.is_file():
            continue
        new = path.with_name(temporary_name())
        try:
            scratch.mkdir()
            try:
                unpack(path, scratch, budget, checkpoint)
                saved = read_unpacked(scratch)
            except Conflict as error:
                if min(budget.bytes_left, budget.entries_left) < 0:
                    raise error
                continue
            node_ids = {node.node_id for node in saved.nodes}
            rename_node_folders(scratch, node_ids, ids)
            saved = renew(saved, project_id, ids)
            saved.settings.name = name
            tree = list_content(scratch).tree
            write_archive(new, scratch, tree, portable_files(saved, versions), checkpoint=check)
            new.replace(path)
        except OSError as error:
            raise disk_error(path, error) from error
        finally:
            discard_tree(scratch)
            with suppress(OSError):
                new.unlink()


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link or copy a file, or a folder with all its files. Raises Unavailable if the disk reports an error."""
    try:
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_dir():
            _link_tree(source, target)
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy_file(source, target)
    except OSError as error:
        raise disk_error(source, error) from error


def _link_tree(source: Path, target: Path) -> None:
    tree = read_tree(source, lambda name, is_folder: True)
    for name in ("", *tree.folders):
        (target / name).mkdir(parents=True, exist_ok=True)
    for name in (*tree.files, *tree.links):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy_file(source / name, target / name)


def _link_or_copy_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
