"""Projects that another controller drives, over a compute in memory."""

from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import pytest
import trio
from trio.testing import MockClock

from gns3trio.compute.clients import GONE_AFTER_SECONDS, OWN_USER, ComputeClient
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.hosted_project import (
    HostedNode,
    HostedNodeChanged,
    HostedNodeDeleted,
    HostedProject,
    HostedProjectFailed,
)
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.notifications.feed import ChangeFeed
from tests.support.memory_compute import HANGING_SECONDS, MemoryCompute, MemoryEnd
from tests.support.told import Told

PROJECT = UUID(int=3)
THEIRS = ComputeClient(OWN_USER, "192.0.2.1")
PORT = (0, 0)
NIO = UdpNio(10000, "192.0.2.1", 10001)


@pytest.fixture
def compute() -> MemoryCompute:
    return MemoryCompute()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def hosted(tmp_path: Path, compute: MemoryCompute, told: Told) -> HostedProjects:
    return HostedProjects(compute, ChangeFeed(told), lambda user, project_id: tmp_path / user / str(project_id))


SPEC = NodeSpec(
    node_type="vpcs",
    node_id=uuid4(),
    project_id=PROJECT,
    name="PC",
    folder=Path(),
    console=None,
    console_type=None,
    properties={},
    startup_script=None,
    emit=lambda event: None,
)


async def make(hosted: HostedProjects, name: str) -> tuple[HostedProject, HostedNode]:
    project = await hosted.create(THEIRS, PROJECT, "theirs", None)
    return project, await hosted.create_node(project, attrs.evolve(SPEC, node_id=uuid4(), name=name))


def end_of(compute: MemoryCompute, name: str) -> MemoryEnd:
    return compute.node(name).ends[PORT]


async def test_a_creation_that_fails_leaves_nothing(hosted: HostedProjects, compute: MemoryCompute) -> None:
    compute.failing_creations = {"A"}
    with pytest.raises(Conflict):
        await make(hosted, "A")
    assert not hosted.get(THEIRS, PROJECT).nodes and not compute.nodes
    compute.failing_creations = set()
    _, node = await make(hosted, "A")
    assert node.instance is compute.node("A")


async def test_what_happens_to_a_node_is_told_until_it_is_gone(
    hosted: HostedProjects, compute: MemoryCompute, told: Told
) -> None:
    project, node = await make(hosted, "A")
    instance = compute.node("A")
    instance.crash("it crashed")
    instance.tell(NodeEvent("warning", "nobody is told of this"))
    assert told.changes == [HostedNodeChanged(node), HostedProjectFailed(project, "it crashed")]
    await hosted.delete_node(project, node)
    instance.tell(NodeEvent("status"))
    assert told.changes[2:] == [HostedNodeDeleted(node)] and compute.deleted == ["A"]
    with pytest.raises(NotFound):
        async with hosted.locked_node(THEIRS, PROJECT, "vpcs", node.node_id):
            pass


async def test_filters_of_a_nio_are_checked_and_put_in_force(hosted: HostedProjects, compute: MemoryCompute) -> None:
    _, node = await make(hosted, "A")
    with pytest.raises(Conflict, match="is not connected"):
        await hosted.update_nio(node, *PORT, NIO)
    with pytest.raises(Invalid, match=r"filters\.nonsense"):
        await hosted.bind_nio(node, *PORT, UdpNio(10000, "192.0.2.1", 10001, {"nonsense": [1]}))
    assert not compute.node("A").ends
    await hosted.bind_nio(node, *PORT, UdpNio(10000, "192.0.2.1", 10001, {"delay": ["20", 0]}, suspend=True))
    assert end_of(compute, "A").conditions.filters == {"delay": [20, 0]} and end_of(compute, "A").suspended
    await hosted.update_nio(node, *PORT, NIO)
    assert not end_of(compute, "A").conditions.filters and not end_of(compute, "A").suspended


async def test_a_capture_ends_with_what_its_port_was_joined_to(hosted: HostedProjects, compute: MemoryCompute) -> None:
    project, node = await make(hosted, "A")
    for end in (
        partial(hosted.bind_nio, node, *PORT, UdpNio(10002, "192.0.2.1", 10003)),
        partial(hosted.unbind_nio, node, *PORT),
        partial(hosted.delete_node, project, node),
    ):
        await hosted.bind_nio(node, *PORT, NIO)
        path = await hosted.start_capture(project, node, PORT, "x.pcap", "DLT_EN10MB")
        (capture,) = end_of(compute, "A").captures
        assert capture.path == path and capture.running
        with pytest.raises(Conflict, match="is being captured already"):
            await hosted.start_capture(project, node, PORT, "y.pcap", "DLT_EN10MB")
        await end()
        assert not capture.running and not node.captures


async def test_two_captures_do_not_write_one_file(hosted: HostedProjects) -> None:
    project, first = await make(hosted, "A")
    _, second = await make(hosted, "B")
    for node in (first, second):
        await hosted.bind_nio(node, *PORT, NIO)
    await hosted.start_capture(project, first, PORT, "x.pcap", "DLT_EN10MB")
    with pytest.raises(Conflict, match=r"capture_file_name: x\.pcap is being written"):
        await hosted.start_capture(project, second, PORT, "x.pcap", "DLT_EN10MB")
    with pytest.raises(Invalid, match="data_link_type"):
        await hosted.start_capture(project, second, PORT, "y.pcap", "DLT_NONE")


