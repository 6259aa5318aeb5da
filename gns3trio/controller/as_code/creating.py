"""Creates many nodes and links of a project, all or none. Other hosts are asked for all of theirs at once."""

from collections.abc import Callable, Sequence

from gns3trio.controller.as_code.plan import naming
from gns3trio.controller.as_code.undo import Undo, for_each
from gns3trio.controller.links import many as many_links
from gns3trio.controller.links.many import NewLink
from gns3trio.controller.nodes import many as many_nodes
from gns3trio.controller.nodes.creation import create_node_from_fields, new_node
from gns3trio.controller.nodes.places import Fields
from gns3trio.controller.project.project import Project
from gns3trio.errors import LabError

# The place of an object in the document or request, for errors.
Where = Callable[[int], str]


async def create_nodes(undo: Undo, project: Project, new: Sequence[Fields], where: Where) -> None:
    """Create nodes from their fields, with the names that they have. Raises the first error."""
    computes = project.services.computes
    elsewhere = [number for number, fields in enumerate(new) if computes.find(fields["compute_id"]) is not computes.own]
    here = sorted(set(range(len(new))) - set(elsewhere))

    async def create_here(number: int) -> None:
        with naming(where(number)):
            node = await create_node_from_fields(project.nodes, new[number], keep_name=True)
        undo.by(project.nodes.delete_all, [node])

    await for_each(here, create_here)
    outcomes = await many_nodes.create_all(project, project.nodes, [new_node(new[number]) for number in elsewhere])
    made = [node for node in outcomes if not isinstance(node, LabError)]
    if made:
        undo.by(project.nodes.delete_all, made)
    for number, outcome in zip(elsewhere, outcomes, strict=True):
        if isinstance(outcome, LabError):
            with naming(where(number)):
                raise outcome


async def create_links(undo: Undo, project: Project, new: Sequence[NewLink]) -> None:
    """Create links. Raises the first error."""
    outcomes = await many_links.create_all(project, project.links, new)
    for link in outcomes:
        if not isinstance(link, LabError):
            undo.by(project.links.delete, link)
    if error := next((outcome for outcome in outcomes if isinstance(outcome, LabError)), None):
        raise error
