"""Nodes of the type ``vpcs``: a PC with one port, a console, files, and an engine that runs it.

A change of the engine changes nothing else: files, console, port and its link, and, where VPCS can have it, the MAC
address stay. The console is not logged: a log would grow without limit and contain typed secrets.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import trio

from gns3trio.compute.local.link_ends import LocalLinkEnd, Nio
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import TrafficEndpoint
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.hanging_starts import changing_soon
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortedNode, PortKey
from gns3trio.compute.nodes.vpcs.engine import Engine
from gns3trio.compute.nodes.vpcs.engines import MakeEngine, load_engine
from gns3trio.compute.nodes.vpcs.folder import VpcsFolder
from gns3trio.compute.nodes.vpcs.services import VpcsServices, open_vpcs_services
from gns3trio.compute.nodes.vpcs.settings import EngineName, VpcsSettings, check_console_type
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Patch, Port
from gns3trio.mutex import Mutex

log = logging.getLogger(__name__)

_PORT = (0, 0)
_PORTS = [NodePort(0, 0, "Ethernet0", "e0")]


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    vpcs = open_vpcs_services(services)
    return NodeType(VpcsSettings, partial(create_vpcs, vpcs), require_engine=vpcs.require_engine, mac_ids=vpcs.macs.ids)


async def create_vpcs(services: VpcsServices, spec: NodeSpec) -> "VpcsNode":
    """Create a stopped node with its folder and console port.

    If the requested console port is in use, the lowest free one is used, with a warning. Raises Conflict, Invalid or
    Unavailable, and then leaves nothing behind.
    """
    node = VpcsNode(services, spec, await load_engine(services.engine_name(spec.engine)))
    try:
        await node.open(spec.console, spec.console_type, spec.startup_script, spec.mac_id)
    except BaseException:
        with trio.CancelScope(shield=True):
            await node.close()
        raise
    return node


class VpcsNode(PortedNode):
    """A PC. Calls that change it are serialised by ``_changing``. It can be closed while it is being started."""

    node_type = "vpcs"
    always_runs = False
    mac_table = None
    files = None
    disks = None

    def __init__(self, services: VpcsServices, spec: NodeSpec, make_engine: MakeEngine) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.command_line = ""
        self.console_type: str = "none"
        self.folder = VpcsFolder(spec.folder)
        self.node_console = NodeConsole(services.console_ports, services.console_acceptor)
        self.console_access = self.node_console.hub
        self.has_default_engine = spec.engine is None
        self._services = services
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._properties = dict(spec.properties)
        self._changing = Mutex()
        self._mac_id: int | None = None
        self._ports = NodePorts(self, services.link_ends, self._changing)
        self._engine = make_engine(services, self)
        # Only while it runs:
        self._device: Port | None = None
        self._joint: Patch | None = None

    @property
    def directory(self) -> Path:
        """Its folder."""
        return self.folder.path

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self.node_console.port

    @property
    def mac_id(self) -> int | None:
        """The number from which its MAC address is derived; None once it is closed."""
        return self._mac_id

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

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("%s %s: an event was not taken", self._engine.label, self.node_id)

    # --- life ---

    async def open(
        self, console: int | None, console_type: str | None, startup_script: str | None, mac_id: int | None = None
    ) -> None:
        """Acquire the resources of a stopped node. Raises Conflict, Invalid or Unavailable; ``close`` releases
        everything.
        """
        self.console_type = check_console_type(console_type or "telnet")
        self._mac_id = self._services.macs.lease(self.project_id, self.node_id, mac_id, self._engine.name)
        if self.console_type != "none":
            self._take_console(console)
        given = startup_script if startup_script is not None else self._properties.get("startup_script")
        await self.folder.make(self.name, given if isinstance(given, str) else None)

    def _take_console(self, console: int | None) -> None:
        """Lease a port for the console; if it is in use, another one, with a warning.

        If none is free, a built-in PC has no port: there may be more of them than ports. Raises Conflict for a VPCS.
        """
        try:
            reason = self.node_console.take(console, modestly=self._engine.name == "builtin")
        except Conflict as conflict:
            if self._engine.name == "process":
                raise
            if warning := self._services.console_ports.warning(conflict, self.name):
                self.tell(NodeEvent("warning", warning))
        else:
            if reason is not None:
                self.tell(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        async with self._stopping():
            await self._engine.stop()
            await self._ports.close_all()
            self.node_console.release()
            if self._mac_id is not None:
                self._services.macs.release(self.project_id, self._mac_id)
                self._mac_id = None

    def _require_mac_id(self) -> int:
        """Raises Conflict if it has been closed."""
        if self._mac_id is None:
            raise Conflict(f"{self._engine.label} '{self.name}' has been deleted")
        return self._mac_id

    def _stopping(self) -> AbstractAsyncContextManager[None]:
        """Change the node, and do not wait long for its start."""
        return changing_soon(self._changing, self.stopping())

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, a start that is already running is abandoned after a few seconds."""
        return self._engine.stopping()

    async def start(self) -> None:
        """Start it, and return when it works. Does nothing if it is started. Raises Conflict, also if it is to be
        stopped meanwhile.
        """
        async with self._changing:
            await self._engine.start(self._require_mac_id())

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        async with self._stopping():
            await self._engine.stop()

    async def suspend(self) -> None:
        """Do nothing: it cannot be suspended."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again; it is stopped then."""
        async with self._stopping():
            await self._engine.stop()
            await self._engine.start(self._require_mac_id())

    def began(self, device: Port, command_line: str = "") -> None:
        """Called by the engine when the node runs."""
        self._device = device
        self._patch()
        self.command_line = command_line
        self.exit_reason = None
        self.status = "started"
        self.tell(NodeEvent("status"))

    def disconnect(self) -> None:
        """Called by the engine before the device ends."""
        self._device = None
        self._unpatch()

    def ended(self, reason: str | None) -> None:
        """Called by the engine when the node has stopped."""
        if self.status == "started":
            self.status = "stopped"
            self.exit_reason = reason
            self.tell(NodeEvent("status"))

    # --- the engine ---

    @property
    def engine(self) -> EngineName:
        """What runs it."""
        return self._engine.name

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Let another engine run it; None is the server's default.

        The MAC address stays, or becomes that of ``mac_id``, unless VPCS cannot have it. Raises Invalid (unknown), or
        Conflict: it is started, the engine cannot run nodes here, or there is no MAC address or console port for a
        VPCS. Nothing is changed then.
        """
        async with self._changing:
            before = self._require_mac_id()
            self._services.require_engine(engine)
            name = self._services.engine_name(engine)
            if name != self._engine.name:
                if self.status == "started":
                    raise Conflict(f"engine: '{self.name}' runs: stop it first")
                new = (await load_engine(name))(self._services, self)
                self._exchange(new, before, mac_id if mac_id is not None else before)
            self.has_default_engine = engine is None

    def _exchange(self, new: Engine, mac_id: int, wanted: int) -> None:
        """Exchange the engine, and what it cannot have, all or nothing."""
        macs = self._services.macs
        try:
            if wanted != mac_id or not macs.can_have(new.name, wanted):
                self._mac_id = macs.lease(self.project_id, self.node_id, wanted, new.name)
            if new.name == "process" and self.console_type != "none" and self.console is None:
                self.node_console.move(None)
        except Conflict as conflict:
            if self._mac_id is not None and self._mac_id != mac_id:
                macs.release(self.project_id, self._mac_id)
                self._mac_id = mac_id
            raise Conflict(f"engine: {conflict}") from None
        if self._mac_id != mac_id:
            macs.release(self.project_id, mac_id)
        self._engine = new

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Its part in generated traffic, until it stops. Raises Conflict if it can have none, or is not started."""
        return self._engine.traffic_endpoint()

    # --- console ---

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console. Connected clients stay when it moves.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use, Invalid for another type of
        console.
        """
        async with self._changing:
            wanted = check_console_type(console_type or self.console_type)
            if wanted == "none":
                self.node_console.release()
                self.console_access.reset()
            elif console is not None or self.console_type == "none":
                self.node_console.move(console)
            self.console_type = wanted

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self.console_access.reset()

    # --- port ---

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """Connect port 0, replacing the earlier NIO. The adapter number is ignored. Raises as ``bind_nio``."""
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

    def _patch(self) -> None:
        """Connect the device and the end of the link if both exist."""
        if self._device is not None and self._link_end is not None:
            self._joint = self._services.forwarder.connect(self._device, self._link_end.port)
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
        return await self.folder.script()

    async def set_startup_script(self, text: str) -> None:
        """Write the script that runs at its next start.

        Raises Invalid if it is too long with the node's name, Unavailable if the disk reports an error.
        """
        await self.folder.set_script(self.name, text)

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Do nothing: its adapters are as they are."""

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Raises Conflict: it has none."""
        raise Conflict("A VPCS has no disk")

    async def rename(self, name: str) -> None:
        """Change its name, also in its start-up script. Raises Unavailable if the disk reports an error."""
        async with self._changing:
            await self.folder.rename(name)
            self.name = name
