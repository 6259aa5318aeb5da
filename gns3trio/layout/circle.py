"""Nodes on a circle, in an order in which linked nodes are near each other; end hosts outside of their switch."""

import math
from collections.abc import Sequence

from gns3trio.layout.free_places import COLUMN, ROW
from gns3trio.layout.graph import Graph, Point, core_of

_APART = math.hypot(COLUMN, ROW)  # of nodes on a circle, whatever the direction
_RING = 1.5 * COLUMN  # from the circle of switches to that of their hosts


def circle(graph: Graph, part: Sequence[int]) -> dict[int, Point]:
    """The places of a connected part."""
    if len(part) == 1:
        return {part[0]: (0.0, 0.0)}
    leaves = {node for node in part if graph.is_leaf(node)}
    inner = _in_turn(graph, part, leaves)
    hosts = {node: [each for each in graph.neighbours[node] if each in leaves] for node in inner}
    slots = sum(max(len(hosts[node]), 1) for node in inner)
    outer = max(slots * _APART / (2 * math.pi), _RING)
    within = outer if not leaves else max(outer - _RING, len(inner) * _APART / (2 * math.pi))
    outer = max(outer, within + _RING) if leaves else outer
    places: dict[int, Point] = {}
    slot = 0.0
    for node in inner:
        width = max(len(hosts[node]), 1)
        alone = len(inner) == 1
        places[node] = (0.0, 0.0) if alone else _at(within, slot + (width - 1) / 2, slots)
        places |= {host: _at(outer, slot + number, slots) for number, host in enumerate(hosts[node])}
        slot += width
    return places


def _at(radius: float, slot: float, slots: float) -> Point:
    angle = 2 * math.pi * slot / slots - math.pi / 2  # the first one is at the top
    return radius * math.cos(angle), radius * math.sin(angle)


def _in_turn(graph: Graph, part: Sequence[int], leaves: set[int]) -> list[int]:
    """The nodes without leaves, depth first from the core."""
    starts = [node for node in core_of(graph, part) if node not in leaves]
    order: list[int] = []
    seen = set(leaves)
    waiting = starts[:1] or list(part[:1])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            waiting += [other for other in reversed(graph.neighbours[node]) if other not in seen]
    return order
