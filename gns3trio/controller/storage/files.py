"""Project files on disk: found, read, and written so that a crash leaves the old file or the new one.

Layout (as GNS3): ``<projects_path>/<project_id>/<name>.gns3`` with ``project-files/`` beside it; where projects of
others are, ``search`` knows.
"""

import errno
import fcntl
import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from gns3trio.controller.storage.file_names import PROJECT_SUFFIX
from gns3trio.errors import Conflict, Invalid, LabError, Unavailable
from gns3trio.project_layout import PROJECT_FILES
from gns3trio.removal import remove_tree

log = logging.getLogger(__name__)

# Of our own files that are not complete yet. What begins so is in no archive, and gone after the next start.
TEMPORARY_PREFIX = ".gns3trio-"
_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{32}")
# Of the errors of ``read_plain``: what is there is no regular file, or too large.
NO_PLAIN_FILE = (errno.EINVAL, errno.EFBIG)
# Of this run of the server: what has another one, a server that was killed has left.
_RUN = uuid4().hex[:16]
_LAST_SECOND = 253402300799.0  # of the year 9999
# Of a path in a message, in letters.
_MAX_SHOWN = 600
# A project file is read into memory as a whole; one of ten thousand nodes has some 10 MB.
MAX_PROJECT_FILE_BYTES = 128 << 20


def printable(path: Path | str) -> str:
    """A path as text that can be encoded: bytes that are not UTF-8 are replaced."""
    return os.fsencode(path).decode(errors="replace")


def disk_error(path: Path | str, error: OSError) -> LabError:
    """What to tell of a disk that refuses."""
    shown = printable(path)
    if len(shown) > _MAX_SHOWN:
        shown = f"{shown[: _MAX_SHOWN // 2]}...{shown[-_MAX_SHOWN // 2 :]}"
    return Unavailable(f"{shown}: {_reason(error)}")


def date_of(status: os.stat_result) -> float:
    """When a file was changed, in seconds since 1970; a date that calendars do not know becomes the nearest of them."""
    return min(max(status.st_mtime, 0.0), _LAST_SECOND)


def temporary_name() -> str:
    """A name for what is not complete yet, which nothing else has: several may write one file at the same time."""
    return f"{TEMPORARY_PREFIX}{_RUN}{uuid4().hex[:16]}"


def sweep(folder: Path, *, below: bool = True) -> None:
    """Delete what a server that was killed has left half written in a folder, with ``below`` also in those in it.

    What this server is writing meanwhile stays, and what cannot be deleted: it is in nobody's way. No other server may
    use the folder.
    """
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = list(found)
        except OSError:
            continue
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name.startswith(f"{TEMPORARY_PREFIX}{_RUN}"):
                continue
            if _TEMPORARY_NAME.fullmatch(entry.name):
                with suppress(OSError):
                    remove_tree(Path(entry.path)) if is_folder else os.unlink(entry.path)
            elif below and is_folder:
                waiting.append(Path(entry.path))


def read_plain(path: Path, limit: int) -> bytes:
    """What a regular file holds, which is at most ``limit`` bytes.

    Raises OSError, also for a larger one, and for what is no file: a FIFO keeps its reader waiting, for ever.
    """
    _require_plain(os.stat(path))  # opening a device may already do something
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        _require_plain(status)
        data = file.read(limit + 1) if status.st_size <= limit else None
        if data is None or len(data) > limit:  # it may grow meanwhile
            raise OSError(errno.EFBIG, f"is larger than {limit} bytes")
        return data


def _require_plain(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file")


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the file ``path`` by one that holds ``data``; durable when this returns.

    Temporary file in the same folder, fsync, rename, fsync of the folder. Raises Unavailable when the
    disk refuses; the old file is then untouched.
    """
    temporary = path.with_name(temporary_name())
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # what made the write fail may keep this from working too
            temporary.unlink()
        raise Unavailable(f"{path} cannot be written: {_reason(error)}") from error


def write_in_folder(folder: Path, name: str, data: bytes) -> None:
    """As ``write_atomic``, in a folder that is made when it is missing. Raises Unavailable when the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    write_atomic(folder / name, data)


def write_all(files: Mapping[Path, bytes | None]) -> None:
    """Replace files in their order, each as ``write_atomic`` does; None removes one. The last one counts: what comes
    before it means nothing without it. Raises Unavailable when the disk refuses.
    """
    for path, data in files.items():
        if data is not None:
            write_atomic(path, data)
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"{path} cannot be deleted: {_reason(error)}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return error.strerror or str(error)


@contextmanager
def lock_folder(setting: str, folder: Path) -> Iterator[None]:
    """Have a folder, made when it is missing, for this process alone; the lock dies with the process.

    Two servers that save into it would overwrite each other's changes. ``setting`` is its name in messages. Raises
    Unavailable when another server is there, Invalid when this cannot be a folder.
    """
    if printable(folder) != str(folder):
        raise Invalid(f"{setting}: {printable(folder)} is not UTF-8 text")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        reason = "is not a folder" if isinstance(error, FileExistsError | NotADirectoryError) else _reason(error)
        raise Invalid(f"{setting}: {folder}: {reason}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unavailable(f"{setting}: another gns3trio server uses {folder}") from None
    except OSError as error:  # some network file systems lock no folders
        log.warning("%s: %s cannot be locked against a second server: %s", setting, folder, _reason(error))
    try:
        yield
    finally:
        os.close(descriptor)


def make_project_folder(folder: Path) -> bool:
    """Create the folder of a new project, and return whether it was missing: one without a project file, which nodes of
    another controller have left, is used as it is.

    Raises Conflict when it holds a project, Unavailable when the disk refuses.
    """
    try:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise Conflict(f"path: {folder.parent} is not a folder, nor can it become one") from None
        try:
            folder.mkdir()
            made = True
        except FileExistsError:
            made = False
            if folder.is_symlink() or not folder.is_dir() or any(folder.glob(f"*{PROJECT_SUFFIX}")):
                raise Conflict(f"path: {folder} exists already") from None
        try:
            (folder / PROJECT_FILES).mkdir(exist_ok=True)
        except FileExistsError:
            raise Conflict(f"path: {folder / PROJECT_FILES} is not a folder") from None
        sync_folder(folder.parent)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be created: {_reason(error)}") from error
    return made


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that it holds; missing is fine. Raises Unavailable when the disk refuses."""
    try:
        remove_tree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"{folder} cannot be deleted: {_reason(error)}") from error
