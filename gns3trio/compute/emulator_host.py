"""What this host has for QEMU beside nodes: programs and disks (see ``compute/nodes/qemu/host.py``)."""

from collections.abc import Sequence
from typing import Protocol

from gns3trio.classes import frozen


@frozen
class InstalledProgram:
    """A program of this host."""

    path: str
    version: str


@frozen(kw_only=True)
class DiskInfo:
    """What qemu-img tells of a disk. Sizes are in bytes: what its guest sees, and what it takes here. ``backing`` is
    the image below it, ``snapshots`` the names of states that are saved in it.
    """

    format: str
    virtual_size: int
    disk_size: int | None
    backing: str | None
    snapshots: list[str]


class QemuHost(Protocol):
    """The programs for nodes of this host, and its disks among the images (see ``compute/images.py``)."""

    async def programs(self, platforms: Sequence[str]) -> list[InstalledProgram]:
        """The installed programs of QEMU for these processors; for all if there are none."""

    async def image_tools(self) -> list[InstalledProgram]:
        """The program qemu-img, if it is installed."""

    def accelerated(self) -> list[str]:
        """The processors that this host can run without emulation."""

    async def create_disk(self, name: str, disk_format: str, size: int, options: Sequence[str]) -> None:
        """Make an empty disk of ``size`` MiB among the images. Raises Conflict with the reason, or Forbidden."""

    async def disk_info(self, name: str) -> DiskInfo:
        """What a disk among the images is. Raises Conflict with the reason, or Forbidden."""

    async def extend_disk(self, name: str, extend: int) -> None:
        """Make a disk among the images larger by so many MiB. Raises Conflict with the reason, or Forbidden."""
