"""The engine of VPCS nodes that runs the program VPCS.

A run is one task in the compute's nursery. The task owns the process, the terminal and the console listener, and
catches all exceptions: an error in a node stops only that node. If VPCS does not start, the message contains its last
output.
"""

import logging
from contextlib import AbstractContextManager

import trio

from gns3trio.compute.node import NodeEvent
from gns3trio.compute.node_features import TrafficEndpoint
from gns3trio.compute.nodes.parts.hanging_starts import HangingStarts
from gns3trio.compute.nodes.parts.sandbox import require_means
from gns3trio.compute.nodes.vpcs.boot import PortTaken, describe_exit, wait_until_booted
from gns3trio.compute.nodes.vpcs.console import VpcsConsole
from gns3trio.compute.nodes.vpcs.engine import EngineHost
from gns3trio.compute.nodes.vpcs.process import GROUP_LIMITS, VpcsProcess, VpcsProgram, open_vpcs
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from gns3trio.compute.nodes.vpcs.settings import EngineName
from gns3trio.errors import Conflict

log = logging.getLogger(__name__)

# Another program may take the port that was picked for VPCS. If this happens repeatedly, the cause is a different one.
PORT_ATTEMPTS = 5
# When a VPCS has ended, its last output is in the terminal's buffer already.
DRAIN_SECONDS = 1.0


class ProcessEngine:
    """Runs a node as a VPCS process."""

    name: EngineName = "process"
    label = "VPCS"

    def __init__(self, services: VpcsServices, host: EngineHost) -> None:
        self._services = services
        self._host = host
        self._starts = HangingStarts()
        # Only while it runs:
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, starts that are already running have HANGING_SECONDS left."""
        return self._starts.stopping()

    async def start(self, mac_id: int) -> None:
        """Start it, and return when it works. Does nothing if it is started. Raises Conflict, also if it is to be
        stopped meanwhile.
        """
        with self._starts.start() as scope:
            await self._start_process(mac_id)
        if scope.cancelled_caught:
            raise Conflict(f"VPCS '{self._host.name}' was stopped before its start had come to an end")

    async def _start_process(self, mac_id: int) -> None:
        if self._scope is not None and self._scope.cancel_called:  # the stopping caller did not wait for the end
            await self._ended.wait()
        if self._host.status == "started":
            return
        if self._services.require_sandbox:
            require_means(f"VPCS '{self._host.name}'")
        program = await self._services.programs.find()
        for _ in range(PORT_ATTEMPTS):
            try:
                await self._services.nursery.start(self._run, program, mac_id)
            except PortTaken:
                continue
            except OSError as error:
                what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
                raise Conflict(f"VPCS '{self._host.name}' cannot be started: {what}") from None
            return
        raise Conflict(f"VPCS '{self._host.name}' cannot bind a UDP port: other programs take them")

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
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
                script, sandbox = await self._host.folder.prepare(self._host.name, program)
                try:
                    async with (
                        self._services.running.group(self._host.node_id, GROUP_LIMITS) as group,
                        open_vpcs(
                            program,
                            directory=self._host.folder.path,
                            sandbox=sandbox,
                            mac_id=mac_id,
                            script=script,
                            forwarder=self._services.forwarder,
                            ports=self._services.vpcs_ports,
                            group=group,
                        ) as (process, command_line),
                    ):
                        code = await self._supervise(process, command_line, task_status)
                finally:
                    with trio.CancelScope(shield=True):
                        await self._host.folder.tidy(script)
                reason = describe_exit(code)
                error = f"VPCS '{self._host.name}' {reason}" if code != 0 else None
        except Exception:
            if self._host.status != "started":
                raise
            log.exception("VPCS %s failed", self._host.node_id)
            reason = "failed because of an error of this server"
            error = f"VPCS '{self._host.name}' {reason}"
        finally:
            self._scope = None
            self._ended.set()
            ran = self._host.status == "started"
            self._host.ended(reason)
            if ran and error is not None:
                self._host.tell(NodeEvent("error", error))

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: VPCS has no traffic generator."""
        raise Conflict(
            f"'{self._host.name}' runs VPCS, which cannot send or receive generated traffic: built-in PCs can (stop "
            "it, and choose the engine builtin)"
        )

    async def _supervise(self, process: VpcsProcess, command_line: str, task_status: trio.TaskStatus[None]) -> int:
        """Serve the console until the process ends; returns its exit code."""
        host = self._host
        host.node_console.hub.open()
        console = VpcsConsole(host.node_console.hub, host.name)
        try:
            await wait_until_booted(process, console, host.name)
            process.keep_to_loopback()
            async with trio.open_nursery() as nursery:
                host.node_console.listen()
                output_ended = trio.Event()
                nursery.start_soon(self._show_output, process, console, output_ended)
                nursery.start_soon(console.type_input, process.write_input)
                host.began(process.device, command_line)
                task_status.started()
                code = await process.wait()
                with trio.move_on_after(DRAIN_SECONDS):
                    await output_ended.wait()
                nursery.cancel_scope.cancel()
            return code
        finally:
            host.disconnect()
            host.node_console.stop_listening()
            host.node_console.hub.close()

    async def _show_output(self, process: VpcsProcess, console: VpcsConsole, ended: trio.Event) -> None:
        while output := await process.read_output():
            console.show(output)
        ended.set()
