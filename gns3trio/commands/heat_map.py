"""A matrix of values between nodes as text, with colors on a terminal."""

from collections.abc import Callable, Mapping, Sequence

from gns3trio.commands.colors import paint
from gns3trio.printable import escape

# Of the cells, from the lowest values, which have none, to the highest: light yellow to red, with black text.
_STYLES = ("", "30;48;5;229", "30;48;5;221", "30;48;5;215", "30;48;5;203")
# A pair that is not measured, and one without a value.
_NO_PAIR, _NO_VALUE = ".", "-"


def heat_map(
    names: Sequence[str],
    values: Mapping[tuple[int, int], float | None],
    text_of: Callable[[float], str],
    *,
    most: float | None,
    columns: int,
) -> list[str] | None:
    """The lines of the matrix, rows and columns numbered from 1; None if it is wider than ``columns``.

    ``values`` are by the indices of row and column. ``most`` is the value of the strongest color; the highest value if
    it is None.
    """
    texts = {place: _NO_VALUE if value is None else text_of(value) for place, value in values.items()}
    count = len(names)
    labels = [f"{index:>{len(str(count))}} {escape(name)}" for index, name in enumerate(names, 1)]
    side = max(map(len, labels), default=0)
    width = max([len(str(count)), *map(len, texts.values())])
    if side + count * (width + 1) > columns:
        return None
    top = most if most is not None else max((value for value in values.values() if value is not None), default=0.0)
    lines = [" " * side + "".join(f" {index:>{width}}" for index in range(1, count + 1))]
    for row, label in enumerate(labels):
        cells = [
            _colored(texts.get((row, column), _NO_PAIR).rjust(width), values.get((row, column)), top)
            for column in range(count)
        ]
        lines.append(label.ljust(side) + "".join(f" {cell}" for cell in cells))
    return lines


def _colored(text: str, value: float | None, top: float) -> str:
    if not value or top <= 0:
        return text
    share = min(value / top, 1.0)
    return paint(text, _STYLES[max(1, round(share * (len(_STYLES) - 1)))])
