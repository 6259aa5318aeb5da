"""Images in portable projects: those that nodes need are added, and those that come along are put among the images.

As in GNS3 2.2, an archive has them as ``images/QEMU/NAME``, without the folders in which they are here. An image that
is here already, by its checksum, is not stored twice. One of the same name with another content stays as it is: the
image gets another name, and the nodes of the project refer to that.
"""

import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import attrs

from gns3trio.classes import define, frozen
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.images import FOLDERS, IMAGE_PROPERTIES, md5_of
from gns3trio.controller.archives.file_tree import read_tree
from gns3trio.controller.gns3_format.records import NodeRecord, ProjectRecord
from gns3trio.controller.library.images import EmulatorImages, Images
from gns3trio.controller.storage.files import temporary_name
from gns3trio.controller.storage.single_files import move_below
from gns3trio.errors import Conflict, LabError, path_error
from gns3trio.project_layout import DISK_IMAGES
from gns3trio.removal import discard_tree


@frozen
class NeededImages:
    """The images of a project: the file for each name in an archive, and why others are not in it."""

    files: Mapping[str, Path]
    left_out: Sequence[str]

    @property
    def bytes(self) -> int:
        """The size of all of them."""
        return sum(path.stat().st_size for path in self.files.values() if path.exists())


NO_IMAGES = NeededImages({}, ())


def needed_images(saved: ProjectRecord, images: Images) -> NeededImages:
    """The images that the nodes of a project need. Blocks."""
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for node in saved.nodes:
        for name, image, md5sum in _images_of(node):
            what = f"the image {image!r} of node {node.name!r}"
            if node.compute_id != LOCAL_COMPUTE_ID:
                left_out.append(f"{what}, which is at compute {node.compute_id!r}")
                continue
            try:
                path = images.of(node.node_type).folder.find(image, md5sum, name)
            except LabError as error:
                left_out.append(f"{what}: {error}")
                continue
            entry = f"{DISK_IMAGES}/{FOLDERS[node.node_type]}/{path.name}"
            if files.setdefault(entry, path) != path:
                left_out.append(f"{what}: another image has the same name")
    return NeededImages(files, left_out)


def _images_of(node: NodeRecord) -> list[tuple[str, str, str | None]]:
    """The property, the image and its checksum, if that is known, for each image of a node."""
    found = []
    for name in IMAGE_PROPERTIES.get(node.node_type, ()):
        image, md5sum = node.properties.get(name), node.properties.get(f"{name}_md5sum")
        if isinstance(image, str) and image:
            found.append((name, image, md5sum if isinstance(md5sum, str) else None))
    return found


@define
class TakenImages:
    """What an import has put among the images. ``names`` has the name and the checksum that each image of the archive
    has here, by emulator and name in the archive.
    """

    names: dict[tuple[str, str], tuple[str, str]] = attrs.field(factory=dict)
    _new: list[tuple[EmulatorImages, str]] = attrs.field(factory=list)

    def add(self, images: EmulatorImages, name: str) -> None:
        """An image was put there."""
        self._new.append((images, name))

    def renamed(self, saved: ProjectRecord) -> ProjectRecord:
        """The project whose nodes refer to the images by the names that they have here."""
        return attrs.evolve(saved, nodes=[self._renamed_node(node) for node in saved.nodes])

    def _renamed_node(self, node: NodeRecord) -> NodeRecord:
        changes: dict[str, str] = {}
        for name, image, _ in _images_of(node):
            here = self.names.get((node.node_type, PurePosixPath(image).name))
            if here is not None:
                changes |= {name: here[0], f"{name}_md5sum": here[1]}
        return attrs.evolve(node, properties={**node.properties, **changes}) if changes else node

    def give_back(self) -> None:
        """Delete them again. Blocks."""
        for images, name in self._new:
            with suppress(LabError):
                images.folder.delete(name)


def take_images(content: Path, images: Images, taken: TakenImages, checkpoint: Callable[[], None]) -> None:
    """Put the images of an unpacked archive among the images of this host, and note them in ``taken``. Blocks.

    Raises Conflict or Unavailable if there is no room for them.
    """
    for emulator, folder in FOLDERS.items():
        unpacked = content / DISK_IMAGES / folder
        if unpacked.is_symlink() or not unpacked.is_dir():
            continue
        for path in read_tree(unpacked, lambda name, is_folder: True).files:
            checkpoint()
            with suppress(_NoImage):
                _take(unpacked / path, emulator, images.of(emulator), taken, checkpoint)
        discard_tree(unpacked)
    with suppress(OSError):  # it has other files
        (content / DISK_IMAGES).rmdir()


class _NoImage(Exception):
    """A file that is no image, such as a checksum, which anybody could have forged."""


def _take(
    file: Path, emulator: str, images: EmulatorImages, taken: TakenImages, checkpoint: Callable[[], None]
) -> None:
    try:
        name = images.folder.new_name(file.name)
    except LabError:
        raise _NoImage from None
    try:
        md5sum = md5_of(file, checkpoint)
        present = images.folder.with_content(md5sum, file.stat().st_size, name, checkpoint)
        here = present.path if present is not None else _place(file, name, md5sum, images, taken)
    except OSError as error:
        raise path_error(f"image {file.name!r}", error) from None
    taken.names[emulator, file.name] = here, md5sum


def _place(file: Path, name: str, md5sum: str, images: EmulatorImages, taken: TakenImages) -> str:
    """Move a file among the images under a free name, which is returned."""
    folder = images.folder.folder
    images.room.take(file.stat().st_size)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = folder / temporary_name()
    try:
        try:
            os.rename(file, waiting)
        except OSError:  # it is on another disk
            _copy(file, waiting)
        path = PurePosixPath(name)
        for free in (name, f"{path.stem}-{md5sum[:8]}{path.suffix}", f"{path.stem}-{md5sum}{path.suffix}"):
            if not os.path.lexists(folder / free):
                move_below(waiting, folder, free, replace=False)
                taken.add(images, free)
                images.folder.keep_checksum(free, md5sum)
                return free
    finally:
        with suppress(FileNotFoundError):
            waiting.unlink()
    raise Conflict(f"images: {name!r} exists already, with another content")


def _copy(file: Path, target: Path) -> None:
    with open(file, "rb") as source, open(target, "xb") as copy:
        shutil.copyfileobj(source, copy, 1024 * 1024)
        copy.flush()
        os.fsync(copy.fileno())
        os.fchmod(copy.fileno(), stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
