"""Moves a stopped node to another compute, all or nothing.

Until the end the node is where it was: it is created at the other compute, its files are copied there, its links are
made again there, and the project's file is saved. Only then it is deleted where it was. So whatever fails, and whenever
the server is killed, one of the two has everything. ``storage/move_journal.py`` knows what the other one has still.
"""

import contextlib
from collections.abc import Iterator
from contextlib import aclosing
from functools import partial

import attrs
import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_features import NodeFiles
from gns3trio.controller.changes import NodeChanged
from gns3trio.controller.computes import Computes
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.links.relocation import exchange_instance
from gns3trio.controller.nodes.instances import Instances
from gns3trio.controller.nodes.left_copies import delete_left_copy
from gns3trio.controller.nodes.many import restore_all
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.files import folder_of_node
from gns3trio.controller.project.images import require_images
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.move_journal import MoveEntry
from gns3trio.controller.storage.single_files import FolderFiles
from gns3trio.errors import ComputeAway, Conflict, LabError, Unavailable
from gns3trio.limits import MAX_TEXT
from gns3trio.slices import for_all

# The most files of a node, and the time for all of them: a move must not keep other changes of the project for ever.
MAX_FILES = 50_000
MAX_COPY_SECONDS = 4 * 3600.0
# Small files wait more than they work.
_FILES_AT_A_TIME = 8
# How long a move waits for what an earlier one of the node has left.
_PATIENCE_SECONDS = 30.0


async def move_node(project: Project, node: Node, compute_id: str) -> None:
    """Move a node to another compute; does nothing if it is there. It is durable when this returns.

    Raises NotFound for an unknown compute; Conflict if the node runs, or cannot be there; Unavailable if a compute
    cannot be reached or the disk reports an error. The node is where it was then, with its links.
    """
    move = Move(project, node, compute_id)
    await move.begin()
    await move.finish()


def check_move(computes: Computes, node: Node, compute_id: str) -> Compute:
    """The compute to which a node can be moved, as far as can be told at once. Raises as ``move_node``."""
    target = computes.require(compute_id)
    node.require_settled()
    if node.problem is not None:
        raise Conflict(f"Node '{node.name}' cannot be moved: {node.problem}")
    instance = node.require_instance()
    if instance.status != "stopped" and not instance.always_runs:
        raise Conflict(f"Node '{node.name}' cannot be moved while it runs: stop it first")
    if target.trouble is not None:
        raise ComputeAway(f"compute_id: {target.trouble}")
    name = computes.name_of(compute_id)
    if computes.is_this_server(compute_id):
        raise Conflict(f"compute_id: '{name}' is this server itself")
    if not target.runs(node.record.node_type):
        raise Conflict(f"compute_id: compute '{name}' does not run nodes of type {node.record.node_type}")
    return target


@frozen
class _Place:
    """Where a node is: its instance, the compute of that, and its record there."""

    compute: Compute
    instance: ComputeNode
    record: NodeRecord


