"""Deletes what a move of a node between computes has left at one of them: because the server was killed, or because the
compute could not be reached.

A compute deletes files only with their node. So the node is created there once more, and deleted.
"""

import logging

from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.instances import Instances
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.controller.storage.move_journal import MoveEntry
from gns3trio.errors import LabError, NotFound, Unavailable

log = logging.getLogger(__name__)


async def delete_left_copies(project: ProjectContext, nodes: Nodes, instances: Instances) -> None:
    """Delete what the moves of an open project have left, as far as the computes can be reached. The rest is kept in
    the journal.
    """
    for entry in project.services.moves.left(project.project_id):
        try:
            await delete_left_copy(project, nodes, instances, entry)
        except LabError as error:
            log.warning("node '%s': what its move has left is not deleted yet: %s", entry.name, error)


async def delete_left_copy(project: ProjectContext, nodes: Nodes, instances: Instances, entry: MoveEntry) -> None:
    """Delete what one move has left. Raises Unavailable if the compute cannot be reached, or the project not
    be saved.
    """
    journal = project.services.moves
    if entry not in journal.left(project.project_id):
        return  # somebody else is at it, or it is done
    with journal.running(entry):
        await project.make_durable()  # where the node is
        # The node is not moved meanwhile, so its lock, for which others would wait, is not needed.
        node = nodes.get(entry.node_id)
        place = {node.record.compute_id} if node is not None else set[str]()
        await _delete(project, instances, entry, {entry.source, entry.target} - place)
        await journal.remove(entry)


async def _delete(project: ProjectContext, instances: Instances, entry: MoveEntry, compute_ids: set[str]) -> None:
    computes = project.services.computes
    for compute_id in sorted(compute_ids):
        compute = computes.find(compute_id)
        if compute is None:
            try:
                raise Unavailable(computes.registered.require(compute_id).name)  # it waits to be confirmed
            except NotFound:
                continue  # it was removed
        if compute.trouble is not None:
            raise Unavailable(compute.trouble)
        record = NodeRecord(
            node_id=entry.node_id,
            node_type=entry.node_type,
            name=entry.name,
            compute_id=compute_id,
            properties=entry.properties,
            console_type="none",
        )
        try:
            copy = await instances.create(compute, record)
        except Unavailable:
            raise
        except LabError as error:
            log.warning("node '%s': what its move has left at %s cannot be deleted: %s", entry.name, compute_id, error)
            continue
        await compute.delete_node(copy)
