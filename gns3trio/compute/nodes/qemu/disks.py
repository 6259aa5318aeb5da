"""The disks of a QEMU node: linked clones in its folder, and what qemu-img does with disks.

Disks come from other hosts and are written by guests. So an image that names files which are not its own is refused
before a program sees it (see ``image_check.py``), and its format is always given to QEMU, which does not guess. The
programs run in a sandbox all the same: qemu-img can read the images and write into one folder.
"""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trio

from gns3trio import threads
from gns3trio.compute.emulator_host import DiskInfo
from gns3trio.compute.images import ImageFolder
from gns3trio.compute.nodes.parts.node_folder import capabilities_for
from gns3trio.compute.nodes.parts.sandbox import LARGE_LIMITS, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import run_program
from gns3trio.compute.nodes.qemu.command import SAVED_STATE, Disk, source_of
from gns3trio.compute.nodes.qemu.image_check import check_clone, check_image
from gns3trio.compute.nodes.qemu.programs import QemuProgram, QemuPrograms
from gns3trio.compute.nodes.qemu.settings import DRIVES, QemuSettings
from gns3trio.errors import Conflict, Invalid, path_error
from gns3trio.json_text import read_json
from gns3trio.printable import escape
from gns3trio.sizes import size_text

# Making a disk of any size takes milliseconds, unless all its bytes are written at once.
_TOOL_SECONDS = 60.0
_WRITE_ALL_SECONDS = 600.0
_MOST_OUTPUT = 1024 * 1024
_MOST_WORDS = 300
# How many qemu-img run at once; others wait.
_MOST_TOOLS = 4
# A hostile header may claim any size. In bytes: a pebibyte.
_LARGEST = 2**50
_MOST_KNOWN = 1000
# QEMU's names of the formats that images may have. Others lead to the network, or to files that an image names.
FORMATS = frozenset(
    {"raw", "qcow2", "qcow", "vmdk", "vdi", "vpc", "VHDX", "vhdx", "qed", "cloop", "dmg", "parallels", "bochs"}
)
# UEFI for PCs: the code, and the variables that a machine begins with.
_FIRMWARE = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
)


