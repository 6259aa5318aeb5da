"""The ports of nodes on this host: which link ends at which, and how one takes the place of another."""

import weakref
from typing import Protocol
from uuid import UUID

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd, Nio
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.errors import Conflict
from gns3trio.mutex import Mutex

PortKey = tuple[int, int]  # adapter and port


class PortOwner(Protocol):
    """A node, as far as its ports need it."""

    project_id: UUID
    node_id: UUID

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect the end of a new link to the device behind the port. Raises Conflict; it is ended then."""

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Undo ``attach``, if it was done, and close the end of the link. Cannot be cancelled."""


class NodePorts:
    """The ends of the links at a node's ports. ``changing`` serialises changes of the node.

    They do not keep their node alive: thousands of nodes that end together are freed one by one, not by a garbage
    collection that holds up everything.
    """

    __slots__ = ("_changing", "_owner", "_table", "link_ends")

    def __init__(self, owner: PortOwner, link_ends: LinkEnds, changing: Mutex) -> None:
        self._owner: PortOwner = weakref.proxy(owner)
        self._table = link_ends
        self._changing = changing
        self.link_ends: dict[PortKey, LocalLinkEnd] = {}

    async def bind(self, key: PortKey, nio: Nio, *, adapter_number: int) -> None:
        """Connect a port to a NIO, replacing its earlier one. ``adapter_number`` is the one that the client gave.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        await nio.resolve()  # which may take long; no other request waits for it
        async with self._changing:
            self._owner.require_port(key)
            nio.lease(self._table, self._owner.project_id, self.link_ends.get(key))
            await self.close(key)
            at = PortPlace(self._owner.project_id, self._owner.node_id, adapter_number, key[1])
            link_end = self.link_ends[key] = nio.open(self._table, at)
            try:
                await self._owner.attach(key, link_end)
            except BaseException:
                await self.close(key)
                raise

    async def unbind(self, key: PortKey) -> None:
        """Disconnect a port from its NIO. Raises Conflict if it has none."""
        async with self._changing:
            self._owner.require_port(key)
            if key not in self.link_ends:
                raise Conflict(f"Port {key[1]} is not connected")
            await self.close(key)

    async def close(self, key: PortKey) -> None:
        """End the link at a port, if there is one. Cannot be cancelled."""
        link_end = self.link_ends.get(key)
        if link_end is not None:
            await self._owner.end(key, link_end)
            self.link_ends.pop(key, None)

    async def close_all(self) -> None:
        """End all links."""
        for key in list(self.link_ends):
            await self.close(key)


class PortedNode:
    """The part of a node that the compute asks about its ports."""

    _ports: NodePorts

    @property
    def has_nio(self) -> bool:
        """Whether any port is connected."""
        return bool(self._ports.link_ends)

    def link_end(self, adapter_number: int, port_number: int) -> LocalLinkEnd | None:
        """The end of the link at a port; None if the port is not connected."""
        return self._ports.link_ends.get((adapter_number, port_number))

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """The problem of the way to the host at the other end; None if there is none."""
        link_end = self.link_end(adapter_number, port_number)
        return link_end.trouble if link_end is not None else None

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect a port to a tunnel, replacing its earlier NIO.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        await self.connect(adapter_number, port_number, TunnelNio(nio))

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """As ``bind_nio``, also for links inside this host."""
        await self._ports.bind((adapter_number, port_number), nio, adapter_number=adapter_number)

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect a port from its NIO. Raises Conflict if it has none."""
        await self._ports.unbind((adapter_number, port_number))
