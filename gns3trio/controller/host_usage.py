"""What runs where: how many nodes of the open projects each compute has, and how many links lead to other computes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import attrs

from gns3trio.classes import define
from gns3trio.controller.links.link import Link
from gns3trio.controller.project.project import Project
from gns3trio.slices import Slices

# So many are counted before the clock is read.
_STEP = 200

_T = TypeVar("_T")


@define
class Count:
    """A number of nodes, and how many of them are started."""

    total: int = 0
    started: int = 0

    def add(self, number: int, status: str) -> None:
        """Count nodes with this status."""
        self.total += number
        if status == "started":
            self.started += number


@define
class HostUsage:
    """What open projects have on one compute. ``links`` counts the links to each other compute by its id."""

    nodes: Count = attrs.field(factory=Count)
    by_type: defaultdict[str, Count] = attrs.field(factory=lambda: defaultdict(Count))
    by_project: defaultdict[UUID, Count] = attrs.field(factory=lambda: defaultdict(Count))
    links: Counter[str] = attrs.field(factory=Counter)


async def host_usage(projects: Iterable[Project]) -> dict[str, HostUsage]:
    """The usage of the computes by id; those without nodes are left out. It is counted in slices, while projects may
    change, so it is exact only if nothing changes meanwhile.
    """
    usage: defaultdict[str, HostUsage] = defaultdict(HostUsage)
    slices = Slices()
    for project in projects:
        if project.status != "opened":
            continue
        kinds: Counter[tuple[str, str, str]] = Counter()
        for nodes in _steps(list(project.nodes.values())):
            kinds.update((node.record.compute_id, node.record.node_type, node.status) for node in nodes)
            await slices.pause()
        for (compute_id, node_type, status), number in kinds.items():
            host = usage[compute_id]
            for count in (host.nodes, host.by_type[node_type], host.by_project[project.project_id]):
                count.add(number, status)
        if len({compute_id for compute_id, _, _ in kinds}) < 2:
            continue  # no link leads elsewhere
        for links in _steps(list(project.links.values())):
            for near, far in _between_computes(project, links):
                usage[near].links[far] += 1
                usage[far].links[near] += 1
            await slices.pause()
    return usage


def _between_computes(project: Project, links: Sequence[Link]) -> Iterable[tuple[str, str]]:
    """The computes of each link that is between two. A file may have links to nodes that do not exist."""
    nodes = project.nodes
    for link in links:
        ends = [node.record.compute_id for end in link.record.nodes if (node := nodes.get(end.node_id)) is not None]
        if len(ends) == 2 and ends[0] != ends[1]:
            yield ends[0], ends[1]


def _steps(things: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for begin in range(0, len(things), _STEP):
        yield things[begin : begin + _STEP]
