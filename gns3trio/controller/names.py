"""The rule for valid names, which applies to all objects, and the names that GNS3 2.2 gives to nodes. Sans-IO.

Names are sorted, printed, and written into JSON, YAML, logs, scripts and file names.
"""

from collections.abc import Collection, Iterable
from itertools import count
from typing import Annotated

import attrs

from gns3trio.classes import define
from gns3trio.errors import Invalid
from gns3trio.limits import Bound
from gns3trio.printable import hidden_character, without_hidden

MAX_NAME = 255
_TEMPLATES = ("{0}", "{id}")
_DIGITS = "0123456789"


def _objection(name: str) -> str | None:
    if (character := hidden_character(name)) is not None:
        return f"{name!r} has the character U+{ord(character):04X}, which no name may have"
    if not is_visible(name):
        return f"{name!r} has nothing that can be seen"
    return None


def is_visible(text: str) -> bool:
    """Whether the text contains more than blanks and zero-width characters."""
    return any(character.isprintable() and not character.isspace() for character in text)


def _require_name(name: str) -> None:
    if (objection := _objection(name)) is not None:
        raise ValueError(objection)


# The type of names in request bodies.
Name = Annotated[str, Bound(most=MAX_NAME, least=1, check=_require_name)]


def check_name(name: str, field: str = "name") -> None:
    """Raises Invalid for an invalid name."""
    if not 0 < len(name) <= MAX_NAME:
        raise Invalid(f"{field}: has {len(name)} characters, and a name has 1 to {MAX_NAME}")
    if (objection := _objection(name)) is not None:
        raise Invalid(f"{field}: {objection}")


def clean_name(name: str, otherwise: str) -> str:
    """A valid name in place of one from a file: its visible characters, or ``otherwise`` if there are none."""
    cleaned = without_hidden(name)[:MAX_NAME]
    return cleaned if is_visible(cleaned.replace("\ufffd", "")) else otherwise


@define
class NameAllocator:
    """Allocates names for several nodes of a project in which the names ``taken`` are in use. Allocated names count as
    taken.

    The lowest free number of a name only grows, so the search continues where the last one ended.
    """

    taken: set[str]
    _next: dict[str, int] = attrs.field(factory=dict)

    @classmethod
    def beside(cls, taken: Iterable[str]) -> "NameAllocator":
        """An allocator for a project with these names."""
        return cls(set(taken))

    def allocate(self, requested: str) -> str:
        """As ``allocate_name``. Raises Invalid if a number makes the name too long."""
        name = requested.replace(" ", "")
        is_template = any(template in name for template in _TEMPLATES)
        if is_template or name in self.taken:
            stem = name if is_template else name.rstrip(_DIGITS)
            name = self._numbered(stem, is_template)
        if len(name) > MAX_NAME:
            raise Invalid(f"name: with its number it has {len(name)} characters, and a name has at most {MAX_NAME}")
        self.taken.add(name)
        return name

    def make_unique(self, name: str) -> str:
        """The name itself if it is free; otherwise its trailing number is replaced by the lowest free one."""
        if name in self.taken:
            name = self._numbered(name.rstrip(_DIGITS), is_template=False)
        self.taken.add(name)
        return name

    def _numbered(self, stem: str, is_template: bool) -> str:
        for number in count(self._next.get(stem, 1)):
            name = _with_number(stem, str(number), is_template)
            if name not in self.taken:
                self._next[stem] = number
                return name
        raise AssertionError("numbers do not end")


def _with_number(stem: str, number: str, is_template: bool) -> str:
    if not is_template:
        return stem[: MAX_NAME - len(number)] + number
    for template in _TEMPLATES:
        stem = stem.replace(template, number)
    return stem


def allocate_name(requested: str, taken: Collection[str]) -> str:
    """The name for a node in a project in which the names ``taken`` are in use.

    Spaces are removed; ``{0}`` or ``{id}`` becomes the lowest free number; in a name that is in use, the trailing
    number is replaced by the lowest free one: PC1 becomes PC2. Raises Invalid if a number makes the name too long.
    """
    return NameAllocator.beside(taken).allocate(requested)
