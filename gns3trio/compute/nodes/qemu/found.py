"""Finds the installed programs of QEMU, at the start of a server. Imports nothing that takes long."""

import os
import platform
from collections.abc import Iterator

from gns3trio.compute.nodes.qemu.settings import PLATFORMS

PREFIX = "qemu-system-"
# The kinds of processors that a host of each kind can run by itself.
_NATIVE = {"x86_64": ("x86_64", "i386"), "aarch64": ("aarch64", "arm"), "ppc64": ("ppc64", "ppc"), "s390x": ("s390x",)}


def find_program(name: str) -> str | None:
    """The path of a program in the folders of PATH; None if there is none. Not one that a user put elsewhere."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def installed_programs() -> Iterator[str]:
    """The paths of the installed ``qemu-system-...``, of all processors that GNS3 knows."""
    for name in PLATFORMS:
        if (path := find_program(PREFIX + name)) is not None:
            yield path


def platform_of(path: str) -> str:
    """The processor of a program by its name; empty if it is none that GNS3 knows."""
    name = os.path.basename(path)
    emulated = name.removeprefix(PREFIX)
    return emulated if name != emulated and emulated in PLATFORMS else ""


def native_platforms() -> tuple[str, ...]:
    """The processors that this host can run without emulation, if it has KVM."""
    return _NATIVE.get(platform.machine(), ())


def default_platform() -> str:
    """The processor of a machine that names none: that of PCs, else that of this host, as far as it is installed."""
    for name in ("x86_64", *native_platforms()):
        if find_program(PREFIX + name) is not None:
            return name
    return platform_of(next(installed_programs(), "")) or "x86_64"
