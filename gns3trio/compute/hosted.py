"""Hosted projects: projects that another controller controls through this server's compute API, and their nodes.

They exist as long as that controller keeps them open and this server runs; only the files of their nodes stay. A hosted
project may have the same id as a project of this server's own controller. For clients of the compute API, both are then
one project, and they end together.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.captures import Capture, CaptureSpec
from gns3trio.compute.expressions import with_expressions
from gns3trio.compute.interface import Compute, ComputeNode, LinkEnd
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_update import update_node
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, NotFound, Unavailable
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.project_layout import CAPTURES, node_folder
from gns3trio.removal import remove_tree
from gns3trio.traffic.captures import link_type

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class HostedNode:
    """A node of a hosted project. ``lock`` serialises requests to it; ``deleted`` is set for those that wait when it is
    deleted.
    """

    instance: ComputeNode
    lock: trio.Lock = attrs.field(factory=trio.Lock)
    deleted: bool = False
    captures: dict[tuple[int, int], Capture] = attrs.field(factory=dict)  # by adapter and port number

    def link_end(self, adapter_number: int, port_number: int) -> LinkEnd:
        """The link end of a port. Raises Conflict if the port has no NIO."""
        end = self.instance.link_end(adapter_number, port_number)
        if end is None:
            raise Conflict(f"Port {adapter_number}/{port_number} of node '{self.instance.name}' is not connected")
        return end


@attrs.define(eq=False)
class HostedProject:
    """A project that another controller controls."""

    project_id: UUID
    name: str
    folder: Path
    variables: list[dict[str, Any]] | None = None
    nodes: dict[UUID, HostedNode] = attrs.field(factory=dict)
    lock: trio.Lock = attrs.field(factory=trio.Lock)  # held while creating a node, and while closing the project
    # Held while starting a capture, so that no two use one file.
    starting_capture: trio.Lock = attrs.field(factory=trio.Lock)


@attrs.frozen
class HostedNodeChanged:
    """Event: a node changed."""

    node: HostedNode


@attrs.frozen
class HostedNodeDeleted:
    """Event: a node was deleted."""

    node: HostedNode


@attrs.frozen
class HostedProjectFailed:
    """Event: an error in a project that does not belong to a request."""

    project_id: UUID
    message: str


HostedChange = HostedNodeChanged | HostedNodeDeleted | HostedProjectFailed


class HostedProjects:
    """All hosted projects. ``folder_of`` returns the folder of a project's files."""

    def __init__(self, compute: Compute, changes: ChangeFeed, folder_of: Callable[[UUID], Path]) -> None:
        self.compute = compute
        self._changes = changes
        self._folder_of = folder_of
        self._projects: dict[UUID, HostedProject] = {}

    # --- projects ---

    def all(self) -> Iterable[HostedProject]:
        """All hosted projects, oldest first."""
        return self._projects.values()

    def get(self, project_id: UUID) -> HostedProject:
        """A project by its id. Raises NotFound."""
        project = self._projects.get(project_id)
        if project is None:
            raise NotFound(f"Project ID {project_id} doesn't exist")
        return project

    def knows(self, project_id: UUID) -> bool:
        """Whether the id belongs to a hosted project, even if it is just being closed."""
        return project_id in self._projects

    async def create(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> HostedProject:
        """Create a project, or return the existing one with that id. Waits if that one is just being closed."""
        while (project := self._projects.get(project_id)) is not None:
            async with project.lock:
                if self._projects.get(project_id) is project:
                    return project
        project = self._projects[project_id] = HostedProject(project_id, name, self._folder_of(project_id), variables)
        return project

    async def close(self, project: HostedProject) -> None:
        """Stop all nodes of a project and release their resources; the files stay. Does nothing if it is closed
        already.
        """
        await self._finish(project, delete_files=False)

    async def close_all_of(self, project_id: UUID) -> None:
        """Close the project with this id. Does nothing if there is none."""
        project = self._projects.get(project_id)
        if project is not None:
            await self.close(project)

    async def delete(self, project_id: UUID) -> None:
        """Close a project and delete its files, or the files that a closed one has left.

        Controllers also delete projects that are closed here. Raises NotFound if there is nothing to delete, and
        Unavailable if the disk reports an error.
        """
        project = self._projects.get(project_id)
        if project is None:
            folder = self._folder_of(project_id)
            if not await threads.disk.run(_holds_leftovers, folder):
                raise NotFound(f"Project ID {project_id} doesn't exist")
            project = self._projects.setdefault(project_id, HostedProject(project_id, "", folder))
        await self._finish(project, delete_files=True)

    async def _finish(self, project: HostedProject, *, delete_files: bool) -> None:
        with trio.CancelScope(shield=True):
            async with project.lock:
                if self._projects.get(project.project_id) is not project:
                    return  # another request closed it meanwhile
                try:
                    async with trio.open_nursery() as nursery:
                        for node in list(project.nodes.values()):
                            nursery.start_soon(self._close_node, project, node)
                    await self.compute.release_project(project.project_id)
                    if delete_files:
                        await threads.disk.run(_remove_files, project.folder)
                finally:
                    self._projects.pop(project.project_id, None)

    async def _close_node(self, project: HostedProject, node: HostedNode) -> None:
        node.deleted = True  # set at once, so that requests that wait for the lock notice it
        with node.instance.stopping():
            async with node.lock:
                if project.nodes.get(node.instance.node_id) is node:
                    await self._end(project, node, self.compute.close_node)

    # --- nodes ---

    @asynccontextmanager
    async def locked_node(
        self, project_id: UUID, node_type: str, node_id: UUID, *, to_stop: bool = False
    ) -> AsyncIterator[HostedNode]:
        """A node of this type, locked, after all earlier requests to it are done. With ``to_stop``, a hanging start is
        abandoned. Raises NotFound.
        """
        missing = NotFound(f"Node ID {node_id} doesn't exist")
        node = self.get(project_id).nodes.get(node_id)
        if node is None or node.instance.node_type != node_type:
            raise missing
        with node.instance.stopping() if to_stop else nullcontext():
            await node.lock.acquire()
        try:
            if node.deleted:
                raise missing
            yield node
        finally:
            node.lock.release()

    async def create_node(self, project: HostedProject, spec: NodeSpec) -> HostedNode:
        """Create a stopped node, or return the existing one with that id. ``emit`` and ``folder`` of the spec are
        replaced.

        Raises Conflict or Invalid, and then leaves nothing behind.
        """
        async with project.lock:
            if self._projects.get(project.project_id) is not project:
                raise NotFound(f"Project ID {project.project_id} doesn't exist")
            if spec.node_id in project.nodes:
                return project.nodes[spec.node_id]
            await self.compute.check_properties(spec.node_type, spec.properties)
            folder = node_folder(project.folder, spec.node_type, spec.node_id)
            emit = partial(self._node_event, project, spec.node_id)
            instance = await self.compute.create_node(attrs.evolve(spec, folder=folder, emit=emit))
            # No event: as in GNS3, the controller announces the node itself, and would forward this as another one.
            return project.nodes.setdefault(spec.node_id, HostedNode(instance))

    async def update_node(self, node: HostedNode, changes: dict[str, Any]) -> None:
        """Change ``name``, ``console``, ``console_type`` and properties.

        Raises Conflict or Invalid; nothing is changed then.
        """
        instance = node.instance
        name = changes.pop("name", instance.name)
        console = changes.pop("console", instance.console), changes.pop("console_type", instance.console_type)
        if await update_node(instance, name, console, {**instance.properties(), **changes}):
            self._publish(HostedNodeChanged(node))

    async def delete_node(self, project: HostedProject, node: HostedNode) -> None:
        """Stop a node, release its resources and delete its folder. The caller holds its lock."""
        with trio.CancelScope(shield=True):
            await self._end(project, node, self.compute.delete_node)
        self._publish(HostedNodeDeleted(node))

    async def _end(self, project: HostedProject, node: HostedNode, end: Callable[[ComputeNode], Any]) -> None:
        node.deleted = True
        for port in list(node.captures):
            await self.stop_capture(node, *port)
        await end(node.instance)
        project.nodes.pop(node.instance.node_id, None)

    def _node_event(self, project: HostedProject, node_id: UUID, event: NodeEvent) -> None:
        node = project.nodes.get(node_id)
        if event.kind == "error":
            self._publish(HostedProjectFailed(project.project_id, event.message))
        elif event.kind in ("warning", "info"):  # a GNS3 compute sends no event for this
            log.warning("project %s of another controller: %s", project.project_id, event.message)
        elif node is not None and not node.deleted:
            self._publish(HostedNodeChanged(node))

    def _publish(self, change: HostedChange) -> None:
        self._changes.publish(change)

    # --- ports ---

    async def bind_nio(self, node: HostedNode, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect a port to a tunnel. A capture at its earlier tunnel ends. Raises Conflict or Invalid."""
        nio = await _checked(nio)
        before = node.instance.link_end(adapter_number, port_number)
        try:
            await node.instance.bind_nio(adapter_number, port_number, nio)
        finally:
            if node.instance.link_end(adapter_number, port_number) is not before:
                with trio.CancelScope(shield=True):
                    # The capture was at the link end that no longer exists.
                    await self.stop_capture(node, adapter_number, port_number)

    async def update_nio(self, node: HostedNode, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Change the filters and the suspension of a tunnel in one step. Raises Conflict or Invalid."""
        nio = await _checked(nio)
        conditions = LinkConditions(filters=nio.filters, suspend=nio.suspend)
        await node.link_end(adapter_number, port_number).apply(conditions, is_first=True)

    async def unbind_nio(self, node: HostedNode, adapter_number: int, port_number: int) -> None:
        """Disconnect a port from its tunnel; a capture there ends. Raises Conflict if it has none."""
        node.link_end(adapter_number, port_number)
        await self.stop_capture(node, adapter_number, port_number)
        await node.instance.unbind_nio(adapter_number, port_number)

    # --- captures ---

    async def start_capture(
        self, project: HostedProject, node: HostedNode, port: tuple[int, int], file_name: str, data_link_type: str
    ) -> Path:
        """Capture the frames of a port into a file of the project; returns its path. Raises Conflict or Invalid."""
        if port in node.captures:
            raise Conflict(f"Port {port[0]}/{port[1]} is being captured already")
        end = node.link_end(*port)
        path = project.folder / CAPTURES / file_name
        link_type(data_link_type)  # raises Invalid for an unknown one
        spec = CaptureSpec(path=path, data_link_type=data_link_type)

        def failed(message: str) -> None:
            node.captures.pop(port, None)
            self._publish(HostedProjectFailed(project.project_id, message))

        async with project.starting_capture:
            if path in {each.spec.path for other in project.nodes.values() for each in other.captures.values()}:
                raise Conflict(f"capture_file_name: {file_name} is being written by another capture")
            with trio.CancelScope(shield=True):  # it has no owner until it is started
                node.captures[port] = await end.capture(spec, failed)
        return path

    async def stop_capture(self, node: HostedNode, adapter_number: int, port_number: int) -> None:
        """Stop a capture. Does nothing if there is none."""
        capture = node.captures.pop((adapter_number, port_number), None)
        if capture is not None:
            await capture.stop()


async def _checked(nio: UdpNio) -> UdpNio:
    return attrs.evolve(nio, filters=await with_expressions(partial(check_gns3_filters, nio.filters)))


def _holds_leftovers(folder: Path) -> bool:
    """Whether a folder belongs to a closed hosted project. A folder with a project file belongs to this server's
    controller.
    """
    return folder.is_dir() and not any(folder.glob("*.gns3"))


def _remove_files(folder: Path) -> None:
    """Delete a folder, unless it contains a project file by now: then this server's controller may use it."""
    if any(folder.glob("*.gns3")):
        return
    try:
        remove_tree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"{folder} cannot be deleted: {error.strerror}") from None
