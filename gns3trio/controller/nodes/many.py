"""Many nodes of a project at once: new ones, and those that are created again. Each compute is asked for all of its
nodes together. Each node succeeds or fails by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node import NodeSpec
from gns3trio.controller.changes import NodeChanged
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.errors import LabError, Unavailable
from gns3trio.limits import MAX_ITEMS
from gns3trio.slices import Slices, for_all

# Nodes that are created by themselves, because somebody else is at work at them.
_AT_A_TIME = 16


async def restore_all(
    project: ProjectContext, nodes: Nodes, wanted: Iterable[Node], go_on: Callable[[], bool] = lambda: True
) -> None:
    """Create the instances of nodes on other hosts: when the project is opened, or because their compute has them no
    longer. A node for which that fails is kept with the reason. ``go_on`` is asked before more are created.
    """
    by_compute: dict[str, list[Node]] = {}
    for node in wanted:
        by_compute.setdefault(node.record.compute_id, []).append(node)

    async def restore_at(compute_id: str) -> None:
        compute = project.services.computes.find(compute_id)
        if compute is not None:
            those = by_compute[compute_id]
            for start in range(0, len(those), MAX_ITEMS):
                await _restore(project, nodes, compute, those[start : start + MAX_ITEMS], go_on)

    async with trio.open_nursery() as nursery:
        for compute_id in by_compute:
            nursery.start_soon(restore_at, compute_id)


async def _restore(
    project: ProjectContext, nodes: Nodes, compute: Compute, wanted: Sequence[Node], go_on: Callable[[], bool]
) -> None:
    held: dict[int, Node] = {}
    specs: list[NodeSpec] = []
    busy: list[Node] = []

    def told(place: int, outcome: ComputeNode | LabError) -> None:
        node = held.pop(place)
        try:
            nodes.came_back(node, outcome, compute)
            project.publish(NodeChanged(node))
        finally:
            node.lock.release()

    slices = Slices()
    try:
        for node in wanted:
            if node.lock.locked():
                busy.append(node)
            elif _is_wanted(node, compute, go_on):
                try:
                    spec = nodes.instances.spec(node.record, mac_id=node.mac_id, engine=node.chosen_engine)
                except LabError as error:
                    nodes.came_back(node, error, compute)
                    continue
                node.lock.acquire_nowait()
                held[len(specs)] = node
                specs.append(spec)
            await slices.pause()
        with suppress(Unavailable):  # then nothing is created either
            await nodes.instances.reserve_numbers_for(compute, specs)
        await compute.create_nodes(specs, told)
    finally:
        for node in held.values():
            node.lock.release()

    async def restore_alone(node: Node) -> None:
        async with node.lock:
            if _is_wanted(node, compute, go_on):
                await nodes.bring_back(node, compute, node.mac_id, node.chosen_engine)
                project.publish(NodeChanged(node))

    await for_all(busy, restore_alone, _AT_A_TIME)


def _is_wanted(node: Node, compute: Compute, go_on: Callable[[], bool]) -> bool:
    if node.moving_to is not None:  # who moves it sees to it
        node.was_lost = True
        return False
    return not node.deleted and compute.runs(node.record.node_type) and go_on()


# --- new nodes ---


@frozen
class NewNode:
    """A node to be created, with the engine that runs it; None is its compute's default."""

    record: NodeRecord
    engine: str | None = None


async def create_all(project: ProjectContext, nodes: Nodes, wanted: Sequence[NewNode]) -> list[Node | LabError]:
    """Create nodes with the names that they have; returns the node or the error for each. If this is cancelled, or the
    project closes, none is left.

    One compute comes after the other, so that nodes on different hosts get different MAC addresses.
    """
    outcomes: dict[int, Node | LabError] = {}
    admitted: list[Node] = []
    by_compute: dict[str, list[int]] = {}
    for number, new in enumerate(wanted):
        by_compute.setdefault(new.record.compute_id, []).append(number)
    try:
        for numbers in by_compute.values():
            for start in range(0, len(numbers), MAX_ITEMS):
                await _create(project, nodes, wanted, numbers[start : start + MAX_ITEMS], outcomes, admitted)
        await project.make_durable()
    except BaseException:
        made = [node for node in outcomes.values() if isinstance(node, Node)]
        with trio.CancelScope(shield=True):
            await for_all(made, nodes.discard, _AT_A_TIME)
        raise
    finally:
        for node in admitted:
            nodes.end_creation(node)
    return [outcomes[number] for number in range(len(wanted))]


async def _create(
    project: ProjectContext,
    nodes: Nodes,
    wanted: Sequence[NewNode],
    numbers: Sequence[int],
    outcomes: dict[int, Node | LabError],
    admitted: list[Node],
) -> None:
    places: list[tuple[int, Node]] = []
    specs: list[NodeSpec] = []
    slices = Slices()

    def told(place: int, outcome: ComputeNode | LabError) -> None:
        number, node = places[place]
        if isinstance(outcome, LabError):
            outcomes[number] = outcome
        else:
            node.attach(outcome, compute)
            outcomes[number] = node
            nodes.add(node)

    try:
        compute = project.services.computes.require(wanted[numbers[0]].record.compute_id)
    except LabError as error:
        outcomes.update(dict.fromkeys(numbers, error))
        return
    for number in numbers:
        new = wanted[number]
        try:
            spec = nodes.instances.spec(new.record, engine=new.engine)
            node = await nodes.admit(new.record, compute, new.engine)
        except LabError as error:
            outcomes[number] = error
        else:
            admitted.append(node)
            places.append((number, node))
            specs.append(spec)
        await slices.pause()
    with suppress(Unavailable):  # then nothing is created either
        await nodes.instances.reserve_numbers_for(compute, specs)
    await compute.create_nodes(specs, told)
