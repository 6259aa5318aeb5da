"""Nodes of the type ``docker``: a container with its interfaces and consoles.

The container is made with the node, stays while the node is stopped and started, and is made anew before a start that
would give it other settings. So files outside of its persistent folders last as long as in GNS3.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.local.link_ends import LocalLinkEnd, Nio
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import ConsoleAccess, TrafficEndpoint
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.nodes.docker.consoles import Consoles
from gns3trio.compute.nodes.docker.container_files import write_network_configuration
from gns3trio.compute.nodes.docker.containers import ContainerSpec, ContainerState
from gns3trio.compute.nodes.docker.engine import EngineRefused
from gns3trio.compute.nodes.docker.kept_folders import KeptFolders
from gns3trio.compute.nodes.docker.namespace_taps import ContainerAdapter, ContainerTap
from gns3trio.compute.nodes.docker.plan import Plan, plan_container
from gns3trio.compute.nodes.docker.properties import (
    adapter_macs,
    as_properties,
    default_mac,
    read_custom_adapters,
    read_settings,
)
from gns3trio.compute.nodes.docker.run import Run
from gns3trio.compute.nodes.docker.services import DockerServices
from gns3trio.compute.nodes.docker.settings import DockerSettings
from gns3trio.compute.nodes.parts.hanging_starts import HangingStarts, changing_soon
from gns3trio.compute.nodes.parts.node_ports import NodePorts, PortKey
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, Invalid, LabError, path_error
from gns3trio.forwarder.forwarder import Patch
from gns3trio.mutex import Mutex

log = logging.getLogger(__name__)

# A container that is to go gets so long to end by itself; an engine that is silent does not delay the server's end.
CLOSE_SECONDS = 30.0


class DockerNode:
    """A container. Calls that change it are serialised by ``_changing``. It can be closed while it is being started."""

    node_type = "docker"
    always_runs = False
    mac_table = None
    files = None
    mac_id: int | None = None
    engine: str | None = None
    has_default_engine = True
    command_line: str | None = None

    def __init__(self, services: DockerServices, spec: NodeSpec, settings: DockerSettings) -> None:
        self.node_id: UUID = spec.node_id
        self.project_id: UUID = spec.project_id
        self.name: str = spec.name
        self.status: NodeStatus = "stopped"
        self.exit_reason: str | None = None
        self.directory: Path = spec.folder
        self._services = services
        self._containers = services.containers
        self._emit: Callable[[NodeEvent], None] = spec.emit
        self._settings = self._completed(settings)
        self._custom_adapters = read_custom_adapters(spec.custom_adapters)
        self._consoles = Consoles(services.console_ports, services.console_acceptor, self)
        self._changing = Mutex()
        self._starts = HangingStarts()
        self._ports = NodePorts(self, services.link_ends, self._changing)
        self._closed = False
        self._container_id: str | None = None
        self._made: Plan | None = None  # of which the container was made
        # Only while it runs:
        self._run: Run | None = None
        self._taps: Sequence[ContainerTap] = ()
        self._joints: dict[PortKey, Patch] = {}

    def _completed(self, settings: DockerSettings) -> DockerSettings:
        return attrs.evolve(
            settings, mac_address=settings.mac_address or default_mac(self.node_id), aux=None, container_id=None
        )

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""
        return self._consoles.port

    @property
    def console_type(self) -> str:
        """The type of its console, of those in the traits."""
        return self._consoles.kind

    @property
    def console_access(self) -> ConsoleAccess | None:
        """Its terminal; None if its console is another one, or none."""
        return self._consoles.terminal if self.console_type == "telnet" else None

    @property
    def terminal(self) -> ConsoleHub:
        """The clients of the container's terminal, if the console is that."""
        return self._consoles.terminal

    @property
    def has_nio(self) -> bool:
        """Whether any port is connected."""
        return bool(self._ports.link_ends)

    def ports(self) -> list[NodePort]:
        """None: their names follow from the record of the node."""
        return []

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""
        try:
            self._emit(event)
        except Exception:  # an error in a listener must not stop the node
            log.exception("container node %s: an event was not taken", self.node_id)

    # --- properties ---

    def properties(self) -> dict[str, Any]:
        """The properties, as GNS3 shows them."""
        shown = attrs.evolve(self._settings, aux=self._consoles.aux_port, container_id=self._container_id)
        return as_properties(shown)

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change properties. A stopped node gets a new container, a running one at its next start.

        Raises Invalid, or Conflict (there is no such image, it runs, an adapter is linked); nothing is changed then.
        """
        wanted = self._read(properties)
        settings = self._completed(wanted)
        async with self._changing:
            old = self._settings
            if self._run is not None and settings.adapters != old.adapters:
                raise Conflict(f"properties.adapters: '{self.name}' runs: stop it first")
            for adapter, _ in self._ports.link_ends:
                if adapter >= settings.adapters:
                    raise Conflict(f"properties.adapters: adapter {adapter} of '{self.name}' is linked")
            if settings.image != old.image:
                await self._require_image(settings.image)
            self._consoles.move_aux(wanted.aux)
            self._settings = settings
            if self._run is None:
                await self._try_to_make()

    async def _require_image(self, image: str) -> None:
        """Pull an image that is not there. Raises Conflict, also if the node is to be deleted meanwhile."""
        with self._starts.start() as scope:
            if await self._containers.image(image) is None:
                await self._services.pulls.pull(image, self.tell)
        if scope.cancelled_caught:
            raise Conflict(f"properties.image: the pull of {image!r} was given up")

    def _read(self, properties: dict[str, Any]) -> DockerSettings:
        return read_settings({**self.properties(), **properties})

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties as they would be shown."""
        read = self._read(properties)
        return as_properties(
            attrs.evolve(
                self._completed(read), aux=read.aux or self._consoles.aux_port, container_id=self._container_id
            )
        )

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Change what is particular of single adapters, from the next start on. Raises Invalid; nothing is changed
        then.
        """
        self._custom_adapters = read_custom_adapters(adapters)

    async def rename(self, name: str) -> None:
        """Change its name. It is also the host name of the next container."""
        self.name = name

    # --- the container ---

    async def _make(self, *, pull: bool) -> None:
        """Make the container, unless it is there already with these settings. Raises Conflict or Unavailable."""
        name = self._settings.image
        image = await self._containers.image(name)
        if image is None and pull:
            await self._services.pulls.pull(name, self.tell)
            image = await self._containers.image(name)
        if image is None:
            raise Conflict(f"properties.image: the engine has no image {name!r}")
        labels = await self._services.ownership.labels(self.project_id, self.node_id)
        plan = await threads.disk.run(plan_container, self._services, self._settings, image, labels, self)
        if self._container_id is not None and self._made == plan:
            return
        await self._remove()
        # The engine may make it although nobody waits for the answer any more.
        with trio.CancelScope(shield=True):
            self._container_id = await self._create(plan.spec)
        self._made = plan
        await threads.disk.run(
            write_network_configuration, self.directory, plan.volumes, self.name, self._settings.adapters
        )

    async def _create(self, spec: ContainerSpec) -> str:
        try:
            return await self._containers.create(spec)
        except EngineRefused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            # The engine has made it before, but its answer did not come.
            left = await self._containers.labelled(spec.labels)
            for container_id in left:
                await self._containers.remove(container_id)
            if not left:
                raise
            return await self._containers.create(spec)

    async def _try_to_make(self) -> None:
        """As ``_make``; if it is not possible now, the start tells why."""
        try:
            await self._make(pull=False)
        except LabError as error:
            log.info("container node %s has no container yet: %s", self.node_id, error)

    async def _remove(self) -> None:
        """Remove the container, if there is one. If the engine is away, that is done later."""
        container_id, self._container_id, self._made = self._container_id, None, None
        if container_id is not None:
            with trio.CancelScope(shield=True):
                try:
                    await self._containers.remove(container_id)
                except Conflict as error:
                    log.warning("container %s is not removed: %s", container_id[:12], error)
                    self._services.ownership.leave(container_id)

    # --- life ---

    async def open(self, console: int | None, console_type: str | None, *, aux: int | None, is_new: bool) -> None:
        """Acquire the resources of a stopped node. Raises Conflict, Invalid or Unavailable; ``close`` releases
        everything.
        """
        self._consoles.open(console, console_type or "telnet", aux, is_new=is_new)
        try:
            await threads.disk.run(lambda: self.directory.mkdir(parents=True, exist_ok=True))
        except OSError as error:
            raise path_error(f"{self.directory} cannot be used", error) from None
        if is_new:
            await self._make(pull=True)
        else:
            await self._try_to_make()

    async def close(self) -> None:
        """Stop the node, remove its container and release its resources; the files stay."""
        async with self._stopping():
            self._closed = True
            with trio.move_on_after(CLOSE_SECONDS):
                try:
                    await self._stop()
                except Conflict as error:  # the engine is away, or refuses
                    log.warning("container node %s is not stopped: %s", self.node_id, error)
            if self._run is not None:
                await self._run.abandon()
            await self._remove()
            await self._ports.close_all()
            self._consoles.release()

    def _stopping(self) -> AbstractAsyncContextManager[None]:
        """Change the node, and do not wait long for its start."""
        return changing_soon(self._changing, self.stopping())

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, a start that is already running is abandoned after a few seconds."""
        return self._starts.stopping()

    async def start(self) -> None:
        """Start it, or let it go on if it is suspended. Does nothing if it is started. Raises Conflict, also if it is
        to be stopped meanwhile.
        """
        async with self._changing:
            await self._start()

    async def _start(self) -> None:
        if self._closed:
            raise Conflict(f"Docker container '{self.name}' has been deleted")
        if self._run is not None:
            if self.status == "suspended":
                await self._run.go_on()
                self._become("started")
            return
        self._consoles.require_supported()
        with self._starts.start() as scope:
            try:
                await self._make(pull=True)
                await self._run_container()
            except EngineRefused as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                # Somebody has removed it from outside.
                self._container_id = self._made = None
                await self._make(pull=True)
                await self._run_container()
        if scope.cancelled_caught:
            await self._remove()  # the engine may start it still
            raise Conflict(f"Docker container '{self.name}' was stopped before its start had come to an end")

    async def _run_container(self) -> None:
        assert self._container_id is not None and self._made is not None
        macs = adapter_macs(self._settings, self._custom_adapters)
        adapters = [ContainerAdapter(f"eth{number}", mac) for number, mac in enumerate(macs)]
        run = Run(
            self._services,
            self,
            self._container_id,
            adapters=adapters,
            folders=KeptFolders(self.directory, self._made.volumes),
            memory=self._settings.memory,
        )
        await self._services.nursery.start(run.run)

    async def stop(self) -> None:
        """Stop it: its first process is asked to end, and killed after some seconds. Does nothing if it is stopped.
        Raises Conflict if the engine does not do it.
        """
        async with self._stopping():
            await self._stop()

    async def _stop(self) -> None:
        if self._run is not None:
            await self._run.stop(is_paused=self.status == "suspended")

    async def suspend(self) -> None:
        """Freeze all its processes. Does nothing if it is not started. Raises Conflict."""
        async with self._changing:
            if self._run is not None and self.status == "started":
                await self._run.pause()
                self._become("suspended")

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again."""
        async with self._stopping():
            await self._stop()
            await self._start()

    def _become(self, status: NodeStatus) -> None:
        if self._run is not None and self.status != status:
            self.status = status
            self.tell(NodeEvent("status"))

    # --- the run ---

    def plug(self, taps: Sequence[ContainerTap]) -> None:
        """Called by the run when the interfaces are there."""
        self._taps = taps
        for key in self._ports.link_ends:
            self._patch(key)

    def unplug(self) -> None:
        """Called by the run before the interfaces go."""
        for key in list(self._joints):
            self._unpatch(key)
        self._taps = ()

    def began(self, run: Run, state: ContainerState) -> None:
        """Called by the run when the container works."""
        self._run = run
        self.exit_reason = None
        self._consoles.began(run, state.pid, self._settings.console_http_port)
        self.status = "started"
        self.tell(NodeEvent("status"))

    def ended(self, reason: str | None, error: str | None) -> None:
        """Called by the run when the container has ended."""
        self._run = None
        self._consoles.ended()
        self.status = "stopped"
        self.exit_reason = reason
        self.tell(NodeEvent("status"))
        if error is not None:
            self.tell(NodeEvent("error", error))

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Raises Invalid: there is no choice."""
        if engine is not None:
            raise Invalid("engine: a Docker node has no choice of engines")

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: the server does not reach into the container."""
        raise Conflict(f"Docker container '{self.name}' cannot send or receive generated traffic: built-in PCs can")

    # --- console ---

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move the console, or change its type while it is stopped.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use or the container runs, Invalid
        for an unknown type of console.
        """
        async with self._changing:
            if console_type not in (None, self.console_type) and self._run is not None:
                raise Conflict(f"console_type: '{self.name}' runs: stop it first")
            self._consoles.change(console, console_type or self.console_type)

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self._consoles.reset()

    # --- ports ---

    def link_end(self, adapter_number: int, port_number: int) -> LocalLinkEnd | None:
        """The end of the link at a port; None if the port is not connected."""
        return self._ports.link_ends.get((adapter_number, port_number))

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """Why no frame passes: the container may have deleted the interface."""
        if adapter_number < len(self._taps) and self._taps[adapter_number].is_lost:
            return f"the container has no interface {self._taps[adapter_number].adapter.name} any more"
        return None

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect an adapter to a tunnel, replacing the earlier NIO.

        Raises Conflict (no such port, or ``lport`` is in use) or Invalid (``rhost`` is not a host).
        """
        await self.connect(adapter_number, port_number, TunnelNio(nio))

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """As ``bind_nio``, also for links inside this host."""
        await self._ports.bind((adapter_number, port_number), nio, adapter_number=adapter_number)

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect an adapter from its NIO. Raises Conflict if it has none."""
        await self._ports.unbind((adapter_number, port_number))

    def require_port(self, key: PortKey) -> None:
        """Raises Conflict if there is no such port, or the node has been deleted."""
        if key[1] != 0 or not 0 <= key[0] < self._settings.adapters:
            raise Conflict(f"Port {key[0]}/{key[1]} doesn't exist on Docker container '{self.name}'")
        if self._closed:
            raise Conflict(f"Docker container '{self.name}' has been deleted")

    async def attach(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Connect an adapter, if the container runs, to the end of a new link."""
        self._patch(key)

    async def end(self, key: PortKey, link_end: LocalLinkEnd) -> None:
        """Disconnect an adapter from the end of the link, and close that."""
        link_end.close()  # which also ends the patch
        self._unpatch(key)

    def _patch(self, key: PortKey) -> None:
        """Connect an adapter and the end of its link if both exist."""
        link_end = self._ports.link_ends.get(key)
        if link_end is not None and key[0] < len(self._taps):
            tap = self._taps[key[0]]
            self._joints[key] = self._services.forwarder.connect(tap.port, link_end.port)
            link_end.device = tap.port
            tap.set_carrier(True)

    def _unpatch(self, key: PortKey) -> None:
        joint = self._joints.pop(key, None)
        if joint is not None:
            joint.close()
            self._taps[key[0]].set_carrier(False)
        link_end = self._ports.link_ends.get(key)
        if link_end is not None:
            link_end.device = None

    # --- files ---

    async def startup_script(self) -> str | None:
        """None: it has no start-up script."""
        return None

    async def set_startup_script(self, text: str) -> None:
        """Raises Conflict: it has none."""
        raise Conflict("A Docker container has no start-up script")

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Raises Conflict: it has none."""
        raise Conflict("A Docker container has no disk")
