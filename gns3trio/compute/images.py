"""The images of an emulator on this host: disks, kernels and firmware in one folder, and their checksums.

All nodes of this host share them, and all clients may list and read them. No path leads out of the folder; an
administrator may put symbolic links into it, clients cannot. As in GNS3, the MD5 checksum of ``NAME`` is kept in
``NAME.md5sum``, so that it is computed once. It is a name for a content, and protects against nothing.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.image_headers import named_files
from gns3trio.errors import Forbidden, ImageMissing, LabError, NotFound, path_error
from gns3trio.printable import MAX_FILE_NAME_BYTES, hidden_character

# The folder of each emulator's images, as GNS3 names it.
FOLDERS = {"qemu": "QEMU", "dynamips": "IOS", "iou": "IOU"}
# The properties of nodes that name an image.
IMAGE_PROPERTIES = {
    "qemu": (
        "hda_disk_image",
        "hdb_disk_image",
        "hdc_disk_image",
        "hdd_disk_image",
        "cdrom_image",
        "bios_image",
        "kernel_image",
        "initrd",
    ),
    "dynamips": ("image",),
    "iou": ("path",),
}
_CHECKSUM = ".md5sum"
# Unfinished uploads.
_TEMPORARY = ".gns3trio-"
_MD5 = re.compile("[0-9a-f]{32}")
_READ_BYTES = 1024 * 1024
# The most images that are listed, and how deep folders are searched.
_MOST_LISTED = 10_000
_DEEPEST = 5
# Below PATH_MAX, with the folder before it.
_MOST_PATH_BYTES = 2048
_MOST_TOLD = 200


@frozen
class Image:
    """An image. ``path`` is relative to the folder of images. ``md5sum`` is None if it is not known yet. ``modified``
    is in seconds since 1970.
    """

    path: str
    size: int
    md5sum: str | None
    modified: float = 0.0

    @property
    def name(self) -> str:
        """The name of the file."""
        return PurePosixPath(self.path).name


class ImageFolder:
    """The images in a folder, which may be missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def relative(self, name: str, field: str = "") -> str:
        """The name of an image relative to the folder. Raises Forbidden if it leads out of the folder."""
        path = PurePosixPath(os.path.normpath(self.folder / name))
        try:
            inside = path.relative_to(self.folder)
        except ValueError:
            inside = PurePosixPath()
        if inside == PurePosixPath() or hidden_character(name) or _is_too_long(inside):
            where = f"{field}: " if field else ""
            raise Forbidden(f"{where}{name[:_MOST_TOLD]!r} is not a file in the folder of images, {self.folder}")
        return str(inside)

    def new_name(self, name: str, field: str = "") -> str:
        """As ``relative``, for an image that is to be written: also Forbidden if it would not be listed."""
        relative = self.relative(name, field)
        if relative.endswith(_CHECKSUM) or any(part.startswith(".") for part in PurePosixPath(relative).parts):
            where = f"{field}: " if field else ""
            raise Forbidden(
                f"{where}{name!r} cannot be the name of an image: it begins with a dot, or ends in {_CHECKSUM}"
            )
        return relative

    def find(self, name: str, md5sum: str | None = None, field: str = "image") -> Path:
        """The path of an image. Blocks. Raises ImageMissing or Forbidden.

        If there is none of that name, or one whose checksum is known to be another, it is an image with that checksum.
        """
        path = self.folder / self.relative(name, field)
        is_there = path.is_file()
        if md5sum is not None and not (is_there and known_checksum(path) in (None, md5sum)):
            other = self.with_checksum(md5sum)
            if other is not None:
                return self.folder / other.path
        if is_there:
            return path
        raise ImageMissing(f"{field}: the image {name!r} is missing in {self.folder}", name)

    def with_checksum(self, md5sum: str) -> Image | None:
        """The first image whose checksum is known to be this. Blocks."""
        return next((image for image in self.list() if image.md5sum == md5sum), None)

    def with_content(
        self, md5sum: str, size: int, name: str = "", checkpoint: Callable[[], None] = lambda: None
    ) -> Image | None:
        """An image with this checksum and size, preferably of this name. Blocks, long if checksums are not known yet.
        ``checkpoint`` is called often, and may raise to abort.
        """
        images = [image for image in self.list() if image.size == size and image.md5sum in (None, md5sum)]
        for image in sorted(images, key=lambda image: (image.path != name, image.md5sum is None)):
            with suppress(OSError):  # it has vanished
                if image.md5sum is None:
                    _keep_checksum(self.folder / image.path, md5_of(self.folder / image.path, checkpoint))
                if known_checksum(self.folder / image.path) == md5sum:
                    return self.known(image.path)
        return None

    def known(self, name: str) -> Image | None:
        """An image, None if it is missing. Blocks. Raises Forbidden."""
        relative = self.relative(name)
        try:
            status = os.stat(self.folder / relative)
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return _image(relative, self.folder / relative, status)

    def list(self) -> list[Image]:
        """All images, sorted by path. Blocks."""
        return sorted(self._walk(), key=lambda image: image.path)

    def _walk(self) -> Iterator[Image]:
        count = 0
        for root, folders, names in os.walk(self.folder):
            inside = Path(root).relative_to(self.folder)
            folders[:] = [name for name in folders if not name.startswith(".")] if len(inside.parts) < _DEEPEST else []
            for name in names:
                if name.startswith(".") or name.endswith(_CHECKSUM) or hidden_character(name):
                    continue
                with suppress(OSError):  # it has vanished
                    status = os.stat(Path(root) / name)
                    if stat.S_ISREG(status.st_mode):
                        yield _image(str(inside / name), Path(root) / name, status)
                        count += 1
                if count >= _MOST_LISTED:
                    return

    async def checksum(self, path: Path) -> str | None:
        """The MD5 checksum of an image; None if it cannot be read. Long for one whose checksum is not kept."""
        try:
            return await threads.copying.run(_checksum, path, abandon_on_cancel=True)
        except OSError:
            return None

    def keep_checksum(self, name: str, md5sum: str) -> None:
        """Keep the checksum of an image that was just written. Blocks."""
        _keep_checksum(self.folder / self.relative(name), md5sum)

    def below(self, name: str) -> set[str]:
        """The images that an image names: the one below it, and its parts. Blocks. None for one that cannot be read."""
        try:
            descriptor = os.open(self.folder / self.relative(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                named = named_files(lambda offset, size: os.pread(descriptor, size, offset))
            finally:
                os.close(descriptor)
        except (OSError, OverflowError, ValueError, LabError):
            return set()
        found = set()
        for each in (*named.backing, *named.parts):
            with suppress(Forbidden, ValueError):  # a file elsewhere
                found.add(self.relative(str(PurePosixPath(name).parent / each)))
        return found

    def delete(self, name: str) -> None:
        """Delete an image. Blocks. Raises NotFound or Forbidden, or as ``path_error``."""
        path = self.folder / self.relative(name)
        try:
            path.unlink()
        except FileNotFoundError:
            raise NotFound(f"The image {name!r} is missing") from None
        except OSError as error:
            raise _image_error(name, error) from None
        with suppress(OSError):
            Path(f"{path}{_CHECKSUM}").unlink()


def _image(relative: str, path: Path, status: os.stat_result) -> Image:
    return Image(relative, status.st_size, _kept_checksum(path, status), status.st_mtime)


def _is_too_long(path: PurePosixPath) -> bool:
    longest = max(len(os.fsencode(part)) for part in path.parts)
    return longest > MAX_FILE_NAME_BYTES or len(os.fsencode(path)) > _MOST_PATH_BYTES


def known_checksum(path: Path) -> str | None:
    """The checksum that is kept for an image; None if there is none. Blocks."""
    try:
        return _kept_checksum(path, os.stat(path))
    except OSError:
        return None


def _image_error(name: str, error: OSError) -> LabError:
    return path_error(f"image {name!r}", error)


def _kept_checksum(path: Path, status: os.stat_result) -> str | None:
    """The checksum in the file beside an image, if it is not older than the image."""
    try:
        beside = f"{path}{_CHECKSUM}"
        if os.stat(beside).st_mtime_ns < status.st_mtime_ns:
            return None
        with open(beside, encoding="ascii", errors="replace") as file:
            found = _MD5.fullmatch(file.read(64).strip().lower())
    except OSError:
        return None
    return found[0] if found is not None else None


def _checksum(path: Path) -> str:
    status = path.stat()
    if (kept := _kept_checksum(path, status)) is not None:
        return kept
    md5sum = md5_of(path)
    _keep_checksum(path, md5sum)
    return md5sum


def md5_of(path: Path, checkpoint: Callable[[], None] = lambda: None) -> str:
    """The MD5 checksum of a file. Blocks; ``checkpoint`` is called often, and may raise to abort. Raises OSError."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_READ_BYTES):
            checkpoint()
            digest.update(piece)
    return digest.hexdigest()


def _keep_checksum(path: Path, md5sum: str) -> None:
    beside = Path(f"{path}{_CHECKSUM}")
    with suppress(OSError):  # then it is computed again
        temporary = beside.with_name(f"{_TEMPORARY}{os.urandom(8).hex()}")
        temporary.write_text(md5sum)
        temporary.replace(beside)
