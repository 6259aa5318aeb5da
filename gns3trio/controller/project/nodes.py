"""The nodes of a project: made, changed and deleted as a whole, announced, and saved.

A part of ``Project``, which has the rest of what is used here.
"""

import contextlib
import logging
import os
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs
import trio

from gns3trio.compute.node import ComputeNode, NodeEvent, NodeSpec, update_node
from gns3trio.controller.gns3_format.records import NodeRecord, ProjectSettings, check_node_type
from gns3trio.controller.links.links import Links
from gns3trio.controller.names import allocate_name, check_name
from gns3trio.controller.project import views
from gns3trio.controller.project.node import Node
from gns3trio.controller.services import ProjectServices
from gns3trio.controller.storage.project_file import ProjectFile
from gns3trio.errors import Conflict, LabError, NotFound
from gns3trio.limits import MAX_NODES
from gns3trio.slices import Slices

# What is dragged and drawn many times a second: it is saved within a second, and nothing depends on it.
LOOKS = frozenset({"x", "y", "z", "width", "height", "label", "symbol"})
# A starting VPCS waits more than it works; much more of them than the CPUs can carry would only wait for each other.
NODES_AT_A_TIME = 128 * (os.cpu_count() or 1)

# Of the nodes that are told of together.
_NAMED = 5

