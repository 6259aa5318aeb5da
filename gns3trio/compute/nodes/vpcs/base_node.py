"""What nodes of the type ``vpcs`` have in common, whether a VPCS process or a host in the core is behind their port."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import trio

from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd, Nio
from gns3trio.compute.local.registry import structure_properties
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortKey
from gns3trio.compute.nodes.vpcs.folder import VpcsFolder
from gns3trio.compute.nodes.vpcs.settings import VpcsSettings, check_console_type
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Patch, Port

log = logging.getLogger(__name__)

_PORT = (0, 0)
_PORTS = [NodePort(0, 0, "Ethernet0", "e0")]


class BaseVpcsNode(ABC):
    """A node with one port, a console and a start-up script. Calls that change it are serialised by ``_changing``."""

    node_type = "vpcs"
    label = ""  # what messages call it
    always_runs = False
    mac_table = None
    files = None

    def __init__(
        self,
        spec: NodeSpec,
        *,
        nursery: trio.Nursery,
        forwarder: Forwarder,
        link_ends: LinkEnds,
        console_ports: ConsolePorts,
    ) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.directory: Path = spec.folder
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.command_line = ""
        self.console_type: str = "none"
        self._forwarder = forwarder
        self._node_console = NodeConsole(console_ports, nursery)
        self.console_access = self._node_console.hub
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._properties = dict(spec.properties)
        self._changing = trio.Lock()
        self._mac_id: int | None = None
        self._ports = NodePorts(self, link_ends, self._changing)
        self._folder = VpcsFolder(spec.folder)
        self._joint: Patch | None = None  # only while it runs

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self._node_console.port

    @property
    def mac_id(self) -> int | None:
        """The number from which its MAC address is derived; None once it is closed."""
        return self._mac_id

    @property
    def has_nio(self) -> bool:
        """Whether its port is connected."""
        return self._link_end is not None

    def ports(self) -> list[NodePort]:
        """The only port."""
        return _PORTS

    def properties(self) -> dict[str, Any]:
        """The properties. ``startup_script`` is the text that was set; the node may have changed the file since."""
        return self._properties

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Write the ``startup_script`` if it is new: a client that sends back what it read must not undo what the node
        saved.

        Raises Invalid for unknown properties, Unavailable if the disk reports an error.
        """
        new = {name: value for name, value in properties.items() if self._properties.get(name) != value}
        checked = structure_properties(new, VpcsSettings)
        if checked.startup_script is not None:
            await self.set_startup_script(checked.startup_script)
        kept = {name: value for name, value in self._properties.items() if name != "startup_script"}
        self._properties = kept | properties

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties, unchanged."""
        return properties

    def link_end(self, adapter_number: int, port_number: int) -> LocalLinkEnd | None:
        """The end of the link at a port; None if the port is not connected."""
        return self._link_end if port_number == 0 else None

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """None: no device behind the port can be missing."""
        return None

    def _tell(self, event: NodeEvent) -> None:
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("%s %s: an event was not taken", self.label, self.node_id)

    # --- life ---

    async def opened(self, spec: NodeSpec) -> Self:
        """The stopped node, with its resources. Raises as ``open``, and leaves nothing behind then."""
        try:
            await self.open(spec.console, spec.console_type, spec.startup_script, spec.mac_id)
        except BaseException:
            with trio.CancelScope(shield=True):
                await self.close()
            raise
        return self

    async def open(
        self, console: int | None, console_type: str | None, startup_script: str | None, mac_id: int | None = None
    ) -> None:
        """Acquire the resources of a stopped node. Raises Conflict, Invalid or Unavailable; ``close`` releases
        everything.
        """
        self.console_type = check_console_type(console_type or "telnet")
        self._mac_id = self._lease_mac_id(mac_id)
        if self.console_type != "none":
            self._take_console(console)
        given = startup_script if startup_script is not None else self._properties.get("startup_script")
        await self._folder.make(self.name, given if isinstance(given, str) else None)

    @abstractmethod
    def _lease_mac_id(self, mac_id: int | None) -> int:
        """The number from which its MAC address is derived, until ``close``. Raises Conflict if there is none."""

    def _take_console(self, console: int | None) -> None:
        """Lease a port for the console; if it is in use, another one, with a warning. Raises Conflict."""
        reason = self._node_console.take(console)
        if reason is not None:
            self._tell(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))

    @abstractmethod
    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""

    def _require_mac_id(self) -> int:
        """Raises Conflict if it has been closed."""
        if self._mac_id is None:
            raise Conflict(f"{self.label} '{self.name}' has been deleted")
        return self._mac_id

    # --- console ---

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console. Connected clients stay when it moves.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use, Invalid for another type of
        console.
        """
        async with self._changing:
            wanted = check_console_type(console_type or self.console_type)
            if wanted == "none":
                self._node_console.release()
                self.console_access.reset()
            elif console is not None or self.console_type == "none":
                self._node_console.move(console)
            self.console_type = wanted

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self.console_access.reset()

    # --- port ---

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect port 0 to a tunnel, replacing the earlier NIO. The adapter number is ignored.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        await self.connect(adapter_number, port_number, TunnelNio(nio))

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """As ``bind_nio``, also for links inside this host."""
        await self._ports.bind((0, port_number), nio, adapter_number=adapter_number)

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect port 0 from its NIO. Raises Conflict if it has none."""
        await self._ports.unbind((0, port_number))

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""
        if key != _PORT:
            raise Conflict(f"Port {key[1]} doesn't exist: a VPCS has port 0 only")
        self._require_mac_id()

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect the device, if the node runs, to the end of a new link."""
        self._patch()

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect the device from the end of the link, and close that."""
        link_end.close()  # which also ends the patch
        self._unpatch()

    @property
    def _link_end(self) -> LocalLinkEnd | None:
        return self._ports.link_ends.get(_PORT)

    @property
    @abstractmethod
    def _device(self) -> Port | None:
        """The port of the core behind the node's port; None while the node does not run."""

    def _patch(self) -> None:
        """Connect the device and the end of the link if both exist."""
        if self._device is not None and self._link_end is not None:
            self._joint = self._forwarder.connect(self._device, self._link_end.port)
            self._link_end.device = self._device

    def _unpatch(self) -> None:
        if self._joint is not None:
            self._joint.close()
            self._joint = None
        if self._link_end is not None:
            self._link_end.device = None

    # --- files ---

    async def startup_script(self) -> str | None:
        """The text of the script that runs at its start; None if there is none."""
        return await self._folder.script()

    async def set_startup_script(self, text: str) -> None:
        """Write the script that runs at its next start.

        Raises Invalid if it is too long with the node's name, Unavailable if the disk reports an error.
        """
        await self._folder.set_script(self.name, text)

    async def rename(self, name: str) -> None:
        """Change its name, also in its start-up script. Raises Unavailable if the disk reports an error."""
        async with self._changing:
            await self._folder.rename(name)
            self.name = name
