"""What several versions of the API tell of symbols and images."""

from typing import Any

from gns3trio.api.replies import Whole, reply_shape
from gns3trio.compute.images import Image
from gns3trio.controller.library.symbols import Symbol


@reply_shape
class SymbolSize(Whole):
    """The size of a symbol in pixels."""

    width: int
    height: int


@reply_shape
class QemuCapabilities(Whole):
    """``kvm`` are the processors that the host can run without emulation."""

    kvm: list[str]


@reply_shape
class DockerImage(Whole):
    """An image of the Docker engine, such as ``debian:12``."""

    image: str


@reply_shape
class ImageFile(Whole):
    """An image of an emulator. ``path`` is relative to the folder of images."""

    filename: str
    path: str
    filesize: int
    md5sum: str | None


def symbol_view(symbol: Symbol) -> dict[str, Any]:
    """A symbol that nodes can be drawn with."""
    return {
        "builtin": symbol.is_builtin,
        "filename": symbol.file_name,
        "symbol_id": symbol.symbol_id,
        "theme": symbol.theme,
    }


def image_view(image: Image) -> dict[str, Any]:
    """An image, with the path in its folder."""
    return {"filename": image.name, "path": image.path, "filesize": image.size, "md5sum": image.md5sum}