async def test_a_project_closes_while_a_start_hangs(
    autojump_clock: MockClock, hosted: HostedProjects, compute: MemoryCompute
) -> None:
    compute.start_seconds = 3600
    project, node = await make(hosted, "A")
    await compute.lease_udp(PROJECT)
    refused: list[Conflict] = []

    async def start() -> None:
        async with hosted.locked_node(THEIRS, PROJECT, "vpcs", node.node_id) as found:
            try:
                await found.instance.start()
            except Conflict as error:
                refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(start)
        await trio.sleep(1)
        begun = trio.current_time()
        await hosted.close(project)
        assert trio.current_time() == begun + HANGING_SECONDS
    assert len(refused) == 1
    assert not compute.nodes and not compute.leased and not hosted.knows(PROJECT)


async def test_controllers_of_one_user_are_told_apart_by_address_while_they_listen(
    autojump_clock: MockClock, hosted: HostedProjects
) -> None:
    first, second, script = (ComputeClient(OWN_USER, f"192.0.2.{number}") for number in (1, 2, 3))
    with hosted.controllers.listening(second):
        with hosted.controllers.listening(first):
            project = await hosted.create(first, PROJECT, "lab", None)
            with pytest.raises(Conflict, match=r"192\.0\.2\.1.*compute_users"):
                await hosted.create(second, PROJECT, "copy", None)
            with pytest.raises(NotFound):
                hosted.get(second, PROJECT)
            with pytest.raises(Conflict):
                hosted.require_free(PROJECT)
            assert hosted.of(second) == [] and hosted.of(first) == hosted.of(script) == [project]
            assert hosted.get(script, PROJECT) is project and project.opener == first
            heard = [hosted.is_heard_by(client, PROJECT) for client in (first, second, script)]
            assert heard == [True, False, False]
        await trio.sleep(GONE_AFTER_SECONDS / 2)  # it may come back at once
        with pytest.raises(NotFound):
            hosted.get(second, PROJECT)
        await trio.sleep(GONE_AFTER_SECONDS)
        assert hosted.is_heard_by(second, PROJECT)
        assert hosted.get(second, PROJECT) is project and project.opener == second
        hosted.get(first, PROJECT)  # it does not listen yet, and could be a script
        with hosted.controllers.listening(first), pytest.raises(NotFound):
            hosted.get(first, PROJECT)


async def test_users_have_projects_and_nodes_with_the_same_ids(hosted: HostedProjects, compute: MemoryCompute) -> None:
    node_id, made = uuid4(), []
    for user in (OWN_USER, "alice", "bob"):
        project = await hosted.create(ComputeClient(user, "192.0.2.1"), PROJECT, user, None)
        node = await hosted.create_node(project, attrs.evolve(SPEC, node_id=node_id, name=f"of {user}"))
        assert (node.project_id, node.node_id) == (PROJECT, node_id)
        made.append((project, node))
    assert len({node.instance.node_id for _, node in made}) == len({project.folder for project, _ in made}) == 3
    assert (made[0][0].inner_id, made[0][1].instance.node_id) == (PROJECT, node_id)  # as our own controller knows them
    for project, node in made:
        client = ComputeClient(project.opener.user, "192.0.2.9")
        assert hosted.of(client) == [hosted.get(client, PROJECT)] == [project]
        async with hosted.locked_node(client, PROJECT, "vpcs", node_id) as found:
            assert found is node
        await hosted.lease_udp(project)
    alice = made[1][0]
    await hosted.close(alice)
    assert [node.name for node in compute.nodes.values()] == ["of ", "of bob"]
    assert set(compute.leased) == {PROJECT, made[2][0].inner_id}
    with pytest.raises(NotFound):
        hosted.get(alice.opener, PROJECT)


async def test_a_project_is_closed_when_its_controller_stays_away(
    autojump_clock: MockClock, hosted: HostedProjects, compute: MemoryCompute
) -> None:
    gone, there, script = (ComputeClient("alice", f"192.0.2.{number}") for number in (1, 2, 3))
    async with trio.open_nursery() as nursery:
        with hosted.controllers.listening(there):
            with hosted.controllers.listening(gone):
                for client in (gone, there, script):
                    project = await hosted.create(client, UUID(int=int(client.host[-1])), client.host, None)
                    await hosted.create_node(project, attrs.evolve(SPEC, node_id=uuid4(), name=client.host))
                nursery.start_soon(hosted.close_abandoned, 600.0)
                await trio.sleep(3600)
            await trio.sleep(590)
            assert len(compute.nodes) == 3
            await trio.sleep(100)
            assert sorted(node.name for node in compute.nodes.values()) == ["192.0.2.2", "192.0.2.3"]
            assert [project.opener for project in hosted.all()] == [there, script]
        nursery.cancel_scope.cancel()
