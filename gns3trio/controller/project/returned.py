"""Takes up the work with a compute that was away: its nodes that are gone are created again, their links too, and those
that ran are started again.
"""

from collections.abc import Mapping
from uuid import UUID

from gns3trio.compute.interface import Compute
from gns3trio.compute.node import NodeStatus
from gns3trio.controller.links.many import restore_all as restore_links
from gns3trio.controller.nodes.all_nodes import act_on_all
from gns3trio.controller.nodes.many import restore_all as restore_nodes
from gns3trio.controller.project.project import Project
from gns3trio.counts import counted
from gns3trio.errors import LabError


async def take_up_again(project: Project, compute: Compute, lost: Mapping[UUID, NodeStatus]) -> None:
    """Bring an open project's part on a compute in order. ``lost`` are nodes that the compute has no longer, with their
    status before; nodes that could not be created when the project was opened are missing too. It ends when the project
    is closed.
    """
    with project.work_in_background():
        await _take_up_again(project, compute, lost)


async def _take_up_again(project: Project, compute: Compute, lost: Mapping[UUID, NodeStatus]) -> None:
    there = [node for node in project.nodes.values() if node.record.compute_id == compute.compute_id]
    missing = [node for node in there if node.node_id in lost or node.instance is None]
    ids = {node.node_id for node in missing}
    project.links.wiring.compute_returned(compute)

    def is_open() -> bool:
        return project.status == "opened"

    await restore_nodes(project, project.nodes, missing, is_open)
    links = {
        link.link_id: link
        for node in there
        for link in project.links.of_node(node.node_id)
        if node.node_id in ids or link.problem is not None
    }
    await restore_links(project, project.links, list(links.values()), is_open)
    ran = [node for node in missing if lost.get(node.node_id) == "started" and node.instance is not None]
    try:
        await act_on_all(ran, "start")
    except LabError as error:
        project.log("error", f"not all nodes of compute {compute.compute_id!r} were started again: {error}")
    if missing and is_open():
        project.log("info", f"created again, because their compute is back: {counted(len(missing), 'node')}")
