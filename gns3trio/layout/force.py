"""Nodes where forces between them are in balance: linked nodes attract each other, near ones push each other away.

The first places come from a few distances in the graph (pivot MDS, Brandes and Pich 2006), and have the shape of the
whole already. Then a few rounds of forces follow, each of which looks only at the nodes in the cells around a node. So
it takes about linear time. Nothing is random.
"""

import math
from collections.abc import Sequence

from gns3trio.layout.free_places import COLUMN
from gns3trio.layout.graph import Graph, Point, walk

_LENGTH = 1.35 * COLUMN  # of a link
_PIVOTS = 12
_TURNS = 30  # of the power iteration
_ROUNDS, _FEW_ROUNDS = 80, 30  # of forces: for small labs, and for large ones
_LARGE = 2000
_MOST_BESIDE = 40  # nodes that push one node in a round
_GOLDEN = math.pi * (3 - math.sqrt(5))  # successive angles that never repeat


def force(graph: Graph, part: Sequence[int]) -> dict[int, Point]:
    """The places of a connected part."""
    if len(part) == 1:
        return {part[0]: (0.0, 0.0)}
    index = {node: number for number, node in enumerate(part)}
    beside = [[index[other] for other in graph.neighbours[node]] for node in part]
    xs, ys = _first_places(Graph(beside))
    rounds = _ROUNDS if len(part) <= _LARGE else _FEW_ROUNDS
    for turn in range(rounds):
        _push(beside, xs, ys, most=_LENGTH * (1 - turn / rounds) + 4)
    return {node: (xs[number], ys[number]) for node, number in index.items()}


def _first_places(graph: Graph) -> tuple[list[float], list[float]]:
    count = len(graph)
    distances: list[list[int]] = []
    nearest = [count] * count
    pivot = 0
    for _ in range(min(_PIVOTS, count)):
        found = [0] * count
        for node, far in walk(graph, [pivot]):
            found[node] = far
        distances.append(found)
        nearest = [min(pair) for pair in zip(nearest, found, strict=True)]
        pivot = max(range(count), key=lambda node: (nearest[node], -node))  # the one that is farthest from all of them
    columns = _centred(distances, count)
    first = _axis(columns, [])
    second = _axis(columns, [first])
    longest = max((max(each) for each in distances), default=1)
    axes = []
    for axis in (first, second):
        along = [
            sum(weight * column[node] for weight, column in zip(axis, columns, strict=True)) for node in range(count)
        ]
        reach = max(map(abs, along)) or 1.0
        axes.append([value / reach * _LENGTH * max(longest, math.sqrt(count)) / 2 for value in along])
    # Nodes with the same distances, such as the hosts of a switch, are at the same place: each goes its own way.
    for node in range(count):
        axes[0][node] += 0.3 * _LENGTH * math.cos(node * _GOLDEN)
        axes[1][node] += 0.3 * _LENGTH * math.sin(node * _GOLDEN)
    return axes[0], axes[1]


def _centred(distances: list[list[int]], count: int) -> list[list[float]]:
    """The squares of the distances, with mean 0 for each pivot and each node."""
    squares = [[float(far * far) for far in each] for each in distances]
    of_node = [sum(column[node] for column in squares) / len(squares) for node in range(count)]
    of_all = sum(of_node) / count
    centred = []
    for column in squares:
        mean = sum(column) / count
        centred.append([-(column[node] - mean - of_node[node] + of_all) / 2 for node in range(count)])
    return centred


def _axis(columns: list[list[float]], others: list[list[float]]) -> list[float]:
    """The longest axis of the columns that is perpendicular to the others, by power iteration."""
    size = len(columns)
    products = [[sum(a * b for a, b in zip(one, two, strict=True)) for two in columns] for one in columns]
    axis = [1.0 / (number + 1 + len(others)) for number in range(size)]
    for _ in range(_TURNS):
        axis = [sum(product * value for product, value in zip(row, axis, strict=True)) for row in products]
        for other in others:
            share = sum(a * b for a, b in zip(axis, other, strict=True))
            axis = [a - share * b for a, b in zip(axis, other, strict=True)]
        length = math.sqrt(sum(value * value for value in axis))
        if length < 1e-9:
            return [1.0 if number == len(others) % size else 0.0 for number in range(size)]
        axis = [value / length for value in axis]
    return axis


def _push(beside: Sequence[Sequence[int]], xs: list[float], ys: list[float], most: float) -> None:
    """One round: move each node by the forces on it, at most that far."""
    cells: dict[tuple[int, int], list[int]] = {}
    size = 1.5 * _LENGTH
    for node, (x, y) in enumerate(zip(xs, ys, strict=True)):
        cells.setdefault((math.floor(x / size), math.floor(y / size)), []).append(node)
    moves: list[Point] = []
    for node, (x, y) in enumerate(zip(xs, ys, strict=True)):
        dx = dy = 0.0
        column, row = math.floor(x / size), math.floor(y / size)
        pushed = 0
        for cell in _AROUND:
            for other in cells.get((column + cell[0], row + cell[1]), ()):
                if other == node:
                    continue
                ax, ay = x - xs[other], y - ys[other]
                square = ax * ax + ay * ay
                if square < 1:
                    angle = (node - other) * _GOLDEN
                    ax, ay, square = math.cos(angle), math.sin(angle), 1.0
                part = _LENGTH * _LENGTH / square
                dx += ax * part
                dy += ay * part
                pushed += 1
                if pushed >= _MOST_BESIDE:
                    break
        for other in beside[node]:
            ax, ay = xs[other] - x, ys[other] - y
            # The hosts of a switch must find room around it, so links at a node with many are longer.
            rest = _LENGTH * (1 + 0.12 * math.sqrt(max(len(beside[node]), len(beside[other]))))
            part = math.hypot(ax, ay) / rest
            dx += ax * part
            dy += ay * part
        length = math.hypot(dx, dy)
        scale = min(most, length * 0.1) / length if length else 0.0
        moves.append((dx * scale, dy * scale))
    for node, (dx, dy) in enumerate(moves):
        xs[node] += dx
        ys[node] += dy


_AROUND = tuple((column, row) for column in (-1, 0, 1) for row in (-1, 0, 1))
