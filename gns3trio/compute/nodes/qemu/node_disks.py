"""The disks in the folder of a QEMU node: its linked clones, and images that clients make there."""

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Protocol

from gns3trio import threads
from gns3trio.compute.nodes.qemu.disks import DiskTool, clone_of
from gns3trio.compute.nodes.qemu.settings import DRIVES
from gns3trio.errors import Conflict, Invalid, path_error
from gns3trio.printable import is_plain_name


class DiskOwner(Protocol):
    """The machine."""

    @property
    def name(self) -> str:
        """Its name, for messages."""

    @property
    def directory(self) -> Path:
        """Its folder."""

    def while_stopped(self) -> AbstractAsyncContextManager[None]:
        """While the ``with`` lasts, it cannot be started. Raises Conflict if it runs."""


class MachineDisks:
    """The implementation of ``NodeDisks``. ``resize_clone`` makes the clone of a drive larger."""

    def __init__(self, tool: DiskTool, machine: DiskOwner, resize_clone: Callable[[str, int], Awaitable[None]]) -> None:
        self._tool = tool
        self._machine = machine
        self._resize_clone = resize_clone

    async def create(self, name: str, disk_format: str, size: int, options: Sequence[str]) -> None:
        """Make an empty disk of ``size`` MiB."""
        path = self._path(name)
        async with self._machine.while_stopped():
            if await threads.disk.run(os.path.lexists, path):
                raise Conflict(f"disk_name: '{self._machine.name}' has a file {name!r} already")
            try:
                await self._tool.create(path, disk_format, size, options)
            except BaseException:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                raise

    async def extend(self, name: str, extend: int) -> None:
        """Make a disk larger by so many MiB."""
        path = self._path(name)
        await threads.disk.run(self._require, path)
        drive = next((drive for drive in DRIVES if clone_of(self._machine.directory, drive) == path), None)
        if drive is not None:
            await self._resize_clone(drive, extend)
            return
        async with self._machine.while_stopped():
            await self._tool.extend_image(path, extend)

    async def delete(self, name: str) -> None:
        """Delete a disk; a linked clone begins anew at the next start."""
        path = self._path(name)
        async with self._machine.while_stopped():
            await threads.disk.run(self._delete, path)

    def _path(self, name: str) -> Path:
        if not is_plain_name(name):
            raise Invalid(f"disk_name: {name[:200]!r} cannot be the name of a disk")
        return self._machine.directory / name

    def _require(self, path: Path) -> None:
        if path.is_symlink() or not path.is_file():
            raise Conflict(f"disk_name: '{self._machine.name}' has no disk {path.name!r}")

    def _delete(self, path: Path) -> None:
        self._require(path)
        try:
            path.unlink()
        except OSError as error:
            raise path_error(f"disk {path.name!r}", error) from None
