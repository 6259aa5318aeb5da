"""Deletes folders with all their contents, however deep. Synchronous."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Delete a folder with all its contents, without following links. Raises OSError, also if there is no folder.

    A client can nest thousands of folders, deeper than the maximum length of a path and the recursion limit. So each
    folder that is found is moved to the top first, and emptied there.
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
    """As ``remove_tree``, but without errors: a missing folder is fine, and files that cannot be deleted are left."""
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
