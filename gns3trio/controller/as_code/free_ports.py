"""Chooses the ports of new links whose ends name only a node."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from gns3trio.controller.as_code.document import Document, End, LinkWish, WantedEnd
from gns3trio.controller.gns3_format.records import LinkEndRecord
from gns3trio.controller.links.link import PortAddress
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict


def chosen_ends(
    project: Project, document: Document, new: Sequence[LinkWish]
) -> Iterator[tuple[LinkWish, list[LinkEndRecord]]]:
    """The ends of new links, whose nodes are there. An end without a port gets the first that has no link, neither in
    the project nor in the document.

    Raises Conflict if a node has no free port.
    """
    nodes = {node.name: node for node in project.nodes.values()}
    used = {address for link in project.links.values() for address in link.addresses}
    for wish in document.links or ():
        used |= {_address(nodes[end.port.node].node_id, end.port) for end in wish.ends if end.port is not None}
    ports: dict[str, Iterator[PortAddress]] = {}

    def choose(wish: LinkWish, number: int, end: WantedEnd) -> PortAddress:
        node = nodes[end.node]
        if end.port is not None:
            return _address(node.node_id, end.port)
        free = next((port for port in ports.setdefault(end.node, _ports(node)) if port not in used), None)
        if free is None:
            raise Conflict(f"{wish.where}.ends[{number}]: {end.node} has no free port")
        return free  # it is not looked at again

    for wish in new:
        ends = [choose(wish, number, end) for number, end in enumerate(wish.ends)]
        yield (
            wish,
            [
                LinkEndRecord(node_id=end.node_id, adapter_number=end.adapter_number, port_number=end.port_number)
                for end in ends
            ],
        )


def _address(node_id: UUID, port: End) -> PortAddress:
    return PortAddress(node_id, port.adapter_number, port.port_number)


def _ports(node: Node) -> Iterator[PortAddress]:
    return (PortAddress(node.node_id, port.adapter_number, port.port_number) for port in node.ports())
