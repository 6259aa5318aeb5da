"""How much of anything the server takes: the length of a text, the number of things in a list, the depth of an object.

Nobody who draws labs meets these limits. They keep a request from costing more than its share. A type says its own with
``Annotated[str, Bound(most=200)]``; one that says nothing has the defaults below, so no field is without a limit.
``convert`` enforces them and the description of the API tells them.
"""

from collections.abc import Callable, Collection
from typing import Annotated, Any, get_args, get_origin

import attrs

# The largest integer that every client of JSON can hold.
MAX_INTEGER = 2**53

# What a field has that does not say more. A path of Linux has 4096 bytes.
MAX_TEXT = 4096
MAX_ITEMS = 4096
MAX_KEYS = 1024

# In objects without a fixed shape, such as the properties of a node. They hold configurations of routers, as text.
MAX_FREE_TEXT = 1024 * 1024
MAX_DEPTH = 32
# A part of a request lies deeper in a project's file, and what is kept beside that file deeper still.
MAX_FILE_DEPTH = MAX_DEPTH + 8
MAX_OWN_FIELDS_DEPTH = MAX_FILE_DEPTH + 8

# Of a whole project. Each node has a TCP port for its console; three links for each are many.
MAX_NODES = 5_000
MAX_LINKS = 15_000
MAX_DRAWINGS = 5_000
MAX_LINK_ENDS = 64  # a link has two, in files sometimes others

# A photograph in a drawing, as base64.
MAX_SVG = 15 * 1024 * 1024
MAX_SCRIPT = 256 * 1024
MAX_BASE_CONFIG = 1024 * 1024

# Of all values in one document of JSON or YAML, and in a project's file, which may have all of the above. Reading JSON
# cannot be interrupted, and takes up to 0.2 us for each.
MAX_VALUES = 250_000
MAX_FILE_VALUES = 1_000_000


@attrs.frozen
class Bound:
    """What a value may be: a text or list of ``least`` to ``most`` characters or items, an integer from ``least`` to
    ``most``. ``check`` raises ValueError for a text that is wrong otherwise. ``text`` bounds the texts in an object
    without a fixed shape. A text is one of ``choices``, where there are such; they are asked for when one is checked.
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

# Pixels and numbers of ports, which clients and drawing libraries keep in 32 bits.
Int32 = Annotated[int, Bound(2**31 - 1, -(2**31))]
Svg = Annotated[str, Bound(MAX_SVG)]
Script = Annotated[str, Bound(MAX_SCRIPT)]


def split_bound(kind: Any) -> tuple[Any, Bound | None]:
    """A type without its bound, and the bound; that of the default where the type has one and says none."""
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        bound = next((note for note in notes if isinstance(note, Bound)), None)
        return base, bound or DEFAULT_BOUNDS.get(get_origin(base) or base)
    return kind, DEFAULT_BOUNDS.get(get_origin(kind) or kind)


def check_size(size: int, bound: Bound, what: str) -> None:
    """Raises ValueError for a text or list, of ``size`` characters or items, that is out of bounds."""
    if size > bound.most:
        raise ValueError(f"has {size} {what}, and may have {bound.most}")
    if size < bound.least:
        raise ValueError("is empty" if size == 0 else f"has {size} {what}, and needs {bound.least}")
