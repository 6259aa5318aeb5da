"""The common part of built-in nodes, which have no process and run as long as they exist."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import trio

from gns3trio.classes import frozen
from gns3trio.compute.local.admission import Admission
from gns3trio.compute.local.interface_watch import InterfaceWatch
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import ConsoleAccess, MacTable, NodeDisks, NodeFiles, TrafficEndpoint
from gns3trio.compute.node_traits import PortList, has_port
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortedNode, PortKey
from gns3trio.console.acceptor import ConsoleAcceptor
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Forwarder
from gns3trio.mutex import Mutex


@frozen
class BuiltinServices:
    """The services of the compute that built-in nodes use. Their tasks run in ``nursery``."""

    nursery: trio.Nursery
    forwarder: Forwarder
    link_ends: LinkEnds
    console_ports: ConsolePorts
    console_acceptor: ConsoleAcceptor
    interfaces: InterfaceWatch
    running: RunningPrograms
    admission: Admission


class BuiltinNode(PortedNode):
    """The base of hubs, switches, clouds and NATs. Each type implements ``_attach`` and ``_detach`` for its ports."""

    node_type = ""
    label = ""  # the type's name in messages
    always_runs = True
    exit_reason: str | None = None
    command_line: str | None = None
    directory: Path | None = None
    files: NodeFiles | None = None
    disks: NodeDisks | None = None
    mac_id: int | None = None
    engine: str | None = None
    has_default_engine = True
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
        self._changing = Mutex()
        self._ports = NodePorts(self, services.link_ends, self._changing)
        self._closed = False

    @property
    def console(self) -> int | None:
        """The TCP port of the console; None, unless the type has a console."""
        return None

    @property
    def _link_ends(self) -> Mapping[int, LocalLinkEnd]:
        """The ends of the links at its ports, by port number."""
        return {port_number: link_end for (_, port_number), link_end in self._ports.link_ends.items()}

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: it is no host."""
        raise Conflict(f"{self.label} '{self.name}' cannot send or receive generated traffic: built-in PCs can")

    def ports(self) -> PortList:
        """The ports; each type derives them from its ``ports_mapping``."""
        raise NotImplementedError

    async def _attach(self, port_number: int, link_end: LocalLinkEnd) -> None:
        """Connect the end of a new link to the device behind the port. Raises Conflict; the end is closed then."""
        raise NotImplementedError

    async def _detach(self, port_number: int) -> None:
        """Undo ``_attach`` for an end that is being closed. Does nothing if it is not attached.
        Cannot be cancelled.
        """

    def _release(self) -> None:
        """Release the resources of the type, at the end of the node, when no port has a link any more."""

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""
        self._emit(event)

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
            await self._ports.close_all()
            self._release()

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Raises Invalid: there is no choice."""
        if engine is not None:
            raise Invalid(f"engine: a {self.label} has no choice of engines")

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Do nothing: its adapters are as they are."""

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

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Raises Conflict: it has none."""
        raise Conflict(f"A {self.label} has no disk")

    # --- ports ---

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""
        if not has_port(self.ports(), *key):
            raise Conflict(f"Port {key[0]}/{key[1]} doesn't exist on {self.label} '{self.name}'")
        if self._closed:
            raise Conflict(f"{self.label} '{self.name}' has been deleted")

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect the end of a new link to the device behind the port."""
        await self._attach(key[1], link_end)

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect the device from the end of the link, and close that."""
        await self._detach(key[1])
        link_end.close()
