"""Arranges a lab. The same lab is always arranged in the same way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from gns3trio.classes import frozen
from gns3trio.layout.circle import circle
from gns3trio.layout.force import force
from gns3trio.layout.free_places import COLUMN, ROW, FreePlaces
from gns3trio.layout.graph import Graph, Point, make_graph, parts_of
from gns3trio.layout.layered import layered
from gns3trio.layout.packing import packed

Layout = Literal["layered", "force", "circle"]
LAYOUTS: Mapping[Layout, Callable[[Graph, Sequence[int]], dict[int, Point]]] = {
    "layered": layered,
    "force": force,
    "circle": circle,
}
_GRID = 10  # pixels, as the page moves nodes by keys
# The least distance of two nodes, in either direction, so that neither covers the other or its name.
_LEAST_ACROSS, _LEAST_DOWN = 0.7 * COLUMN, 0.7 * ROW


@frozen
class Box:
    """A node in the drawing: its corner and its size."""

    x: float
    y: float
    width: float
    height: float


def arranged(
    layout: Layout,
    boxes: Sequence[Box],
    links: Iterable[tuple[int, int]],
    others: Iterable[tuple[float, float]] = (),
) -> list[tuple[int, int]]:
    """The new corners of nodes. Their middle stays where it is, and none covers one of the ``others``, given by their
    corners, which stay. ``links`` are pairs of numbers of ``boxes``.
    """
    if not boxes:
        return []
    graph = make_graph(len(boxes), links)
    parts = parts_of(graph)
    linked = [LAYOUTS[layout](graph, part) for part in parts if len(part) > 1]
    single = [part[0] for part in parts if len(part) == 1]
    centres = packed([*linked, *([_in_rows(single)] if single else [])])
    corners = [(centres[n][0] - box.width / 2, centres[n][1] - box.height / 2) for n, box in enumerate(boxes)]
    before, after = _middle([(box.x, box.y) for box in boxes]), _middle(corners)
    moved = [(_on_grid(x + before[0] - after[0]), _on_grid(y + before[1] - after[1])) for x, y in corners]
    return _apart(moved, others)


def _on_grid(value: float) -> int:
    return _GRID * round(value / _GRID)


def _middle(corners: Sequence[Point]) -> Point:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _in_rows(nodes: Sequence[int]) -> dict[int, Point]:
    """Nodes without links."""
    columns = max(round((len(nodes) * 1.6) ** 0.5), 1)
    return {node: (COLUMN * (number % columns), ROW * (number // columns)) for number, node in enumerate(nodes)}


def _apart(corners: list[tuple[int, int]], others: Iterable[tuple[float, float]]) -> list[tuple[int, int]]:
    """Move each node that would cover one before it, or one of the others, to the nearest free place."""
    there: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def cell_of(x: float, y: float) -> tuple[int, int]:
        return int(x // COLUMN), int(y // ROW)

    def is_free(x: float, y: float) -> bool:
        column, row = cell_of(x, y)
        return not any(
            abs(x - other_x) < _LEAST_ACROSS and abs(y - other_y) < _LEAST_DOWN
            for across in (-1, 0, 1)
            for down in (-1, 0, 1)
            for other_x, other_y in there.get((column + across, row + down), ())
        )

    for x, y in others:
        there.setdefault(cell_of(x, y), []).append((x, y))
    covering: list[int] = []
    for number, (x, y) in enumerate(corners):
        if is_free(x, y):
            there.setdefault(cell_of(x, y), []).append((x, y))
        else:
            covering.append(number)
    if covering:
        free = FreePlaces(place for places in there.values() for place in places)
        for number in covering:
            corners[number] = free.near(*corners[number])
    return corners
