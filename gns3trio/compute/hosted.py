"""Projects that a controller elsewhere drives through this server's compute API, and their nodes.

They live as long as that controller has them open, or this server runs; only the files of their nodes stay. One may
have the id of a project of this server's own controller: both are then one project for clients of the compute API, and
end together.
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
from gns3trio.compute.expressions import with_expressions
from gns3trio.compute.interface import Capture, CaptureSpec, Compute, ComputeNode, LinkEnd, link_type
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_update import update_node
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, NotFound, Unavailable
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.project_layout import CAPTURES, node_folder
from gns3trio.removal import remove_tree

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class HostedNode:
    """A node. ``lock`` makes requests to it wait for each other; ``deleted`` tells one that waited that it is gone."""

    instance: ComputeNode
    lock: trio.Lock = attrs.field(factory=trio.Lock)
    deleted: bool = False
    captures: dict[tuple[int, int], Capture] = attrs.field(factory=dict)  # by adapter and port number

    def link_end(self, adapter_number: int, port_number: int) -> LinkEnd:
        """What a port is joined by. Raises Conflict without a NIO."""
        end = self.instance.link_end(adapter_number, port_number)
        if end is None:
            raise Conflict(f"Port {adapter_number}/{port_number} of node '{self.instance.name}' is not connected")
        return end


@attrs.define(eq=False)
class HostedProject:
    """A project."""

    project_id: UUID
    name: str
    folder: Path
    variables: list[dict[str, Any]] | None = None
    nodes: dict[UUID, HostedNode] = attrs.field(factory=dict)
    lock: trio.Lock = attrs.field(factory=trio.Lock)  # creation of nodes and the end of the project exclude each other
    starting_capture: trio.Lock = attrs.field(factory=trio.Lock)  # one at a time: two must not have one file


@attrs.frozen
class HostedNodeChanged:
    """Something of a node changed."""

    node: HostedNode


@attrs.frozen
class HostedNodeDeleted:
    """A node is gone."""

    node: HostedNode


@attrs.frozen
class HostedProjectFailed:
    """Something of a project failed without a request to answer."""

    project_id: UUID
    message: str


HostedChange = HostedNodeChanged | HostedNodeDeleted | HostedProjectFailed


class HostedProjects:
    """All such projects. ``folder_of`` says where the files of a project are."""

    def __init__(self, compute: Compute, changes: ChangeFeed, folder_of: Callable[[UUID], Path]) -> None:
        self.compute = compute
        self._changes = changes
        self._folder_of = folder_of
        self._projects: dict[UUID, HostedProject] = {}

    # --- projects ---

    def all(self) -> Iterable[HostedProject]:
        """The projects, oldest first."""
        return self._projects.values()

    def get(self, project_id: UUID) -> HostedProject:
        """A project. Raises NotFound."""
        project = self._projects.get(project_id)
        if project is None:
            raise NotFound(f"Project ID {project_id} doesn't exist")
        return project

    def knows(self, project_id: UUID) -> bool:
        """Whether the id is that of a project here, even if it is just ending."""
        return project_id in self._projects

    async def create(self, project_id: UUID, name: str, variables: list[dict[str, Any]] | None) -> HostedProject:
        """A project; a known id gives the project that has it, and one that is just ending is waited for."""
        while (project := self._projects.get(project_id)) is not None:
            async with project.lock:
                if self._projects.get(project_id) is project:
                    return project
        project = self._projects[project_id] = HostedProject(project_id, name, self._folder_of(project_id), variables)
        return project

    async def close(self, project: HostedProject) -> None:
        """Stop all nodes of a project and free what they hold; the files stay. Closed already is fine."""
        await self._finish(project, delete_files=False)

    async def close_all_of(self, project_id: UUID) -> None:
        """Close the project that has the id; none is fine."""
        project = self._projects.get(project_id)
        if project is not None:
            await self.close(project)

    async def delete(self, project_id: UUID) -> None:
        """Close a project and delete its files, or those that a closed one has left.

        Controllers delete a project that they could not open again. Raises NotFound when there is nothing, Unavailable
        when the disk refuses.
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
                    return  # somebody else closed it meanwhile
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
        node.deleted = True  # at once: requests that wait for the lock find it gone
        with node.instance.stopping():
            async with node.lock:
                if project.nodes.get(node.instance.node_id) is node:
                    await self._end(project, node, self.compute.close_node)

    # --- nodes ---

    @asynccontextmanager
    async def locked_node(
        self, project_id: UUID, node_type: str, node_id: UUID, *, to_stop: bool = False
    ) -> AsyncIterator[HostedNode]:
        """A node of a type, once every earlier request to it is done; who is going ``to_stop`` it does not wait for a
        start that hangs. Raises NotFound.
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
        """A stopped node; a known id gives the node that has it. ``emit`` and ``folder`` of the spec are replaced.

        Raises Conflict or Invalid; nothing is left then.
        """
        async with project.lock:
            if self._projects.get(project.project_id) is not project:
                raise NotFound(f"Project ID {project.project_id} doesn't exist")
            if spec.node_id in project.nodes:
                return project.nodes[spec.node_id]
            self.compute.check_properties(spec.node_type, spec.properties)
            folder = node_folder(project.folder, spec.node_type, spec.node_id)
            emit = partial(self._node_event, project, spec.node_id)
            instance = await self.compute.create_node(attrs.evolve(spec, folder=folder, emit=emit))
            # Nobody is told: a GNS3 compute leaves that to its controller, which would pass it on as a node of its own.
            return project.nodes.setdefault(spec.node_id, HostedNode(instance))

    async def update_node(self, node: HostedNode, changes: dict[str, Any]) -> None:
        """Change ``name``, ``console``, ``console_type`` and properties.

        Raises Conflict or Invalid; all is then as before.
        """
        instance = node.instance
        name = changes.pop("name", instance.name)
        console = changes.pop("console", instance.console), changes.pop("console_type", instance.console_type)
        if await update_node(instance, name, console, {**instance.properties(), **changes}):
            self._publish(HostedNodeChanged(node))

    async def delete_node(self, project: HostedProject, node: HostedNode) -> None:
        """Stop a node, free what it holds and delete its folder. The caller holds its lock."""
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
        elif event.kind in ("warning", "info"):  # of which a GNS3 compute tells nobody
            log.warning("project %s of another controller: %s", project.project_id, event.message)
        elif node is not None and not node.deleted:
            self._publish(HostedNodeChanged(node))

    def _publish(self, change: HostedChange) -> None:
        self._changes.publish(change)

    # --- ports ---

    async def bind_nio(self, node: HostedNode, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Join a port to a tunnel; a capture at the one that it had ends. Raises Conflict or Invalid."""
        nio = await _checked(nio)
        before = node.instance.link_end(adapter_number, port_number)
        try:
            await node.instance.bind_nio(adapter_number, port_number, nio)
        finally:
            if node.instance.link_end(adapter_number, port_number) is not before:
                with trio.CancelScope(shield=True):
                    await self.stop_capture(node, adapter_number, port_number)  # it was at the end that is gone

    async def update_nio(self, node: HostedNode, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Change the filters and the suspension of a tunnel in one step. Raises Conflict or Invalid."""
        nio = await _checked(nio)
        conditions = LinkConditions(filters=nio.filters, suspend=nio.suspend)
        await node.link_end(adapter_number, port_number).apply(conditions, is_first=True)

    async def unbind_nio(self, node: HostedNode, adapter_number: int, port_number: int) -> None:
        """Separate a port from its tunnel; a capture there ends. Raises Conflict when it has none."""
        node.link_end(adapter_number, port_number)
        await self.stop_capture(node, adapter_number, port_number)
        await node.instance.unbind_nio(adapter_number, port_number)

    # --- captures ---

    async def start_capture(
        self, project: HostedProject, node: HostedNode, port: tuple[int, int], file_name: str, data_link_type: str
    ) -> Path:
        """Write what passes a port into a file of the project; returns its path. Raises Conflict or Invalid."""
        if port in node.captures:
            raise Conflict(f"Port {port[0]}/{port[1]} is being captured already")
        end = node.link_end(*port)
        path = project.folder / CAPTURES / file_name
        link_type(data_link_type)  # raises Invalid for what is none
        spec = CaptureSpec(path=path, data_link_type=data_link_type)

        def failed(message: str) -> None:
            node.captures.pop(port, None)
            self._publish(HostedProjectFailed(project.project_id, message))

        async with project.starting_capture:
            if path in {each.spec.path for other in project.nodes.values() for each in other.captures.values()}:
                raise Conflict(f"capture_file_name: {file_name} is being written by another capture")
            with trio.CancelScope(shield=True):  # it has no owner before it is started
                node.captures[port] = await end.capture(spec, failed)
        return path

    async def stop_capture(self, node: HostedNode, adapter_number: int, port_number: int) -> None:
        """End a capture; none is fine."""
        capture = node.captures.pop((adapter_number, port_number), None)
        if capture is not None:
            await capture.stop()


async def _checked(nio: UdpNio) -> UdpNio:
    return attrs.evolve(nio, filters=await with_expressions(partial(check_gns3_filters, nio.filters)))


def _holds_leftovers(folder: Path) -> bool:
    """Whether a folder is what a hosted project left. One with a project file is that of a project of our own."""
    return folder.is_dir() and not any(folder.glob("*.gns3"))


def _remove_files(folder: Path) -> None:
    """Delete a folder, unless a project file came there meanwhile: then a controller of this server may have it."""
    if any(folder.glob("*.gns3")):
        return
    try:
        remove_tree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"{folder} cannot be deleted: {error.strerror}") from None
