"""Directions of a link on the command line: by the nodes at its ends, or from end ``a`` to end ``b``.

End ``a`` is the one that was typed first, in whatever order the API has the ends.
"""

import argparse
import itertools
from collections.abc import Mapping, Sequence
from typing import get_args

from gns3trio.classes import frozen
from gns3trio.commands.lab import Json, end_names
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.conditions.impairments import LinkDirection
from gns3trio.errors import Invalid

DIRECTIONS: Sequence[str] = get_args(LinkDirection)
DIRECTION_HELP = "from:NODE, to:NODE, a_to_b or b_to_a; a is the end that was typed first"

_REVERSED = {"a_to_b": "b_to_a", "b_to_a": "a_to_b", "both": "both"}
_PREFIXES = ("from:", "to:")


@frozen
class TypedLink:
    """The ends of a link as somebody typed them. ``names`` are those of each end in the order of the API, the short one
    first. ``is_reversed``: the ends were typed in the other order.
    """

    names: tuple[Sequence[str], Sequence[str]]
    is_reversed: bool = False

    def direction(self, text: str) -> str:
        """The direction in the API. Raises Invalid for a text that is none, or names no end or both."""
        if text in _REVERSED:
            return _REVERSED[text] if self.is_reversed else text
        word, _, name = text.partition(":")
        if not is_direction(text):
            raise Invalid(f"{text!r} is no direction: {DIRECTION_HELP}, or both")
        found = [end for end, names in enumerate(self.names) if name in names]
        if len(found) != 1:
            known = [names[-1] for names in self.names]
            what = "both ends are" if found else "no end of the link is"
            hint = "" if found else did_you_mean(name, [each for names in self.names for each in names])
            raise Invalid(f"{text}: {what} {name}; the ends are {' and '.join(known)}.{hint}".removesuffix("."))
        return "a_to_b" if (found[0] == 0) == (word == "from") else "b_to_a"

    def words(self, direction: str) -> str:
        """A direction of the API in words; empty for both."""
        if direction == "both":
            return ""
        a, b = (names[-1 if self.names[0][0] == self.names[1][0] else 0] for names in self.names)
        return f"from {a} to {b}" if direction == "a_to_b" else f"from {b} to {a}"


def is_direction(text: str) -> bool:
    """Whether a text may be a direction."""
    return text in _REVERSED or any(text.startswith(prefix) and text != prefix for prefix in _PREFIXES)


def to_direction(text: str) -> str:
    """Parse the value of ``--direction``."""
    if not is_direction(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no direction: {DIRECTION_HELP}")
    return text


def split_direction(text: str) -> tuple[str, str]:
    """A text such as ``5:from:PC1`` as what is before the direction, and the direction: both if it names none."""
    for prefix in _PREFIXES:
        head, separator, name = text.rpartition(f":{prefix}")
        if separator and name:
            return head, prefix + name
    head, separator, direction = text.rpartition(":")
    return (head, direction) if separator and direction in _REVERSED else (text, "both")


def typed_link(nodes: Mapping[str, Json], link: Json, wanted: str = "") -> TypedLink:
    """A link as it was typed; ``wanted`` is what was typed for it, an id or its ends."""
    ends = [end_names(nodes, end) for end in link["nodes"]]
    if len(ends) != 2:  # as a file may have them
        return TypedLink((("?",), ("?",)))
    as_it_is, other = ({"-".join(each) for each in itertools.product(*order)} for order in (ends, ends[::-1]))
    return TypedLink((ends[0], ends[1]), is_reversed=wanted in other and wanted not in as_it_is)
