"""VPCS nodes: a simulated PC, its console, its port and its files.

A running node is one task in the compute's nursery. The task owns the process, the terminal and the console listener,
and catches all exceptions: an error in a node stops only that node.

The console is not logged: a log would grow without limit and contain typed secrets. If VPCS does not start, the message
contains its last output.
"""

import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd, Nio
from gns3trio.compute.local.mac_ids import MacIds
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.parts.hanging_starts import HangingStarts
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortKey
from gns3trio.compute.nodes.parts.sandbox import require_means
from gns3trio.compute.nodes.vpcs.boot import PortTaken, describe_exit, wait_until_booted
from gns3trio.compute.nodes.vpcs.builtin import builtin_pc_services, create_builtin_pc
from gns3trio.compute.nodes.vpcs.command import MAC_IDS
from gns3trio.compute.nodes.vpcs.console import VpcsConsole
from gns3trio.compute.nodes.vpcs.folder import VpcsFolder
from gns3trio.compute.nodes.vpcs.process import (
    VpcsPorts,
    VpcsProcess,
    VpcsProgram,
    VpcsProgramFinder,
    open_vpcs,
)
from gns3trio.compute.nodes.vpcs.settings import VpcsSettings, check_console_type
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Patch

log = logging.getLogger(__name__)

# Another program may take the port that was picked for VPCS. If this happens repeatedly, the cause is a different one.
PORT_ATTEMPTS = 5
# When a VPCS has ended, its last output is in the terminal's buffer already.
DRAIN_SECONDS = 1.0
_PORT = (0, 0)
_PORTS = [NodePort(0, 0, "Ethernet0", "e0")]


