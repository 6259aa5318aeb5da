"""Locks all nodes and drawings of a project, so that nobody moves or deletes one by accident, and unlocks them."""

from collections.abc import Iterable
from contextlib import suppress

import trio

from gns3trio.controller.nodes.all_nodes import NODES_AT_A_TIME
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.drawings import Drawing
from gns3trio.controller.project.project import Project
from gns3trio.controller.project.saving_later import saving_later
from gns3trio.errors import LabError, NotFound
from gns3trio.slices import Slices, for_all


def is_locked(project: Project) -> bool:
    """Whether all nodes and drawings are locked, as in an empty project. Raises Forbidden if it is closed."""
    project.require_open()
    return all(node.record.locked for node in project.nodes.values()) and all(
        drawing.is_locked for drawing in project.drawings.values()
    )


async def lock_all(project: Project, locked: bool) -> None:
    """Lock all nodes and drawings, or unlock them. Those that are so already are not announced.

    Raises Forbidden if the project is closed, Conflict while a node is being moved, Unavailable if the disk reports an
    error; nothing is changed then.
    """
    project.require_open()
    drawings = [drawing for drawing in project.drawings.values() if drawing.is_locked != locked]
    nodes = [node for node in project.nodes.values() if node.record.locked != locked]
    try:
        with saving_later():
            await _change(project, drawings, nodes, locked)
        await project.make_durable()
    except LabError:
        with trio.CancelScope(shield=True), project.taking_back(), suppress(LabError):
            await _change(project, drawings, nodes, not locked)
        raise


async def _change(project: Project, drawings: Iterable[Drawing], nodes: Iterable[Node], locked: bool) -> None:
    errors: list[LabError] = []

    async def change(node: Node) -> None:
        try:
            async with project.nodes.lock(node.node_id):
                await project.nodes.update(node, {"locked": locked})
        except NotFound:  # it was deleted meanwhile
            pass
        except LabError as error:
            errors.append(error)

    slices = Slices()
    for drawing in drawings:
        if project.drawings.get(drawing.drawing_id) is drawing:
            project.drawings.lock(drawing, locked)
        await slices.pause()
    await for_all(nodes, change, NODES_AT_A_TIME)
    if errors:
        raise errors[0]