LOG_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class ProjectNodes:
    """What a project does with its nodes."""

    project_id: UUID
    settings: ProjectSettings
    folder: Path
    file: ProjectFile
    links: Links
    nodes: dict[UUID, Node]
    _creating: dict[UUID, Node]  # hold their id and name; neither listed nor saved
    _creation_ended: trio.Event
    services: ProjectServices

    @abstractmethod
    def require_open(self) -> None:
        """Raises Forbidden unless the project is opened."""

    @abstractmethod
    async def make_durable(self) -> None:
        """Raises Forbidden when the project was closed meanwhile, Unavailable when the disk refuses."""

    @abstractmethod
    def mark(self) -> None:
        """The project has changed: it is saved soon."""

    @abstractmethod
    def publish(self, action: str, payload: Any) -> None:
        """Announce an event of the project."""

    @abstractmethod
    def log(self, level: str, message: str) -> None:
        """Tell those who watch the project, and who reads the server's log."""

    def get_node(self, node_id: UUID) -> Node:
        """The node; raises Forbidden when the project is closed and NotFound when there is no such node."""
        self.require_open()
        node = self.nodes.get(node_id)
        if node is None:
            raise NotFound(f"Node ID {node_id} doesn't exist")
        return node

    def node_name(self, node_id: UUID) -> str:
        """Its name; the id itself of a node that is not there, which links of a file may name."""
        node = self.nodes.get(node_id)
        return node.name if node is not None else str(node_id)

    @contextlib.asynccontextmanager
    async def locked_node(self, node_id: UUID, *, to_stop: bool = False) -> AsyncIterator[Node]:
        """The node, once every earlier request to it is done; who is going ``to_stop`` it does not wait for a start
        that hangs.
        """
        node = self.get_node(node_id)
        with _stopping([node] if to_stop else []):
            await node.lock.acquire()
        try:
            if node.deleted:
                raise NotFound(f"Node ID {node_id} doesn't exist")
            yield node
        finally:
            node.lock.release()

    async def create_node(
        self, record: NodeRecord, *, keep_name: bool = False, startup_script: str | None = None
    ) -> Node:
        """Add a node; a known node id gives the node that has it.

        ``keep_name`` takes the name as it is (API version 1); otherwise it is made unique as GNS3 2.2 does.
        Raises Conflict when the compute cannot provide it, Invalid for its name; nothing is left then.
        """
        self.require_open()
        known = self.nodes.get(record.node_id) or self._creating.get(record.node_id)
        if known is not None:
            async with known.lock:
                if known.deleted:
                    raise Conflict(f"node_id: node {known.node_id} could not be created by another request")
                return known
        if self._node_count() >= MAX_NODES:
            raise Conflict(f"Project '{self.settings.name}' has {MAX_NODES} nodes, and can have no more")
        self.services.computes.require_local(record.compute_id)
        self.services.compute.check_properties(record.node_type, record.properties)
        check_name(record.name)
        if not keep_name:
            record.name = allocate_name(record.name, self.node_names())
        record.label.text = record.name
        node = self._creating[record.node_id] = self._new_node(record)
        # To wait for the lock, which is free, would let nodes that are made together take their ports in any order.
        node.lock.acquire_nowait()
        try:
            await self._bring_up(node, startup_script)
        finally:
            node.lock.release()
            del self._creating[record.node_id]
            self._creation_ended.set()
        return node

    def _node_count(self) -> int:
        """How many nodes there are, with those that are being created."""
        most = len(self.nodes) + len(self._creating)
        return most if most < MAX_NODES else len(self.nodes.keys() | self._creating.keys())

    async def _bring_up(self, node: Node, startup_script: str | None) -> None:
        """The part of a creation that may fail; nothing is left then."""
        try:
            node.attach(await self._create_instance(node.record, startup_script))
            self.require_open()
            self.nodes[node.node_id] = node
            self.publish("node.created", views.node_view(node))
            await self.make_durable()
        except BaseException:
            with trio.CancelScope(shield=True):
                await self._discard(node)
            raise

    def node_names(self) -> set[str]:
        """The names in use, those of nodes that are being created included."""
        return {node.name for node in (*self.nodes.values(), *self._creating.values())}

    async def _create_instance(
        self, record: NodeRecord, startup_script: str | None = None, mac_id: int | None = None
    ) -> ComputeNode:
        check_node_type(record.node_type)  # the name of a folder
        return await self.services.compute.create_node(
            NodeSpec(
                node_type=record.node_type,
                node_id=record.node_id,
                project_id=self.project_id,
                name=record.name,
                folder=self.folder / "project-files" / record.node_type / str(record.node_id),
                console=record.console,
                console_type=record.console_type,
                properties=record.properties,
                startup_script=startup_script,
                mac_id=mac_id,
                emit=self._emitter(record.node_id),
            )
        )

    def _new_node(self, record: NodeRecord) -> Node:
        return Node(record, self.project_id, self.services.console_host)

    async def _discard(self, node: Node) -> None:
        """Undo a creation."""
        node.deleted = True
        if node.instance is not None:
            await self.services.compute.delete_node(node.instance)
        if self.nodes.pop(node.node_id, None) is not None:
            self.publish("node.deleted", views.node_view(node))
            self.mark()

    async def delete_node(self, node: Node) -> None:
        """Remove a node with its links and files, as ``delete_nodes``. The caller holds its lock."""
        await self._delete([node])

    async def delete_nodes(self, nodes: Iterable[Node]) -> None:
        """Remove nodes with their links and files, all or none; those that are gone already do not matter.

        Raises Conflict when one is locked, Unavailable when the disk refuses; all is then as before.
        """
        async with contextlib.AsyncExitStack() as locks:
            nodes = sorted(nodes, key=lambda node: node.node_id)  # all take them in one order
            locks.enter_context(_stopping(nodes))
            for node in nodes:
                await locks.enter_async_context(node.lock)
            await self._delete([node for node in nodes if not node.deleted])

    async def _delete(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.record.locked:
                raise Conflict(f"Node '{node.name}' is locked")
        links = {link.link_id: link for node in nodes for link in self.links.of_node(node.node_id)}
        # First on the disk: what is saved must never name files that are gone.
        async with self.links.withdrawal(links.values()):
            for node in nodes:
                node.deleted = True
            try:
                await self.make_durable()
            except BaseException:
                for node in nodes:
                    node.deleted = False
                raise
        with trio.CancelScope(shield=True):
            for node in nodes:
                if self.nodes.pop(node.node_id, None) is None:
                    continue  # the project was closed while those before it were deleted
                self.links.forget_node(node.node_id)
                if node.instance is not None:
                    await self.services.compute.delete_node(node.instance)
                self.publish("node.deleted", views.node_view(node))

    async def update_node(self, node: Node, changes: dict[str, Any], *, keep_name: bool = False) -> None:
        """Change a node; ``changes`` holds checked values by the name of a NodeRecord field.

        How it looks is saved soon; every other change is durable when this returns. The caller holds the lock.
        Raises Conflict from the compute, or Unavailable when the disk refuses; the node is then as before.
        """
        before = attrs.asdict(node.record, recurse=False)
        sends_script = "startup_script" in changes.get("properties", ())
        script = node.instance.startup_script() if sends_script and node.instance is not None else None
        on_compute = await self._update_instance(node, changes, keep_name)
        if "label" in changes:
            changes["label"] = attrs.evolve(changes["label"], text=node.name)
        node.update(changes)
        changed = {name for name, value in attrs.asdict(node.record, recurse=False).items() if value != before[name]}
        if not changed:
            return
        self.publish("node.updated", views.node_view(node))
        self.mark()
        if on_compute or changed - LOOKS:
            try:
                await self.make_durable()
            except LabError:
                with trio.CancelScope(shield=True):
                    await self._update_instance(node, dict(before), keep_name=True)
                    if script is not None and node.instance is not None:
                        with contextlib.suppress(LabError):  # the disk refuses that too
                            await node.instance.set_startup_script(script)
                node.update(before)
                self.publish("node.updated", views.node_view(node))
                raise

    async def _update_instance(self, node: Node, changes: dict[str, Any], keep_name: bool) -> bool:
        """Take name, console and properties out of ``changes`` and give them to what runs the node.

        Returns whether anything of it changed. All is as before when it raises.
        """
        record, instance = node.record, node.instance
        name = changes.pop("name", node.name)
        console = changes.pop("console", record.console), changes.pop("console_type", record.console_type)
        properties = changes.pop("properties", record.properties)
        if name != node.name:
            check_name(name)
        if name != node.name and not keep_name:
            name = allocate_name(name, self.node_names() - {node.name})
        if instance is None:
            changed = (name, *console, properties) != (
                node.name,
                record.console,
                record.console_type,
                record.properties,
            )
            node.update({"console": console[0], "console_type": console[1], "properties": properties})
        else:
            changed = await update_node(instance, name, console, properties)
            node.sync()
        if name != node.name:
            node.rename(name)
        return changed

    async def for_all_nodes(self, action: Literal["start", "stop", "reload", "reset_console"]) -> None:
        """Do ``action`` to every node, many at a time. Raises the first error after all have been tried.

        Nodes that do not run here are passed over; that they are not started is told.
        """
        self.require_open()
        if action in ("start", "reload"):
            self._tell_not_started()
        errors: list[LabError] = []
        limit = trio.CapacityLimiter(NODES_AT_A_TIME)

        async def act(node: Node, waiting: contextlib.ExitStack) -> None:
            async with limit, node.lock:
                waiting.close()
                if node.deleted or node.instance is None:
                    return
                try:
                    await getattr(node.instance, action)()
                except LabError as error:
                    errors.append(error)

        slices = Slices()
        nodes = list(self.nodes.values())
        with contextlib.ExitStack() as stack:
            async with trio.open_nursery() as nursery:
                for node in nodes:
                    waiting = stack.enter_context(contextlib.ExitStack())
                    waiting.enter_context(_stopping([node] if action in ("stop", "reload") else []))
                    nursery.start_soon(act, node, waiting)
                    await slices.pause()
        if errors:
            raise errors[0]

    def nodes_not_run(self) -> list[Node]:
        """The nodes that are only kept: nothing starts them here."""
        return [node for node in self.nodes.values() if node.instance is None]

    def _tell_not_started(self) -> None:
        by_reason: dict[str, list[str]] = {}
        for node in self.nodes_not_run():
            by_reason.setdefault(node.problem or "", []).append(node.name)
        for reason, names in by_reason.items():
            others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            self.log("warning", f"not started: {', '.join(names[:_NAMED])}{others}: {reason}")

    def _emitter(self, node_id: UUID) -> Callable[[NodeEvent], None]:
        """What the compute calls when something happens to the node by itself."""

        def emit(event: NodeEvent) -> None:
            if event.kind in LOG_LEVELS:
                self.log(event.kind, event.message)
                self.links.tell_problems_of(node_id)
                return
            node = self.nodes.get(node_id)
            if node is None or node.instance is None:
                return  # it is being created or deleted, which is announced as a whole
            node.encoded = None
            self.publish("node.updated", views.node_view(node))
            if event.kind == "status":
                action = "vm.started" if node.status == "started" else "vm.stopped"
                self.publish(action, views.v1_vm_view(node))
                if node.status == "stopped":
                    self.services.nursery.start_soon(self.links.node_stopped, node_id)

        return emit


@contextlib.contextmanager
def _stopping(nodes: Iterable[Node]) -> Iterator[None]:
    """Those of the nodes that run here; see ``ComputeNode.stopping``."""
    with contextlib.ExitStack() as stack:
        for node in nodes:
            if node.instance is not None:
                stack.enter_context(node.instance.stopping())
        yield
