"""The QEMU programs of this host: where they are, their versions, and whether the processor can help them."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import LARGE_LIMITS, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import output_of
from gns3trio.compute.nodes.qemu.found import PREFIX, default_platform, find_program, platform_of
from gns3trio.errors import Conflict

KVM = "/dev/kvm"
INSTALL_ADVICE = "Install QEMU (Debian and Ubuntu: apt install qemu-system-x86 qemu-utils), and start this server again"
# --version answers within milliseconds, and on a host that is overloaded within many seconds.
_PROBE_SECONDS = 60.0
_VERSION = re.compile(rb"version (\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
# Firmware, keyboard layouts, and the network boot of adapters, which QEMU loads itself. They belong to the system.
_DATA_FOLDERS: tuple[str, ...] = (
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/share/OVMF",
    "/usr/share/ovmf",
    "/usr/share/AAVMF",
)
_DATA_FOLDERS += ("/usr/share/edk2", "/usr/share/qemu-efi-aarch64", "/usr/share/ipxe", "/usr/share/qboot")
_DATA_FOLDERS += ("/usr/local/share/qemu", "/usr/share/slof", "/usr/share/openbios", "/usr/share/openhackware")


@frozen
class QemuProgram:
    """A program with its version, and the files that are needed to execute it. ``executable`` is what is executed:
    Debian's ``qemu-system-i386`` is a script that only calls it.
    """

    path: str
    executable: str
    version: tuple[int, int, int]
    files: Mapping[str, Access]

    @property
    def platform(self) -> str:
        """The processor that it emulates."""
        return platform_of(self.path)

    @property
    def version_text(self) -> str:
        """The version as QEMU shows it."""
        return ".".join(map(str, self.version))


def can_use_kvm() -> bool:
    """Whether the server may open ``/dev/kvm``, which may be there without a driver behind it."""
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class QemuPrograms:
    """Finds programs with their versions. Checks a program again only if its file has changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], QemuProgram] = {}
        self._probing = trio.Lock()

    def path_of(self, qemu_path: str, wanted_platform: str) -> str:
        """The program that a node names: by a path or a name, or by its platform, or none.

        A path in a saved project may be that of another host; then the program of that name here is used. Raises
        Conflict if there is no such program.
        """
        name = os.path.basename(qemu_path) if qemu_path else PREFIX + (wanted_platform or default_platform())
        if not name.startswith(PREFIX) or not platform_of(name):
            raise Conflict(f"properties.qemu_path: {qemu_path!r} is not a qemu-system program")
        path = find_program(name)
        if path is None:
            field = "qemu_path" if qemu_path else "platform"
            raise Conflict(f"properties.{field}: {name} is not installed on this host")
        return path

    async def find(self, path: str) -> QemuProgram:
        """The program at a path. Raises Conflict if it is not QEMU, or cannot be run."""
        async with self._probing:
            try:
                status = os.stat(path)
            except OSError as error:
                raise Conflict(f"{path} cannot be run: {error.strerror}. {INSTALL_ADVICE}") from None
            key = (path, status.st_mtime_ns, status.st_size)
            if key not in self._known:
                self._known[key] = await _probe(path)
            return self._known[key]

    async def image_tool(self) -> QemuProgram:
        """The program qemu-img. Raises Conflict if it is not installed."""
        path = find_program("qemu-img")
        if path is None:
            raise Conflict(
                "qemu-img is not installed, which makes disks (Debian and Ubuntu: apt install qemu-utils; Fedora: dnf "
                "install qemu-img)"
            )
        return await self.find(path)


def _executable(path: str) -> str:
    """What is executed for a program. Blocks. Raises OSError."""
    behind = os.path.join("/usr/libexec", os.path.basename(path))
    with open(path, "rb") as file:
        is_script = file.read(2) == b"#!"
    return behind if is_script and os.access(behind, os.X_OK) else path


async def _probe(path: str) -> QemuProgram:
    try:
        executable = await threads.disk.run(_executable, path)
        with trio.move_on_after(_PROBE_SECONDS) as probing:
            for ask_loader in (False, True):
                files = {
                    **await files_of(executable, ask_loader=ask_loader),
                    **dict.fromkeys(_DATA_FOLDERS, Access.READ),
                }
                sandbox = Sandbox(paths=files, calls=Calls.THREADS, limits=LARGE_LIMITS)
                output = await output_of([executable, "--version"], cwd=Path("/"), sandbox=sandbox)
                if (found := _VERSION.search(output)) is not None:
                    major, minor, micro = (int(part or 0) for part in found.groups())
                    return QemuProgram(path, executable, (major, minor, micro), files)
    except OSError as error:
        raise Conflict(f"{path} cannot be run: {error.strerror}. {INSTALL_ADVICE}") from None
    if probing.cancelled_caught:
        raise Conflict(f"{path} cannot be used: it has not told its version in {_PROBE_SECONDS:g} s")
    raise Conflict(f"{path} is not QEMU: it does not tell its version")
