"""A compute that cannot be reached for some time: its nodes are shown, all else works, and it comes back."""

import pytest
import trio

from gns3trio.controller.changes import LogMessage
from gns3trio.controller.controller import Controller
from gns3trio.controller.project.project import Project
from gns3trio.errors import Unavailable
from tests.controller.conftest import Told, make_link, make_nodes
from tests.support.memory_compute import MemoryCompute


async def test_the_rest_of_the_project_works(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    (far,) = await make_nodes(project, "far", compute_id="far")
    far_compute.is_away = True
    with pytest.raises(Unavailable, match="compute far cannot be reached"):
        await make_nodes(project, "far2", compute_id="far")
    with pytest.raises(Unavailable):
        await project.nodes.update(far, {"name": "renamed"})
    assert [node.name for node in project.nodes.values()] == ["far"]
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    await project.nodes.for_all("start")
    assert (first.status, second.status, far.status) == ("started", "started", "stopped")
    await project.links.delete(link)
    far_compute.is_away = False
    await project.nodes.for_all("start")
    assert far.status == "started"
    await project.nodes.update(far, {"name": "renamed"})
    assert far_compute.node("renamed").node_id == far.node_id


async def test_what_a_link_does_is_as_before_where_one_end_refuses(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    link = await make_link(project, near, far)
    far_compute.is_away = True
    for changes in ({"filters": {"delay": [20, 0]}, "suspend": True}, {"suspend": True}):
        with pytest.raises(Unavailable):
            await project.links.update(link, changes)
        end = compute.node("A").ends[0, 0]
        assert not end.suspended and not end.conditions.filters and not link.record.suspend
    far_compute.is_away = False
    await project.links.update(link, {"suspend": True})
    assert compute.node("A").ends[0, 0].suspended and far_compute.node("B").ends[0, 0].suspended


async def test_nodes_and_links_can_be_deleted(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, told: Told
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    await make_link(project, near, far)
    far_compute.is_away = True
    await project.nodes.delete_all([far])
    assert [node.name for node in project.nodes.values()] == ["A"] and not project.links
    assert not compute.node("A").ends
    assert "node 'B' is not deleted on its compute" in told.of(LogMessage)[-1].message


async def test_a_capture_there_ends_with_its_node(
    project: Project, far_compute: MemoryCompute, controller: Controller
) -> None:
    """The node's compute tells that it stopped, and goes: the server has to live on."""
    first, second = await make_nodes(project, "A", "B", compute_id="far")
    link = await make_link(project, first, second)
    await project.nodes.for_all("start")
    await project.links.captures.start_gns3(link, "DLT_EN10MB", None)
    far_compute.is_away = True
    far_compute.node("A").crash("the host lost its power")
    await trio.testing.wait_all_tasks_blocked()
    assert link.gns3_capture is None
    assert project.status == "opened"


async def test_the_project_closes_and_opens_and_finds_the_nodes_again(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    link = await make_link(project, near, far)
    far_compute.is_away = True
    await project.close()
    assert not compute.nodes
    await project.open()
    kept = project.nodes[far.node_id]
    assert kept.instance is None and kept.problem == "compute far cannot be reached"
    assert project.links.problem_of(project.links[link.link_id]) == "node 'B' does not run here"
    await project.close()
    far_compute.is_away = False
    await project.open()
    assert project.nodes[far.node_id].problem is None
    assert project.links.problem_of(project.links[link.link_id]) is None
