"""Refuses disk images that name files which are not theirs (see ``image_headers.py``).

An image may be an overlay of another one in the folder of images, and a VMDK may consist of several files there. Other
files are no disks for a machine. An image into which a machine writes names no file at all: its header may be the work
of the guest, who would read another image with it.
"""

import os
from pathlib import Path, PurePosixPath

from gns3trio.compute.image_headers import MOST_LAYERS, NamedFiles, named_files
from gns3trio.errors import Conflict, path_error
from gns3trio.printable import escape

_ADVICE = "qemu-img convert makes an image of it that stands alone"


def check_image(image: Path, folder: Path, *, writable: bool) -> None:
    """Raises Conflict for an image in ``folder`` that names a file which a machine must not read. Blocks.

    ``writable``: the machine writes into the image itself.
    """
    layer, layers = image, 1
    while True:
        named = _named_files(layer)
        _check_parts(layer, named, image)
        if not named.backing:
            return
        if writable or len(named.backing) > 1:
            raise Conflict(f"The image {image.name!r} is an overlay of another one: {_ADVICE}")
        layer, layers = _below(layer, named.backing[0], folder, image), layers + 1
        if layers > MOST_LAYERS:
            raise Conflict(f"The image {image.name!r} has more than {MOST_LAYERS} layers: {_ADVICE}")


def check_clone(clone: Path) -> None:
    """As ``check_image`` for a linked clone, which is named together with the image below it. Blocks."""
    _check_parts(clone, _named_files(clone), clone)


def _named_files(image: Path) -> NamedFiles:
    try:
        descriptor = os.open(image, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return named_files(lambda offset, size: os.pread(descriptor, size, offset))
        finally:
            os.close(descriptor)
    except (ValueError, OverflowError) as error:
        raise Conflict(f"The image {image.name!r} is damaged: {error}") from None
    except OSError as error:
        raise path_error(f"image {image.name!r}", error) from None


def _check_parts(layer: Path, named: NamedFiles, image: Path) -> None:
    if named.has_data_file:
        raise Conflict(f"The image {image.name!r} has its data in another file: {_ADVICE}")
    for part in named.parts:
        # GNS3's users have disks of VMware, whose parts lie beside them: NAME-flat.vmdk, NAME-s001.vmdk.
        own = part == layer.name or (part.startswith(f"{layer.stem}-") and part.endswith(".vmdk"))
        if not own or "/" in part or ":" in part:
            raise Conflict(f"The image {image.name!r} names another file, {escape(part)!r}: {_ADVICE}")


def _below(layer: Path, name: str, folder: Path, image: Path) -> Path:
    """The image that ``layer`` names. Raises Conflict unless it is in the folder of images."""
    path = PurePosixPath(os.path.normpath(layer.parent / name))
    if ":" in name or not path.is_relative_to(folder) or not os.path.isfile(path):
        raise Conflict(
            f"The image {image.name!r} is an overlay of {escape(name)!r}, which is not among the images: {_ADVICE}"
        )
    return Path(path)
