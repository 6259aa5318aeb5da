"""The ends that a client wants a link to have."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import attrs

from gns3trio.controller.gns3_format.records import LinkEndRecord
from gns3trio.controller.links.link import Link, address_of, check_nodes
from gns3trio.controller.links.wiring import new_link_end
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Invalid, NotFound


def require_two_ends(ends: Sequence[object]) -> None:
    """Raises Invalid unless there are exactly two ends."""
    if len(ends) != 2:
        raise Invalid(f"nodes: a link has two ends, got {len(ends)}")


def ends_after(nodes: Mapping[UUID, Node], link: Link, sent: list[LinkEndRecord]) -> list[LinkEndRecord]:
    """The ends of a link after a request, which may change labels of the ends or move the link.

    Raises NotFound for an unknown node, Invalid if there are not two ends, Conflict if both ends are one node.
    """
    if len(sent) > 1:
        require_two_ends(sent)
        check_nodes(*(end.node_id for end in sent))
    labels = {address_of(end): end.label for end in (*link.record.nodes, *sent) if end.label is not None}
    if set(map(address_of, sent)) <= set(link.addresses):
        return [attrs.evolve(end, label=labels.get(address_of(end))) for end in link.record.nodes]
    for end in sent:
        if end.node_id not in nodes:
            raise NotFound(f"Node ID {end.node_id} doesn't exist")
    require_two_ends(sent)
    return [attrs.evolve(end, label=labels.get(address_of(end)) or new_link_end(address_of(end)).label) for end in sent]
