"""Reads and writes project files so that a crash leaves either the old file or the new one.

Layout (as in GNS3): ``<projects_path>/<project_id>/<name>.gns3`` with ``project-files/`` beside it. ``search`` finds
projects in other layouts.
"""

import errno
import fcntl
import logging
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from gns3trio.controller.storage.file_names import PROJECT_SUFFIX
from gns3trio.errors import Conflict, Invalid, LabError, Unavailable
from gns3trio.project_layout import PROJECT_FILES
from gns3trio.removal import remove_tree
from gns3trio.sizes import size_text

log = logging.getLogger(__name__)

# The prefix of incomplete files. They are in no archive, and are deleted at the next start.
TEMPORARY_PREFIX = ".gns3trio-"
_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{32}")
# The errors of ``read_plain`` for something that is not a regular file, or is too large.
NO_PLAIN_FILE = (errno.EINVAL, errno.EFBIG)
# Identifies this run of the server: temporary files of other runs were left by a killed server.
_RUN = uuid4().hex[:16]
_LAST_SECOND = 253402300799.0  # of the year 9999
# The most characters of a path in a message.
_MAX_SHOWN = 600
# The largest project file, which is read into memory. With ten thousand nodes it has some 10 MB.
MAX_PROJECT_FILE_BYTES = 128 << 20


def printable(path: Path | str) -> str:
    """A path as encodable text: bytes that are not UTF-8 are replaced."""
    return os.fsencode(path).decode(errors="replace")


def disk_error(path: Path | str, error: OSError) -> LabError:
    """A message for a disk error."""
    shown = printable(path)
    if len(shown) > _MAX_SHOWN:
        shown = f"{shown[: _MAX_SHOWN // 2]}...{shown[-_MAX_SHOWN // 2 :]}"
    return Unavailable(f"{shown}: {_reason(error)}")


def date_of(status: os.stat_result) -> float:
    """The modification time of a file in seconds since 1970; a date outside of the calendar becomes the nearest valid
    one.
    """
    return min(max(status.st_mtime, 0.0), _LAST_SECOND)


def temporary_name() -> str:
    """A unique name for an incomplete file, because several tasks may write the same file at once."""
    return f"{TEMPORARY_PREFIX}{_RUN}{uuid4().hex[:16]}"


def sweep(folder: Path, *, below: bool = True, unused_for: float = 0.0) -> None:
    """Delete incomplete files of a killed server in a folder; with ``below`` also in its subfolders. Only those that
    nobody has written for so many seconds.

    Files that this server is writing are kept, and files that cannot be deleted, which do no harm. No other server may
    use the folder, unless ``unused_for`` is long.
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
                    if unused_for and entry.stat(follow_symlinks=False).st_mtime + unused_for > time.time():
                        continue
                    remove_tree(Path(entry.path)) if is_folder else os.unlink(entry.path)
            elif below and is_folder:
                waiting.append(Path(entry.path))


def read_plain(path: Path, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes.

    Raises OSError, also for a larger file, and for anything that is not a file: a FIFO would block for ever.
    """
    _require_plain(os.stat(path))  # merely opening a device may have effects
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        _require_plain(status)
        data = file.read(limit + 1) if status.st_size <= limit else None
        if data is None or len(data) > limit:  # the file may grow meanwhile
            raise OSError(errno.EFBIG, f"is larger than {size_text(limit)}")
        return data


def _require_plain(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file")


def write_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace the file ``path`` by one with ``data``; it is durable when this returns. Only the user of the server can
    read a ``private`` file.

    Temporary file in the same folder, fsync, rename, fsync of the folder. Raises Unavailable if the disk
    reports an error; the old file is unchanged then.
    """
    temporary = path.with_name(temporary_name())
    mode = 0o600 if private else 0o666  # less what the umask takes away
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # the cause of the failed write may make this fail too
            temporary.unlink()
        raise Unavailable(f"{path} cannot be written: {_reason(error)}") from error


def write_in_folder(folder: Path, name: str, data: bytes, *, private: bool = False) -> None:
    """As ``write_atomic``, but creates the folder if it is missing. Raises Unavailable if the disk reports an error."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    write_atomic(folder / name, data, private=private)


def write_all(files: Mapping[Path, bytes | None]) -> None:
    """Replace files in order, each as ``write_atomic`` does; None deletes one. The last file is decisive: the others
    have no effect without it. Raises Unavailable if the disk reports an error.
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
    """Lock a folder for this process, creating it if it is missing. The lock ends with the process.

    Two servers with the same folder would overwrite each other's changes. ``setting`` is its name in messages. Raises
    Unavailable if another server uses it, Invalid if it cannot be a folder.
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
    except OSError as error:  # some network file systems cannot lock folders
        log.warning("%s: %s cannot be locked against a second server: %s", setting, folder, _reason(error))
    try:
        yield
    finally:
        os.close(descriptor)


def make_project_folder(folder: Path) -> bool:
    """Create the folder of a new project; returns whether it was missing. An existing folder without a project file,
    left by a hosted project, is used as it is.

    Raises Conflict if it contains a project, Unavailable if the disk reports an error.
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
    """Delete a folder with all its contents. Does nothing if it is missing. Raises Unavailable if the disk reports an
    error.
    """
    try:
        remove_tree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"{folder} cannot be deleted: {_reason(error)}") from error
