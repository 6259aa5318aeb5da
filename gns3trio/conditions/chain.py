"""Combines all filters of a link into the chain that the core applies at one of its ports."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gns3trio.conditions.core_filter import CoreFilter, Direction
from gns3trio.conditions.gns3_filters import gns3_core_filters
from gns3trio.conditions.impairments import Impairment, LinkDirection, impairment_core_filter


def longest_hold(filters: Iterable[CoreFilter]) -> float:
    """The longest time that the filters can hold a frame, in seconds."""
    return sum(each.longest_hold for each in filters)


_AT_A: dict[LinkDirection, Direction] = {"a_to_b": "out", "b_to_a": "in", "both": "both"}
_AT_B: dict[LinkDirection, Direction] = {"a_to_b": "in", "b_to_a": "out", "both": "both"}


def core_filters(
    filters: Mapping[str, Sequence[Any]], impairments: Sequence[Impairment], *, at_first_end: bool
) -> list[CoreFilter]:
    """All filters of a link, as seen from the port at its first end (a) or its second."""
    directions = _AT_A if at_first_end else _AT_B
    ours = [impairment_core_filter(impairment, directions[impairment.direction]) for impairment in impairments]
    return [*gns3_core_filters(filters), *ours]
