"""Creates nodes from the fields that a client sends."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from gns3trio.compute.host import ANY_COMPUTE_ID
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes import many
from gns3trio.controller.nodes.node import Node, drawn_as
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.controller.nodes.places import Fields, with_place
from gns3trio.controller.placement.placement import NewNode, Placement
from gns3trio.slices import Slices, in_slices


async def create_node_from_fields(
    nodes: Nodes, fields: Fields, *, keep_name: bool = False, startup_script: str | None = None
) -> Node:
    """Create a node from checked NodeRecord fields, whose ``properties`` are not checked yet.

    ``startup_script`` is a script that is not among the properties: as in GNS3, only a script from the client is shown
    there.

    ``fields`` may also have the ``engine`` that runs it. Without ``x`` and ``y`` the node gets a free place.

    Raises Invalid for invalid properties, and as ``Nodes.create``.
    """
    new = new_node(with_place(nodes, fields))
    return await nodes.create(new.record, keep_name=keep_name, startup_script=startup_script, engine=new.engine)


def new_node(fields: Fields) -> many.NewNode:
    """The record and the engine in the fields of a new node."""
    properties = dict(fields.get("properties") or {})
    of_record = {name: value for name, value in fields.items() if name != "engine"}
    record = NodeRecord(**{**drawn_as(fields["node_type"]), **of_record, "properties": properties})
    return many.NewNode(record, fields.get("engine"))


async def with_computes(
    placement: Placement, nodes: Nodes, new: Sequence[Fields], links: Iterable[tuple[UUID, UUID]] = ()
) -> list[Fields]:
    """The fields of new nodes, with computes for those whose ``compute_id`` is ``auto``. ``links`` are the ids of the
    nodes that will be linked, of these or of those that are there: they stay together if possible.

    Raises Conflict if none of the computes that offer a type can be reached.
    """
    searching = [fields for fields in new if fields["compute_id"] == ANY_COMPUTE_ID]
    if not searching:
        return list(new)
    index = {fields["node_id"]: number for number, fields in enumerate(searching)}
    place = {fields["node_id"]: fields["compute_id"] for fields in new if fields["node_id"] not in index}
    beside: list[list[str]] = [[] for _ in searching]
    pairs, slices = list[tuple[int, int]](), Slices()
    for first, second in links:
        await slices.pause()
        if first in index and second in index:
            pairs.append((index[first], index[second]))
            continue
        for end, other in ((first, second), (second, first)):
            if end in index:
                there = place.get(other) or (nodes[other].record.compute_id if other in nodes else None)
                beside[index[end]] += [there] if there is not None else []
    chosen = await placement.choose(
        await in_slices(
            NewNode(
                node_id=fields["node_id"],
                node_type=fields["node_type"],
                properties=fields.get("properties") or {},
                engine=fields.get("engine"),
                beside=near,
            )
            for fields, near in zip(searching, beside, strict=True)
        ),
        pairs,
    )
    return await in_slices(
        {**fields, "compute_id": chosen[index[fields["node_id"]]]} if fields["node_id"] in index else fields
        for fields in new
    )
