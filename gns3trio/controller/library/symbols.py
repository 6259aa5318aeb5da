"""The symbols of nodes: built-in ones, and those that users upload.

Clients use GNS3's ids, such as ``:/symbols/vpcs_guest.svg`` or ``:/symbols/affinity/circle/red/router.svg``. The last
part of an id names the symbol; the theme is ignored. Unknown symbols are drawn as a computer.
"""

import hashlib
import math
import re
import struct
from pathlib import Path

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.controller.storage.files import write_in_folder
from gns3trio.errors import Invalid, NotFound, path_error
from gns3trio.limits import MAX_SYMBOL
from gns3trio.printable import is_plain_name
from gns3trio.raster_size import MOST_PIXELS, pixels_of
from gns3trio.sizes import size_text
from gns3trio.svg_cost import is_bounded

BUILTIN_FOLDER = Path(__file__).parents[2] / "symbols"
DEFAULT_SYMBOL = ":/symbols/computer.svg"
THEME = "Classic"
# GNS3's themes, which clients offer; here they all look the same.
THEMES = (
    THEME,
    *(f"Affinity-{shape}-{colour}" for shape in ("circle", "square") for colour in ("blue", "gray", "red")),
)
CUSTOM_THEME = "Custom symbols"
# The size of a picture that states none, or is invalid.
DEFAULT_SIZE = (65, 59)

MEDIA_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
}
# Symbols whose picture has a different name.
_PICTURES = {"ethernet_hub": "hub"}
DEFAULT_SYMBOLS = {
    name: f":/symbols/{THEME.lower()}/{_PICTURES.get(name, name)}.svg"
    for name in (
        "atm_switch",
        "cloud",
        "computer",
        "docker_guest",
        "ethernet_hub",
        "ethernet_switch",
        "firewall",
        "frame_relay_switch",
        "multilayer_switch",
        "nat",
        "qemu_guest",
        "router",
        "vbox_guest",
        "vmware_guest",
        "vpcs_guest",
    )
}

# The names of pictures in GNS3's other themes, which new templates of GNS3 3 have.
_OF_OTHER_THEMES = {
    "client.svg": "vpcs_guest.svg",
    "client_vm.svg": "qemu_guest.svg",
    "docker.svg": "docker_guest.svg",
    "switch.svg": "ethernet_switch.svg",
    "switch_multilayer.svg": "multilayer_switch.svg",
    "virtualbox.svg": "vbox_guest.svg",
    "vmware.svg": "vmware_guest.svg",
}
_NAME = re.compile(r"[\w-]{1,100}", re.ASCII)
# The bytes of a picture that are read to find its size. In an SVG it is in the first tag, after comments and the
# document type.
_HEAD_BYTES = 256 * 1024
_MAX_PIXELS = 100_000
_SVG_TAG = re.compile(rb"<svg(?=[\s>/])", re.IGNORECASE)
# Matches in linear time: a name matches only from its beginning, and the text after it is examined once per name.
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")
_MAX_NUMBER = 64


@frozen
class Symbol:
    """A symbol, and the theme in which clients list it."""

    symbol_id: str
    file_name: str
    theme: str
    is_builtin: bool