@attrs.frozen(kw_only=True)
class VpcsServices:
    """The services of the compute that VPCS nodes use. Nodes run in ``nursery``."""

    nursery: trio.Nursery
    forwarder: Forwarder
    link_ends: LinkEnds
    console_ports: ConsolePorts
    mac_ids: MacIds
    vpcs_ports: VpcsPorts
    programs: VpcsProgramFinder
    require_sandbox: bool = False


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry: nodes with VPCS, or built-in PCs."""
    config, builtin = services.config, services.builtin
    is_installed = shutil.which(config.vpcs_path) is not None
    if config.vpcs_engine == "builtin" or (config.vpcs_engine == "auto" and not is_installed):
        if not is_installed:
            log.info("VPCS is not installed (%r was not found): VPCS nodes are built-in PCs", config.vpcs_path)
        return NodeType(VpcsSettings, partial(create_builtin_pc, builtin_pc_services(services)))
    if not is_installed:
        log.warning("VPCS is not installed (%r was not found): VPCS nodes cannot be started", config.vpcs_path)
    vpcs = VpcsServices(
        nursery=builtin.nursery,
        forwarder=builtin.forwarder,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
        mac_ids=MacIds(MAC_IDS, "VPCS"),
        vpcs_ports=VpcsPorts(),
        programs=VpcsProgramFinder(config.vpcs_path),
        require_sandbox=config.require_sandbox,
    )
    return NodeType(VpcsSettings, partial(create_vpcs, vpcs), mac_ids=vpcs.mac_ids)


async def create_vpcs(services: VpcsServices, spec: NodeSpec) -> "VpcsNode":
    """Create a stopped VPCS with its folder and console port.

    If the requested console port is in use, the lowest free one is used, with a warning. Raises Conflict or Invalid,
    and then leaves nothing behind.
    """
    node = VpcsNode(services, spec)
    try:
        await node.open(spec.console, spec.console_type, spec.startup_script, spec.mac_id)
    except BaseException:
        with trio.CancelScope(shield=True):
            await node.close()
        raise
    return node


class VpcsNode:
    """A VPCS node. Calls are serialised, so that a node can be closed while it is being started."""

    node_type = "vpcs"
    always_runs = False

    def __init__(self, services: VpcsServices, spec: NodeSpec) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.directory: Path = spec.folder
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.command_line = ""
        self.console_type: str = "none"
        self._services = services
        self._console = NodeConsole(services.console_ports, services.nursery)
        self.console_access = self._console.hub
        self.mac_table = None
        self.files = None
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._properties = dict(spec.properties)
        self._changing = trio.Lock()
        self._mac_id: int | None = None
        self._ports = NodePorts(self, services.link_ends, self._changing)
        self._folder = VpcsFolder(spec.folder)
        self._starts = HangingStarts()
        # Only while it runs:
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()
        self._process: VpcsProcess | None = None
        self._joint: Patch | None = None

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self._console.port

    @property
    def mac_id(self) -> int | None:
        """The number from which its MAC address is derived; None once it is closed."""
        return self._mac_id

    @property
    def has_nio(self) -> bool:
        """Whether its port is connected."""
        return self._link_end is not None

    def ports(self) -> list[NodePort]:
        """The only port of a VPCS."""
        return _PORTS

    def properties(self) -> dict[str, Any]:
        """The properties. ``startup_script`` is the text that was set; VPCS may have changed the file since."""
        return self._properties

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Write the ``startup_script`` if it is new: a client that sends back what it read must not undo changes by
        VPCS.

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
        """None: a VPCS has no device that can be missing."""
        return None

    def _tell(self, event: NodeEvent) -> None:
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("VPCS %s: an event was not taken", self.node_id)

    # --- life ---

    async def open(
        self, console: int | None, console_type: str | None, startup_script: str | None, mac_id: int | None = None
    ) -> None:
        """Acquire the resources of a stopped node. Raises Conflict, Invalid or Unavailable; ``close`` releases
        everything.
        """
        self.console_type = check_console_type(console_type or "telnet")
        self._mac_id = self._services.mac_ids.lease(self.project_id, mac_id)
        if self.console_type != "none":
            reason = self._console.take(console)
            if reason is not None:
                self._tell(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))
        given = startup_script if startup_script is not None else self._properties.get("startup_script")
        await self._folder.make(self.name, given if isinstance(given, str) else None)

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        with self.stopping():
            await self._changing.acquire()
        try:
            await self._stop()
            await self._ports.close_all()
            self._console.release()
            if self._mac_id is not None:
                self._services.mac_ids.release(self.project_id, self._mac_id)
                self._mac_id = None
        finally:
            self._changing.release()

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, starts that are already running have HANGING_SECONDS left."""
        return self._starts.stopping()

    async def start(self) -> None:
        """Start it, and return when it works. Does nothing if it is started. Raises Conflict, also if it is to be
        stopped meanwhile.
        """
        async with self._changing:
            await self._start()

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        with self.stopping():
            await self._changing.acquire()
        try:
            await self._stop()
        finally:
            self._changing.release()

    async def suspend(self) -> None:
        """Do nothing: a VPCS cannot be suspended."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again; it is stopped then."""
        with self.stopping():
            await self._changing.acquire()
        try:
            await self._stop()
            await self._start()
        finally:
            self._changing.release()

    async def _start(self) -> None:
        with self._starts.start() as scope:
            await self._start_process()
        if scope.cancelled_caught:
            raise Conflict(f"VPCS '{self.name}' was stopped before its start had come to an end")

    async def _start_process(self) -> None:
        if self._scope is not None and self._scope.cancel_called:  # the stopping caller did not wait for the end
            await self._ended.wait()
        if self.status == "started":
            return
        if self._mac_id is None:
            raise Conflict(f"VPCS '{self.name}' has been deleted")
        if self._services.require_sandbox:
            require_means(f"VPCS '{self.name}'")
        program = await self._services.programs.find()
        for _ in range(PORT_ATTEMPTS):
            try:
                await self._services.nursery.start(self._run, program, self._mac_id)
            except PortTaken:
                continue
            except OSError as error:
                what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
                raise Conflict(f"VPCS '{self.name}' cannot be started: {what}") from None
            return
        raise Conflict(f"VPCS '{self.name}' cannot bind a UDP port: other programs take them")

    async def _stop(self) -> None:
        if self._scope is not None:
            self._scope.cancel()
            await self._ended.wait()

    async def _run(self, program: VpcsProgram, mac_id: int, task_status: trio.TaskStatus[None]) -> None:
        """One run of the process. Raises errors until ``start`` has returned; later errors are reported as events."""
        self._ended = trio.Event()
        reason: str | None = None  # stays None if it is stopped on request
        error: str | None = None
        try:
            with trio.CancelScope() as self._scope:
                script, sandbox = await self._folder.prepare(self.name, program)
                try:
                    async with open_vpcs(
                        program,
                        directory=self.directory,
                        sandbox=sandbox,
                        mac_id=mac_id,
                        script=script,
                        forwarder=self._services.forwarder,
                        ports=self._services.vpcs_ports,
                    ) as (process, command_line):
                        code = await self._supervise(process, command_line, task_status)
                finally:
                    with trio.CancelScope(shield=True):
                        await self._folder.tidy(script)
                reason = describe_exit(code)
                error = f"VPCS '{self.name}' {reason}" if code != 0 else None
        except Exception:
            if self.status != "started":
                raise
            log.exception("VPCS %s failed", self.node_id)
            reason = "failed because of an error of this server"
            error = f"VPCS '{self.name}' {reason}"
        finally:
            self._scope = None
            self._ended.set()
            if self.status == "started":
                self.status = "stopped"
                self.exit_reason = reason
                self._tell(NodeEvent("status"))
                if error is not None:
                    self._tell(NodeEvent("error", error))

    async def _supervise(self, process: VpcsProcess, command_line: str, task_status: trio.TaskStatus[None]) -> int:
        """Serve the console until the process ends; returns its exit code."""
        self._console.hub.open()
        console = VpcsConsole(self._console.hub, self.name)
        try:
            await wait_until_booted(process, console, self.name)
            process.keep_to_loopback()
            async with trio.open_nursery() as nursery:
                self._console.listen(nursery)
                output_ended = trio.Event()
                nursery.start_soon(self._show_output, process, console, output_ended)
                nursery.start_soon(console.type_input, process.write_input)
                self._process = process
                self._patch()
                self.command_line = command_line
                self.exit_reason = None
                self.status = "started"
                task_status.started()
                self._tell(NodeEvent("status"))
                code = await process.wait()
                with trio.move_on_after(DRAIN_SECONDS):
                    await output_ended.wait()
                nursery.cancel_scope.cancel()
            return code
        finally:
            self._process = None
            self._unpatch()
            self._console.stop_listening()
            self._console.hub.close()

    # --- console ---

    async def _show_output(self, process: VpcsProcess, console: VpcsConsole, ended: trio.Event) -> None:
        while output := await process.read_output():
            console.show(output)
        ended.set()

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console. Connected clients stay when it moves.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use, Invalid for another type of
        console.
        """
        async with self._changing:
            wanted = check_console_type(console_type or self.console_type)
            if wanted == "none":
                self._console.release()
                self._console.hub.reset()
            else:
                self._console.move(console)
            self.console_type = wanted

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self._console.hub.reset()

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
        if self._mac_id is None:
            raise Conflict(f"VPCS '{self.name}' has been deleted")

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect the process, if it runs, to the end of a new link."""
        self._patch()

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect the process from the end of the link, and close that."""
        link_end.close()  # which also ends the patch
        self._unpatch()

    @property
    def _link_end(self) -> LocalLinkEnd | None:
        return self._ports.link_ends.get(_PORT)

    def _patch(self) -> None:
        """Connect the process and the end of the link if both exist."""
        if self._process is not None and self._link_end is not None:
            self._joint = self._services.forwarder.connect(self._process.device, self._link_end.port)
            self._link_end.device = self._process.device

    def _unpatch(self) -> None:
        if self._joint is not None:
            self._joint.close()
            self._joint = None
        if self._link_end is not None:
            self._link_end.device = None

    # --- files ---

    async def startup_script(self) -> str | None:
        """The text of the script that VPCS runs at its start; None if there is none."""
        return await self._folder.script()

    async def set_startup_script(self, text: str) -> None:
        """Write the script that VPCS runs at its next start.

        Raises Invalid if it is too long with the node's name, Unavailable if the disk reports an error.
        """
        await self._folder.set_script(self.name, text)

    async def rename(self, name: str) -> None:
        """Change its name, also in its start-up script. Raises Unavailable if the disk reports an error."""
        async with self._changing:
            await self._folder.rename(name)
            self.name = name
