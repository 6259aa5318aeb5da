"""What this host has for QEMU beside nodes: programs, images and disks (see ``compute/nodes/qemu/host.py``)."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from gns3trio.classes import frozen


@frozen
class Image:
    """An image. ``path`` is relative to the folder of images. ``md5sum`` is None if it is not known yet."""

    path: str
    size: int
    md5sum: str | None

    @property
    def name(self) -> str:
        """The name of the file."""
        return PurePosixPath(self.path).name


@frozen
class InstalledProgram:
    """A program of this host."""

    path: str
    version: str


class QemuHost(Protocol):
    """The images that all nodes and clients of this host share, and the programs for them."""

    @property
    def image_folder(self) -> Path:
        """The folder of the images. It may be missing."""

    def relative(self, name: str) -> str:
        """The name of an image relative to the folder. Raises Forbidden if it leads out of the folder."""

    async def images(self) -> list[Image]:
        """All images, sorted by path."""

    async def keep_checksum(self, name: str, md5sum: str) -> None:
        """Keep the checksum of an image that was just written."""

    async def delete_image(self, name: str) -> None:
        """Delete an image. Raises NotFound, Forbidden, Conflict or Unavailable."""

    async def programs(self, platforms: Sequence[str]) -> list[InstalledProgram]:
        """The installed programs of QEMU for these processors; for all if there are none."""

    async def image_tools(self) -> list[InstalledProgram]:
        """The program qemu-img, if it is installed."""

    def accelerated(self) -> list[str]:
        """The processors that this host can run without emulation."""

    async def create_disk(self, name: str, disk_format: str, size: int, options: Sequence[str]) -> None:
        """Make an empty disk of ``size`` MiB among the images. Raises Conflict with the reason, or Forbidden."""

    async def extend_disk(self, name: str, extend: int) -> None:
        """Make a disk among the images larger by so many MiB. Raises Conflict with the reason, or Forbidden."""
