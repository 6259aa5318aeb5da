"""Free places in the drawing, for nodes whose users name none. The page chooses alike (``web/map/places.js``)."""

import math
from collections.abc import Iterable, Iterator

# Distance between nodes in pixels, with room for names and links.
COLUMN, ROW = 130, 110

_Cell = tuple[int, int]


class FreePlaces:
    """The places of a grid at which a new node covers no other. Places that were given are not free any more.

    However many nodes get a place near the same point, each cell is looked at once for it.
    """

    def __init__(self, nodes: Iterable[tuple[float, float]] = ()) -> None:
        """``nodes`` are given by their corners."""
        self._taken: set[_Cell] = set()
        self._searches: dict[_Cell, Iterator[_Cell]] = {}
        for x, y in nodes:
            self.take(x, y)

    def take(self, x: float, y: float) -> None:
        """A node is here."""
        for column in {math.floor(x / COLUMN), math.ceil(x / COLUMN)}:
            self._taken |= {(column, row) for row in (math.floor(y / ROW), math.ceil(y / ROW))}

    def near(self, x: float = 0, y: float = 0) -> tuple[int, int]:
        """Take the nearest free place to a point, and return it."""
        origin = round(x / COLUMN), round(y / ROW)
        search = self._searches.setdefault(origin, _cells())
        while True:
            column, row = next(search)
            cell = origin[0] + column, origin[1] + row
            if cell not in self._taken:
                self._taken.add(cell)
                return COLUMN * cell[0], ROW * cell[1]


def free_place(nodes: Iterable[tuple[float, float]]) -> tuple[int, int]:
    """The free place nearest to 0, 0."""
    return FreePlaces(nodes).near()


def _cells() -> Iterator[_Cell]:
    """Columns and rows, ring by ring around 0, 0."""
    far = 0
    while True:
        span = range(-far, far + 1)
        ring = [(column, row) for row in span for column in (span if abs(row) == far else {-far, far})]
        yield from sorted(ring, key=lambda place: math.hypot(*place))
        far += 1
