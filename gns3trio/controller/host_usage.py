"""What runs where: how many nodes of the open projects each compute has, and how many links lead to other computes."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import attrs

from gns3trio.classes import define
from gns3trio.controller.project.project import Project
from gns3trio.slices import Slices


@define
class Count:
    """A number of nodes, and how many of them are started."""

    total: int = 0
    started: int = 0

    def add(self, is_started: bool) -> None:
        """Count one more node."""
        self.total += 1
        self.started += is_started


@define
class HostUsage:
    """What open projects have on one compute. ``links`` counts the links to each other compute by its id."""

    nodes: Count = attrs.field(factory=Count)
    by_type: dict[str, Count] = attrs.field(factory=dict)
    by_project: dict[UUID, Count] = attrs.field(factory=dict)
    links: Counter[str] = attrs.field(factory=Counter)


async def host_usage(projects: Iterable[Project]) -> dict[str, HostUsage]:
    """The usage of the computes by id, those without nodes left out. It is counted in slices, while projects may
    change, so it is exact only if nothing changes meanwhile.
    """
    usage: dict[str, HostUsage] = {}
    slices = Slices()
    for project in projects:
        if project.status != "opened":
            continue
        for node in list(project.nodes.values()):
            _add_node(usage, project.project_id, node.record.compute_id, node.record.node_type, node.status)
            await slices.pause()
        for link in list(project.links.values()):
            ends = [project.nodes.get(end.node_id) for end in link.record.nodes]
            computes = {end.record.compute_id for end in ends if end is not None}  # a file may name nodes that are not
            if len(computes) == 2:
                _add_link(usage, *computes)
            await slices.pause()
    return usage


def _add_node(usage: dict[str, HostUsage], project_id: UUID, compute_id: str, node_type: str, status: str) -> None:
    host = usage.setdefault(compute_id, HostUsage())
    is_started = status == "started"
    host.nodes.add(is_started)
    host.by_type.setdefault(node_type, Count()).add(is_started)
    host.by_project.setdefault(project_id, Count()).add(is_started)


def _add_link(usage: dict[str, HostUsage], one: str, other: str) -> None:
    for near, far in ((one, other), (other, one)):
        usage.setdefault(near, HostUsage()).links[far] += 1
