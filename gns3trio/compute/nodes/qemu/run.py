"""One run of a machine, from its start to its end: the process, its monitor, its serial line and its adapters.

A run is a task in the compute's nursery, which catches all exceptions: an error in a node stops only that node.
"""

import logging
import shlex
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Protocol
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.compute.local.boots import Turn
from gns3trio.compute.local.programs import ProgramGroup
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.parts.sandbox import MIB
from gns3trio.compute.nodes.parts.spawn import ChildProcess
from gns3trio.compute.nodes.qemu.command import SAVED_STATE, Machine, netdev_name
from gns3trio.compute.nodes.qemu.config_disk import ConfigDisk, keep_config
from gns3trio.compute.nodes.qemu.monitor import Monitor, open_monitor
from gns3trio.compute.nodes.qemu.preparation import Plan, Prepared, prepare
from gns3trio.compute.nodes.qemu.process import QemuProcess, group_limits, open_qemu
from gns3trio.compute.nodes.qemu.qmp import QmpError, QmpEvent
from gns3trio.compute.nodes.qemu.services import QemuServices
from gns3trio.compute.nodes.qemu.settings import BOOT_SECONDS, OnClose
from gns3trio.compute.nodes.qemu.tpm import open_tpm
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, sole_cause
from gns3trio.forwarder.forwarder import Port

log = logging.getLogger(__name__)

# QEMU answers within a second; longer on a machine that starts many, or that loads a saved state from a slow disk.
START_SECONDS = 120.0
# How long a guest may take to shut down when it is told that its power button was pressed.
SHUTDOWN_SECONDS = 60.0
# Saving the memory of a machine depends on its size and the disk.
SAVE_SECONDS = 600.0
_SERIAL_BYTES = 4096
# Between the end of the monitor and that of the process.
_END_SECONDS = 2.0


class RunHost(Protocol):
    """The node that a run belongs to."""

    name: str

    def plug(self, devices: Sequence[Port]) -> None:
        """Connect the adapters, which are there now. Before the guest's first instruction."""

    def unplug(self) -> None:
        """Disconnect the adapters, if they are connected. The machine has ended, or is about to."""

    async def serve_console(self, process: QemuProcess) -> None:
        """Serve the clients of the console until cancelled."""

    def began(self, run: "Run") -> None:
        """The machine runs."""

    def ended(self, reason: str | None, error: str | None) -> None:
        """The machine has ended: by itself for this reason, or on request. ``error`` is for the user."""

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""

    def is_connected(self, adapter_number: int) -> bool:
        """Whether an adapter is to have a carrier."""


