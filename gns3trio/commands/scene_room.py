"""Finds room for the texts of a drawn project, so that they do not cover each other. Sans-IO."""

from collections.abc import Iterable, Iterator, Sequence

from gns3trio.commands.scene_style import Box

_CELL = 64  # pixels: size of the grid cells in which overlaps are searched
_LARGE = 10_000  # pixels
# How far a text may be from its place, in pixels, and in which directions it is looked for.
_DISTANCES = (7, 14, 21, 28, 36, 44)
_DIRECTIONS = ((0, -1), (0, 1), (1, 0), (-1, 0), (0.7, -0.7), (-0.7, -0.7), (0.7, 0.7), (-0.7, 0.7))
_STEPS = [(0.0, 0.0), *((x * far, y * far) for far in _DISTANCES for x, y in _DIRECTIONS)]


class _Areas:
    """Areas, by the cells of a grid in which they are."""

    def __init__(self, boxes: Iterable[Box] = ()) -> None:
        self._cells: dict[tuple[int, int], list[Box]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        for cell in _cells(box):
            self._cells.setdefault(cell, []).append(box)

    def touches(self, box: Box) -> bool:
        return any(box.overlaps(other) for cell in _cells(box) for other in self._cells.get(cell, ()))


class Room:
    """The areas of symbols and texts, among which further texts search a place."""

    def __init__(self, symbols: Iterable[Box]) -> None:
        self.taken: list[Box] = []  # by texts
        self._symbols = _Areas(symbols)
        self._texts = _Areas()

    def take(self, box: Box) -> None:
        """Mark the area of a text as occupied."""
        self.taken.append(box)
        self._texts.add(box)

    def first_free(self, boxes: Sequence[Box]) -> int:
        """Occupy the first of the areas that is free; if none is, the first that covers no text, only a symbol; if
        there is none either, the first one. Returns its number.
        """
        clear = [number for number, box in enumerate(boxes) if not self._texts.touches(box)]
        free = (number for number in clear if not self._symbols.touches(boxes[number]))
        number = next(free, clear[0] if clear else 0)
        self.take(boxes[number])
        return number

    def settle(self, box: Box, places: Iterable[tuple[float, float]] = ()) -> tuple[float, float]:
        """Occupy an area, the nearest free one around it, or one around the first free one of ``places``; returns how
        far that is away.
        """
        across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        steps = [*_STEPS, *((x - across, y - down) for x, y in places)]
        return steps[self.first_free([box.moved(x, y) for x, y in steps])]


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    if max(box.right - box.left, box.bottom - box.top) > _LARGE:
        return  # larger than the grid: nothing has room beside it
    for column in range(int(box.left // _CELL), int(box.right // _CELL) + 1):
        for row in range(int(box.top // _CELL), int(box.bottom // _CELL) + 1):
            yield column, row
