"""Folders are deleted with all that they hold, however deep that lies. Synchronous."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Delete a folder with all that it holds; no link is followed. Raises OSError, also when there is no folder.

    A client can make folders in each other by the thousands, deeper than a path can be long and a function can call
    itself. So a folder that is found is moved to the top, and emptied there.
    """
    if stat.S_ISLNK(os.lstat(folder).st_mode):
        raise NotADirectoryError(f"{folder} is a link")
    numbers = count()
    while folders := _delete_files(folder):
        for path in folders:
            for below in _delete_files(path):
                os.rename(below, _free_name(folder, numbers))
            os.rmdir(path)
    os.rmdir(folder)


def discard_tree(folder: Path) -> None:
    """The same as far as it can be done; no folder is fine. What stays must be in nobody's way."""
    with suppress(OSError):
        remove_tree(folder)


def _delete_files(folder: str | Path) -> list[str]:
    """Delete the files in a folder; returns the folders in it."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)
    return folders


def _free_name(folder: Path, numbers: Iterator[int]) -> Path:
    return next(path for number in numbers if not os.path.lexists(path := folder / f".{number}"))
