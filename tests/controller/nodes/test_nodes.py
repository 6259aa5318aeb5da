"""Nodes of a project, whatever their computes do."""

import attrs
import pytest
import trio
from trio.testing import MockClock

from gns3trio.compute.node import NodeEvent
from gns3trio.controller.changes import LogMessage, NodeChanged, NodeCreated, NodeDeleted, NodeStatusChanged
from gns3trio.controller.controller import Controller
from gns3trio.controller.project.project import Project
from gns3trio.errors import ComputeAway, Conflict, Forbidden, NotFound
from tests.controller.conftest import Told, make_link, make_nodes, record
from tests.support.memory_compute import HANGING_SECONDS, MemoryCompute


async def test_a_creation_that_fails_leaves_nothing(project: Project, compute: MemoryCompute, told: Told) -> None:
    compute.failing_creations = {"A"}
    with pytest.raises(Conflict, match="'A' cannot be created"):
        await make_nodes(project, "A")
    assert not project.nodes and not compute.nodes and not told.of(NodeCreated)
    compute.failing_creations = set()
    (again,) = await make_nodes(project, "A")  # the name is free
    assert again.name == "A" and told.of(NodeCreated) == [NodeCreated(again)]


async def test_a_creation_that_is_not_waited_for_leaves_nothing(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute
) -> None:
    compute.create_seconds = 10
    with trio.move_on_after(5):
        await make_nodes(project, "A")
    assert not project.nodes and not compute.nodes
    compute.create_seconds = 0
    assert (await make_nodes(project, "A"))[0].name == "A"


