"""Built-in PCs: nodes of the type ``vpcs`` whose host is in the core (``forwarder/pc.py``), with VPCS's console.

A stopped one has its folder, its console's port and its MAC address; a started one a host in the core, too. Nothing
about it is a task but what its console runs.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd, Nio
from gns3trio.compute.local.registry import structure_properties
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortKey
from gns3trio.compute.nodes.vpcs.folder import VpcsFolder
from gns3trio.compute.nodes.vpcs.pc_console import PcConsole
from gns3trio.compute.nodes.vpcs.pc_macs import PcMacs, mac_address
from gns3trio.compute.nodes.vpcs.pc_session import NO_NAME, PcSession
from gns3trio.compute.nodes.vpcs.settings import VpcsSettings, check_console_type
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Patch
from gns3trio.forwarder.pc import Pc, Pcs
from gns3trio.forwarder.pc_types import PcIdentity

log = logging.getLogger(__name__)

_PORT = (0, 0)
_PORTS = [NodePort(0, 0, "Ethernet0", "e0")]
_MAX_HOST_NAME = 63  # bytes


@attrs.define(kw_only=True)
class BuiltinPcServices:
    """What built-in PCs use of the compute. ``told_of_ports``: a warning about used up console ports was given."""

    nursery: trio.Nursery
    forwarder: Forwarder
    pcs: Pcs
    link_ends: LinkEnds
    console_ports: ConsolePorts
    macs: PcMacs = attrs.field(factory=PcMacs)
    told_of_ports: bool = False


def builtin_pc_services(services: LocalServices) -> BuiltinPcServices:
    """What built-in PCs use of this compute."""
    builtin = services.builtin
    return BuiltinPcServices(
        nursery=builtin.nursery,
        forwarder=builtin.forwarder,
        pcs=services.pcs,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
    )


async def create_builtin_pc(services: BuiltinPcServices, spec: NodeSpec) -> "BuiltinPc":
    """Create a stopped PC with its folder and its console's port, which is missing if none is free.

    Raises Conflict, Invalid or Unavailable, and then leaves nothing behind.
    """
    node = BuiltinPc(services, spec)
    try:
        await node.open(spec.console, spec.console_type, spec.startup_script, spec.mac_id)
    except BaseException:
        with trio.CancelScope(shield=True):
            await node.close()
        raise
    return node


class BuiltinPc:
    """A built-in PC. Calls that change it are serialised."""

    node_type = "vpcs"
    always_runs = False
    mac_table = None
    files = None

    def __init__(self, services: BuiltinPcServices, spec: NodeSpec) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.directory: Path = spec.folder
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.command_line: str | None = ""
        self.console_type: str = "none"
        self._services = services
        self._node_console = NodeConsole(services.console_ports, services.nursery)
        self.console_access = self._node_console.hub
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._properties = dict(spec.properties)
        self._changing = trio.Lock()
        self._mac_id: int | None = None
        self._ports = NodePorts(self, services.link_ends, self._changing)
        self._folder = VpcsFolder(spec.folder)
        # Only while it runs:
        self._pc: Pc | None = None
        self._console: PcConsole | None = None
        self._joint: Patch | None = None

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self._node_console.port

    @property
    def mac_id(self) -> int | None:
        """The number from which its MAC address is made; None once it is closed."""
        return self._mac_id

    @property
    def has_nio(self) -> bool:
        """Whether its port is connected."""
        return self._link_end is not None

    def ports(self) -> list[NodePort]:
        """The only port of a PC."""
        return _PORTS

    def properties(self) -> dict[str, Any]:
        """The properties, as those of a node with VPCS."""
        return self._properties

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Write the ``startup_script`` if it is new. Raises Invalid for unknown properties, Unavailable for the
        disk's errors.
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
        """None: no device can be missing."""
        return None

    def _tell(self, event: NodeEvent) -> None:
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("PC %s: an event was not taken", self.node_id)

    # --- life ---

    async def open(
        self, console: int | None, console_type: str | None, startup_script: str | None, mac_id: int | None
    ) -> None:
        """Acquire what a stopped node has. Raises Conflict, Invalid or Unavailable; ``close`` releases everything."""
        self.console_type = check_console_type(console_type or "telnet")
        self._mac_id = self._services.macs.lease(self.node_id, mac_id)
        if self.console_type != "none":
            self._take_console(console)
        given = startup_script if startup_script is not None else self._properties.get("startup_script")
        await self._folder.make(self.name, given if isinstance(given, str) else None)

    def _take_console(self, console: int | None) -> None:
        try:
            reason = self._node_console.take(console)
        except Conflict as conflict:
            if not self._services.told_of_ports:
                self._services.told_of_ports = True
                text = f"{conflict}. '{self.name}', and PCs after it, have their console in the browser only"
                self._tell(NodeEvent("warning", text))
            return
        self._services.told_of_ports = False
        if reason is not None:
            self._tell(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        async with self._changing:
            self._stop(None)
            await self._ports.close_all()
            self._node_console.release()
            if self._mac_id is not None:
                self._services.macs.release(self._mac_id)
                self._mac_id = None

    def stopping(self) -> AbstractContextManager[None]:
        """Do nothing: a start takes no time."""
        return nullcontext()

    async def start(self) -> None:
        """Start it; its script runs then. Does nothing if it is started. Raises Conflict."""
        async with self._changing:
            await self._start()

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        async with self._changing:
            self._stop(None)

    async def suspend(self) -> None:
        """Do nothing, as with VPCS."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again; it is stopped then."""
        async with self._changing:
            self._stop(None)
            await self._start()

    async def _start(self) -> None:
        if self._pc is not None:
            return
        if self._mac_id is None:
            raise Conflict(f"PC '{self.name}' has been deleted")
        script = await self._folder.script()
        name = self.name if len(self.name.split()) == 1 and len(self.name.encode()) <= _MAX_HOST_NAME else NO_NAME
        pc = self._services.pcs.open(PcIdentity(mac=mac_address(self._mac_id), name=name))
        session = PcSession(pc, name)
        console = PcConsole(
            self._services.nursery,
            self._node_console.hub,
            pc,
            session,
            files=self,
            quit=self._quit,
        )
        try:
            self._node_console.listen(self._services.nursery)
        except BaseException:
            pc.close()
            raise
        self._pc, self._console = pc, console
        self._patch()
        self.exit_reason = None
        self.status = "started"
        console.open(script)
        self._tell(NodeEvent("status"))

    def _quit(self) -> None:
        """Somebody typed ``quit``."""
        self._stop("exited with code 0")

    def _stop(self, reason: str | None) -> None:
        pc, self._pc = self._pc, None
        if pc is None:
            return
        self._unpatch()
        if self._console is not None:
            self._console.close()
            self._console = None
        self._node_console.stop_listening()
        pc.close()
        self.status = "stopped"
        self.exit_reason = reason
        self._tell(NodeEvent("status"))

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
        """Connect port 0 to a tunnel, replacing the earlier one. The adapter number is ignored.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        await self.connect(adapter_number, port_number, TunnelNio(nio))

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """As ``bind_nio``, also for links inside this host."""
        await self._ports.bind((0, port_number), nio, adapter_number=adapter_number)

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect port 0 from its tunnel. Raises Conflict if it has none."""
        await self._ports.unbind((0, port_number))

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""
        if key != _PORT:
            raise Conflict(f"Port {key[1]} doesn't exist: a VPCS has port 0 only")
        if self._mac_id is None:
            raise Conflict(f"PC '{self.name}' has been deleted")

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect the host, if it runs, to the end of a new link."""
        self._patch()

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect the host from the link, and close its end."""
        link_end.close()  # which also ends the patch
        self._unpatch()

    @property
    def _link_end(self) -> LocalLinkEnd | None:
        return self._ports.link_ends.get(_PORT)

    def _patch(self) -> None:
        if self._pc is not None and self._link_end is not None:
            self._joint = self._services.forwarder.connect(self._pc.port, self._link_end.port)
            self._link_end.device = self._pc.port

    def _unpatch(self) -> None:
        if self._joint is not None:
            self._joint.close()
            self._joint = None
        if self._link_end is not None:
            self._link_end.device = None

    # --- files ---

    async def read(self, names: tuple[str, ...]) -> str | None:
        """For the console: the first of these files."""
        return await threads.disk.run(self._folder.read_first, names)

    async def write(self, name: str, text: str) -> str | None:
        """For the console: write a file; returns why it cannot be."""
        return await threads.disk.run(self._folder.try_to_write, name, text)

    async def startup_script(self) -> str | None:
        """The text of the script that runs at its start; None if there is none."""
        return await self._folder.script()

    async def set_startup_script(self, text: str) -> None:
        """Write the script that runs at its next start. Raises Invalid or Unavailable."""
        await self._folder.set_script(self.name, text)

    async def rename(self, name: str) -> None:
        """Change its name, also in its start-up script. Raises Unavailable if the disk reports an error."""
        async with self._changing:
            await self._folder.rename(name)
            self.name = name
