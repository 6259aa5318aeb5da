"""One run of a machine, from its start to its end: the process, its monitor, its serial line and its adapters.

A run is a task in the compute's nursery, which catches all exceptions: an error in a node stops only that node.
"""

import logging
import shlex
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.parts.sandbox import MIB, Sandbox
from gns3trio.compute.nodes.qemu.command import SAVED_STATE, Adapter, Disk, Machine, netdev_name
from gns3trio.compute.nodes.qemu.disks import prepare_firmware
from gns3trio.compute.nodes.qemu.monitor import Monitor, open_monitor
from gns3trio.compute.nodes.qemu.process import QemuProcess, group_limits, open_qemu, qemu_sandbox
from gns3trio.compute.nodes.qemu.qmp import QmpError, QmpEvent
from gns3trio.compute.nodes.qemu.services import QemuServices
from gns3trio.compute.nodes.qemu.settings import OnClose, QemuSettings
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, sole_cause

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

    def plug(self, process: QemuProcess) -> None:
        """Connect the adapters, before the guest's first instruction."""

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


@frozen(kw_only=True)
class Plan:
    """What a run needs to know of its node."""

    node_id: str
    name: str
    folder: Path
    settings: QemuSettings
    adapters: Sequence[Adapter]
    console_type: str


@frozen
class Prepared:
    """A machine that can be started."""

    machine: Machine
    sandbox: Sandbox


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
                prepared = await prepare(self._services, self._plan)
                async with (
                    self._services.running.group(
                        UUID(self._plan.node_id),
                        group_limits(prepared.machine.ram, prepared.machine.cpus),
                        configured_bytes=prepared.machine.ram * MIB,
                    ) as group,
                    open_qemu(
                        prepared.machine,
                        folder=self._plan.folder,
                        sandbox=prepared.sandbox,
                        has_serial=self._plan.console_type == "telnet",
                        forwarder=self._services.forwarder,
                        group=group,
                    ) as (process, command),
                ):
                    self.command_line = shlex.join(command)
                    reason, error = await self._supervise(process, prepared.machine, task_status)
        except Exception as failure:
            if not self._is_up:
                raise sole_cause(failure) from None
            log.exception("QEMU %s failed", self._plan.node_id)
            reason = "failed because of an error of this server"
            error = f"QEMU '{self._host.name}' {reason}"
        finally:
            self.monitor = None
            self._ended.set()
            if self._is_up:
                self._host.ended(*((None, None) if self._is_stopping else (reason, error)))

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
        self._host.plug(process)
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


async def prepare(services: QemuServices, plan: Plan) -> Prepared:
    """Find and make all that a machine needs. Raises Conflict with what is missing, or Unavailable."""
    settings = plan.settings
    what = f"QEMU '{plan.name}'"
    services.require_confinement(what)
    refuse_missing(settings)
    program = await services.programs.find(services.programs.path_of(settings.qemu_path, settings.platform))
    use_kvm = services.use_kvm(program, settings)
    disks = await services.disks.prepare(settings, plan.folder)
    load_state = False
    for disk in disks:
        if disk.format == "qcow2":
            load_state = await services.disks.has_saved_state(Path(disk.file))
            break
    files = await threads.disk.run(_files, services, settings)
    cdrom: Disk | None = None
    if (path := files.get("cdrom_image")) is not None:
        cdrom = Disk(2, "ide", path, await services.disks.format_of(Path(path)))
    firmware = await threads.disk.run(prepare_firmware, plan.folder, program.platform) if settings.uefi else None
    machine = Machine(
        program=program.executable,
        version=program.version,
        platform=program.platform,
        name=plan.name,
        node_id=plan.node_id,
        ram=settings.ram,
        cpus=settings.cpus,
        use_kvm=use_kvm,
        boot_priority=settings.boot_priority,
        console_type=plan.console_type,
        disks=disks,
        cdrom=cdrom,
        kernel=files.get("kernel_image"),
        initrd=files.get("initrd"),
        kernel_command_line=settings.kernel_command_line,
        bios=files.get("bios_image"),
        firmware=firmware,
        adapters=plan.adapters,
        options=settings.options,
        load_state=load_state,
    )
    images = [disk.backing[0] if disk.backing is not None else disk.file for disk in disks]
    sandbox = await threads.disk.run(
        lambda: qemu_sandbox(
            program,
            plan.folder,
            reads=[services.images.folder, *images, *files.values()],
            writes=[disk.file for disk in disks if disk.backing is None],
            ram=settings.ram,
            cpus=settings.cpus,
            use_kvm=use_kvm,
        )
    )
    return Prepared(machine, sandbox)


def _files(services: QemuServices, settings: QemuSettings) -> Mapping[str, str]:
    """The paths of the images that are not disks."""
    found: dict[str, str] = {}
    for name in ("cdrom_image", "bios_image", "kernel_image", "initrd"):
        if image := getattr(settings, name):
            md5sum = getattr(settings, f"{name}_md5sum")
            found[name] = str(services.images.find(image, md5sum, f"properties.{name}"))
    return found


def refuse_missing(settings: QemuSettings) -> None:
    """Raises Conflict for a property that this server does not have."""
    lacks = {
        "tpm": (settings.tpm, "this server has no TPM for machines"),
        "create_config_disk": (settings.create_config_disk, "this server makes no disk with configurations"),
        "cpu_throttling": (settings.cpu_throttling, "this server does not limit the processor time of machines"),
        "legacy_networking": (settings.legacy_networking, "QEMU has it no longer, since version 2.9"),
    }
    for name, (is_wanted, reason) in lacks.items():
        if is_wanted:
            raise Conflict(f"properties.{name}: {reason}")
