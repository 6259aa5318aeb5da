"""Where nodes are drawn."""


def are_apart(places: list[tuple[int, int]]) -> bool:
    """Whether no node covers another or its name."""
    cells: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for x, y in places:
        column, row = x // 90, y // 76
        beside = (cells.get((column + a, row + b), ()) for a in (-1, 0, 1) for b in (-1, 0, 1))
        if any(abs(x - ox) < 90 and abs(y - oy) < 76 for near in beside for ox, oy in near):
            return False
        cells.setdefault((column, row), []).append((x, y))
    return True
