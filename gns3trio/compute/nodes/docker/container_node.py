"""Nodes of the type ``docker``: a container with its interfaces and consoles.

The container is made with the node, stays while the node is stopped and started, and is made anew before a start that
would give it other settings. So files outside of its persistent folders last as long as in GNS3.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.node_features import ConsoleAccess
from gns3trio.compute.nodes.docker.consoles import Consoles
from gns3trio.compute.nodes.docker.container_files import write_network_configuration
from gns3trio.compute.nodes.docker.containers import ContainerSpec, ContainerState
from gns3trio.compute.nodes.docker.engine import EngineRefused
from gns3trio.compute.nodes.docker.kept_folders import KeptFolders
from gns3trio.compute.nodes.docker.namespace_taps import ContainerAdapter, ContainerTap
from gns3trio.compute.nodes.docker.plan import Plan, plan_container
from gns3trio.compute.nodes.docker.podman import for_podman
from gns3trio.compute.nodes.docker.properties import (
    adapter_macs,
    as_properties,
    default_mac,
    read_settings,
)
from gns3trio.compute.nodes.docker.run import Run
from gns3trio.compute.nodes.docker.services import DockerServices
from gns3trio.compute.nodes.docker.settings import CustomAdapter, DockerSettings
from gns3trio.compute.nodes.parts.custom_adapters import read_custom_adapters
from gns3trio.compute.nodes.parts.guest_node import GuestNode
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, LabError

log = logging.getLogger(__name__)

# A container that is to go gets so long to end by itself; an engine that is silent does not delay the server's end.
CLOSE_SECONDS = 30.0


class DockerNode(GuestNode[Run]):
    """A container."""

    node_type = "docker"
    label = "Docker container"
    kind = "Docker container"
    command_line: str | None = None

    def __init__(self, services: DockerServices, spec: NodeSpec, settings: DockerSettings) -> None:
        super().__init__(services.forwarder, services.link_ends, spec)
        self._services = services
        self._containers = services.containers
        self._settings = self._completed(settings)
        self._custom_adapters = read_custom_adapters(spec.custom_adapters, list[CustomAdapter])
        self._consoles = Consoles(services.console_ports, services.console_acceptor, self)
        self._container_id: str | None = None
        self._made: Plan | None = None  # of which the container was made
        self._taps: Sequence[ContainerTap] = ()  # only while it runs

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
    def _adapter_count(self) -> int:
        return self._settings.adapters

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
            if settings.adapters != old.adapters:
                self._require_stopped("properties.adapters")
                self._require_unlinked(settings.adapters)
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
        self._custom_adapters = read_custom_adapters(adapters, list[CustomAdapter])

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
        spec = await for_podman(self._containers, plan.spec)
        # The engine may make it although nobody waits for the answer any more.
        with trio.CancelScope(shield=True):
            self._container_id = await self._create(spec)
        self._made = plan
        await threads.disk.run(
            write_network_configuration, self.directory, plan.volumes, self.name, self._settings.adapters
        )

    async def _create(self, spec: ContainerSpec) -> str:
        try:
            return await self._containers.create(spec)
        except EngineRefused:
            # Its name may be in use: the engine has made it before, but its answer did not come.
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
        await self._make_folder()
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

    async def _start_guest(self) -> None:
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

    async def _stop(self) -> None:
        if self._run is not None:
            await self._run.stop(is_paused=self.status == "suspended")

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict if it does not start again."""
        async with self._stopping():
            await self._stop()
            await self._start()

    # --- the run ---

    def began(self, run: Run, state: ContainerState) -> None:
        """Called by the run when the container works."""
        self._consoles.began(run, state.pid, self._settings.console_http_port)
        self._has_begun(run)

    def ended(self, reason: str | None, error: str | None) -> None:
        """Called by the run when the container has ended."""
        self._consoles.ended()
        self._has_ended(reason, error)

    # --- console ---

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move the console, or change its type while it is stopped.

        If ``console`` is None, the port is kept. Raises Conflict if the port is in use or the container runs, Invalid
        for an unknown type of console.
        """
        async with self._changing:
            if console_type not in (None, self.console_type):
                self._require_stopped("console_type")
            self._consoles.change(console, console_type or self.console_type)

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self._consoles.reset()

    # --- interfaces ---

    def plug_taps(self, taps: Sequence[ContainerTap]) -> None:
        """Called by the run when the interfaces are there."""
        self._taps = taps
        self.plug([tap.port for tap in taps])

    def unplug(self) -> None:
        """Called by the run before the interfaces go."""
        super().unplug()
        self._taps = ()

    def _show_carrier(self, adapter_number: int, up: bool) -> None:
        self._taps[adapter_number].set_carrier(up)

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """Why no frame passes: the container may have deleted the interface, or the way to another host fails."""
        if adapter_number < len(self._taps) and self._taps[adapter_number].is_lost:
            return f"the container has no interface {self._taps[adapter_number].adapter.name} any more"
        return super().port_trouble(adapter_number, port_number)

    # --- files ---

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Raises Conflict: it has none."""
        raise Conflict("A Docker container has no disk")
