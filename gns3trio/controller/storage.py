"""Project files on disk: found, read, and written so that a crash leaves the old file or the new one.

Layout (as GNS3): ``<projects_path>/<project_id>/<name>.gns3`` with ``project-files/`` beside it.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from gns3trio.convert import parse_uuid
from gns3trio.errors import Conflict, Unavailable

TOPOLOGY_SUFFIX = ".gns3"
_TEMPORARY_SUFFIX = ".tmp"
# NAME_MAX of Linux file systems is 255 bytes; the suffixes must fit too.
MAX_FILE_NAME_BYTES = 240


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the file ``path`` by one that holds ``data``; durable when this returns.

    Temporary file in the same folder, fsync, rename, fsync of the folder. Raises Unavailable when the
    disk refuses; the old file is then untouched.
    """
    temporary = path.with_name(path.name + _TEMPORARY_SUFFIX)
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Unavailable(f"{path} cannot be written: {_reason(error)}") from error


def write_all(files: Mapping[Path, bytes | None]) -> None:
    """Replace files in their order, each as ``write_atomic`` does; None removes one. The last one counts: what comes
    before it means nothing without it.
    """
    for path, data in files.items():
        if data is not None:
            write_atomic(path, data)
        else:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return error.strerror or str(error)


def make_project_folder(folder: Path) -> None:
    """Create the folder of a new project. Raises Conflict when it exists, Unavailable when the disk refuses."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        (folder / "project-files").mkdir()
        _sync_folder(folder.parent)
    except FileExistsError:
        raise Conflict(f"path: {folder} exists already") from None
    except OSError as error:
        raise Unavailable(f"{folder} cannot be created: {_reason(error)}") from error


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that it holds; missing is fine. Raises Unavailable when the disk refuses."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"{folder} cannot be deleted: {_reason(error)}") from error


def find_project_files(projects_path: Path) -> Iterator[tuple[UUID, Path]]:
    """Every project below ``projects_path``: the id that its folder is named after and its topology file."""
    try:
        folders = sorted(projects_path.iterdir())
    except FileNotFoundError:
        return
    for folder in folders:
        try:
            project_id = parse_uuid(folder.name)
        except ValueError:
            continue
        files = sorted(folder.glob(f"*{TOPOLOGY_SUFFIX}"))
        if files:
            yield project_id, files[0]


def topology_file_name(project_name: str) -> str:
    """The file name for a new project. Raises Conflict for a name that no file can have."""
    if (
        not project_name.strip()
        or project_name.startswith(".")
        or any(character in project_name for character in "/\0")
        or len(os.fsencode(project_name)) > MAX_FILE_NAME_BYTES
    ):
        raise Conflict(f"name: {project_name!r} cannot be the name of a file")
    return project_name + TOPOLOGY_SUFFIX
