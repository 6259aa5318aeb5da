"""Hosted projects: projects that another controller controls through this server's compute API, and their nodes.

They exist as long as that controller keeps them open and this server runs; only the files of their nodes stay. Each
user of the compute API has projects of its own. Two users may have projects, and nodes in them, with the same ids: at
the compute, those of the server's own user have these ids, and those of other users have ids that nobody else knows.

A hosted project of the server's own user may have the same id as a project of this server's own controller. For clients
of the compute API, both are then one project, and they end together.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import attrs
import trio

from gns3trio import garbage, threads
from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.clients import NOBODY, OWN_USER, ComputeClient, Controllers
from gns3trio.compute.expressions import with_expressions
from gns3trio.compute.hosted_project import (
    HostedChange,
    HostedNode,
    HostedNodeChanged,
    HostedNodeDeleted,
    HostedProject,
    HostedProjectFailed,
)
from gns3trio.compute.hosted_reports import HostedReports, MessageReport, ReportedProject, Subscription
from gns3trio.compute.interface import Compute, ComputeNode, PortPlace
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_update import update_node
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, NotFound, Unavailable
from gns3trio.limits import MAX_NODES
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.project_layout import CAPTURES, node_folder
from gns3trio.removal import remove_tree
from gns3trio.slices import for_all
from gns3trio.traffic.captures import link_type

log = logging.getLogger(__name__)

# Of one user. So a controller that never closes any occupies some megabytes at most.
MOST_PROJECTS = 10_000
# Of one user in all projects: three labs of the largest size.
MOST_NODES = 3 * MAX_NODES
_LOOK_AGAIN_SECONDS = 60.0


class HostedProjects:
    """All hosted projects. ``folder_of`` returns the folder for the files of a user's project."""

    def __init__(self, compute: Compute, changes: ChangeFeed, folder_of: Callable[[str, UUID], Path]) -> None:
        self.compute = compute
        self.controllers = Controllers()
        self._changes = changes
        self._folder_of = folder_of
        self._projects: dict[tuple[str, UUID], HostedProject] = {}  # by user and id
        self._by_inner_id: dict[UUID, HostedProject] = {}
        self._by_inner_node_id: dict[UUID, HostedNode] = {}
        self._node_counts = Counter[str]()  # by user
        self.reports = HostedReports(compute, self._node_at)

    # --- projects ---

    def find(self, inner_id: UUID) -> HostedProject:
        """A project of any controller by its id at the compute. Raises NotFound."""
        project = self._by_inner_id.get(inner_id)
        if project is None:
            raise NotFound(f"Hosted project ID {inner_id} doesn't exist")
        return project

    def all(self) -> Iterable[HostedProject]:
        """The hosted projects of all controllers, oldest first."""
        return self._projects.values()

    def of(self, client: ComputeClient) -> list[HostedProject]:
        """The hosted projects that a client sees, oldest first."""
        return [each for each in self.all() if each.opener.user == client.user and self._may_use(client, each)]

    def get(self, client: ComputeClient, project_id: UUID) -> HostedProject:
        """A project by its id. Raises NotFound if there is none that the client sees."""
        project = self._projects.get((client.user, project_id))
        if project is None or not self._may_use(client, project):
            raise NotFound(f"Project ID {project_id} doesn't exist")
        self._take_over(client, project)
        return project

    def identify(self, client: ComputeClient, project_id: UUID) -> ComputeClient:
        """Who a client is that sent no password. A controller of GNS3 sends none when it passes on the websocket of a
        console: it is the user of that project who has it open from this address. Otherwise, or if there are several,
        it is the server's own user.
        """
        if client.user != NOBODY:
            return client
        own = ComputeClient(OWN_USER, client.host)
        openers = {each.opener for each in self.all() if each.project_id == project_id}
        here = [opener for opener in openers if opener.host == client.host]
        return here[0] if len(here) == 1 else own

    def knows(self, project_id: UUID) -> bool:
        """Whether the id belongs to a project of the server's own user, even if it is just being closed."""
        return (OWN_USER, project_id) in self._projects

    def _may_use(self, client: ComputeClient, project: HostedProject) -> bool:
        """Whether a client of the same user may use a project: another controller not, as long as the first is
        there.
        """
        return client == project.opener or not (
            self.controllers.is_there(client) and self.controllers.is_there(project.opener)
        )

    def _take_over(self, client: ComputeClient, project: HostedProject) -> None:
        """A project whose controller is gone, or was none, belongs to the first that uses it."""
        if client != project.opener and self.controllers.is_there(client):
            project.opener = client

    def is_heard_by(self, client: ComputeClient, inner_id: UUID | None) -> bool:
        """Whether the notification streams of a client have the events of a project: those of its controller do, or as
        long as that has none, all of the user.
        """
        project = self._by_inner_id.get(inner_id) if inner_id is not None else None
        if project is None:
            return False
        opener = project.opener
        return client == opener or (client.user == opener.user and not self.controllers.is_there(opener))

    def require_free(self, project_id: UUID) -> None:
        """Raises Conflict if another controller uses a project with this id in the name of the server's own user."""
        project = self._projects.get((OWN_USER, project_id))
        if project is not None and self.controllers.is_there(project.opener):
            raise Conflict(_held(project))

    async def create(
        self, client: ComputeClient, project_id: UUID, name: str, variables: list[dict[str, Any]] | None
    ) -> HostedProject:
        """Create a project, or return the existing one with that id. Waits if that one is just being closed.

        Raises Conflict if another controller of the same user has it.
        """
        key = client.user, project_id
        while (project := self._projects.get(key)) is not None:
            if not self._may_use(client, project):
                raise Conflict(_held(project))
            async with project.lock:
                if self._projects.get(key) is project:
                    self._take_over(client, project)
                    return project
        return self._add(client, project_id, name, variables)

    def _add(
        self, client: ComputeClient, project_id: UUID, name: str, variables: list[dict[str, Any]] | None = None
    ) -> HostedProject:
        if sum(user == client.user for user, _ in self._projects) >= MOST_PROJECTS:
            raise Conflict(f"this compute has {MOST_PROJECTS} projects of this user, and can have no more")
        inner_id = project_id if client.user == OWN_USER else uuid4()
        folder = self._folder_of(client.user, project_id)
        project = HostedProject(project_id, inner_id, client, name, folder, variables)
        self._projects[project.key] = self._by_inner_id[inner_id] = project
        return project

    async def close(self, project: HostedProject) -> None:
        """Stop all nodes of a project and release their resources; the files stay. Does nothing if it is closed
        already.
        """
        await self._finish(project, delete_files=False)

    async def close_all_of(self, project_id: UUID) -> None:
        """Close the project with this id of the server's own user. Does nothing if there is none."""
        project = self._projects.get((OWN_USER, project_id))
        if project is not None:
            await self.close(project)

    async def delete(self, client: ComputeClient, project_id: UUID) -> None:
        """Close a project and delete its files, or the files that a closed one has left.

        Controllers also delete projects that are closed here. Raises NotFound if there is nothing to delete, and
        Unavailable if the disk reports an error.
        """
        key = client.user, project_id
        if key not in self._projects:
            folder = self._folder_of(client.user, project_id)
            if not await threads.disk.run(_holds_leftovers, folder):
                raise NotFound(f"Project ID {project_id} doesn't exist")
            if key not in self._projects:
                self._add(client, project_id, "")
        await self._finish(self.get(client, project_id), delete_files=True)

    async def close_abandoned(self, after_seconds: float) -> None:
        """Close projects whose controller has had no notification stream for so long, as long as this runs. Those of
        scripts, which have none, are kept.
        """
        while True:
            await trio.sleep(min(after_seconds / 2, _LOOK_AGAIN_SECONDS))
            for project in list(self.all()):
                away = self.controllers.away_for(project.opener)
                if away is not None and away >= after_seconds:
                    log.warning(
                        "project %s of another controller is closed, because %s has been away for %d s",
                        project.project_id,
                        project.opener,
                        away,
                    )
                    await self.close(project)

    async def _finish(self, project: HostedProject, *, delete_files: bool) -> None:
        with trio.CancelScope(shield=True):
            async with project.lock:
                if self._projects.get(project.key) is not project:
                    return  # another request closed it meanwhile
                try:
                    nodes = list(project.nodes.values())
                    for node in nodes:
                        node.deleted = True  # at once, so that requests that wait for its lock notice it
                    await for_all(nodes, partial(self._close_node, project), len(nodes))
                    await self.compute.release_project(project.inner_id)
                    if delete_files:
                        await threads.disk.run(_remove_files, project.folder)
                finally:
                    del self._projects[project.key], self._by_inner_id[project.inner_id]
                    garbage.closed(project.inner_id)

    async def _close_node(self, project: HostedProject, node: HostedNode) -> None:
        with node.instance.stopping():
            async with node.lock:
                if project.nodes.get(node.node_id) is node:
                    await self._end(project, node, self.compute.close_node)

    # --- nodes ---

    def node(self, client: ComputeClient, project_id: UUID, node_type: str | None, node_id: UUID) -> HostedNode:
        """A node of this type, or of any. Raises NotFound if there is none that the client may use."""
        node = self.get(client, project_id).nodes.get(node_id)
        if node is None or node_type not in (None, node.instance.node_type):
            raise NotFound(f"Node ID {node_id} doesn't exist")
        return node

    @asynccontextmanager
    async def locked_node(
        self, client: ComputeClient, project_id: UUID, node_type: str | None, node_id: UUID, *, to_stop: bool = False
    ) -> AsyncIterator[HostedNode]:
        """A node of this type, or of any, locked, after all earlier requests to it are done. With ``to_stop``, a
        hanging start is abandoned. Raises NotFound if there is none that the client may use.
        """
        node = self.node(client, project_id, node_type, node_id)
        with node.instance.stopping() if to_stop else nullcontext():
            await node.lock.acquire()
        try:
            if node.deleted:
                raise NotFound(f"Node ID {node_id} doesn't exist")
            yield node
        finally:
            node.lock.release()

    async def create_node(self, project: HostedProject, spec: NodeSpec) -> HostedNode:
        """Create a stopped node, or return the existing one with that id. The ids of the spec are those for the
        controller; ``emit`` and ``folder`` are replaced.

        Raises Conflict or Invalid, and then leaves nothing behind.
        """
        async with project.lock:
            if self._projects.get(project.key) is not project:
                raise NotFound(f"Project ID {project.project_id} doesn't exist")
            if spec.node_id in project.nodes:
                return project.nodes[spec.node_id]
            user, _ = project.key
            if self._node_counts[user] >= MOST_NODES:
                raise Conflict(f"this compute has {MOST_NODES} nodes of this user, and can have no more")
            await self.compute.check_properties(spec.node_type, spec.properties, spec.engine)
            folder = node_folder(project.folder, spec.node_type, spec.node_id)
            emit = partial(self._node_event, project, spec.node_id)
            instance = await self.compute.create_node(
                attrs.evolve(
                    spec,
                    project_id=project.inner_id,
                    node_id=spec.node_id if project.opener.user == OWN_USER else uuid4(),
                    folder=folder,
                    emit=emit,
                )
            )
            # No event: as in GNS3, the controller announces the node itself, and would forward this as another one.
            node = project.nodes[spec.node_id] = HostedNode(project, spec.node_id, instance, spec.custom_adapters)
            self._node_counts[user] += 1
            self._by_inner_node_id[instance.node_id] = node
            self.reports.node_changed(node)
            garbage.grown(project.inner_id, "nodes", len(project.nodes))
            return node

    async def update_node(self, node: HostedNode, changes: dict[str, Any]) -> None:
        """Change ``name``, ``console``, ``console_type``, ``custom_adapters`` and properties.

        Raises Conflict or Invalid; nothing is changed then.
        """
        instance = node.instance
        name = changes.pop("name", instance.name)
        console = changes.pop("console", instance.console), changes.pop("console_type", instance.console_type)
        adapters = node.custom_adapters, changes.pop("custom_adapters", node.custom_adapters)
        if await update_node(instance, name, console, {**instance.properties(), **changes}, adapters):
            self._publish(HostedNodeChanged(node))
        node.custom_adapters = adapters[1]

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
        if project.nodes.pop(node.node_id, None) is not None:
            self._node_counts[project.key[0]] -= 1
        self._by_inner_node_id.pop(node.instance.node_id, None)

    def _node_event(self, project: HostedProject, node_id: UUID, event: NodeEvent) -> None:
        node = project.nodes.get(node_id)
        is_there = node is not None and not node.deleted
        if event.kind == "error":
            self._publish(HostedProjectFailed(project, event.message))
        elif event.kind == "warning" or event.kind == "info":  # a GNS3 compute sends no event for this
            log.warning("project %s of another controller: %s", project.project_id, event.message)
            self.reports.message(MessageReport(project, node_id, event.kind, event.message))
        elif node is not None and is_there:
            self._publish(HostedNodeChanged(node))
        if node is not None and is_there:
            self.reports.node_changed(node)

    def _node_at(self, place: PortPlace) -> HostedNode | None:
        return self._by_inner_node_id.get(place.node_id)

    def reports_to(self, client: ComputeClient) -> AbstractContextManager[Subscription]:
        """The reports for a controller, as long as the ``with`` lasts."""

        def hears(project: ReportedProject) -> bool:
            return self.is_heard_by(client, project.inner_id)

        def nodes_of(project_ids: Collection[UUID]) -> Iterator[HostedNode]:
            for project in self.of(client):
                if project.project_id in project_ids:
                    yield from project.nodes.values()

        return self.reports.subscribe(hears, nodes_of)

    def _publish(self, change: HostedChange) -> None:
        self._changes.publish(change)

    async def lease_udp(self, project: HostedProject) -> int:
        """Lease a UDP port of this host to a project. Raises Conflict."""
        return await self.compute.lease_udp(project.inner_id)

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
            self._publish(HostedProjectFailed(project, message))

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


def _held(project: HostedProject) -> str:
    return (
        f"project_id: project {project.project_id} is open here for another controller, {project.opener}. Close it "
        "there, duplicate the project to use both, or let each controller be a user of its own (setting compute_users)"
    )


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
