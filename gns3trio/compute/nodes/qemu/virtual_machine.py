"""Nodes of the type ``qemu``: a machine with its adapters, a console, disks, and the program that runs it.

Changes of its properties take effect at the next start, except the name, ``cpu_throttling``, and what happens when it
is stopped.
"""

import logging
from typing import Any

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_features import ConsoleAccess
from gns3trio.compute.nodes.parts.custom_adapters import read_custom_adapters
from gns3trio.compute.nodes.parts.guest_node import GuestNode
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.node_ports import PortKey
from gns3trio.compute.nodes.qemu.adapters import machine_adapters
from gns3trio.compute.nodes.qemu.completion import completed, require_images, unknown_checksums
from gns3trio.compute.nodes.qemu.disks import set_clone_aside
from gns3trio.compute.nodes.qemu.display import Display
from gns3trio.compute.nodes.qemu.node_disks import MachineDisks
from gns3trio.compute.nodes.qemu.preparation import Plan, refuse_missing
from gns3trio.compute.nodes.qemu.process import QemuProcess
from gns3trio.compute.nodes.qemu.properties import as_properties, read_settings
from gns3trio.compute.nodes.qemu.run import Run, serve_serial
from gns3trio.compute.nodes.qemu.services import QemuServices
from gns3trio.compute.nodes.qemu.settings import CONSOLE_TYPES, DRIVES, IMAGES, CustomAdapter, QemuSettings
from gns3trio.errors import Conflict, Invalid, path_error

log = logging.getLogger(__name__)

# Viewers of VNC count screens from this port on.
VNC_PORT = 5900
_FIXED_WHILE_RUNNING = ("adapters", "linked_clone", *(f"{drive}_disk_image" for drive in DRIVES))


def check_console_type(console_type: str) -> str:
    """Raises Invalid for a type of console that a machine does not have."""
    if console_type not in CONSOLE_TYPES:
        raise Invalid(f"console_type: {console_type!r} is not one of {', '.join(CONSOLE_TYPES)}")
    return console_type


