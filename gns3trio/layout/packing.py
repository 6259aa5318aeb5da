"""Puts the arrangements of connected parts beside each other."""

import math
from collections.abc import Mapping, Sequence

from gns3trio.layout.free_places import COLUMN, ROW
from gns3trio.layout.graph import Point

# The width of everything beside its height.
_ASPECT = 1.6
# A free column and row around each part.
_GAP = 1


def packed(parts: Sequence[Mapping[int, Point]]) -> dict[int, Point]:
    """The places of all nodes, given those of each part, which may be anywhere: parts stand in rows, in their order."""
    boxes = [_box(part) for part in parts]
    area = sum((right - left + 2 * COLUMN) * (bottom - top + 2 * ROW) for left, top, right, bottom in boxes)
    widest = max([math.sqrt(area * _ASPECT), *(right - left for left, _, right, _ in boxes)])
    places: dict[int, Point] = {}
    x = y = height = 0.0
    for part, (left, top, right, bottom) in zip(parts, boxes, strict=True):
        if x and x + right - left > widest:
            x, y, height = 0.0, y + height + (1 + _GAP) * ROW, 0.0
        for node, (across, down) in part.items():
            places[node] = x + across - left, y + down - top
        x += right - left + (1 + _GAP) * COLUMN
        height = max(height, bottom - top)
    return places


def _box(part: Mapping[int, Point]) -> tuple[float, float, float, float]:
    xs = [x for x, _ in part.values()]
    ys = [y for _, y in part.values()]
    return min(xs), min(ys), max(xs), max(ys)
