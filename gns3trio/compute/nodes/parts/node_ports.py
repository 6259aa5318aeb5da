"""The ports of a node on this host: which tunnel is at which, and how one takes the place of another."""

from typing import Protocol
from uuid import UUID

import trio

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.tunnels import Tunnel, TunnelTable
from gns3trio.compute.nio import Nio
from gns3trio.errors import Conflict

PortKey = tuple[int, int]  # adapter and port


class PortOwner(Protocol):
    """A node, as far as its ports need it."""

    project_id: UUID
    node_id: UUID

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""

    async def attach(self, key: PortKey, tunnel: Tunnel) -> None:
        """Connect a new tunnel to the device behind the port. Raises Conflict; the tunnel is ended then."""

    async def end(self, key: PortKey, tunnel: Tunnel) -> None:
        """Undo ``attach``, if it was done, and close the tunnel. Cannot be cancelled."""


class NodePorts:
    """The tunnels of a node's ports. ``changing`` serialises changes of the node."""

    def __init__(self, owner: PortOwner, tunnels: TunnelTable, changing: trio.Lock) -> None:
        self._owner = owner
        self._table = tunnels
        self._changing = changing
        self.tunnels: dict[PortKey, Tunnel] = {}

    async def bind(self, key: PortKey, nio: Nio, *, adapter_number: int) -> None:
        """Connect a port to a tunnel, replacing its earlier tunnel. ``adapter_number`` is the one that the client gave.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        remote = await self._table.resolve(nio)  # which may take long; no other request waits for it
        async with self._changing:
            self._owner.require_port(key)
            lease = self._table.lease(self._owner.project_id, nio, self.tunnels.get(key))
            await self.close(key)
            at = PortPlace(self._owner.project_id, self._owner.node_id, adapter_number, key[1])
            tunnel = self.tunnels[key] = self._table.open(nio, remote, lease, at=at)
            try:
                await self._owner.attach(key, tunnel)
            except BaseException:
                await self.close(key)
                raise

    async def unbind(self, key: PortKey) -> None:
        """Disconnect a port from its tunnel. Raises Conflict if it has none."""
        async with self._changing:
            self._owner.require_port(key)
            if key not in self.tunnels:
                raise Conflict(f"Port {key[1]} is not connected")
            await self.close(key)

    async def close(self, key: PortKey) -> None:
        """End the tunnel of a port, if there is one. Cannot be cancelled."""
        tunnel = self.tunnels.get(key)
        if tunnel is not None:
            await self._owner.end(key, tunnel)
            self.tunnels.pop(key, None)

    async def close_all(self) -> None:
        """End all tunnels."""
        for key in list(self.tunnels):
            await self.close(key)
