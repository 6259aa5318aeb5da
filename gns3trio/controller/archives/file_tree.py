"""Lists and opens files below a folder at any depth, without following links. Synchronous."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.storage.files import disk_error, printable
from gns3trio.errors import Conflict

# Errors of opening something that is no longer a file but a link or a socket.
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


@frozen
class Tree:
    """The contents of a folder, as sorted relative names. ``folders`` are the folders without listed contents.
    ``links`` has the target of each symbolic link. ``unreadable`` are files that the server may not read. Sockets,
    pipes and devices are not included.
    """

    files: list[str]
    folders: list[str]
    links: dict[str, str]
    unreadable: list[str] = attrs.field(factory=list)
    bytes: int = 0


def read_tree(folder: Path, is_wanted: Callable[[str, bool], bool]) -> Tree:
    """List everything below a folder for which ``is_wanted`` is true; it gets the name, and whether it is a folder.

    Files that vanish meanwhile are left out. Raises Conflict for a folder that the server may not read, Unavailable if
    the disk reports an error.
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
    """Open ``name`` below the folder of a descriptor, without following links. Raises OSError."""
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
    """Open a regular file for reading; returns it with its status, or None if it is not one or is
    gone. Raises OSError.
    """
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
