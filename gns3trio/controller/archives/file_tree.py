"""What is below a folder, found and opened without following a link, however deep it lies. Synchronous."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import attrs

from gns3trio.controller.storage.files import disk_error, printable
from gns3trio.errors import Conflict

# What opening tells of what is not a file any more: a link, a socket.
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


@attrs.frozen
class Tree:
    """What is below a folder, by names relative to it, sorted. ``folders`` are those in which nothing else is listed;
    ``links`` has what each symbolic link says, ``unreadable`` names the files that this server may not read. Sockets,
    pipes and devices are not in it.
    """

    files: list[str]
    folders: list[str]
    links: dict[str, str]
    unreadable: list[str] = attrs.field(factory=list)
    bytes: int = 0


def read_tree(folder: Path, is_wanted: Callable[[str, bool], bool]) -> Tree:
    """All that is below a folder and ``is_wanted``, which is told the name and whether it is a folder.

    What vanishes meanwhile is left out. Raises Conflict for a folder that this server may not read, Unavailable when
    the disk refuses.
    """
    files: list[str] = []
    folders: list[str] = []
    links: dict[str, str] = {}
    unreadable: list[str] = []
    size = 0
    waiting = [""]
    while waiting:
        below = waiting.pop()
        is_empty = True
        for entry in _scan(folder, below):
            name = f"{below}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_wanted(name, is_folder):
                continue
            try:
                if is_folder:
                    waiting.append(f"{name}/")
                elif entry.is_symlink():
                    links[name] = os.readlink(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    size += entry.stat(follow_symlinks=False).st_size
                    files.append(name)
                    if not os.access(entry.path, os.R_OK):
                        unreadable.append(name)
                else:
                    continue
            except FileNotFoundError:
                continue
            is_empty = False
        if is_empty and below:
            folders.append(below[:-1])
    return Tree(sorted(files), sorted(folders), dict(sorted(links.items())), unreadable, size)


def _scan(folder: Path, below: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder / below) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except PermissionError:
        raise Conflict(f"{printable(folder / below)} may not be read by this server") from None
    except OSError as error:
        raise disk_error(folder / below, error) from error


def open_below(root: int, name: str, flags: int) -> int:
    """Open what is at ``name`` below the folder of a descriptor; no folder on the way may be a link. Raises OSError."""
    *folders, last = name.split("/")
    at = os.dup(root)
    try:
        for part in folders:
            below = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        return os.open(last, flags | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def open_file_below(root: int, name: str) -> tuple[int, os.stat_result] | None:
    """A regular file, opened for reading, and what it is; None when it is none, or gone. Raises OSError."""
    try:
        descriptor = open_below(root, name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    return descriptor, status
