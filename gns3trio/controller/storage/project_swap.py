"""Replaces a project's folder in one step, so that a crash leaves either the old folder or the new one.

A new folder is built under a temporary name. It replaces the old one by exchanging their names in one step
(RENAME_EXCHANGE of renameat2(2)). If the file system does not support this, two renames are used; after a crash between
them, the next start restores the old folder.
"""

import ctypes
import errno
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import trio

from gns3trio import threads
from gns3trio.controller.storage.file_names import MAX_COMPONENT_BYTES
from gns3trio.controller.storage.files import (
    TEMPORARY_PREFIX,
    disk_error,
    remove_folder,
    sync_folder,
    temporary_name,
)
from gns3trio.errors import Conflict, NoThread, Unavailable
from gns3trio.removal import discard_tree

log = logging.getLogger(__name__)

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_OLD_PREFIX = f"{TEMPORARY_PREFIX}old-"


@asynccontextmanager
async def staging_folder(place: Path) -> AsyncIterator[Path]:
    """Create an empty folder on the file system of the future folder ``place``. At the end it is deleted with its
    remaining contents.

    Raises Unavailable if the disk reports an error.
    """
    folder = place.parent / temporary_name()

    def make() -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise disk_error(folder, error) from error

    await threads.disk.run(make)
    try:
        yield folder
    finally:
        with trio.CancelScope(shield=True):
            await threads.disk.run(discard_tree, folder)


async def discard_folder(folder: Path, projects_path: Path, *, nursery: trio.Nursery) -> None:
    """Remove a folder durably in one step; a task in ``nursery`` then deletes its contents. Does nothing if it is
    missing. Raises Unavailable if the disk reports an error.
    """
    aside = projects_path / temporary_name()

    async def delete() -> None:
        with trio.CancelScope(shield=True), suppress(NoThread):  # the next start deletes the rest
            await threads.disk.run(discard_tree, aside)

    if await threads.disk.run(_set_aside, folder, aside):
        nursery.start_soon(delete)


def check_discardable(folder: Path, projects_path: Path) -> None:
    """Raises Unavailable if ``discard_folder`` would fail, for example on a disk that has become read-only."""
    for place in (folder.parent, projects_path):
        if place.exists() and not os.access(place, os.W_OK):
            raise Unavailable(f"{folder} cannot be deleted: {place} cannot be written to")


def _set_aside(folder: Path, aside: Path) -> bool:
    """Rename ``folder`` to ``aside``; returns False if it does not exist or is on another file system."""
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise disk_error(folder, error) from error
        remove_folder(folder)
        return False
    with _told(folder):
        sync_folder(folder.parent)
    return True


def put_in_place(new: Path, place: Path) -> None:
    """Move the folder ``new`` to its final place durably. Raises Conflict if something is there, Unavailable if the
    disk reports an error.
    """
    with _told(place):
        if os.path.lexists(place):
            raise Conflict(f"path: {place} exists already")
        _move(new, place)


def _move(new: Path, place: Path) -> None:
    """Rename durably, or not at all."""
    new.rename(place)
    try:
        sync_folder(place.parent)
    except OSError:
        place.rename(new)
        raise


@asynccontextmanager
async def replaced_folder(place: Path, new: Path) -> AsyncIterator[None]:
    """Replace the folder ``place`` by ``new``. If the block raises, the old folder is restored and ``new`` deleted.

    Raises Unavailable if the disk reports an error; nothing is changed then.
    """
    old = place.with_name(f"{_OLD_PREFIX}{place.name}")
    if len(os.fsencode(old.name)) > MAX_COMPONENT_BYTES:
        # After a crash the owner of the folder would be unknown, so this works only if both names change in one step.
        old = place.with_name(temporary_name())
    await threads.disk.run(_replace, place, new, old)
    try:
        yield
    except BaseException:
        with trio.CancelScope(shield=True):
            await threads.disk.run(_put_back, place, new, old)
        raise
    await threads.disk.run(discard_tree, old)


def _replace(place: Path, new: Path, old: Path) -> None:
    with _told(place):
        discard_tree(old)
        if _exchange(place, new):
            try:
                sync_folder(place.parent)
                new.rename(old)
            except OSError:
                _exchange(place, new)
                raise
            return
        if not old.name.startswith(_OLD_PREFIX):
            raise Conflict(f"{place}: the name of the folder is too long for this file system: rename it")
        place.rename(old)
        try:
            _move(new, place)
        except OSError:
            old.rename(place)
            raise


def _put_back(place: Path, new: Path, old: Path) -> None:
    with _told(place):
        if _exchange(place, old):
            old.rename(new)
        else:
            place.rename(new)
            old.rename(place)
        with suppress(OSError):  # after a crash, the next start repeats this
            sync_folder(place.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders; returns False if that is not possible in one step."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    names = os.fsencode(one), os.fsencode(other)
    renamed: int = libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return renamed == 0


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def recover(projects_path: Path) -> None:
    """Clean up after a crash, at the start of the server: restore the old folder of a project if the new one is
    missing, and delete incomplete folders.
    """
    try:
        leftovers = sorted(projects_path.glob(f"{TEMPORARY_PREFIX}*"))
    except OSError:
        return
    for folder in leftovers:
        place = folder.with_name(folder.name.removeprefix(_OLD_PREFIX))
        if folder.name.startswith(_OLD_PREFIX) and not place.exists():
            log.warning("%s was being replaced when the server ended; its old content is restored", place)
            with suppress(OSError):
                folder.rename(place)
        else:
            discard_tree(folder)
