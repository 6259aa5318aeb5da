"""Nodes in rows by their distance from the core of the lab. End hosts stand in blocks below their switch."""

import math
from collections.abc import Mapping, Sequence

from gns3trio.classes import frozen
from gns3trio.layout.free_places import COLUMN, ROW
from gns3trio.layout.graph import Graph, Point, core_of, walk

# So many end hosts stand in one row below their switch.
_ONE_ROW = 8
# A block of more has this width beside its height.
_ASPECT = 2.0
# How much farther below its switch a block is for each of its columns, as a part of a row.
_STEEPNESS = 0.1
# Between two rows of switches, beside the rows of a block.
_GAP = 1.4 * ROW
# How often the order within rows, and then the places, are improved.
_ORDERINGS, _PLACINGS = 6, 6
# A row is split if it is wider than this, or than the height of all beside it asks for.
_WIDEST, _WIDE = 20 * COLUMN, 2.0


def layered(graph: Graph, part: Sequence[int]) -> dict[int, Point]:
    """The places of a connected part."""
    leaves = {node: graph.neighbours[node][0] for node in part if graph.is_leaf(node)}
    hosts: dict[int, list[int]] = {}
    for leaf in sorted(leaves):
        hosts.setdefault(leaves[leaf], []).append(leaf)
    depth = dict(walk(graph, [node for node in core_of(graph, part) if node not in leaves] or [part[0]]))
    rows: list[list[int]] = [[] for _ in range(1 + max(depth.values()))]
    for node, far in depth.items():
        if node not in leaves:
            rows[far].append(node)
    rows = [row for row in rows if row]
    _order(graph, rows, depth)
    blocks = {node: _block(len(hosts.get(node, ()))) for row in rows for node in row}
    places = _place(graph, _split(rows, blocks), blocks, depth)
    for node, its_hosts in hosts.items():
        x, y = places[node]
        places |= zip(its_hosts, ((x + across, y + down) for across, down in blocks[node].places), strict=True)
    return places


@frozen
class _Block:
    """The end hosts of a switch: their places from it, and the size of all."""

    places: Sequence[Point]
    width: float
    height: float


def _block(count: int) -> _Block:
    columns = count if count <= _ONE_ROW else math.ceil(math.sqrt(count * _ASPECT * ROW / COLUMN))
    places: list[Point] = []
    # The wider the block, the farther below its switch, or its links would lie on each other.
    first = ROW * (1 + _STEEPNESS * columns)
    for begin in range(0, count, max(columns, 1)):
        there = min(columns, count - begin)
        row = begin // columns
        # Every second row stands between the columns of the one before, so that links pass beside its nodes.
        shift = COLUMN / 4 * (1 if row % 2 else -1) if there == columns and count > columns else 0.0
        places += [(COLUMN * (column - (there - 1) / 2) + shift, first + ROW * row) for column in range(there)]
    rows = math.ceil(count / columns) if columns else 0
    return _Block(
        places, COLUMN * (max(columns, 1) + (0.5 if rows > 1 else 0)), first + ROW * (rows - 1) if rows else 0.0
    )


def _order(graph: Graph, rows: list[list[int]], depth: Mapping[int, int]) -> None:
    """Order each row by the mean place of the neighbours in the row above, then below, so that few links cross."""
    place = {node: (number + 0.5) / len(row) for row in rows for number, node in enumerate(row)}
    for turn in range(_ORDERINGS):
        step = -1 if turn % 2 == 0 else 1
        for row in rows if step < 0 else reversed(rows):
            wanted = {}
            for node in row:
                beside = [place[n] for n in graph.neighbours[node] if depth[n] == depth[node] + step and n in place]
                wanted[node] = sum(beside) / len(beside) if beside else place[node]
            row.sort(key=lambda node: (wanted[node], node))
            # As a part of the row, so that rows of any length can be compared.
            place |= {node: (number + 0.5) / len(row) for number, node in enumerate(row)}


def _split(rows: list[list[int]], blocks: Mapping[int, _Block]) -> list[list[int]]:
    """The rows, those that are too wide in several."""
    area = sum(blocks[node].width * (blocks[node].height + _GAP) for row in rows for node in row)
    widest = max(_WIDEST, math.sqrt(area * _WIDE))
    split: list[list[int]] = []
    for row in rows:
        total = sum(blocks[node].width for node in row)
        pieces = math.ceil(total / widest)
        width, piece = 0.0, list[int]()
        for node in row:
            if piece and width + blocks[node].width > total / pieces + COLUMN:
                split.append(piece)
                width, piece = 0.0, []
            width += blocks[node].width
            piece.append(node)
        split.append(piece)
    return split


def _place(
    graph: Graph, rows: list[list[int]], blocks: Mapping[int, _Block], depth: Mapping[int, int]
) -> dict[int, Point]:
    heights, y = list[float](), 0.0
    for row in rows:
        heights.append(y)
        y += max(blocks[node].height for node in row) + _GAP
    across: dict[int, float] = {}
    for row in rows:
        across |= _apart(row, dict.fromkeys(row, 0.0), blocks)
    for turn in range(_PLACINGS):
        step = -1 if turn % 2 == 0 else 1
        for row in rows if step < 0 else reversed(rows):
            wanted = {}
            for node in row:
                beside = [across[n] for n in graph.neighbours[node] if n in across and depth[n] == depth[node] + step]
                wanted[node] = sum(beside) / len(beside) if beside else across[node]
            across |= _apart(row, wanted, blocks)
    return {node: (across[node], height) for row, height in zip(rows, heights, strict=True) for node in row}


def _apart(row: Sequence[int], wanted: Mapping[int, float], blocks: Mapping[int, _Block]) -> dict[int, float]:
    """Places in their order, as near to those that are wanted as their widths allow: nodes that would overlap form a
    group, which stands at the mean of what its nodes want.
    """
    groups: list[tuple[float, int]] = []  # the sum of what the nodes of a group want, less their offsets, and how many
    offsets: list[float] = []
    offset = 0.0
    for number, node in enumerate(row):
        if number:
            offset += (blocks[row[number - 1]].width + blocks[node].width) / 2
        offsets.append(offset)
        group = wanted[node] - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > group[0] / group[1]:
            before = groups.pop()
            group = before[0] + group[0], before[1] + group[1]
        groups.append(group)
    bases = [total / count for total, count in groups for _ in range(count)]
    return {node: base + offset for node, base, offset in zip(row, bases, offsets, strict=True)}
