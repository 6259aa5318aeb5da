"""The nodes of an open project: creates, changes and deletes them atomically, announces and saves the changes."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, ValuesView
from functools import partial
from typing import Any, Literal
from uuid import UUID

import attrs
import trio

from gns3trio import garbage
from gns3trio.compute.actions import ENDS_A_RUN, Action
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_update import update_node
from gns3trio.controller.changes import NodeChanged, NodeCreated, NodeDeleted
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.names import allocate_name, check_name
from gns3trio.controller.nodes.all_nodes import NODES_AT_A_TIME, act_on_all, stopping, tell_not_started
from gns3trio.controller.nodes.instances import Instances, LinksOfNodes
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, LabError, NotFound
from gns3trio.layout.free_places import FreePlaces
from gns3trio.limits import MAX_NODES
from gns3trio.slices import Slices, for_all

# Fields that change many times a second while a node is dragged. They are saved within a second, and nothing depends on
# them.
LOOKS = frozenset({"x", "y", "z", "width", "height", "label", "symbol"})


class Nodes(Mapping[UUID, Node]):
    """Nodes by id, in the order of the file. They are stored in ``table``, which links use too."""

    def __init__(self, project: ProjectContext, table: dict[UUID, Node], links: LinksOfNodes) -> None:
        self._project = project
        self._nodes = table
        self._links = links
        self.instances = Instances(project, table, links)
        # Nodes being created: they reserve their id and name, but are neither listed nor saved.
        self._creating: dict[UUID, Node] = {}
        self._checks = 0  # creations that wait for a compute's check of their properties
        self._creation_ended = trio.Event()
        self._free_places: FreePlaces | None = None  # counted anew after a node has moved or vanished

    def __getitem__(self, node_id: UUID) -> Node:
        return self._nodes[node_id]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def values(self) -> ValuesView[Node]:
        """All nodes; faster than a lookup by id."""
        return self._nodes.values()

    def require(self, node_id: UUID) -> Node:
        """A node by its id. Raises Forbidden if the project is closed, NotFound if there is no such node."""
        self._project.require_open()
        node = self.get(node_id)
        if node is None:
            raise NotFound(f"Node ID {node_id} doesn't exist")
        return node

    def name_of(self, node_id: UUID) -> str:
        """The name of a node; the id itself if there is no such node, which links in a file may name."""
        node = self.get(node_id)
        return node.name if node is not None else str(node_id)

    @contextlib.asynccontextmanager
    async def lock(self, node_id: UUID, *, to_stop: bool = False) -> AsyncIterator[Node]:
        """A node, locked, after all earlier requests to it are done. With ``to_stop``, a hanging start is abandoned.

        Raises Forbidden, NotFound, or Conflict while the node is being moved to another compute.
        """
        node = self.require(node_id)
        node.require_settled()
        with stopping([node] if to_stop else []):
            await node.lock.acquire()
        try:
            if node.deleted:
                raise NotFound(f"Node ID {node_id} doesn't exist")
            node.require_settled()
            yield node
        finally:
            node.lock.release()

    async def idle(self, node_id: UUID) -> Node:
        """A node, after all earlier requests to it are done, unless it is being moved, which takes long. Raises
        Forbidden or NotFound.
        """
        node = self.require(node_id)
        if node.lock.locked() and node.moving_to is None:
            async with self.lock(node_id):
                pass
        return node

    @contextlib.asynccontextmanager
    async def acting(
        self, node_id: UUID, action: Action, require: Callable[[Node], None] = lambda node: None
    ) -> AsyncIterator[Node]:
        """Start, stop, suspend or reload a node. The body has the node as it is then, still locked.

        ``require`` may raise first. Raises NotFound, and Conflict if it does not run here or does not start.
        """
        async with self.lock(node_id, to_stop=action in ENDS_A_RUN) as node:
            require(node)
            await node.act(action)
            yield node

    async def create(
        self,
        record: NodeRecord,
        *,
        keep_name: bool = False,
        startup_script: str | None = None,
        engine: str | None = None,
    ) -> Node:
        """Add a node, or return the existing one with that id.

        With ``keep_name`` the name is not changed (API version 1); otherwise it is made unique as in GNS3 2.2. Without
        ``engine`` the compute's default runs it. Raises Conflict if the compute cannot provide the node, Invalid for
        its name or an unknown engine, and then leaves nothing behind.
        """
        if known := self._known(record.node_id):
            return await _created(known)
        compute = self._project.services.computes.require(record.compute_id)
        await self._check(compute, record, engine)
        # The compute may have been asked for long, and another request may have created the node meanwhile.
        if known := self._known(record.node_id):
            return await _created(known)
        node = self._admit(record, keep_name=keep_name)
        try:
            await self._bring_up(node, compute, startup_script, engine)
        finally:
            self.end_creation(node)
        return node

    async def admit(self, record: NodeRecord, compute: Compute, engine: str | None) -> Node:
        """A new node that reserves its id and name, and whose lock the caller holds until ``end_creation``. Its name is
        not changed. Raises as ``create``, also if there is a node with that id.
        """
        await self._check(compute, record, engine)
        if self._known(record.node_id):
            raise Conflict(f"node_id: node {record.node_id} exists already")
        return self._admit(record, keep_name=True)

    def _admit(self, record: NodeRecord, *, keep_name: bool) -> Node:
        check_name(record.name)
        if not keep_name:
            record.name = allocate_name(record.name, self.names())
        record.label.text = record.name
        node = self._creating[record.node_id] = self._new_node(record)
        # No wait for the lock, which is free: nodes that are created together would get their ports in any order.
        node.lock.acquire_nowait()
        return node

    def end_creation(self, node: Node) -> None:
        """The creation of a node has ended, well or not."""
        node.lock.release()
        del self._creating[node.node_id]
        self._creation_ended.set()

    def add(self, node: Node) -> None:
        """Announce a node that was created."""
        self._nodes[node.node_id] = node
        if self._free_places is not None:
            self._free_places.take(node.record.x, node.record.y)
        garbage.grown(self._project.project_id, "nodes", len(self._nodes))
        self._project.publish(NodeCreated(node))

    def free_places(self) -> FreePlaces:
        """Where new nodes may be drawn. A place that it gives away is taken."""
        if self._free_places is None:
            self._free_places = FreePlaces((node.record.x, node.record.y) for node in self.values())
        return self._free_places

    async def place(self, places: Iterable[tuple[Node, tuple[int, int]]]) -> None:
        """Move nodes, however many. As all changes of the drawing this is saved soon, and waits for nothing that
        happens to the nodes meanwhile.
        """
        self._free_places = None
        slices = Slices()
        for node, (x, y) in places:
            if not node.deleted and (node.record.x, node.record.y) != (x, y):
                node.update({"x": x, "y": y})
                self._project.publish(NodeChanged(node))
            await slices.pause()
        self._free_places = None
        self._project.mark()

    async def _check(self, compute: Compute, record: NodeRecord, engine: str | None) -> None:
        self._checks += 1
        try:
            await compute.check_properties(record.node_type, record.properties, engine)
        finally:
            self._checks -= 1
            self._creation_ended.set()

    def _known(self, node_id: UUID) -> Node | None:
        """The node of that id, which may still be being created; None if a new node can have it.

        Raises Conflict if no node can be created now.
        """
        self._project.require_open()
        known = self._nodes.get(node_id) or self._creating.get(node_id)
        if known is None and self._node_count() >= MAX_NODES:
            raise Conflict(f"Project '{self._project.settings.name}' has {MAX_NODES} nodes, and can have no more")
        return known

    async def revive(self, record: NodeRecord, mac_id: int | None, engine: str | None) -> None:
        """Create a node from the project's file. If it cannot run here, it is only stored, whatever the reason. One on
        another host waits for ``restore_all``.
        """
        node = self._nodes[record.node_id] = self._new_node(record)
        node.saved_mac_id, node.saved_engine = mac_id, engine
        garbage.grown(self._project.project_id, "nodes", len(self._nodes))
        compute = self._project.services.computes.find(record.compute_id)
        if compute is None:
            why = self._project.services.computes.why_not_driven(record.compute_id)
            name = self._project.services.computes.name_of(record.compute_id)
            node.kept_because = f"it is on the compute {name!r}: {why}"
            self._project.log("warning", f"node '{node.name}' does not run: {node.kept_because}")
        elif compute.runs(record.node_type):
            if compute is self._project.services.computes.own:
                await self.bring_back(node, compute, mac_id, engine)
        elif compute is not self._project.services.computes.own:
            node.kept_because = f"compute {record.compute_id!r} does not run nodes of type {record.node_type}"

    async def bring_back(
        self, node: Node, compute: Compute, mac_id: int | None = None, engine: str | None = None
    ) -> None:
        """Create the instance of a node that is there already. The caller holds its lock, if the project is open."""
        try:
            instance = await self.instances.create(compute, node.record, mac_id=mac_id, engine=engine)
        except LabError as error:
            self.came_back(node, error, compute)
        else:
            self.came_back(node, instance, compute)

    def came_back(self, node: Node, outcome: ComputeNode | LabError, compute: Compute) -> None:
        """A node has an instance again, or there is a reason why not."""
        if isinstance(outcome, LabError):  # the file may be imported or edited: the project must open all the same
            node.detach(str(outcome))
            self._project.log("error", f"node '{node.name}' ({node.node_id}) does not run: {outcome}")
        else:
            node.attach(outcome, compute)

    async def end_creations(self) -> None:
        """Called when the project is closed: wait until all running creations have noticed it and rolled back."""
        while self._creating or self._checks:
            self._creation_ended = trio.Event()
            await self._creation_ended.wait()

    async def release(self) -> None:
        """Stop and remove all nodes, many at a time; their files stay."""
        slices, nodes = Slices(), list(self.values())
        for node in nodes:
            node.deleted = True
            await slices.pause()

        async def close(node: Node) -> None:
            if node.instance is not None:
                await self.instances.close(node, node.instance)

        await for_all(nodes, close, NODES_AT_A_TIME)
        while self._nodes:
            self._nodes.popitem()
            await slices.pause()

    def _node_count(self) -> int:
        """The number of nodes, including those that are being created."""
        most = len(self._nodes) + len(self._creating)
        return most if most < MAX_NODES else len(self._nodes.keys() | self._creating.keys())

    async def _bring_up(self, node: Node, compute: Compute, startup_script: str | None, engine: str | None) -> None:
        """The part of a creation that may fail. Leaves nothing behind if it does."""
        try:
            node.attach(await self.instances.create(compute, node.record, startup_script, engine=engine), compute)
            self._project.require_open()
            self.add(node)
            await self._project.make_durable()
        except BaseException:
            with trio.CancelScope(shield=True):
                await self.discard(node)
            raise

    def names(self) -> set[str]:
        """The names in use, including those of nodes that are being created."""
        return {node.name for node in (*self._nodes.values(), *self._creating.values())}

    def _new_node(self, record: NodeRecord) -> Node:
        services = self._project.services
        return Node(
            record,
            self._project.project_id,
            partial(services.computes.console_host, own=services.console_host),
            services.starts,
        )

    async def discard(self, node: Node) -> None:
        """Undo the creation of a node."""
        node.deleted = True
        if node.instance is not None:
            await self.instances.delete(node, node.instance)
        self._free_places = None
        if self._nodes.pop(node.node_id, None) is not None:
            self._project.publish(NodeDeleted(node))
            self._project.mark()

    async def delete(self, node: Node) -> None:
        """Delete a node with its links and files, as ``delete_all``. The caller holds its lock."""
        await self._delete([node])

    async def delete_all(self, nodes: Iterable[Node]) -> None:
        """Delete nodes with their links and files, all or none. Nodes that are deleted already are ignored.

        Raises Conflict if a node is locked, Unavailable if the disk reports an error; nothing is changed then.
        """
        async with contextlib.AsyncExitStack() as locks:
            nodes = sorted(nodes, key=lambda node: node.node_id)  # always in the same order, to avoid deadlocks
            locks.enter_context(stopping(nodes))
            slices = Slices()
            for node in nodes:
                await locks.enter_async_context(node.lock)
                await slices.pause()
            await self._delete([node for node in nodes if not node.deleted])

    async def _delete(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.record.locked:
                raise Conflict(f"Node '{node.name}' is locked")
            node.require_settled()
        # Save first: the project file must never refer to files that are deleted.
        async with self._links.withdrawal_of([node.node_id for node in nodes]):
            for node in nodes:
                node.deleted = True
            try:
                await self._project.make_durable()
            except BaseException:
                for node in nodes:
                    node.deleted = False
                raise
        self._free_places = None
        with trio.CancelScope(shield=True):
            for node in nodes:
                if self._nodes.pop(node.node_id, None) is None:
                    continue  # the project was closed while earlier nodes were being deleted
                self._links.forget_node(node.node_id)
                if node.instance is not None:
                    await self.instances.delete(node, node.instance)
                self._project.publish(NodeDeleted(node))

    async def update(self, node: Node, changes: dict[str, Any], *, keep_name: bool = False) -> None:
        """Change a node; ``changes`` holds checked values by the name of a NodeRecord field.

        Changes of its appearance are saved soon; all others are durable when this returns. The caller holds the lock.
        Raises Conflict from the compute, or Unavailable if the disk reports an error; the node is unchanged then.
        """
        sends_script = "startup_script" in changes.get("properties", ())
        script = await node.instance.startup_script() if sends_script and node.instance is not None else None
        before = attrs.asdict(node.record, recurse=False)
        on_compute = await self._update_instance(node, changes, keep_name)
        if "label" in changes:
            changes["label"] = attrs.evolve(changes["label"], text=node.name)
        if changes.keys() & {"x", "y"}:
            self._free_places = None
        node.update(changes)
        changed = {name for name, value in attrs.asdict(node.record, recurse=False).items() if value != before[name]}
        if not changed:
            return
        self._project.publish(NodeChanged(node))
        self._project.mark()
        if on_compute or changed - LOOKS:
            try:
                await self._project.make_durable()
            except LabError:
                # The disk reports an error for that too.
                with trio.CancelScope(shield=True), contextlib.suppress(LabError):
                    await self._update_instance(node, dict(before), keep_name=True)
                    if script is not None and node.instance is not None:
                        await node.instance.set_startup_script(script)
                node.update(before)
                self._project.publish(NodeChanged(node))
                raise

    async def set_engine(self, node: Node, engine: str | None, mac_id: int | None = None) -> None:
        """Let another engine run a node; None is the compute's default. It is durable when this returns.

        Raises as ``ComputeNode.set_engine``, and Unavailable if the disk reports an error; the node is unchanged then.
        The caller holds the lock.
        """
        instance = node.require_instance()
        before = node.chosen_engine, instance.mac_id
        await instance.set_engine(engine, mac_id)
        if (node.chosen_engine, instance.mac_id) == before:
            return
        self._tell_engine(node)
        try:
            await self._project.make_durable()
        except LabError:
            with trio.CancelScope(shield=True), contextlib.suppress(LabError):
                await instance.set_engine(*before)
                self._tell_engine(node)
            raise

    def _tell_engine(self, node: Node) -> None:
        node.sync()  # it may have got a console
        self._project.publish(NodeChanged(node))
        self._project.mark()

    async def _update_instance(self, node: Node, changes: dict[str, Any], keep_name: bool) -> bool:
        """Move name, console and properties from ``changes`` to the instance of the node.

        Returns whether the instance has changed. If it raises, nothing is changed.
        """
        record, instance = node.record, node.instance
        name = changes.pop("name", node.name)
        console = changes.pop("console", record.console), changes.pop("console_type", record.console_type)
        properties = changes.pop("properties", record.properties)
        if name != node.name:
            check_name(name)
        if name != node.name and not keep_name:
            name = allocate_name(name, self.names() - {node.name})
        if instance is None:
            changed = (name, *console, properties) != (
                node.name,
                record.console,
                record.console_type,
                record.properties,
            )
            node.update({"console": console[0], "console_type": console[1], "properties": properties})
        else:
            adapters = record.custom_adapters, changes.get("custom_adapters", record.custom_adapters)
            changed = await update_node(instance, name, console, properties, adapters)
            node.sync()
        if name != node.name:
            node.rename(name)
        return changed

    def not_run(self) -> list[Node]:
        """The nodes that do not run here, or whose compute cannot be reached."""
        return [node for node in self._nodes.values() if node.problem is not None]

    async def for_all(self, action: Action | Literal["reset_console"]) -> None:
        """Perform ``action`` on every node, many at a time. Raises the first error after all have been tried.

        Nodes that do not run here, or cannot be reached, are skipped; if they should be started, this is reported.
        """
        self._project.require_open()
        if action in ("start", "reload"):
            tell_not_started(self._project, self.not_run())
        await act_on_all(self.values(), action, lambda text: self._project.log("error", text))


async def _created(node: Node) -> Node:
    """Wait until the node has been created. Raises Conflict if that failed."""
    async with node.lock:
        if node.deleted:
            raise Conflict(f"node_id: node {node.node_id} could not be created by another request")
        return node