class QemuNode(GuestNode[Run]):
    """A machine."""

    node_type = "qemu"
    label = "QEMU"
    kind = "QEMU machine"

    def __init__(self, services: QemuServices, spec: NodeSpec, settings: QemuSettings) -> None:
        super().__init__(services.forwarder, services.link_ends, spec)
        self.command_line = ""
        self.console_type: str = "none"
        self._services = services
        self._settings = settings
        self._properties = as_properties(settings)
        self._custom_adapters = read_custom_adapters(spec.custom_adapters, list[CustomAdapter])
        self._console = NodeConsole(services.console_ports, services.console_acceptor)
        self._display = Display()
        self.disks = MachineDisks(services.disks, self, self.resize_disk)

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self._console.port

    @property
    def console_access(self) -> ConsoleAccess | None:
        """Its serial line or screen; None without a console."""
        if self.console_type == "none":
            return None
        return self._console.hub if self.console_type == "telnet" else self._display

    @property
    def _adapter_count(self) -> int:
        return self._settings.adapters

    # --- properties ---

    def properties(self) -> dict[str, Any]:
        """The properties, as GNS3 shows them."""
        return self._properties

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change properties. Raises Invalid, or Conflict (an image is missing, or it runs); nothing is changed then."""
        settings = self._read(properties)
        async with self._changing:
            old = self._settings
            changed = [name for name in IMAGES if getattr(settings, name) != getattr(old, name)]
            settings = attrs.evolve(settings, **unknown_checksums(changed))
            for name in _FIXED_WHILE_RUNNING:
                if getattr(settings, name) != getattr(old, name):
                    self._require_stopped(f"properties.{name}")
            self._require_unlinked(settings.adapters)
            if settings.qemu_path != old.qemu_path:
                self._services.programs.path_of(settings.qemu_path, settings.platform)
            await require_images(self._services, settings, changed)
            settings = await completed(self._services, settings, self.node_id)
            for drive in DRIVES:
                if f"{drive}_disk_image" in changed:
                    await self._set_clone_aside(drive)
            self._settings, self._properties = settings, as_properties(settings)
            if self._run is not None and settings.cpu_throttling != old.cpu_throttling:
                await self._run.limit_cpu(settings.cpu_throttling)

    def _read(self, properties: dict[str, Any]) -> QemuSettings:
        given = {name: value for name, value in properties.items() if value is not None}
        if given.get("platform", self._settings.platform) != self._settings.platform and (
            given.get("qemu_path") in (None, self._settings.qemu_path)
        ):
            given["qemu_path"] = ""  # it follows the platform
        settings = read_settings({**self._properties, **given}, unsafe_options=self._services.allow_unsafe_options)
        if {name: self._properties.get(name) for name in given} != given:
            refuse_missing(settings)
        return settings

    async def _set_clone_aside(self, drive: str) -> None:
        try:
            was_there = await threads.disk.run(set_clone_aside, self.directory, drive)
        except OSError as error:
            raise path_error(str(self.directory), error) from None
        if was_there:
            text = f"QEMU '{self.name}': the disk {drive} begins anew; the old one is {drive}_disk.before.qcow2"
            self.tell(NodeEvent("info", text))

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties as they would be shown, as far as that is known without looking at images."""
        settings = as_properties(self._read(properties))
        return {name: settings[name] for name in properties if name in settings} | {
            name: value for name, value in self._properties.items() if name not in properties
        }

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Change what is particular of single adapters. Raises Invalid; nothing is changed then."""
        self._custom_adapters = read_custom_adapters(adapters, list[CustomAdapter])

    # --- life ---

    async def open(self, console: int | None, console_type: str | None) -> None:
        """Acquire the resources of a stopped node. Raises Conflict, Invalid or Unavailable; ``close`` releases
        everything.
        """
        self._use_console(check_console_type(console_type or "telnet"))
        if self.console_type != "none":
            reason = self._console.take(console, least=self._least_console)
            if reason is not None:
                self.tell(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))
        await self._make_folder()

    async def close(self) -> None:
        """Stop the node and release its resources; the files stay."""
        async with self._stopping():
            self._closed = True
            await self._stop()
            await self._ports.close_all()
            self._console.release()

    async def _start_guest(self) -> None:
        plan = Plan(
            node_id=str(self.node_id),
            name=self.name,
            folder=self.directory,
            settings=self._settings,
            adapters=machine_adapters(self._settings, self._custom_adapters),
            console_type=self.console_type,
        )
        run = Run(self._services, self, plan)
        with self._starts.start() as scope:
            try:
                await self._services.nursery.start(run.run)
            except OSError as error:
                what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
                raise Conflict(f"QEMU '{self.name}' cannot be started: {what}") from None
        if scope.cancelled_caught:
            raise Conflict(f"QEMU '{self.name}' was stopped before its start had come to an end")

    async def _stop(self) -> None:
        """As its ``on_close`` says."""
        if self._run is not None:
            await self._run.stop(self._settings.on_close)

    async def reload(self) -> None:
        """Reset the running machine, as GNS3 does; start a stopped one. Raises Conflict."""
        async with self._stopping():
            if self._run is None:
                await self._start()
            else:
                await self._run.reset()
                self._become("started")

    # --- the run ---

    def is_connected(self, adapter_number: int) -> bool:
        """Whether the guest is to see a carrier."""
        return not self._settings.replicate_network_connection_state or (adapter_number, 0) in self._ports.link_ends

    async def serve_console(self, process: QemuProcess) -> None:
        """Called by the run when the process is there."""
        hub = self._console.hub
        if self.console_type != "telnet" or process.serial is None:
            return
        hub.open()
        try:
            self._console.listen()
            await serve_serial(process.serial, hub)
            await trio.sleep_forever()  # the last clients stay until the end
        finally:
            self._console.stop_listening()
            hub.close()

    def began(self, run: Run) -> None:
        """Called by the run when the machine works."""
        self.command_line = run.command_line
        self._display.monitor = run.monitor
        if self.console_type not in ("telnet", "none"):
            try:
                self._console.listen()
            except Conflict as error:
                self.tell(NodeEvent("error", f"QEMU '{self.name}': {error}"))
        self._has_begun(run)

    def ended(self, reason: str | None, error: str | None) -> None:
        """Called by the run when the machine has ended."""
        self._display.monitor = None
        self._display.close("the node is stopped")
        self._console.stop_listening()
        self._has_ended(reason, error)

    # --- console ---

    @property
    def _least_console(self) -> int:
        return VNC_PORT if self.console_type == "vnc" else 0

    def _use_console(self, console_type: str) -> None:
        self.console_type = console_type
        self._console.serve = self._console.hub.serve_telnet if console_type == "telnet" else self._display.serve
        self._display.protocol = "vnc" if console_type == "vnc" else "spice"

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move the console, or change its type while it is stopped.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use or the machine runs, Invalid for
        an unknown type of console.
        """
        async with self._changing:
            wanted = check_console_type(console_type or self.console_type)
            if wanted != self.console_type:
                self._require_stopped("console_type")
                before = self.console_type
                given = console if console != self.console else None  # the port of the other type is not asked for
                self._use_console(wanted)
                if wanted == "none":
                    self._console.release()
                elif before == "none" or given is not None:
                    self._move_console(given, before)
                elif wanted == "vnc" and (self.console or 0) < VNC_PORT:
                    self._console.release()
                    self._move_console(None, before)
            elif wanted != "none" and console is not None:
                self._console.move(console)

    def _move_console(self, console: int | None, before: str) -> None:
        try:
            self._console.move(console, least=self._least_console)
        except Conflict:
            self._use_console(before)
            raise

    async def reset_console(self) -> None:
        """Disconnect all clients of the serial line, and those of websockets of the screen."""
        self._console.hub.reset()
        self._display.close("the console was reset")

    # --- ports ---

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect an adapter, if the machine runs, to the end of a new link."""
        await super().attach(key, link_end)
        await self._set_carrier(key[0], True)

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect an adapter from the end of the link, and close that."""
        await super().end(key, link_end)
        with trio.CancelScope(shield=True):
            await self._set_carrier(key[0], False)

    async def _set_carrier(self, adapter_number: int, up: bool) -> None:
        has_device = adapter_number < len(self._devices)
        if self._run is not None and has_device and self._settings.replicate_network_connection_state:
            await self._run.set_link(adapter_number, up)

    # --- files ---

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Make the disk of a stopped machine larger: the clone, or the image itself. Raises Conflict."""
        async with self.while_stopped():
            for disk in await self._services.disks.prepare(self._settings, self.directory):
                if DRIVES[disk.drive] == drive_name:
                    await self._services.disks.extend(disk, extend)
                    return
            raise Conflict(f"drive_name: '{self.name}' has no disk {drive_name}")

    async def rename(self, name: str) -> None:
        """Change its name. A running machine keeps the old one in its command line."""
        self.name = name
