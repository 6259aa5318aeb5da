"""Many nodes of other hosts at once."""

import pytest
import trio

from gns3trio.controller.controller import Controller
from gns3trio.controller.nodes.many import NewNode, create_all, restore_all
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.controller.project.returned import take_up_again
from gns3trio.errors import Forbidden, LabError
from tests.controller.conftest import link_record, make_link, make_nodes, record
from tests.support.memory_compute import MemoryCompute

NUMBER = 30


def wanted(compute_id: str = "far", number: int = NUMBER) -> list[NewNode]:
    return [NewNode(record(f"PC{n}", compute_id=compute_id)) for n in range(number)]


async def test_a_compute_is_asked_once(project: Project, far_compute: MemoryCompute) -> None:
    nodes = await create_all(project, project.nodes, wanted())
    assert [node.name for node in nodes if isinstance(node, Node)] == [f"PC{n}" for n in range(NUMBER)]
    assert far_compute.calls == {"create_nodes": 1} and len(far_compute.nodes) == len(project.nodes) == NUMBER
    assert not any(node.lock.locked() for node in project.nodes.values())


async def test_a_node_that_fails_keeps_no_other_from_being_made(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    far_compute.failing_creations = {"PC3"}
    new = wanted()
    new[7] = NewNode(record("Q", "qemu", "far"))
    new[9] = NewNode(record("L"))
    new[11] = NewNode(record("X", compute_id="cellar"))
    outcomes = await create_all(project, project.nodes, new)
    failed = {number: str(each) for number, each in enumerate(outcomes) if isinstance(each, LabError)}
    assert set(failed) == {3, 7, 11} and "'PC3' cannot be created" in failed[3]
    assert len(compute.nodes) == 1 and len(far_compute.nodes) == NUMBER - 4
    assert len(await create_all(project, project.nodes, wanted(number=1))) == 1


async def test_creations_that_are_cancelled_leave_nothing(
    project: Project, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    far_compute.create_seconds = 10
    with trio.move_on_after(5) as scope:
        await create_all(project, project.nodes, wanted())
    assert scope.cancelled_caught and not project.nodes and not far_compute.nodes
    await project.nodes.end_creations()


async def test_a_project_that_closes_meanwhile_has_none_of_them(
    project: Project, controller: Controller, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    far_compute.create_seconds = 10
    async with trio.open_nursery() as nursery:

        async def create() -> None:
            with pytest.raises(Forbidden):
                await create_all(project, project.nodes, wanted())

        nursery.start_soon(create)
        await trio.sleep(1)
        await controller.close_project(project)
    assert not far_compute.nodes
    await project.open()
    assert not project.nodes


async def test_a_compute_that_vanishes_while_a_project_opens(
    project: Project,
    controller: Controller,
    compute: MemoryCompute,
    far_compute: MemoryCompute,
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The project opens, the rest works, and what is missing is made when the compute returns."""
    near = await make_nodes(project, "A", "B", "C")
    far = await make_nodes(project, "F", "G", compute_id="far")
    await make_link(project, near[0], far[0])
    await project.links.create(link_record(near[1], near[2]))
    await controller.close_project(project)
    far_compute.create_seconds = 10
    async with trio.open_nursery() as nursery:
        nursery.start_soon(project.open)
        await trio.sleep(5)
        far_compute.is_away = True
        far_compute.nodes.clear()
    assert project.status == "opened" and len(compute.nodes) == 3
    assert [node.name for node in project.nodes.not_run()] == ["F", "G"]
    problems = [project.links.problem_of(link) for link in project.links.values()]
    assert problems == ["node 'F' does not run here", None]
    far_compute.is_away = False
    await take_up_again(project, far_compute, {})
    assert not project.nodes.not_run()
    assert [project.links.problem_of(link) for link in project.links.values()] == [None, None]


async def test_a_node_at_which_somebody_works_is_restored_after_the_others(
    project: Project, far_compute: MemoryCompute
) -> None:
    nodes = await make_nodes(project, "F", "G", compute_id="far")
    far_compute.nodes.clear()
    async with trio.open_nursery() as nursery:
        await nodes[0].lock.acquire()
        nursery.start_soon(restore_all, project, project.nodes, nodes)
        await trio.testing.wait_all_tasks_blocked()
        assert [node.name for node in far_compute.nodes.values()] == ["G"]
        nodes[0].lock.release()
    assert len(far_compute.nodes) == 2 and not nodes[0].lock.locked()


async def test_what_a_returned_compute_gets_again_ends_when_the_project_closes(
    project: Project, controller: Controller, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    nodes = await make_nodes(project, "F", "G", compute_id="far")
    lost = {node.node_id: node.require_instance().status for node in nodes}
    far_compute.nodes.clear()
    far_compute.create_seconds = 1000
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_up_again, project, far_compute, lost)
        await trio.sleep(1)
        await controller.close_project(project)
    assert project.status == "closed" and not far_compute.nodes and trio.current_time() < 1000
