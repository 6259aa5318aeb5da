"""Arranges the nodes of an open project in the drawing."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.places import Place, arranged_nodes
from gns3trio.controller.project.project import Project
from gns3trio.layout.arrange import Layout


async def arrange(
    project: Project, layout: Layout, wanted: Collection[UUID] | None, *, dry_run: bool
) -> list[tuple[Node, Place]]:
    """Arrange the ``wanted`` nodes, or all; returns them with their places, which with ``dry_run`` they do not get.

    Locked nodes stay, and are covered by none. The same lab is always arranged in the same way. Raises Forbidden if the
    project is closed, NotFound for a node that is not there.
    """
    project.require_open()
    chosen = project.nodes.values() if wanted is None else map(project.nodes.require, dict.fromkeys(wanted))
    nodes = [node for node in chosen if not node.record.locked]
    moving = {node.node_id for node in nodes}
    others = [node for node in project.nodes.values() if node.node_id not in moving]
    places = await arranged_nodes(nodes, layout, list(_links(project)), others)
    project.require_open()
    arranged = [(node, places[node.node_id]) for node in nodes if not node.deleted]
    if not dry_run:
        await project.nodes.place(arranged)
    return arranged


def _links(project: Project) -> Iterator[tuple[UUID, UUID]]:
    for link in project.links.values():
        if len(link.record.nodes) == 2:  # a file may have links with fewer ends
            first, second = link.record.nodes
            yield first.node_id, second.node_id


async def place_nodes(project: Project, places: Mapping[UUID, Place]) -> Collection[UUID]:
    """Move nodes, even locked ones; returns the ids of those that are there. Raises Forbidden if the project is
    closed.
    """
    project.require_open()
    there = {node_id: project.nodes[node_id] for node_id in places if node_id in project.nodes}
    await project.nodes.place((node, places[node_id]) for node_id, node in there.items())
    return there.keys()
