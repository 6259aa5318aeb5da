"""A link of an open project: which two ports it joins, and the rules for joining them."""

from collections.abc import Iterable
from uuid import UUID

import attrs
import trio

from gns3trio.controller.link_filters import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.topology import LinkEnd, LinkRecord
from gns3trio.errors import Conflict


@attrs.frozen(order=True)
class PortAddress:
    """A port of a node of a project."""

    node_id: UUID
    adapter_number: int
    port_number: int


def address_of(end: LinkEnd) -> PortAddress:
    """The port that a link end sits on."""
    return PortAddress(end.node_id, end.adapter_number, end.port_number)


@attrs.define(eq=False)
class Link:
    """A link and its record. Whoever changes it holds ``lock``."""

    record: LinkRecord
    project_id: UUID
    impairments: Impairments = NO_IMPAIRMENTS
    lock: trio.Lock = attrs.field(factory=trio.Lock)

    @property
    def link_id(self) -> UUID:
        """The link's id."""
        return self.record.link_id

    @property
    def addresses(self) -> list[PortAddress]:
        """The joined ports, in the order of the record."""
        return [address_of(end) for end in self.record.nodes]


def check_link(ends: Iterable[PortAddress], used: Iterable[PortAddress]) -> None:
    """Raises Conflict when ``ends`` cannot be joined; ``used`` are the ports that have a link or NIO."""
    first, second = ends
    if first.node_id == second.node_id:
        raise Conflict("nodes: a node cannot be linked to itself")
    taken = set(used)
    for end in (first, second):
        if end in taken:
            raise Conflict(
                f"nodes: port {end.adapter_number}/{end.port_number} of node {end.node_id} is already linked"
            )
