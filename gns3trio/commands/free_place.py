"""A free place in the drawing for a node whose user names none. The page chooses alike (``web/map/places.js``)."""

import math
from collections.abc import Iterable, Iterator

# Distance between new nodes in pixels, with room for names and links.
COLUMN, ROW = 130, 110


def free_place(nodes: Iterable[tuple[float, float]]) -> tuple[int, int]:
    """The place nearest to 0, 0 at which a new node covers none of ``nodes``, which are given by their corners."""
    taken = set()
    for x, y in nodes:
        for column in {math.floor(x / COLUMN), math.ceil(x / COLUMN)}:
            taken |= {(column, row) for row in (math.floor(y / ROW), math.ceil(y / ROW))}
    return next((COLUMN * column, ROW * row) for column, row in _places() if (column, row) not in taken)


def _places() -> Iterator[tuple[int, int]]:
    """Columns and rows, ring by ring around 0, 0."""
    far = 0
    while True:
        span = range(-far, far + 1)
        ring = [(column, row) for row in span for column in (span if abs(row) == far else {-far, far})]
        yield from sorted(ring, key=lambda place: math.hypot(*place))
        far += 1