class Symbols:
    """All symbols. Uploaded ones are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._builtin = {path.name: path for path in sorted(BUILTIN_FOLDER.glob("*.svg"))}
        self._checked: dict[str, tuple[bytes, bool]] = {}  # by name: a hash of the content, and whether it can be drawn
        self._sizes: dict[tuple[str, int], tuple[int, int]] = {}

    def all(self) -> list[Symbol]:
        """All symbols, first the built-in ones, then uploaded ones. Reads the folder."""
        own = [Symbol(f":/symbols/{THEME.lower()}/{name}", name, THEME, is_builtin=True) for name in self._builtin]
        files = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        return own + [
            Symbol(path.name, path.name, CUSTOM_THEME, is_builtin=False)
            for path in files
            if path.suffix.lower() in MEDIA_TYPES and path.is_file()
        ]

    def find(self, symbol_id: str) -> Path:
        """The file of a symbol; for an unknown one, that of the default symbol."""
        name = symbol_id.rpartition("/")[2]
        uploaded = self._folder / name
        if _is_file_name(name) and uploaded.is_file():
            return uploaded
        name = _OF_OTHER_THEMES.get(name, name)
        return self._builtin.get(name, self._builtin[DEFAULT_SYMBOL.rpartition("/")[2]])

    def id_of(self, text: str) -> str:
        """The id of a symbol; GNS3 3's clients also write the name alone, such as ``vpcs_guest``."""
        if not _NAME.fullmatch(text):
            return text
        return f":/symbols/{_PICTURES.get(text, text)}.svg"

    def size(self, symbol_id: str) -> tuple[int, int]:
        """Width and height of a symbol in pixels."""
        path = self.find(symbol_id)
        try:
            key = (str(path), path.stat().st_mtime_ns)
            if key not in self._sizes:
                with open(path, "rb") as file:
                    self._sizes[key] = picture_size(file.read(_HEAD_BYTES))
        except OSError:
            return DEFAULT_SIZE
        return self._sizes[key]

    def picture(self, symbol_id: str) -> tuple[bytes, str]:
        """The picture of a symbol, and its media type. Blocks. Uploaded ones that no browser could draw are drawn as a
        computer: whoever has put a file into the folder, no page hangs.
        """
        path = self.find(symbol_id)
        data = path.read_bytes()
        if path.parent == self._folder and not self._is_known_to_be_drawn(path, data):
            path = self._builtin[DEFAULT_SYMBOL.rpartition("/")[2]]
            data = path.read_bytes()
        return data, MEDIA_TYPES[path.suffix.lower()]

    def _is_known_to_be_drawn(self, path: Path, data: bytes) -> bool:
        digest = hashlib.sha256(data).digest()
        if self._checked.get(path.name, (b"", False))[0] != digest:
            self._checked[path.name] = digest, _can_be_drawn(path.name, data)
        return self._checked[path.name][1]

    async def store(self, symbol_id: str, data: bytes) -> None:
        """Store an uploaded symbol under the last part of its id.

        Raises Invalid for an invalid picture name or a picture that is too large or too complex, Unavailable if the
        disk reports an error.
        """
        if len(data) > MAX_SYMBOL:
            raise Invalid(f"data: is larger than {size_text(MAX_SYMBOL)}, which is the most for a picture")
        name = symbol_id.rpartition("/")[2]
        if not _is_file_name(name):
            raise Invalid(f"symbol_id: {symbol_id!r} does not name a picture: {', '.join(MEDIA_TYPES)}")
        if not await threads.disk.run(_can_be_drawn, name, data):
            raise Invalid("data: is too complex: no browser could draw this picture in a reasonable time")
        await threads.disk.run(write_in_folder, self._folder, name, data)

    async def delete(self, symbol_id: str) -> None:
        """Delete an uploaded symbol: its nodes are drawn as a computer then, or as the built-in symbol of that name.

        Raises NotFound if nobody uploaded it, Unavailable if the disk reports an error.
        """
        name = symbol_id.rpartition("/")[2]
        if not _is_file_name(name):
            raise NotFound(f"symbol_id: nobody uploaded {symbol_id[:200]!r}")
        try:
            await threads.disk.run((self._folder / name).unlink)
        except FileNotFoundError:
            raise NotFound(f"symbol_id: nobody uploaded {symbol_id[:200]!r}") from None
        except OSError as error:
            raise path_error(f"symbol_id: {name!r}", error) from None


def _can_be_drawn(name: str, data: bytes) -> bool:
    if name.lower().endswith(".svg"):
        return is_bounded(data)
    return pixels_of(data) <= MOST_PIXELS


def _is_file_name(name: str) -> bool:
    return is_plain_name(name) and "\\" not in name and Path(name).suffix.lower() in MEDIA_TYPES


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of an SVG, PNG (RFC 2083) or GIF in pixels; ``DEFAULT_SIZE`` if it states none."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return _bounded(width), _bounded(height)
    if data[:4] == b"GIF8" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return _bounded(width), _bounded(height)
    attributes = _attributes_of_svg(data)
    width, height = (_number(attributes.get(name, b"")) for name in (b"width", b"height"))
    if width is None or height is None:
        box = attributes.get(b"viewbox", b"").replace(b",", b" ").split()
        if len(box) == 4:
            width, height = _number(box[2]), _number(box[3])
    return _pixels(width, DEFAULT_SIZE[0]), _pixels(height, DEFAULT_SIZE[1])


def _attributes_of_svg(data: bytes) -> dict[bytes, bytes]:
    """The attributes of the first ``svg`` tag, with lower-case names; empty if it is not an SVG."""
    data = data[:_HEAD_BYTES]
    tag = _SVG_TAG.search(data)
    end = data.find(b">", tag.end()) if tag is not None else -1
    if tag is None or end < 0:
        return {}
    return {name.lower(): value[1:-1] for name, value in _ATTRIBUTE.findall(data[tag.end() : end])}


def _number(text: bytes) -> float | None:
    """Parse a length without a unit, or in pixels or points; None for other units."""
    text = text.strip()
    if len(text) > _MAX_NUMBER:
        return None
    try:
        number = float(text.removesuffix(b"px").removesuffix(b"pt"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pixels(number: float | None, default: int) -> int:
    return default if number is None else _bounded(round(number))


def _bounded(pixels: int) -> int:
    return min(max(1, pixels), _MAX_PIXELS)
