"""Divides nodes among hosts, so that linked nodes stay together and the load is even. Sans-IO.

The nodes of one connected part of a lab go to one host, if one offers all their types and has room for all of them: the
host of the nodes to which they are linked already, or else the least loaded one. A part that fits nowhere is walked
along its links, and fills one host after the other, that with the most room first: so few links lead from host to host.
Each node and each link is looked at once for each host.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence

from gns3trio.classes import define, frozen

# Hosts whose load differs by less, in percent points, are loaded equally: measured figures vary by that.
SAME_LOAD = 10.0
# A host that would be loaded more than this, in percent, has no room.
FULL = 90.0
# What a node that does not run yet, or was just placed, is expected to need of a host's CPU, in percent.
CPU_OF_NODE = 0.25


@define(eq=False)
class Host:
    """A host that can get nodes, with its load as it is expected to be when all its nodes run.

    ``cpu`` is in percent, memory in MiB. ``memory`` is 0 if it is not known: such a host is chosen last. ``nodes`` is
    the number of all nodes that it has.
    """

    compute_id: str
    cpu: float = 0.0
    memory: float = 0.0
    used: float = 0.0
    nodes: int = 0
    waiting: int = 0  # of the nodes, those that do not run yet: their CPU is not in the figure

    @property
    def room(self) -> float:
        """The memory that it has left, in MiB."""
        return self.memory * FULL / 100 - self.used if self.cpu < FULL else 0.0

    def load_with(self, mib: float) -> float:
        """Its load in percent, with nodes that need so much memory."""
        memory = 100 * (self.used + mib) / self.memory if self.memory else 100.0
        return max(self.cpu + self.waiting * CPU_OF_NODE, memory)

    def add(self, mib: float, nodes: int = 1) -> None:
        """It gets nodes that do not run yet."""
        self.used += mib
        self.nodes += nodes
        self.waiting += nodes


@frozen
class Wanted:
    """A node that needs a host: its memory in MiB, the hosts that offer its type, and for each node to which it is
    linked and that has a host already, that host.
    """

    mib: float
    offering: Collection[Host]
    beside: Sequence[Host] = ()


def partition(nodes: Sequence[Wanted], links: Iterable[tuple[int, int]], hosts: Sequence[Host]) -> list[Host]:
    """The host of each node, which is added to it. ``links`` are pairs of indices of nodes. Of hosts that are equal the
    first one is chosen. Each node must have hosts that offer it.
    """
    beside = _neighbours(len(nodes), links)
    chosen: list[Host | None] = [None] * len(nodes)
    # The largest first: what is small fits in anywhere later.
    parts = sorted(_connected(beside), key=lambda part: -sum(nodes[index].mib for index in part))
    for part in parts:
        mib = sum(nodes[index].mib for index in part)
        able = [host for host in hosts if all(host in nodes[index].offering for index in part)]
        votes = Counter(host.compute_id for index in part for host in nodes[index].beside)
        fitting = [host for host in able if host.room >= mib]
        if fitting or (len(part) == 1 and able):
            host = _best(fitting or able, mib, votes)
            host.add(mib, len(part))
            for index in part:
                chosen[index] = host
        else:
            _split(part, nodes, beside, hosts, chosen)
    return [host for host in chosen if host is not None]


def _best(hosts: Sequence[Host], mib: float, votes: "Counter[str]") -> Host:
    """The host of most of the nodes to which these are linked; else the least loaded one."""
    most = max(votes[host.compute_id] for host in hosts)
    hosts = [host for host in hosts if votes[host.compute_id] == most]
    least = min(host.load_with(mib) for host in hosts)
    return min((host for host in hosts if host.load_with(mib) < least + SAME_LOAD), key=lambda host: host.nodes)


def _split(
    part: Sequence[int],
    nodes: Sequence[Wanted],
    beside: Sequence[Sequence[int]],
    hosts: Sequence[Host],
    chosen: list[Host | None],
) -> None:
    """Divide a connected part among several hosts."""
    filled: Host | None = None
    for index in part:
        node = nodes[index]
        able = [host for host in hosts if host in node.offering]
        fitting = [host for host in able if host.room >= node.mib]
        if filled is not None and (filled in fitting or (filled in able and not fitting)):
            host = filled
        elif filled is None or filled in able:  # the first one, or the next after a full one
            host = filled = (
                max(fitting, key=lambda host: host.room) if fitting else min(able, key=lambda host: host.load_with(0))
            )
        else:  # only others have its type: the one of its neighbours, if they are there
            placed = [chosen[other] for other in beside[index]]
            votes = Counter(host.compute_id for host in (*placed, *node.beside) if host is not None)
            host = _best(fitting or able, node.mib, votes)
        host.add(node.mib)
        chosen[index] = host


def _neighbours(count: int, links: Iterable[tuple[int, int]]) -> list[list[int]]:
    beside: list[list[int]] = [[] for _ in range(count)]
    for first, second in links:
        beside[first].append(second)
        beside[second].append(first)
    return beside


def _connected(beside: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The connected parts, each in the order of a walk along its links."""
    seen = [False] * len(beside)
    for start in range(len(beside)):
        if seen[start]:
            continue
        part, waiting = list[int](), deque([start])
        seen[start] = True
        while waiting:
            index = waiting.popleft()
            part.append(index)
            for other in beside[index]:
                if not seen[other]:
                    seen[other] = True
                    waiting.append(other)
        yield part