class DiskTool:
    """qemu-img, and the images of this host."""

    def __init__(self, programs: QemuPrograms, images: ImageFolder) -> None:
        self._programs = programs
        self._images = images
        self._formats: dict[tuple[str, int, int], str] = {}
        self._slots = trio.CapacityLimiter(_MOST_TOOLS)

    async def prepare(self, settings: QemuSettings, folder: Path) -> list[Disk]:
        """The disks of a machine; linked clones that are missing are made. Raises Conflict or Unavailable."""
        disks: list[Disk] = []
        for number, drive in enumerate(DRIVES):
            name, md5sum = getattr(settings, f"{drive}_disk_image"), getattr(settings, f"{drive}_disk_image_md5sum")
            if not name or (drive == "hdd" and settings.create_config_disk):
                continue
            image = await threads.disk.run(self._images.find, name, md5sum, f"properties.{drive}_disk_image")
            interface = getattr(settings, f"{drive}_disk_interface")
            image_format = await self.format_of(image, writable=not settings.linked_clone)
            if settings.linked_clone:
                clone = clone_of(folder, drive)
                if not await threads.disk.run(os.path.lexists, clone):
                    await self._clone(image, image_format, clone)
                await threads.disk.run(check_clone, clone)
                disks.append(Disk(number, interface, str(clone), "qcow2", (str(image), image_format)))
            else:
                disks.append(Disk(number, interface, str(image), image_format))
        return disks

    async def format_of(self, image: Path, *, writable: bool = False) -> str:
        """The format of an image. Raises Conflict if it is none that a machine may have, or if it names files that are
        not its own; also if it names any, and is ``writable``.
        """
        await threads.disk.run(lambda: check_image(image, self._images.folder, writable=writable))
        status = await threads.disk.run(os.stat, image)
        key = str(image), status.st_mtime_ns, status.st_size
        if key not in self._formats:
            info = await self.info(image)
            found, size = str(info.get("format")), info.get("virtual-size")
            if found not in FORMATS:
                raise Conflict(f"The image {image.name!r} has the format {found}, which machines may not have")
            if not isinstance(size, int) or size > _LARGEST:
                raise Conflict(f"The image {image.name!r} claims to be larger than {size_text(_LARGEST)}")
            if len(self._formats) >= _MOST_KNOWN:
                self._formats.clear()
            self._formats[key] = found
        return self._formats[key]

    async def info(self, disk: Path) -> Mapping[str, Any]:
        """What qemu-img tells of a disk, which may be in use. Raises Conflict."""
        output = await self._run(["info", "--output=json", "-U", str(disk)], disk, writes=None)
        try:
            value = read_json(output)
        except Invalid:
            value = None
        if not isinstance(value, dict):
            raise Conflict(f"qemu-img does not know the disk {disk.name!r}")
        return value

    async def examine(self, image: Path) -> DiskInfo:
        """What an image is, as it is now. Raises Conflict."""
        await threads.disk.run(lambda: check_image(image, self._images.folder, writable=False))
        info = await self.info(image)
        size, taken, backing = info.get("virtual-size"), info.get("actual-size"), info.get("backing-filename")
        return DiskInfo(
            format=str(info.get("format")),
            virtual_size=size if isinstance(size, int) else 0,
            disk_size=taken if isinstance(taken, int) else None,
            backing=escape(backing) if isinstance(backing, str) else None,
            snapshots=[escape(name) for name in _snapshots(info)],
        )

    async def has_saved_state(self, disk: Path) -> bool:
        """Whether a machine was saved into this disk."""
        return SAVED_STATE in _snapshots(await self.info(disk))

    async def _clone(self, image: Path, image_format: str, clone: Path) -> None:
        """The clone gets another name until it is complete, as a killed server would leave a broken one."""
        temporary = clone.with_name(f".gns3trio-{clone.name}")
        backing = ["-F", image_format, "-b", str(image)]
        await self._run(["create", "-q", "-f", "qcow2", *backing, str(temporary)], image, writes=clone.parent)
        await threads.disk.run(os.replace, temporary, clone)

    async def create(self, disk: Path, disk_format: str, size: int, options: Sequence[str] = ()) -> None:
        """Make an empty disk of ``size`` MiB. Raises Conflict with what qemu-img says."""
        writes_all = any("preallocation" in each for each in options)
        arguments = ["create", "-q", "-f", disk_format]
        for option in options:
            arguments += ["-o", option]
        await self._run(
            [*arguments, str(disk), f"{size}M"],
            disk,
            writes=disk.parent,
            seconds=_WRITE_ALL_SECONDS if writes_all else _TOOL_SECONDS,
        )

    async def extend(self, disk: Disk, extend: int) -> None:
        """Make a disk larger by ``extend`` MiB. Raises Conflict with what qemu-img says."""
        source, path = source_of(disk), Path(disk.file)
        await self._run(["resize", "-q", "--image-opts", source, f"+{extend}M"], path, writes=path.parent)

    async def extend_image(self, image: Path, extend: int) -> None:
        """The same for an image that stands alone."""
        await self.extend(Disk(0, "none", str(image), await self.format_of(image, writable=True)), extend)

    async def _run(
        self, arguments: Sequence[str], disk: Path, *, writes: Path | None, seconds: float = _TOOL_SECONDS
    ) -> bytes:
        async with self._slots:
            return await self._run_tool(arguments, disk, writes, seconds)

    async def _run_tool(self, arguments: Sequence[str], disk: Path, writes: Path | None, seconds: float) -> bytes:
        program = await self._programs.image_tool()
        sandbox = await threads.disk.run(self._sandbox, program, disk, writes)
        status, output = -signal.SIGKILL, b""
        try:
            with trio.move_on_after(seconds):
                status, output = await run_program(
                    [program.executable, *arguments],
                    cwd=Path("/"),
                    sandbox=sandbox,
                    most=_MOST_OUTPUT,
                    with_errors=True,
                )
        except OSError as error:
            raise Conflict(f"qemu-img cannot be started: {error.strerror}") from None
        if status != 0:
            lines = output[-_MOST_WORDS:].decode(errors="replace").strip().splitlines()
            words = escape(" ".join(lines[-2:]))
            raise Conflict(
                words.removeprefix("qemu-img: ") or f"qemu-img took longer than {seconds:g} s, or was killed"
            )
        return output

    def _sandbox(self, program: QemuProgram, disk: Path, writes: Path | None) -> Sandbox:
        paths = {**program.files, str(self._images.folder): Access.READ, os.path.realpath(disk): Access.READ}
        capabilities = frozenset[int]()
        if writes is not None:
            paths[str(writes)] = Access.READ | Access.WRITE
            capabilities = capabilities_for(writes)
        return Sandbox(paths=paths, calls=Calls.THREADS, limits=LARGE_LIMITS, capabilities=capabilities)


def _snapshots(info: Mapping[str, Any]) -> list[str]:
    snapshots = info.get("snapshots")
    names = [each.get("name") for each in snapshots if isinstance(each, dict)] if isinstance(snapshots, list) else []
    return [name for name in names if isinstance(name, str)]


def clone_of(folder: Path, drive: str) -> Path:
    """The linked clone of a drive, by GNS3's name."""
    return folder / f"{drive}_disk.qcow2"


def set_clone_aside(folder: Path, drive: str) -> bool:
    """Keep the clone of another image under another name, because its parts would not fit. Blocks. Returns whether
    there was one.
    """
    clone = clone_of(folder, drive)
    if not os.path.lexists(clone):
        return False
    os.replace(clone, clone.with_name(f"{drive}_disk.before.qcow2"))
    return True


def prepare_firmware(folder: Path, platform: str) -> tuple[str, str]:
    """UEFI's code, and a file of the node for its variables, which is made if it is missing. Blocks. Raises Conflict or
    Unavailable.
    """
    found = next((pair for pair in _FIRMWARE if all(map(os.path.isfile, pair))), None)
    if platform != "x86_64" or found is None:
        raise Conflict(
            f"properties.uefi: there is no UEFI for {platform} machines here (Debian and Ubuntu: apt install ovmf, for "
            "x86_64)"
        )
    code, variables = found
    own = folder / os.path.basename(variables)
    try:
        if not own.exists():
            temporary = own.with_name(f".gns3trio-{own.name}")
            shutil.copyfile(variables, temporary)
            temporary.replace(own)
    except OSError as error:
        raise path_error(str(own), error) from None
    return code, str(own)