class Move:
    """A move in two steps: ``begin``, then ``finish``, which cannot be taken back, or ``take_back``."""

    def __init__(self, project: Project, node: Node, compute_id: str) -> None:
        self._project = project
        self._node = node
        self._compute_id = compute_id
        self._instances = Instances(project, project.nodes, project.links)
        self._places: tuple[_Place, _Place] | None = None
        self._entry: MoveEntry | None = None
        self._at_work = contextlib.ExitStack()

    async def begin(self) -> None:
        """Bring the node to the other compute; its files stay where it was too. Raises as ``move_node``."""
        project, node, computes = self._project, self._node, self._project.services.computes
        if node.record.compute_id == self._compute_id:
            computes.require(self._compute_id)
            return
        with self._given_up():
            async with project.nodes.lock(node.node_id):
                target = check_move(computes, node, self._compute_id)
                if project.links.wiring.has_tunnel_of_client(node.node_id):
                    raise Conflict(
                        f"Node '{node.name}' has a tunnel of a client, which cannot be moved: remove it first"
                    )
                source = _Place(node.require_compute(), node.require_instance(), node.record)
                node.moving_to = computes.name_of(self._compute_id)
            try:
                await self._copy(source, target)
            finally:
                node.moving_to = None
                await self._make_up_for_return()
        project.publish(NodeChanged(node))

    @contextlib.contextmanager
    def _given_up(self) -> Iterator[None]:
        """If the body raises, nobody is at work for the entry of the journal any more, but what was perhaps left."""
        try:
            yield
        except BaseException:
            self._at_work.close()
            if self._entry in self._project.services.moves.left(self._project.project_id):
                self._project.services.nursery.start_soon(self._project.delete_left_copies)
            raise

    async def _copy(self, source: _Place, target: Compute) -> None:
        """Create the node at the other compute, and let it be there. If this raises, nothing is left there."""
        project, node, record = self._project, self._node, source.record
        await self._clear_earlier_moves()
        if (other := project.services.computes.other(target.compute_id)) is not None:
            await require_images(other, record)
        await target.check_properties(record.node_type, {}, node.chosen_engine)
        self._entry = MoveEntry(
            project_id=project.project_id,
            node_id=node.node_id,
            node_type=record.node_type,
            name=record.name,
            source=record.compute_id,
            target=target.compute_id,
            properties={
                name: value
                for name, value in record.properties.items()
                if not (isinstance(value, str) and len(value) > MAX_TEXT)  # the configuration of a router, say
            },
        )
        self._at_work.enter_context(project.services.moves.running(self._entry))
        await project.services.moves.add(self._entry)
        new: ComputeNode | None = None
        is_left = False
        try:
            is_left = True  # it may be there even if the creation raises
            new = await self._create(target, record)
            if await self._has_other_files(source.instance, new):
                await target.delete_node(new)
                new = await self._create(target, record)
            is_left = False
            await self._copy_files(source.instance, new)
            moved = attrs.evolve(record, compute_id=target.compute_id, console=new.console)
            self._places = source, _Place(target, new, moved)
            await self._exchange(*self._places)
        except BaseException as error:
            self._places = None
            is_left = is_left and isinstance(error, Unavailable | trio.Cancelled)
            with trio.CancelScope(shield=True):
                await self._clear(target, new, is_left=is_left)
            raise

    async def _create(self, target: Compute, record: NodeRecord) -> ComputeNode:
        there = attrs.evolve(record, compute_id=target.compute_id, console=None, aux=None)
        return await self._instances.create(target, there, mac_id=self._node.mac_id, engine=self._node.chosen_engine)

    async def _has_other_files(self, source: ComputeNode, target: ComputeNode) -> bool:
        """Whether there are files at the target that the node does not have: of an earlier time, which a snapshot has
        brought back, say.
        """
        if self._has_no_files(source, target):
            return False
        return not {*await self._files(target).paths()} <= {*await self._files(source).paths()}

    @staticmethod
    def _has_no_files(source: ComputeNode, target: ComputeNode) -> bool:
        """Whether it is of a type without files."""
        return all(node.files is None and node.directory is None for node in (source, target))

    async def _clear_earlier_moves(self) -> None:
        """What earlier moves of the node have left must be gone, because it would be deleted later."""
        project, node, journal = self._project, self._node, self._project.services.moves
        for entry in journal.of_node(project.project_id, node.node_id):
            with trio.move_on_after(_PATIENCE_SECONDS):
                await journal.wait_idle(entry)
                await delete_left_copy(project, project.nodes, self._instances, entry)
        if journal.of_node(project.project_id, node.node_id):
            raise Conflict(f"Node '{node.name}': what an earlier move has left is just being deleted: try again")

    async def _copy_files(self, source: ComputeNode, target: ComputeNode) -> None:
        if self._has_no_files(source, target):
            return
        with trio.move_on_after(MAX_COPY_SECONDS) as scope:
            await _copy_all(self._files(source), self._files(target))
        if scope.cancelled_caught:
            raise Conflict(f"its files take more than {MAX_COPY_SECONDS / 3600:g} hours")

    def _files(self, instance: ComputeNode) -> NodeFiles:
        folder = folder_of_node(self._project, instance.node_type, instance.node_id)
        return instance.files or FolderFiles(folder)

    async def _exchange(self, before: _Place, after: _Place) -> None:
        """Let the node be at another place, with its links."""
        project, node = self._project, self._node
        if node.instance is not before.instance:
            raise Unavailable(f"Node '{node.name}' was lost by its compute meanwhile")

        def put(place: _Place) -> None:
            node.former_computes |= {node.record.compute_id}
            node.record = attrs.evolve(
                node.record,
                compute_id=place.record.compute_id,
                console=place.record.console,
                console_type=place.record.console_type,
                properties=place.record.properties,
            )
            node.attach(place.instance, place.compute)

        await exchange_instance(
            project, project.links, node, partial(put, after), partial(put, before), project.make_durable
        )

    async def _make_up_for_return(self) -> None:
        """If the compute of the node was restarted meanwhile, the node is created there again, with its links."""
        node = self._node
        if not node.was_lost:
            return
        node.was_lost = False
        with trio.CancelScope(shield=True):
            await restore_all(self._project, self._project.nodes, [node])
            for link in self._project.links.of_node(node.node_id):
                await self._project.links.restore(link)

    async def finish(self) -> None:
        """Delete the node where it was. If its compute cannot be reached, this is done when it is back."""
        if self._places is not None:
            source, _ = self._places
            with self._at_work, trio.CancelScope(shield=True):
                await self._clear(source.compute, source.instance)

    async def take_back(self) -> None:
        """Let the node be where it was. Raises the errors of the computes; it stays where it is then."""
        if self._places is None:
            return
        source, target = self._places
        with self._at_work:
            with target.instance.stopping():
                await target.instance.stop()
            await self._exchange(target, source)
            self._project.publish(NodeChanged(self._node))
            await self._clear(target.compute, target.instance)

    async def _clear(self, compute: Compute, instance: ComputeNode | None, *, is_left: bool = False) -> None:
        """Delete the node at one of the two computes. What cannot be deleted stays in the journal."""
        assert self._entry is not None, "noted at the beginning"
        try:
            if instance is not None:
                await compute.delete_node(instance)
            if not is_left:
                await self._project.services.moves.remove(self._entry)
        except LabError as error:
            self._project.log("warning", f"node '{self._node.name}': what its move has left is deleted later: {error}")


async def _copy_all(source: NodeFiles, target: NodeFiles) -> None:
    """Copy all files, or raise LabError."""
    paths = await source.all_paths()
    if len(paths) > MAX_FILES:
        raise Conflict(f"the node has {len(paths)} files, and one with more than {MAX_FILES} cannot be moved")
    errors: list[LabError] = []

    async def copy(path: str) -> None:
        if errors:
            return
        upload = target.upload(path)
        try:
            async with aclosing((await source.open(path)).pieces()) as pieces:
                await upload.receive(pieces)
            await upload.commit()
        except LabError as error:
            errors.append(error)
        finally:
            await upload.discard()

    await for_all(paths, copy, _FILES_AT_A_TIME)
    if errors:
        raise errors[0]
