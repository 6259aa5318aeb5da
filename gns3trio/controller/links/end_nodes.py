"""The nodes at the ends of links: what they allow, and what is wrong with them."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Literal
from uuid import UUID

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_traits import has_port
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord
from gns3trio.controller.links.link import Link, PortAddress
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, NotFound
from gns3trio.mutex import Mutex


class EndNodes:
    """Looks up the nodes of links in the table of a project's nodes. A file may name nodes that are not there."""

    def __init__(self, nodes: Mapping[UUID, Node]) -> None:
        self._nodes = nodes

    def running(self, link: Link) -> list[tuple[Node, PortAddress]]:
        """The nodes at its ends that run here, each with its port."""
        found = ((self._nodes.get(address.node_id), address) for address in link.addresses)
        return [(node, address) for node, address in found if node is not None and node.instance is not None]

    def missing(self, record: LinkRecord) -> str | None:
        """The node of a link that is missing or does not run here."""
        for end in record.nodes:
            node = self._nodes.get(end.node_id)
            if node is None:
                return f"node {end.node_id} doesn't exist"
            if node.instance is None:
                return f"node '{node.name}' does not run here"
        return None

    def trouble(self, record: LinkRecord) -> str | None:
        """What keeps frames from passing a port of the link, as its node tells; None if nothing does."""
        for end in record.nodes:
            node = self._nodes.get(end.node_id)
            if node is not None and node.instance is not None:
                trouble = node.instance.port_trouble(end.adapter_number, end.port_number)
                if trouble is not None:
                    return f"{node.name}: {trouble}"
        return None

    def link_type(self, record: LinkRecord) -> Literal["ethernet", "serial"]:
        """The link type of the ports."""
        return "serial" if any(map(self._is_serial, record.nodes)) else "ethernet"

    def _is_serial(self, end: LinkEndRecord) -> bool:
        """Whether it is a port of a serial line. Only nodes of emulators have such."""
        node = self._nodes.get(end.node_id)
        return node is not None and any(
            (port.adapter_number, port.port_number) == (end.adapter_number, end.port_number) and port.is_serial
            for port in (node.ports() if node.instance is None or node.traits.emulator is not None else ())
        )

    def check_ports(self, record: LinkRecord) -> None:
        """Raises NotFound if a node does not have the port."""
        for end in record.nodes:
            node = self._nodes[end.node_id]
            if node.instance is not None and not self._has_port(node, node.instance, end):
                where = f"port {end.adapter_number}/{end.port_number}"
                raise NotFound(f"nodes: {where} doesn't exist on node '{node.name}'")

    @staticmethod
    def _has_port(node: Node, instance: ComputeNode, end: LinkEndRecord) -> bool:
        if ports := instance.ports():
            return has_port(ports, end.adapter_number, end.port_number)
        listed = {(port.adapter_number, port.port_number) for port in node.ports()}
        return not listed or (end.adapter_number, end.port_number) in listed

    def check_types(self, record: LinkRecord) -> None:
        """As in GNS3, raises Conflict for a link that would connect two networks of the host, or a serial line with an
        Ethernet.
        """
        if len(set(map(self._is_serial, record.nodes))) > 1:
            raise Conflict("nodes: a serial port cannot be linked to an Ethernet port")
        nodes = [self._nodes.get(end.node_id) for end in record.nodes]
        if all(node is not None and node.traits.reaches_host for node in nodes):
            raise Conflict("nodes: a cloud or NAT cannot be linked to another one")

    @asynccontextmanager
    async def lock(self, node_ids: Iterable[UUID]) -> AsyncIterator[None]:
        """Hold the locks of nodes, so that none is deleted meanwhile. Raises NotFound if one does not exist."""
        async with AsyncExitStack() as stack:
            for node_id in sorted(set(node_ids)):  # always in the same order, to avoid deadlocks
                node = self._nodes.get(node_id)
                if node is not None:
                    await stack.enter_async_context(node.lock)
                if node is None or node.deleted:
                    raise NotFound(f"nodes: node ID {node_id} doesn't exist")
            yield

    @contextmanager
    def hold_free(self, links: Sequence[tuple[LinkRecord, Mutex | None]]) -> Iterator[list[bool]]:
        """Hold the locks of nodes, and of links that have one, of those links at which nobody is at work now; yields
        for each link whether it is one of them. The others would have to be waited for: a start may hang.
        """
        held: dict[UUID, Mutex] = {}
        own: list[Mutex] = []
        free: list[bool] = []
        try:
            for record, lock in links:
                nodes = [self._nodes.get(end.node_id) for end in record.nodes]
                is_free = (lock is None or not lock.locked()) and all(
                    node is not None and not node.deleted and (node.node_id in held or not node.lock.locked())
                    for node in nodes
                )
                for node in nodes if is_free else ():
                    if node is not None and node.node_id not in held:
                        node.lock.acquire_nowait()
                        held[node.node_id] = node.lock
                if is_free and lock is not None:
                    lock.acquire_nowait()
                    own.append(lock)
                free.append(is_free)
            yield free
        finally:
            for lock in (*held.values(), *own):
                lock.release()
