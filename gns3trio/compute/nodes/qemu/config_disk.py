"""The disk with a machine's configuration (``create_config_disk``): made from ``config.zip`` when the machine starts,
and kept there again when it has ended.

As in GNS3, both are in the node's folder, where clients put and get the archive as a file of the node, and the disk
takes the place of hdd. All functions block.
"""

import io
import os
import stat
import zipfile
import zlib
from pathlib import Path

from gns3trio.classes import frozen
from gns3trio.compute.nodes.qemu.command import Disk
from gns3trio.compute.nodes.qemu.fat import DISK_BYTES, MAX_FILES, check_name, make_disk, read_disk
from gns3trio.compute.nodes.qemu.settings import DRIVES, QemuSettings
from gns3trio.errors import Conflict, Invalid, path_error

DISK, ARCHIVE = "config.img", "config.zip"
DRIVE = DRIVES.index("hdd")
# The archive of all that fits on a disk, with long names.
_MOST_ARCHIVE = 2 * DISK_BYTES


@frozen
class ConfigDisk:
    """The disk of a machine that is to run. ``archive`` tells how the archive was then: its time and size."""

    folder: Path
    archive: tuple[int, int] | None


def prepare_config_disk(folder: Path) -> ConfigDisk:
    """Make the disk anew from the archive, unless the disk has been written since: then its server was killed.

    Raises Conflict for an archive that does not fit, or Unavailable.
    """
    disk, archive = folder / DISK, folder / ARCHIVE
    try:
        written, kept = _stamp(disk), _stamp(archive)
        if written is None or (kept is not None and kept[0] >= written[0]):
            files = _read_archive(_read(archive, _MOST_ARCHIVE)) if kept is not None else {}
            _replace(disk, make_disk(files))
    except Invalid as error:
        raise Conflict(f"properties.create_config_disk: {ARCHIVE} in the node's folder is of no use: {error}") from None
    except OSError as error:
        raise path_error(str(disk), error) from None
    return ConfigDisk(folder, kept)


def disk_of(config: ConfigDisk, settings: QemuSettings) -> Disk:
    """What the machine has as its last disk. As in GNS3, without an interface it has that of the first one."""
    interface = settings.hdd_disk_interface
    if interface == "none":
        interface = settings.hda_disk_interface
    return Disk(DRIVE, interface, str(config.folder / DISK), "raw")


def keep_config(config: ConfigDisk) -> str | None:
    """Put the files of the disk into the archive when the machine has ended.

    Returns why that was not done, for the user; the disk is kept then. Raises no OSError.
    """
    disk, archive = config.folder / DISK, config.folder / ARCHIVE
    try:
        if _stamp(archive) != config.archive:
            return (
                f"{ARCHIVE} was replaced while it ran, and is used at its next start. It has left its files in {DISK}"
            )
        _replace(archive, _make_archive(read_disk(_read(disk, DISK_BYTES))))
    except Invalid as error:
        return f"{ARCHIVE} does not have what is on its disk {DISK}: {error}"
    except OSError as error:
        return f"{ARCHIVE} does not have what is on its disk {DISK}: {error.strerror}"
    return None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _read(path: Path, most: int) -> bytes:
    """A file that is no link and no device, and not larger. Raises Invalid or OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Invalid("it is no file")
        content = file.read(most + 1)
    if len(content) > most:
        raise Invalid("it is too large")
    return content


def _replace(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    temporary = path.with_name(f".gns3trio-{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_archive(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = DISK_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MAX_FILES:
                raise Invalid(f"it has more than {MAX_FILES} files")
            for entry in archive.infolist():
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Invalid("it is compressed in an unusual way")
                for part in entry.filename.removesuffix("/").split("/"):
                    check_name(part)
                with archive.open(entry) as file:
                    files[entry.filename] = b"" if entry.is_dir() else file.read(left + 1)
                left -= len(files[entry.filename])
                if left < 0:
                    raise Invalid(f"its files are larger than {DISK_BYTES // 1024} KiB")
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise Invalid(f"it is no zip file that can be read: {error}") from None
    return files


def _make_archive(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data, None if name.endswith("/") else zipfile.ZIP_DEFLATED)
    return content.getvalue()
