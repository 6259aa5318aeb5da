"""The common part of built-in nodes, which have no process and run as long as they exist."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from uuid import UUID

import attrs
import trio

from gns3trio.compute.interface import ConsoleAccess, MacTable, NodeFiles, PortPlace
from gns3trio.compute.local.interface_watch import InterfaceWatch
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.tunnels import Tunnel, TunnelTable
from gns3trio.compute.nio import Nio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Forwarder


@attrs.frozen
class BuiltinServices:
    """The services of the compute that built-in nodes use. Their tasks run in ``nursery``."""

    nursery: trio.Nursery
    forwarder: Forwarder
    tunnels: TunnelTable
    console_ports: ConsolePorts
    interfaces: InterfaceWatch


class BuiltinNode:
    """The base of hubs, switches, clouds and NATs. Each type implements ``_attach`` and ``_detach`` for its ports."""

    node_type = ""
    label = ""  # the type's name in messages
    always_runs = True
    exit_reason: str | None = None
    command_line: str | None = None
    directory: Path | None = None
    files: NodeFiles | None = None
    mac_id: int | None = None
    console_type: str | None = None
    console_access: ConsoleAccess | None = None
    mac_table: MacTable | None = None

    def __init__(self, services: BuiltinServices, spec: NodeSpec) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.status: NodeStatus = "started"
        self._services = services
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._tunnels: dict[int, Tunnel] = {}
        self._changing = trio.Lock()
        self._closed = False

    @property
    def console(self) -> int | None:
        """The TCP port of the console; None, unless the type has a console."""
        return None

    @property
    def has_nio(self) -> bool:
        """Whether any port is connected."""
        return bool(self._tunnels)

    @property
    def tunnels(self) -> Mapping[int, Tunnel]:
        """The tunnels of linked ports, by port number."""
        return self._tunnels

    def ports(self) -> list[NodePort]:
        """The ports; each type derives them from its ``ports_mapping``."""
        raise NotImplementedError

    async def _attach(self, port_number: int, tunnel: Tunnel) -> None:
        """Connect a new tunnel to the device behind the port. Raises Conflict; the tunnel is closed then."""
        raise NotImplementedError

    async def _detach(self, port_number: int) -> None:
        """Undo ``_attach`` for a tunnel that is being closed. Does nothing if it is not attached.
        Cannot be cancelled.
        """

    def _release(self) -> None:
        """Release the resources of the type, at the end of the node, when no port has a tunnel any more."""

    def link_end(self, adapter_number: int, port_number: int) -> Tunnel | None:
        """The end of the link at a port; None if the port is not connected."""
        return self._tunnels.get(port_number) if adapter_number == 0 else None

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """None: no device behind the port can be missing."""
        return None

    async def startup_script(self) -> str | None:
        """None: it has no start-up script."""
        return None

    # --- life ---

    def stopping(self) -> AbstractContextManager[None]:
        """Do nothing: it cannot be stopped."""
        return nullcontext()

    async def start(self) -> None:
        """Do nothing: it is always started."""

    async def stop(self) -> None:
        """Do nothing: it runs as long as it exists."""

    async def suspend(self) -> None:
        """Do nothing: it runs as long as it exists."""

    async def reload(self) -> None:
        """Do nothing: it runs as long as it exists."""

    async def close(self) -> None:
        """Release all resources of the node."""
        async with self._changing:
            self._closed = True
            for port_number in list(self._tunnels):
                await self._close_tunnel(port_number)
            self._release()

    async def rename(self, name: str) -> None:
        """Change the name of the node."""
        self.name = name

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Raises Invalid for another type than ``none``, because it has no console."""
        if console_type not in (None, "none"):
            raise Invalid(f"console_type: a {self.label} has no console")

    async def reset_console(self) -> None:
        """Do nothing: it has no console clients."""

    async def set_startup_script(self, text: str) -> None:
        """Raises Conflict: it has none."""
        raise Conflict(f"A {self.label} has no start-up script")

    # --- ports ---

    async def bind_nio(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """Connect a port to a tunnel, replacing its earlier tunnel.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        remote = await self._services.tunnels.resolve(nio)  # which may take long; no other request waits for it
        async with self._changing:
            self._check_port(adapter_number, port_number)
            if self._closed:
                raise Conflict(f"{self.label} '{self.name}' has been deleted")
            before = self._tunnels.get(port_number)
            lease = self._services.tunnels.lease(self.project_id, nio, before)
            if before is not None:
                await self._close_tunnel(port_number)
            at = PortPlace(self.project_id, self.node_id, adapter_number, port_number)
            tunnel = self._tunnels[port_number] = self._services.tunnels.open(nio, remote, lease, at=at)
            try:
                await self._attach(port_number, tunnel)
            except BaseException:
                await self._close_tunnel(port_number)
                raise

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect a port from its tunnel. Raises Conflict if it has none."""
        async with self._changing:
            self._check_port(adapter_number, port_number)
            if port_number not in self._tunnels:
                raise Conflict(f"Port {port_number} is not connected")
            await self._close_tunnel(port_number)

    def _check_port(self, adapter_number: int, port_number: int) -> None:
        if not any((p.adapter_number, p.port_number) == (adapter_number, port_number) for p in self.ports()):
            raise Conflict(f"Port {adapter_number}/{port_number} doesn't exist on {self.label} '{self.name}'")

    async def _close_tunnel(self, port_number: int) -> None:
        """Disconnect a port from its tunnel, and close the tunnel. Cannot be cancelled."""
        await self._detach(port_number)
        self._tunnels.pop(port_number).close()
