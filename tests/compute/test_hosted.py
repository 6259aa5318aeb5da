"""Projects that another controller drives, over a compute in memory."""

from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import trio
from trio.testing import MockClock

from gns3trio.compute.hosted import (
    HostedNode,
    HostedNodeChanged,
    HostedNodeDeleted,
    HostedProject,
    HostedProjectFailed,
    HostedProjects,
)
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.notifications.feed import ChangeFeed
from tests.support.memory_compute import HANGING_SECONDS, MemoryCompute, MemoryEnd
from tests.support.told import Told

PROJECT = UUID(int=3)
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
    return HostedProjects(compute, ChangeFeed(told), lambda project_id: tmp_path / str(project_id))


async def make(hosted: HostedProjects, name: str) -> tuple[HostedProject, HostedNode]:
    project = await hosted.create(PROJECT, "theirs", None)
    spec = NodeSpec(
        node_type="vpcs",
        node_id=uuid4(),
        project_id=PROJECT,
        name=name,
        folder=Path(),
        console=None,
        console_type=None,
        properties={},
        startup_script=None,
        emit=lambda event: None,
    )
    return project, await hosted.create_node(project, spec)


def end_of(compute: MemoryCompute, name: str) -> MemoryEnd:
    return compute.node(name).ends[PORT]


async def test_a_creation_that_fails_leaves_nothing(hosted: HostedProjects, compute: MemoryCompute) -> None:
    compute.failing_creations = {"A"}
    with pytest.raises(Conflict):
        await make(hosted, "A")
    assert not hosted.get(PROJECT).nodes and not compute.nodes
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
    assert told.changes == [HostedNodeChanged(node), HostedProjectFailed(PROJECT, "it crashed")]
    await hosted.delete_node(project, node)
    instance.tell(NodeEvent("status"))
    assert told.changes[2:] == [HostedNodeDeleted(node)] and compute.deleted == ["A"]
    with pytest.raises(NotFound):
        async with hosted.locked_node(PROJECT, "vpcs", node.instance.node_id):
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
        async with hosted.locked_node(PROJECT, "vpcs", node.instance.node_id) as found:
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
