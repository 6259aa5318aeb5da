"""What this host has for QEMU beside nodes: the implementation of ``compute/emulator_host.py``."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gns3trio import threads
from gns3trio.compute.emulator_host import DiskInfo, InstalledProgram
from gns3trio.compute.images import ImageFolder
from gns3trio.compute.nodes.qemu.disks import DiskTool
from gns3trio.compute.nodes.qemu.found import find_program, installed_programs, native_platforms, platform_of
from gns3trio.compute.nodes.qemu.programs import QemuPrograms, can_use_kvm
from gns3trio.errors import Conflict, ImageMissing, path_error


class LocalQemuHost:
    """The images in a folder, and the programs of this host."""

    def __init__(self, image_folder: Path) -> None:
        self._images = ImageFolder(image_folder)
        self._programs = QemuPrograms()
        self._disks = DiskTool(self._programs, self._images)

    async def programs(self, platforms: Sequence[str]) -> list[InstalledProgram]:
        """The installed programs of QEMU for these processors."""
        found = await threads.disk.run(lambda: list(installed_programs()))
        return await self._with_versions([path for path in found if not platforms or platform_of(path) in platforms])

    async def image_tools(self) -> list[InstalledProgram]:
        """The program qemu-img, if it is installed."""
        found = await threads.disk.run(find_program, "qemu-img")
        return await self._with_versions([found] if found is not None else [])

    async def _with_versions(self, paths: Sequence[str]) -> list[InstalledProgram]:
        programs = []
        for path in paths:
            with suppress(Conflict):  # it is broken
                programs.append(InstalledProgram(path, (await self._programs.find(path)).version_text))
        return programs

    def accelerated(self) -> list[str]:
        """The processors that this host can run without emulation."""
        return list(native_platforms()) if can_use_kvm() else []

    async def create_disk(self, name: str, disk_format: str, size: int, options: Sequence[str]) -> None:
        """Make an empty disk among the images."""
        disk = await threads.disk.run(self._free_path, name)
        await self._disks.create(disk, disk_format, size, options)

    def _free_path(self, name: str) -> Path:
        path = self._images.folder / self._images.new_name(name, "path")
        if os.path.lexists(path):
            raise Conflict(f"path: the image {name!r} exists already")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise path_error(f"path: {name!r}", error) from None
        return path

    async def disk_info(self, name: str) -> DiskInfo:
        """What a disk among the images is."""
        disk = await threads.disk.run(self._find, name)
        return await self._disks.examine(disk)

    async def extend_disk(self, name: str, extend: int) -> None:
        """Make a disk among the images larger."""
        disk = await threads.disk.run(self._find, name)
        if extend == 0:
            return
        await self._disks.extend_image(disk, extend)

    def _find(self, name: str) -> Path:
        try:
            return self._images.find(name, field="path")
        except ImageMissing as error:  # which tells controllers to upload an image
            raise Conflict(str(error)) from None
