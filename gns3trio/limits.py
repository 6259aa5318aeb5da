"""Limits on input: the length of texts, the number of items in lists, the depth of objects.

Normal use does not reach these limits. They bound the cost of a request. A type can have a limit of its own, with
``Annotated[str, Bound(most=200)]``; otherwise the defaults below apply, so every field has a limit. ``convert``
enforces them, and the OpenAPI description states them.
"""

from collections.abc import Callable, Collection
from typing import Annotated, Any, get_args, get_origin

from gns3trio.classes import frozen

# The largest integer that every JSON client can represent.
MAX_INTEGER = 2**53

# Defaults for fields without a limit of their own. A Linux path has at most 4096 bytes.
MAX_TEXT = 4096
MAX_ITEMS = 4096
MAX_KEYS = 1024

# Of TCP and UDP. Port 0 is none.
MAX_PORT = 65535
# The most bytes of a frame that a capture keeps, more than any frame has.
MAX_SNAPLEN = 65535

# For objects without a fixed shape, such as the properties of a node, which contain router configurations as text.
MAX_FREE_TEXT = 1024 * 1024
# Of a virtual disk in MiB: the formats of disks end at some petabytes.
MAX_DISK_SIZE = 2**31
MAX_DEPTH = 32
# A part of a request is nested deeper in a project's file, and deepest in the file beside it.
MAX_FILE_DEPTH = MAX_DEPTH + 8
MAX_OWN_FIELDS_DEPTH = MAX_FILE_DEPTH + 8

# For a whole project: ten thousand PCs with their switches, of eight ports if need be. Three links per node are many.
MAX_NODES = 15_000
MAX_LINKS = 45_000
MAX_DRAWINGS = 5_000
MAX_LINK_ENDS = 64  # a link has two ends, but files may contain other numbers

# A photograph in a drawing, as base64.
MAX_SVG = 15 * 1024 * 1024
MAX_SCRIPT = 256 * 1024
MAX_ENGINE = 64
MAX_BASE_CONFIG = 1024 * 1024
MAX_LISTED_FILES = 10_000  # of a node
MAX_SYMBOL = 4 * 1024 * 1024
MAX_CERTIFICATE = 64 * 1024  # in PEM, perhaps with those of authorities

# The values in one JSON or YAML document, and in a project's file, which may contain all of the above. Parsing JSON
# cannot be interrupted, and takes up to 0.2 us per value.
MAX_VALUES = 500_000
MAX_FILE_VALUES = 2_000_000


@frozen
class Bound:
    """Limits for a value: ``least`` to ``most`` characters of a text, items of a list, or the range of an integer.

    ``check`` raises ValueError for a text that is invalid for other reasons. ``text`` limits the texts in an object
    without a fixed shape. ``choices`` returns the allowed texts, if they are limited; it is called at each check.
    """

    most: int
    least: int = 0
    check: Callable[[str], None] | None = None
    text: int = MAX_FREE_TEXT
    choices: Callable[[], Collection[str]] | None = None


DEFAULT_BOUNDS: dict[Any, Bound] = {
    str: Bound(MAX_TEXT),
    list: Bound(MAX_ITEMS),
    dict: Bound(MAX_KEYS),
    int: Bound(MAX_INTEGER, -MAX_INTEGER),
}

# Pixels and port numbers, which clients and drawing libraries store in 32 bits.
Int32 = Annotated[int, Bound(2**31 - 1, -(2**31))]
Svg = Annotated[str, Bound(MAX_SVG)]
Script = Annotated[str, Bound(MAX_SCRIPT)]


def split_bound(kind: Any) -> tuple[Any, Bound | None]:
    """Split a type into the plain type and its bound; the default bound if it has none of its own."""
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        bound = next((note for note in notes if isinstance(note, Bound)), None)
        return base, bound or DEFAULT_BOUNDS.get(get_origin(base) or base)
    return kind, DEFAULT_BOUNDS.get(get_origin(kind) or kind)


def check_size(size: int, bound: Bound, what: str) -> None:
    """Raises ValueError if ``size``, the characters of a text or items of a list, is out of bounds."""
    if size > bound.most:
        raise ValueError(f"has {size} {what}, and may have {bound.most}")
    if size < bound.least:
        raise ValueError("is empty" if size == 0 else f"has {size} {what}, and needs {bound.least}")
