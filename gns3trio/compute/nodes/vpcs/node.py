"""VPCS nodes: a simulated PC, its console, its port and its files.

A running node is one task in the compute's nursery. The task owns the process, the terminal and the console listener,
and catches all exceptions: an error in a node stops only that node.

The console is not logged: a log would grow without limit and contain typed secrets. If VPCS does not start, the message
contains its last output.
"""

import logging
import shutil
from contextlib import AbstractContextManager
from functools import partial

import attrs
import trio

from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.mac_ids import MacIds
from gns3trio.compute.local.registry import NodeType
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_features import TrafficEndpoint
from gns3trio.compute.nodes.parts.hanging_starts import HangingStarts
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.sandbox import require_means
from gns3trio.compute.nodes.vpcs.base_node import BaseVpcsNode
from gns3trio.compute.nodes.vpcs.boot import PortTaken, describe_exit, wait_until_booted
from gns3trio.compute.nodes.vpcs.builtin import builtin_pc_services, create_builtin_pc
from gns3trio.compute.nodes.vpcs.command import MAC_IDS
from gns3trio.compute.nodes.vpcs.console import VpcsConsole
from gns3trio.compute.nodes.vpcs.process import (
    VpcsPorts,
    VpcsProcess,
    VpcsProgram,
    VpcsProgramFinder,
    open_vpcs,
)
from gns3trio.compute.nodes.vpcs.settings import VpcsSettings
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Port

log = logging.getLogger(__name__)

# Another program may take the port that was picked for VPCS. If this happens repeatedly, the cause is a different one.
PORT_ATTEMPTS = 5
# When a VPCS has ended, its last output is in the terminal's buffer already.
DRAIN_SECONDS = 1.0


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
    return await VpcsNode(services, spec).opened(spec)


class VpcsNode(BaseVpcsNode):
    """A VPCS node. Calls are serialised, so that a node can be closed while it is being started."""

    label = "VPCS"

    def __init__(self, services: VpcsServices, spec: NodeSpec) -> None:
        super().__init__(
            spec,
            nursery=services.nursery,
            forwarder=services.forwarder,
            link_ends=services.link_ends,
            console_ports=services.console_ports,
        )
        self._services = services
        self._starts = HangingStarts()
        # Only while it runs:
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()
        self._process: VpcsProcess | None = None

    @property
    def _device(self) -> Port | None:
        return self._process.device if self._process is not None else None

    def _lease_mac_id(self, mac_id: int | None) -> int:
        return self._services.mac_ids.lease(self.project_id, mac_id)

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: VPCS has no traffic generator."""
        raise Conflict(
            f"'{self.name}' runs VPCS, which cannot send or receive generated traffic: built-in PCs can (the setting "
            "vpcs_engine chooses them)"
        )

    # --- life ---

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        with self.stopping():
            await self._changing.acquire()
        try:
            await self._stop()
            await self._ports.close_all()
            self._node_console.release()
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
        """Do nothing: it cannot be suspended."""

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
        mac_id = self._require_mac_id()
        if self._services.require_sandbox:
            require_means(f"VPCS '{self.name}'")
        program = await self._services.programs.find()
        for _ in range(PORT_ATTEMPTS):
            try:
                await self._services.nursery.start(self._run, program, mac_id)
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
        self._node_console.hub.open()
        console = VpcsConsole(self._node_console.hub, self.name)
        try:
            await wait_until_booted(process, console, self.name)
            process.keep_to_loopback()
            async with trio.open_nursery() as nursery:
                self._node_console.listen(nursery)
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
            self._node_console.stop_listening()
            self._node_console.hub.close()

    async def _show_output(self, process: VpcsProcess, console: VpcsConsole, ended: trio.Event) -> None:
        while output := await process.read_output():
            console.show(output)
        ended.set()
