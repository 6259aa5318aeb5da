"""A lab as its arrangements see it: nodes by number, in the order of their names, and who is linked with whom."""

from collections.abc import Iterable, Sequence

from gns3trio.classes import frozen

Point = tuple[float, float]

# So many nodes besides one may stand in for it.
_MOST_IN_CORE = 3


@frozen
class Graph:
    """``neighbours[n]`` are the nodes linked with node ``n``, each once, in order."""

    neighbours: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.neighbours)

    def is_leaf(self, node: int) -> bool:
        """Whether the node has one neighbour, which has more: an end host at a switch."""
        beside = self.neighbours[node]
        return len(beside) == 1 and len(self.neighbours[beside[0]]) > 1


def make_graph(count: int, links: Iterable[tuple[int, int]]) -> Graph:
    """The graph of ``count`` nodes. Several links between two nodes count once; none leads from a node to itself."""
    beside: list[set[int]] = [set() for _ in range(count)]
    for first, second in links:
        if first != second:
            beside[first].add(second)
            beside[second].add(first)
    return Graph([sorted(each) for each in beside])


def parts_of(graph: Graph) -> list[list[int]]:
    """The connected parts, the largest first."""
    seen = [False] * len(graph)
    parts = []
    for start in range(len(graph)):
        if not seen[start]:
            part = [node for node, _ in walk(graph, [start])]
            for node in part:
                seen[node] = True
            parts.append(part)
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def walk(graph: Graph, starts: Iterable[int]) -> list[tuple[int, int]]:
    """All nodes that can be reached, breadth first, with their distance from the starts."""
    order = [(start, 0) for start in starts]
    seen = {start for start, _ in order}
    for node, distance in order:  # grows meanwhile
        for other in graph.neighbours[node]:
            if other not in seen:
                seen.add(other)
                order.append((other, distance + 1))
    return order


def core_of(graph: Graph, part: Sequence[int]) -> list[int]:
    """The nodes in the middle of a connected part: leaves are taken away, again and again, as long as something is
    left. Of what remains, the node with most links there, and its neighbours with as many, which stand in for it.
    """
    degree = {node: len(graph.neighbours[node]) for node in part}
    left = set(part)
    leaves = [node for node in part if degree[node] <= 1]
    while leaves and len(left) > len(leaves):
        left.difference_update(leaves)
        bared = []
        for other in (other for leaf in leaves for other in graph.neighbours[leaf] if other in left):
            degree[other] -= 1
            if degree[other] == 1:
                bared.append(other)
        leaves = bared
    inner = {node: sum(other in left for other in graph.neighbours[node]) for node in left}
    first = max(left, key=lambda node: (inner[node], len(graph.neighbours[node]), -node))
    beside = [other for other in graph.neighbours[first] if inner.get(other) == inner[first]]
    if len(left) > 2 and (inner[first] <= 2 or len(beside) > _MOST_IN_CORE):  # a ring or a mesh has no core
        return [first]
    return sorted([first, *beside])
