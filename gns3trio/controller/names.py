"""The names that GNS3 2.2 gives to nodes. Sans-IO."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count

from gns3trio.errors import Invalid

_TEMPLATE = re.compile(r"\{(?:0|id)\}")
_TRAILING_NUMBER = re.compile(r"\d+$")


def check_name(name: str) -> None:
    """Raises Invalid for a node's name that would break lines or colour the terminal of whoever lists it."""
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise Invalid(f"name: {name!r} has control characters")


def allocate_name(requested: str, taken: Collection[str]) -> str:
    """The name that a node gets in a project where ``taken`` are in use.

    Spaces go; ``{0}`` or ``{id}`` becomes the lowest free number; a name in use gets the lowest free number in
    place of its trailing one: PC1 becomes PC2.
    """
    name = requested.replace(" ", "")
    if _TEMPLATE.search(name):
        return next(free for n in count(1) if (free := _TEMPLATE.sub(str(n), name)) not in taken)
    if name not in taken:
        return name
    stem = _TRAILING_NUMBER.sub("", name)
    return next(free for n in count(1) if (free := f"{stem}{n}") not in taken)