async def test_a_node_that_is_created_twice_at_once_is_one(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    """Also while the compute is asked whether it can create it."""
    compute.check_seconds = compute.create_seconds = 5
    wanted, made = record("A"), []

    async def create() -> None:
        made.append(await project.nodes.create(attrs.evolve(wanted)))

    async with trio.open_nursery() as nursery:
        for seconds in (0, 3, 4, 8):  # while it is asked, again, while it creates, and afterwards
            await trio.sleep(seconds)
            nursery.start_soon(create)
    assert len(made) == 4 and made == [project.nodes[wanted.node_id]] * 4
    assert len(compute.nodes) == len(told.of(NodeCreated)) == 1


async def test_a_project_that_closes_while_a_compute_is_asked_gets_no_node(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    """Nor does the project as it is opened again at once."""
    compute.check_seconds = 10
    refused: list[Forbidden] = []

    async def create() -> None:
        with pytest.raises(Forbidden) as caught:
            await make_nodes(project, "A")
        refused.append(caught.value)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(create)
        await trio.sleep(5)
        await project.close()
        await project.open()
    assert len(refused) == 1 and not project.nodes and not compute.nodes and not told.of(NodeCreated)


async def test_a_project_that_closes_meanwhile_undoes_a_creation(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    compute.create_seconds = 10
    refused: list[Forbidden] = []

    async def create() -> None:
        try:
            await make_nodes(project, "A")
        except Forbidden as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(create)
        await trio.sleep(5)
        begun = trio.current_time()
        await project.close()
        assert trio.current_time() == begun + 5  # not before the creation had found out
    assert len(refused) == 1
    assert compute.deleted == ["A"] and not compute.nodes
    await project.open()
    assert not project.nodes and not told.of(NodeCreated)


async def test_starts_run_in_parallel_and_one_that_fails_stops_no_other(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute
) -> None:
    await make_nodes(project, *(f"PC{n}" for n in range(1, 21)))
    compute.start_seconds, compute.failing_starts = 30, {"PC7"}
    begun = trio.current_time()
    with pytest.raises(Conflict, match="'PC7' did not start"):
        await project.nodes.for_all("start")
    assert trio.current_time() == begun + 30
    assert [node.name for node in project.nodes.values() if node.status != "started"] == ["PC7"]
    compute.failing_starts = set()
    await project.nodes.for_all("start")
    assert all(node.status == "started" for node in project.nodes.values())
    assert compute.node("PC1").starts == 1 and compute.node("PC7").starts == 2


async def test_who_stops_a_node_does_not_wait_for_a_start_that_hangs(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute
) -> None:
    (node,) = await make_nodes(project, "A")
    compute.start_seconds = 3600
    async with trio.open_nursery() as nursery:

        async def start() -> None:
            async with project.nodes.lock(node.node_id):
                with pytest.raises(Conflict, match="was stopped before its start"):
                    await node.require_instance().start()

        nursery.start_soon(start)
        await trio.sleep(1)
        begun = trio.current_time()
        await project.nodes.for_all("stop")
        assert trio.current_time() == begun + HANGING_SECONDS
    assert node.status == "stopped"


async def test_events_of_a_compute_come_in_any_order(project: Project, compute: MemoryCompute, told: Told) -> None:
    """Also before the node is there, and when it is gone: then only messages are told."""
    early, late = NodeEvent("status"), NodeEvent("updated")
    (node,) = await make_nodes(project, "A")
    instance = compute.node("A")
    for event in (late, early, NodeEvent("error", "it is on fire"), early):
        instance.tell(event)
    assert told.of(NodeStatusChanged) == [NodeStatusChanged(node)] * 2
    assert told.of(NodeChanged) == [NodeChanged(node)]
    assert [change.message for change in told.of(LogMessage)] == ["it is on fire"]
    await project.nodes.delete_all([node])
    told.changes.clear()
    for event in (early, late, NodeEvent("warning", "it was on fire")):
        instance.tell(event)
    assert told.names() == ["LogMessage"]


async def test_a_node_that_tells_of_itself_while_it_is_made_is_announced_once(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    compute.create_seconds = 2
    async with trio.open_nursery() as nursery:
        nursery.start_soon(make_nodes, project, "A")
        await trio.sleep(1)
    instance = compute.node("A")
    instance.crash("it crashed at once")
    assert told.names()[-3:] == ["NodeCreated", "NodeStatusChanged", "LogMessage"]
    assert len(told.of(NodeCreated)) == 1


async def test_a_node_goes_from_its_compute_after_it_has_gone_from_the_file(
    project: Project, compute: MemoryCompute, told: Told
) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    await project.nodes.delete_all([first])
    assert compute.deleted == ["A"] and link.link_id not in project.links and not compute.node("B").ends
    assert "A" not in project.file.path.read_text()
    assert told.names()[-2:] == ["LinkDeleted", "NodeDeleted"] and len(told.of(NodeDeleted)) == 1


async def test_two_computes_run_the_nodes_of_one_project(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, controller: Controller
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    assert (near.require_compute(), far.require_compute()) == (compute, far_compute)
    await project.close()
    assert not compute.nodes and not far_compute.nodes
    await project.open()
    assert list(compute.nodes) == [near.node_id] and list(far_compute.nodes) == [far.node_id]


async def test_a_compute_that_nobody_knows_is_refused(project: Project) -> None:
    with pytest.raises(NotFound, match="Compute ID elsewhere doesn't exist"):
        await project.nodes.create(record("A", compute_id="elsewhere"))
    assert not project.nodes


async def test_what_users_want_of_single_adapters_is_passed_on(project: Project, compute: MemoryCompute) -> None:
    (node,) = await make_nodes(project, "A")
    adapters = [{"adapter_number": 0, "port_name": "wan"}]
    async with project.nodes.lock(node.node_id):
        await project.nodes.update(node, {"custom_adapters": adapters})
    assert compute.node("A").custom_adapters == adapters == node.record.custom_adapters
    compute.is_away = True
    async with project.nodes.lock(node.node_id):
        with pytest.raises(ComputeAway):
            await project.nodes.update(node, {"custom_adapters": []})
    assert node.record.custom_adapters == adapters


async def test_computes_are_told_the_name_and_the_variables(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    await project.update({"name": "other", "variables": [{"name": "A"}]})
    await project.update({"zoom": 80})
    await trio.testing.wait_all_tasks_blocked()
    assert compute.project_updates == [(project.project_id, "other", [{"name": "A"}])]
    compute.is_away = True
    await project.update({"name": "third"})
    await trio.testing.wait_all_tasks_blocked()
    assert project.settings.name == "third"
    assert any("has not taken the project's change" in each.message for each in told.of(LogMessage))
