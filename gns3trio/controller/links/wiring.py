"""Connects the ports of nodes for the links of an open project.

A compute connects two of its own nodes itself. For nodes on two computes, the controller creates a UDP tunnel. A client
of API version 1 creates a tunnel itself: a pair of UDP NIOs that name each other's ports. If both its ends are nodes of
this project, it is a link too: it is listed, saved and opened again.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID, uuid4

import trio

from gns3trio.compute.interface import Compute, ComputePort, LinkEnd
from gns3trio.compute.nio import LOOPBACK, UdpNio
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord, link_label
from gns3trio.controller.links.filters import (
    apply_filters,
    apply_nothing,
    apply_suspend,
    compile_filters,
    conditions_of,
)
from gns3trio.controller.links.joining import Joining, Wanted
from gns3trio.controller.links.link import Link, PortAddress, address_of, check_link
from gns3trio.controller.links.table import LinkTable
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError, NotFound
from gns3trio.slices import Slices

log = logging.getLogger(__name__)

_LOOPBACK_NAMES = frozenset({"", LOOPBACK, "localhost"})


class Wiring:
    """The connections of all ports of a project."""

    def __init__(self, project: ProjectContext, nodes: Mapping[UUID, Node]) -> None:
        self.links = LinkTable()
        self._project = project
        self._nodes = nodes
        # The NIO of a client; None for a link that the controller has created.
        self._joined: dict[PortAddress, UdpNio | None] = {}
        self._address_by_lport: dict[int, PortAddress] = {}
        self._joining = Joining(project.project_id)
        self._connecting: set[PortAddress] = set()  # ports of links that are being created

    async def wire(self, link: Link) -> None:
        """Connect the two ports of a link. Its filters apply from the first frame.

        Raises Conflict (port in use, both ends at one node, not two ends) or NotFound (no such node); nothing is
        connected then.
        """
        self.reserve(link)
        (error,) = await self.wire_all([link])
        if error is not None:
            raise error

    def reserve(self, link: Link) -> None:
        """Reserve the ports of a link for ``wire_all``. Raises Conflict if it cannot have them."""
        self.check(link, link.record)
        self._connecting.update(link.addresses)

    async def wire_all(self, links: Sequence[Link]) -> list[LabError | None]:
        """Connect the ports of links, which are reserved, in place of what was there. Returns the error for each, None
        if it is connected.
        """
        try:
            return await self._join_all(links)
        finally:
            for link in links:
                self._connecting.difference_update(link.addresses)

    async def _join_all(self, links: Sequence[Link]) -> list[LabError | None]:
        errors: list[LabError | None] = [None] * len(links)
        wanted: dict[int, Wanted] = {}
        slices = Slices()
        for number, link in enumerate(links):
            try:
                first, second = map(self._place, link.addresses)
                wanted[number] = Wanted(first, second, conditions_of(link.record, link.impairments))
            except LabError as error:
                errors[number] = error
            await slices.pause()
        for number, failure in zip(wanted, await self._joining.join(list(wanted.values())), strict=True):
            errors[number] = failure
            if failure is None:
                self._joined |= dict.fromkeys(links[number].addresses)
                links[number].problem = None
            else:
                for address in links[number].addresses:
                    self._forget(address)
        return errors

    def check(self, link: Link, record: LinkRecord) -> None:
        """Raises Conflict if the link cannot have the ends in ``record``."""
        check_link([address_of(end) for end in record.nodes], partial(self._is_used, but_by=link))

    async def rewire(self, link: Link, record: LinkRecord) -> None:
        """Move a link to the ends in another record.

        Raises as ``wire``; the link is unchanged then.
        """
        self.check(link, record)
        before, was_wired = link.record, link.problem is None
        ends = [address_of(end) for end in record.nodes]
        with self._taken({*link.addresses, *ends}), trio.CancelScope(shield=True):
            if was_wired:
                await self._separate(link)
            self.links.move(link, record)
            try:
                await self._join(link)
            except BaseException as error:
                self.links.move(link, before)
                if was_wired:
                    link.problem = str(error)  # until it is wired again, which may also fail
                    await self._join(link)
                raise

    async def put_back(self, link: Link, record: LinkRecord, problem: str | None) -> None:
        """Undo ``rewire``: restore the link's record, and the problem that prevented its wiring."""
        if problem is None:
            await self.rewire(link, record)
            return
        await self._separate(link)
        self.links.move(link, record)
        link.problem = problem

    @contextmanager
    def _taken(self, addresses: Iterable[PortAddress]) -> Iterator[None]:
        """Reserve these ports while the ``with`` lasts."""
        addresses = set(addresses)
        self._connecting |= addresses
        try:
            yield
        finally:
            self._connecting -= addresses

    async def _join(self, link: Link) -> None:
        (error,) = await self._join_all([link])
        if error is not None:
            raise error

    def compute_returned(self, compute: Compute) -> None:
        """A compute that was away is back, perhaps without what it had."""
        self._joining.forget(compute)

    async def separate(self, link: Link) -> None:
        """Disconnect the two ports of a link, which stays in the table. ``wire`` connects them again."""
        await self._separate(link)

    def has_tunnel_of_client(self, node_id: UUID) -> bool:
        """Whether a port of the node is connected to a tunnel of a client that is no link."""
        return any(
            address.node_id == node_id and nio is not None and self.link_at(address) is None
            for address, nio in self._joined.items()
        )

    async def disconnect(self, link: Link) -> None:
        """Disconnect the two ports of a link, and release their resources."""
        self.links.remove(link)
        if link.problem is None:  # otherwise the connections at its ports belong to others
            await self._separate(link)

    async def _separate(self, link: Link) -> None:
        for address in link.addresses:
            if address in self._joined:
                await self._unbind(address)

    async def bind_nio(self, address: PortAddress, nio: UdpNio) -> Link | None:
        """Bind a client's NIO. Returns the link that this completes, if any.

        An existing link at the port is kept if the NIO leads to the same place; otherwise it is removed.
        """
        before = self.link_at(address)
        if before is not None:
            await compile_filters(before.record, before.impairments)
            await apply_suspend(self.ends(before), True)  # until the filters apply at the new tunnel
        try:
            await self._bind(address, nio)
        finally:
            if before is not None:
                with trio.CancelScope(shield=True):
                    await apply_filters(self.ends(before), before.record, before.impairments)
        other = self._other_end(nio)
        if before is not None:
            if other != address and other in before.addresses:
                return None
            await self._end(before)
        if other is None or other.node_id == address.node_id:
            return None
        record = LinkRecord(link_id=uuid4(), nodes=[new_link_end(end) for end in sorted((other, address))])
        link = Link(record, self._project.project_id)
        self.links.add(link)
        return link

    async def unbind_nio(self, address: PortAddress) -> Link | None:
        """Undo ``bind_nio``. Returns the link that this has ended, if any. Does nothing if there is no NIO."""
        if address in self._joined:
            await self._unbind(address)
        link = self.link_at(address)
        if link is not None:
            await self._end(link)
        return link

    async def _end(self, link: Link) -> None:
        """End a link of which a UDP tunnel may be left, and remove the link's filters from that tunnel."""
        self.links.remove(link)
        await apply_nothing(self.ends(link))
        for address in link.addresses:
            # Half a link, which cannot be completed again.
            if address in self._joined and self._joined[address] is None:
                await self._unbind(address)

    def link_at(self, address: PortAddress) -> Link | None:
        """The link of a port."""
        return next(iter(self.links.at(address)), None)

    def has_nio(self, address: PortAddress, nio: UdpNio) -> bool:
        """Whether this NIO is bound at the port."""
        return self._joined.get(address) == nio

    def links_of(self, node_id: UUID) -> list[Link]:
        """The links of a node."""
        return self.links.of_node(node_id)

    def ends(self, link: Link) -> list[LinkEnd | None]:
        """The computes' link ends, in the order of the link; None for an end that is not wired."""
        nodes = [self._nodes.get(address.node_id) for address in link.addresses]
        return [
            node.instance.link_end(address.adapter_number, address.port_number)
            if node is not None and node.instance is not None
            else None
            for node, address in zip(nodes, link.addresses, strict=True)
        ]

    def forget_node(self, node_id: UUID) -> None:
        """Called when a node was deleted: forget its NIOs."""
        for address in [address for address in self._joined if address.node_id == node_id]:
            self._forget(address)

    def _is_used(self, address: PortAddress, but_by: Link) -> bool:
        """Whether a port has another link, or a NIO that does not belong to this link."""
        is_own = self.links.get(but_by.link_id) is but_by and but_by.problem is None and address in but_by.addresses
        has_nio = address in self._joined and not is_own
        return has_nio or address in self._connecting or any(link is not but_by for link in self.links.at(address))

    def _other_end(self, nio: UdpNio) -> PortAddress | None:
        address = self._address_by_lport.get(nio.rport)
        if address is None or nio.rhost not in _LOOPBACK_NAMES:
            return None
        other = self._joined[address]
        if other is None:
            return None
        return address if other.rport == nio.lport and other.rhost in _LOOPBACK_NAMES else None

    async def _bind(self, address: PortAddress, nio: UdpNio) -> None:
        _, port = self._place(address)
        try:
            await port.node.bind_nio(address.adapter_number, address.port_number, nio)
        finally:
            if port.node.link_end(address.adapter_number, address.port_number) is None:
                self._forget(address)  # its earlier connection is gone too
        self._forget(address)
        self._joined[address] = nio
        self._address_by_lport[nio.lport] = address

    def _forget(self, address: PortAddress) -> None:
        nio = self._joined.pop(address, None)
        if nio is not None:
            del self._address_by_lport[nio.lport]

    async def _unbind(self, address: PortAddress) -> None:
        self._forget(address)
        node = self._nodes.get(address.node_id)
        if node is None or node.instance is None:
            return
        if node.instance.link_end(address.adapter_number, address.port_number) is not None:
            await self._unbind_port(ComputePort(node.instance, address.adapter_number, address.port_number))

    async def _unbind_port(self, port: ComputePort) -> None:
        """Disconnect a port. If its compute cannot be reached, or refuses, the connection ends with the node."""
        try:
            await port.node.unbind_nio(port.adapter_number, port.port_number)
        except LabError as error:
            log.warning("node %s: a port is not separated: %s", port.node.node_id, error)

    def _place(self, address: PortAddress) -> tuple[Compute, ComputePort]:
        """A port and its compute. Raises NotFound."""
        node = self._nodes.get(address.node_id)
        if node is None or node.instance is None:
            raise NotFound(f"nodes: node ID {address.node_id} doesn't exist or cannot be linked here")
        return node.require_compute(), ComputePort(node.instance, address.adapter_number, address.port_number)


def new_link_end(address: PortAddress) -> LinkEndRecord:
    """A link end with the label that GNS3 gives it."""
    return LinkEndRecord(
        node_id=address.node_id,
        adapter_number=address.adapter_number,
        port_number=address.port_number,
        label=link_label(address.adapter_number, address.port_number),
    )
