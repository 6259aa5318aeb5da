"""Makes a small Linux for QEMU: the kernel of a Debian package, and an initrd with busybox and the modules of virtio.

The packages are unpacked into a folder, not installed. ``./dev`` downloads them.
"""

import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path

from gns3trio.classes import frozen

# In the order in which they can be loaded. Some are part of the kernel, if it is built so.
MODULES = (
    *("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"),
    *("failover", "net_failover", "virtio_net", "virtio_blk"),
)
READY = b"GUEST READY"
_INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
for module in {" ".join(MODULES)}; do [ -e /$module.ko ] && insmod /$module.ko; done
stty -F /dev/ttyS0 -echo
echo {READY.decode()}
exec setsid cttyhack sh
"""
_FOLDER, _PROGRAM, _FILE = 0o040755, 0o100755, 0o100644


@frozen
class Guest:
    """The files that QEMU boots."""

    kernel: Path
    initrd: Path


def make_guest(packages: Path, folder: Path) -> Guest:
    """Build a guest in ``folder`` from unpacked packages. Raises FileNotFoundError if a part is missing."""
    kernel = _only(packages, "boot/vmlinuz-*")
    entries: list[tuple[str, int, bytes]] = [(name, _FOLDER, b"") for name in ("bin", "proc", "sys", "dev")]
    entries.append(("bin/busybox", _PROGRAM, _only(packages, "*bin/busybox", "usr/bin/busybox").read_bytes()))
    entries.append(("init", _PROGRAM, _INIT.encode()))
    for module in MODULES:
        for path in packages.glob(f"**/{module}.ko*"):
            data = path.read_bytes()
            entries.append((f"{module}.ko", _FILE, lzma.decompress(data) if path.suffix == ".xz" else data))
    initrd = folder / "initrd.gz"
    initrd.write_bytes(gzip.compress(b"".join(_cpio(entries)), compresslevel=1))
    copy = folder / "vmlinuz"
    copy.write_bytes(kernel.read_bytes())
    return Guest(copy, initrd)


def _only(folder: Path, *patterns: str) -> Path:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            return path
    raise FileNotFoundError(f"{folder}: there is no {patterns[0]}")


def _cpio(entries: list[tuple[str, int, bytes]]) -> Iterator[bytes]:
    """An archive in the format ``newc`` (Documentation/driver-api/early-userspace/buffer-format.rst of Linux)."""
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        yield header + path + bytes(-(len(header) + len(path)) % 4)
        yield data + bytes(-len(data) % 4)
