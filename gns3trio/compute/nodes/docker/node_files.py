"""The files of a node's persistent folders on this host, and their owners and modes. Synchronous.

A container may leave anything in its folders: links to files of this host, devices, millions of files. So a folder is
reached from that of the project one name at a time, no link is followed, and the work has limits.

A file belongs to a user of the container, and a project's archive does not keep owners. As in GNS3, the owners and
modes are written to a file in each persistent folder when the container stops. It has a line ``MODE:USER:GROUP:PATH``
for each file.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PERMISSIONS_FILE = ".gns3_perms"
# Of which owners and modes are kept, per persistent folder: enough for what a lab configures.
MAX_FILES = 100_000
MAX_DEPTH = 64
_MAX_BYTES = 32 * 1024 * 1024
_LINE = re.compile(rb"([0-7]{1,4}):([0-9]{1,10}):([0-9]{1,10}):(/[^\0]*)")
_MAX_ID = 2**32 - 2
# A node's folder is three names below that of its project: project-files, type, id.
_OWN_NAMES = 3
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def save_permissions(folder: Path, volumes: Sequence[str]) -> None:
    """Write down the owner and mode of each file in the persistent folders. ``folder`` is the node's.

    Call it in a thread when the container has stopped. Raises OSError if something is in the way.
    """
    for volume in volumes:
        with open_volume(folder, volume) as root:
            lines = [_line(os.fstat(root), os.fsencode(volume))]
            lines += _lines_below(root, os.fsencode(volume))
            _replace(root, PERMISSIONS_FILE, b"".join(reversed(lines)))


def restore_permissions(folder: Path, volumes: Sequence[str]) -> int:
    """Give the files the owners and modes that were written down; returns how many could not be changed.

    What was not written down stays as it is. Call it in a thread before the container starts. Raises OSError if a
    folder cannot be used.
    """
    failures = 0
    for volume in volumes:
        with open_volume(folder, volume) as root:
            for mode, user, group, name in _written_down(root, volume):
                try:
                    _restore(root, name, mode, user, group)
                except FileNotFoundError:
                    continue
                except OSError:
                    failures += 1
    return failures


def _lines_below(root: int, volume: bytes) -> Iterator[bytes]:
    """A folder comes before its files."""
    waiting = [""]
    count = 0
    while waiting:
        below = waiting.pop()
        with suppress(FileNotFoundError), open_below(root, below) as folder, os.scandir(folder) as entries:
            for entry in entries:
                name = f"{below}/{entry.name}"
                count += 1
                if count > MAX_FILES:
                    return
                if entry.is_dir(follow_symlinks=False) and name.count("/") < MAX_DEPTH:
                    waiting.append(name)
                if "\n" not in name:
                    yield _line(entry.stat(follow_symlinks=False), volume + os.fsencode(name))


def _line(status: os.stat_result, path: bytes) -> bytes:
    return b"%o:%d:%d:%s\n" % (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, path)


def _written_down(root: int, volume: str) -> Iterator[tuple[int, int, int, str]]:
    """Mode, user, group and name below ``root`` of each file. Lines that are not ours are left out."""
    for line in _read(root, PERMISSIONS_FILE).split(b"\n")[:MAX_FILES]:
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        mode, user, group = int(found[1], 8), int(found[2]), int(found[3])
        path = os.fsdecode(found[4])
        name = path.removeprefix(volume)
        is_below = path.startswith(f"{volume}/") or path == volume
        if is_below and max(user, group) <= _MAX_ID and name.count("/") <= MAX_DEPTH:
            yield mode, user, group, name


def _restore(root: int, name: str, mode: int, user: int, group: int) -> None:
    parent, _, last = name.rpartition("/")
    with open_below(root, parent) as folder:
        # Only a path: a file that is not an ordinary one may do something when it is opened.
        handle = os.open(last or ".", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            status = os.fstat(handle)
            if (status.st_uid, status.st_gid) != (user, group):
                os.chown(last or ".", user, group, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISLNK(status.st_mode) and stat.S_IMODE(os.fstat(handle).st_mode) != mode:
                os.chmod(f"/proc/self/fd/{handle}", mode)
        finally:
            os.close(handle)


# --- files and folders ---


@contextmanager
def open_volume(folder: Path, volume: str, *, make: bool = False) -> Iterator[int]:
    """A descriptor of a persistent folder; of the node's own folder if ``volume`` is empty. ``make`` makes what is
    missing. Raises OSError, with the path, if it is not there or something else is in its place.
    """
    project = folder.parents[_OWN_NAMES - 1]
    with open_project(project) as root:
        try:
            descriptor = _open_below(root, f"{folder.relative_to(project)}{volume}", make=make)
        except OSError as error:
            error.filename = f"{folder}{volume}"
            raise
        try:
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def open_project(project: Path) -> Iterator[int]:
    """A descriptor of a project's folder, which the user may have put behind a link."""
    descriptor = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def open_below(root: int, names: str, *, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder below another one. ``make`` makes what is missing. Raises OSError."""
    descriptor = _open_below(root, names, make=make)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_below(root: int, names: str, *, make: bool) -> int:
    at = os.open(".", _FOLDER, dir_fd=root)
    try:
        for name in filter(None, names.split("/")):
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=at)
            # ".." is no name here: what was written down may be hostile too.
            below = os.open(name if name != ".." else "", _FOLDER, dir_fd=at)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def write_new(folder: int, name: str, data: bytes) -> None:
    """Write a file. Raises FileExistsError if there is something of this name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
        file.write(data)


def _replace(folder: int, name: str, data: bytes) -> None:
    new = f"{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(new, dir_fd=folder)
    write_new(folder, new, data)
    os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)


def _read(folder: int, name: str) -> bytes:
    """The contents of an ordinary file; nothing if it is none, or is too large."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return b""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
        os.close(descriptor)
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MAX_BYTES)