class Run:
    """A running machine. Use ``start_run``."""

    def __init__(self, services: QemuServices, host: RunHost, plan: Plan) -> None:
        self._services = services
        self._host = host
        self._plan = plan
        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        self._shutdown_reason: str | None = None
        self._is_up = False
        self._is_stopping = False
        self._told: set[str] = set()
        self._group: ProgramGroup | None = None
        self._turn: Turn | None = None
        self.command_line = ""
        self.monitor: Monitor | None = None

    # --- for the node ---

    async def set_link(self, adapter_number: int, up: bool) -> None:
        """Plug or unplug the cable of an adapter, as the guest sees it. Does nothing if QEMU gives no answer."""
        if self.monitor is not None:
            try:
                await self.monitor.execute("set_link", name=netdev_name(adapter_number), up=up)
            except Conflict as error:
                log.warning(
                    "%s: the link state of adapter %d is not set: %s", self._plan.node_id, adapter_number, error
                )

    async def pause(self) -> None:
        """Stop the processors of the machine. Raises Conflict."""
        await self._require_monitor().execute("stop")

    async def go_on(self) -> None:
        """Let a paused machine go on. Raises Conflict."""
        await self._require_monitor().execute("cont")

    async def reset(self) -> None:
        """Press the reset button. Raises Conflict."""
        await self._require_monitor().execute("system_reset")
        await self.go_on()

    async def limit_cpu(self, percent: int) -> None:
        """Let it use so much of the host's processors, in percent of one; 0 is no limit. Warns if that is not
        possible here.
        """
        if self._group is not None and not await self._group.limit_cpu(percent or None):
            reason = self._services.running.why_no_groups or "its control group has no limit of processor time"
            self._host.tell(
                NodeEvent("warning", f"QEMU '{self._host.name}': cpu_throttling has no effect, because {reason}")
            )

    def _require_monitor(self) -> Monitor:
        if self.monitor is None:
            raise Conflict(f"'{self._host.name}' does not run")
        return self.monitor

    async def stop(self, on_close: OnClose) -> None:
        """End the machine in this way. Cannot be cancelled once the end has begun."""
        self._is_stopping = True
        try:
            if self.monitor is not None:
                await self._close_guest(self.monitor, on_close)
        finally:
            self._scope.cancel()
            with trio.CancelScope(shield=True):
                await self._ended.wait()

    async def _close_guest(self, monitor: Monitor, on_close: OnClose) -> None:
        try:
            match on_close:
                case "shutdown_signal":
                    await monitor.execute("cont")  # a paused guest would not notice it
                    await monitor.execute("system_powerdown")
                    with trio.move_on_after(SHUTDOWN_SECONDS):
                        await self._ended.wait()
                case "save_vm_state":
                    await _human(monitor, f"savevm {SAVED_STATE}", SAVE_SECONDS)
        except Conflict as error:
            self._host.tell(NodeEvent("warning", f"QEMU '{self._host.name}' is powered off: {error}"))

    # --- the task ---

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """The whole run. Raises errors until the machine works; later errors are told to the node."""
        reason: str | None = None  # stays None if it is stopped on request
        error: str | None = None
        try:
            with self._scope:
                async with self._admitted():
                    prepared = await prepare(self._services, self._plan)
                    try:
                        reason, error = await self._run_prepared(prepared, task_status)
                    finally:
                        if prepared.config_disk is not None:
                            await self._keep_config(prepared.config_disk)
        except Exception as failure:
            if not self._is_up:
                raise sole_cause(failure) from None
            log.exception("QEMU %s failed", self._plan.node_id)
            reason = "failed because of an error of this server"
            error = f"QEMU '{self._host.name}' {reason}"
        finally:
            self.monitor = self._group = None
            self._ended.set()
            if self._is_up:
                self._host.ended(*((None, None) if self._is_stopping else (reason, error)))

    async def _run_prepared(
        self, prepared: Prepared, task_status: trio.TaskStatus[None]
    ) -> tuple[str | None, str | None]:
        """Start the programs, and wait until QEMU has ended; returns as ``_supervise``."""
        plan, machine, running = self._plan, prepared.machine, self._services.running
        node_id = UUID(plan.node_id)
        limits = group_limits(machine.ram, machine.cpus)
        async with AsyncExitStack() as stack:
            tpm: tuple[ChildProcess, socket.socket] | None = None
            if machine.tpm is not None:
                tpm = await stack.enter_async_context(open_tpm(plan.folder, node_id, running))
            group = await stack.enter_async_context(running.group(node_id, limits, configured_bytes=machine.ram * MIB))
            process, command = await stack.enter_async_context(
                open_qemu(
                    machine,
                    folder=plan.folder,
                    sandbox=prepared.sandbox,
                    has_serial=plan.console_type == "telnet",
                    forwarder=self._services.forwarder,
                    group=group,
                    tpm=tpm[1] if tpm is not None else None,
                )
            )
            self.command_line = shlex.join(command)
            self._group = group
            if plan.settings.cpu_throttling:
                await self.limit_cpu(plan.settings.cpu_throttling)
            async with trio.open_nursery() as nursery:
                if tpm is not None:
                    tpm[1].close()  # QEMU has it
                    nursery.start_soon(self._watch_tpm, tpm[0])
                ended = await self._supervise(process, machine, task_status)
                nursery.cancel_scope.cancel()
        return ended

    async def _watch_tpm(self, tpm: ChildProcess) -> None:
        """Tell if it ends before QEMU, with which it ends by itself."""
        if (code := await tpm.wait()) != 0:
            self._host.tell(NodeEvent("error", f"QEMU '{self._host.name}': its TPM {describe_exit(code)}"))

    async def _keep_config(self, config_disk: ConfigDisk) -> None:
        with trio.CancelScope(shield=True):
            if (reason := await threads.disk.run(keep_config, config_disk)) is not None:
                self._host.tell(NodeEvent("warning", f"QEMU '{self._host.name}': {reason}"))

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        """The host has the memory and the disk for the machine, and time to boot it."""
        plan, admission = self._plan, self._services.admission
        what, memory = f"QEMU '{plan.name}'", plan.settings.ram * MIB
        async with admission.admit(UUID(plan.node_id), what, memory, plan.folder, BOOT_SECONDS) as turn:
            self._turn = turn
            yield

    async def _supervise(
        self, process: QemuProcess, machine: Machine, task_status: trio.TaskStatus[None]
    ) -> tuple[str | None, str | None]:
        """Wait until the process ends; returns why, and the error for the user if it is one."""
        if not process.set_priority(self._plan.settings.process_priority):
            priority = self._plan.settings.process_priority
            self._host.tell(
                NodeEvent("warning", f"QEMU '{self._host.name}': the server may not give the priority {priority}")
            )
        try:
            code = await self._until_end(process, machine, task_status)
        except Exception as failure:  # nurseries wrap errors
            cause = sole_cause(failure)
            if isinstance(cause, QmpError):
                process.kill()
                cause = Conflict(f"QEMU '{self._host.name}' is ended, because its monitor is broken: {cause}")
            raise cause from None
        finally:
            self._host.unplug()
        if not self._is_up:
            raise Conflict(f"QEMU '{self._host.name}' does not start: {process.last_words() or describe_exit(code)}")
        return self._describe_end(code, process)

    async def _until_end(self, process: QemuProcess, machine: Machine, task_status: trio.TaskStatus[None]) -> int:
        """Bring the machine up, and return the exit code when it has ended, which may be before."""
        code = 0
        async with open_monitor(process.monitor, self._on_event) as monitor, trio.open_nursery() as nursery:

            async def wait() -> None:
                nonlocal code
                code = await process.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(wait)
            nursery.start_soon(self._host.serve_console, process)
            with trio.move_on_after(START_SECONDS) as starting:
                try:
                    await self._bring_up(monitor, process, machine)
                except Conflict:
                    # If it has ended, this is cancelled, and what it has said is a better reason.
                    await trio.sleep(_END_SECONDS)
                    raise
            if starting.cancelled_caught:
                raise Conflict(f"QEMU '{self._host.name}' does not start: it gives no answer in {START_SECONDS:g} s")
            self.monitor = monitor
            self._is_up = True
            self._host.began(self)
            if self._turn is not None:
                self._turn.works()
            task_status.started()
        return code

    async def _bring_up(self, monitor: Monitor, process: QemuProcess, machine: Machine) -> None:
        """From the first byte of the monitor until the guest's first instruction."""
        await monitor.handshake()
        for number in range(len(machine.adapters)):
            if not self._host.is_connected(number):
                await monitor.execute("set_link", name=netdev_name(number), up=False)
        if machine.load_state:
            # It is loaded already. It includes the disks, so that a later start must not load it again.
            await _human(monitor, f"delvm {SAVED_STATE}", SAVE_SECONDS)
        self._host.plug(process.devices)
        await monitor.execute("cont")

    def _describe_end(self, code: int, process: QemuProcess) -> tuple[str, str | None]:
        if code == 0:
            return self._shutdown_reason or "ended", None
        words = process.last_words()
        reason = f"{describe_exit(code)}{f': {words}' if words else ''}"
        return reason, f"QEMU '{self._host.name}' {reason}"

    def _on_event(self, event: QmpEvent) -> None:
        match event.name:
            case "SHUTDOWN" if event.data.get("reason") == "guest-shutdown":
                self._shutdown_reason = "was shut down by its operating system"
            case "GUEST_PANICKED":
                self._tell_once("its operating system has failed")
            case "BLOCK_IO_ERROR":
                self._tell_once("a disk reports an error")

    def _tell_once(self, text: str) -> None:
        """The guest can cause such events without end."""
        if text not in self._told:
            self._told.add(text)
            self._host.tell(NodeEvent("error", f"QEMU '{self._host.name}': {text}"))


async def _human(monitor: Monitor, command: str, seconds: float) -> None:
    """Run a command that only the monitor for people has. It prints nothing if it works. Raises Conflict."""
    said = await monitor.execute_for(seconds, "human-monitor-command", **{"command-line": command})
    if isinstance(said, str) and said.strip():
        raise Conflict(said.strip().splitlines()[0][:200])


def describe_exit(code: int) -> str:
    """A text that explains an exit code; a negative one is the signal that killed the process."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


async def serve_serial(stream: trio.SocketStream, hub: ConsoleHub) -> None:
    """Connect the serial line with the clients of the console, until it ends."""

    async def show() -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await stream.receive_some(_SERIAL_BYTES):
                hub.feed(bytes(data))

    async def type_input() -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while True:
                _, typed = await hub.read_input()
                await stream.send_all(typed)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(show)
        nursery.start_soon(type_input)
