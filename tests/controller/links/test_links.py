"""Links of a project, on one compute and between two."""

from uuid import uuid4

import pytest
import trio
from trio.testing import MockClock

from gns3trio.api.v2.views import link_view
from gns3trio.compute.nio import UdpNio
from gns3trio.conditions.impairments import Impairment
from gns3trio.controller.changes import LinkChanged, LinkCreated
from gns3trio.controller.links.captures import CaptureOptions
from gns3trio.controller.links.filters import Impairments
from gns3trio.controller.links.link import Link, PortAddress
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, LabError, NotFound
from tests.controller.conftest import Told, link_record, make_link, make_nodes
from tests.support.memory_compute import MemoryCompute, MemoryEnd, MemoryNode

LOSS = Impairments((Impairment(type="loss", percent=5.0, direction="a_to_b"),), seed=7)


def end_of(node: MemoryNode) -> MemoryEnd:
    """The end of the link at the first port."""
    return node.ends[0, 0]


async def test_a_link_inside_a_compute_is_made_by_the_compute(project: Project, compute: MemoryCompute) -> None:
    first, second = await make_nodes(project, "A", "B")
    await make_link(project, first, second)
    near, far = end_of(compute.node("A")), end_of(compute.node("B"))
    assert near.joined_to is far.joined_to and not isinstance(near.joined_to, UdpNio)
    assert not compute.leased


async def test_a_link_that_fails_at_its_second_end_leaves_none_at_the_first(
    project: Project, compute: MemoryCompute, told: Told
) -> None:
    first, second = await make_nodes(project, "A", "B")
    compute.failing_links = {"B"}
    with pytest.raises(Conflict, match="no link can be made at 'B'"):
        await make_link(project, first, second)
    assert not project.links and not told.of(LinkCreated)
    assert not compute.node("A").ends and not compute.node("B").ends
    compute.failing_links = set()
    await make_link(project, first, second)  # the ports are free


async def test_a_project_that_closes_meanwhile_undoes_a_link(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute, told: Told
) -> None:
    first, second = await make_nodes(project, "A", "B")
    near = compute.node("A")
    compute.link_seconds = 10
    refused: list[LabError] = []

    async def create() -> None:
        try:
            await make_link(project, first, second)
        except LabError as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(create)
        await trio.sleep(5)
        assert near.ends
        await project.close()
    assert len(refused) == 1 and not near.ends and not told.of(LinkCreated)
    await project.open()
    assert not project.links


async def test_who_does_not_wait_for_a_link_has_none(
    autojump_clock: MockClock, project: Project, compute: MemoryCompute
) -> None:
    first, second = await make_nodes(project, "A", "B")
    compute.link_seconds = 10
    with trio.move_on_after(5):
        await make_link(project, first, second)
    assert not project.links and not compute.node("A").ends
    compute.link_seconds = 0
    await make_link(project, first, second)


async def test_a_link_between_computes_is_a_tunnel(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    link = await make_link(project, near, far)
    (near_port,), (far_port,) = compute.leased[project.project_id], far_compute.leased[project.project_id]
    here, there = end_of(compute.node("A")), end_of(far_compute.node("B"))
    assert here.joined_to == UdpNio(near_port, "192.0.2.1", far_port)
    assert there.joined_to == UdpNio(far_port, "192.0.2.7", near_port)
    assert not here.suspended and not there.suspended
    await project.links.delete(link)
    assert not compute.node("A").ends and not far_compute.node("B").ends


@pytest.mark.parametrize("failing", ["A", "B"])
async def test_a_tunnel_that_fails_at_one_end_leaves_none_at_the_other(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, failing: str
) -> None:
    (near,), (far,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
    compute.failing_links = far_compute.failing_links = {failing}
    with pytest.raises(Conflict, match=f"no link can be made at '{failing}'"):
        await make_link(project, near, far)
    assert not project.links and not compute.node("A").ends and not far_compute.node("B").ends
    await project.close()
    assert not compute.leased and not far_compute.leased


@pytest.mark.parametrize("far_id", ["local", "far"])
async def test_filters_and_suspension_are_at_the_right_ends(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, far_id: str
) -> None:
    """What a link does to frames is done once, at its first end; both ends of a suspended one pass nothing."""
    other = compute if far_id == "local" else far_compute
    (first,), (second,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id=far_id)
    link = await make_link(project, first, second)
    near, far = end_of(compute.node("A")), end_of(other.node("B"))
    await project.links.update(link, {"filters": {"delay": [20, 0]}}, LOSS)
    assert near.is_first and near.conditions.filters == {"delay": [20, 0]}
    assert (near.conditions.impairments, near.conditions.seed) == (LOSS.filters, 7)
    assert not far.conditions.filters and not far.conditions.impairments
    await project.links.update(link, {"suspend": True})
    assert near.suspended and far.suspended and near.conditions.filters == {"delay": [20, 0]}
    await project.links.update(link, {"suspend": False})
    assert not near.suspended and not far.suspended


async def test_impairments_are_where_they_are_known(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    far_compute.impairments = False
    (first, other), (second,) = (
        await make_nodes(project, "A", "C", compute_id="far"),
        await make_nodes(project, "B"),
    )
    link = await make_link(project, first, second)
    await project.links.update(link, {"filters": {"delay": [20, 0]}}, LOSS)
    near, far = end_of(far_compute.node("A")), end_of(compute.node("B"))
    assert far.conditions.impairments == LOSS.filters and not far.is_first
    assert not near.conditions.filters and not near.conditions.impairments
    await project.links.delete(link)
    link = await make_link(project, first, other)
    with pytest.raises(Conflict, match="know GNS3's filters only"):
        await project.links.update(link, {"suspend": True}, LOSS)
    assert not link.record.suspend and not link.impairments.filters
    await project.links.update(link, {"filters": {"delay": [20, 0]}})
    assert end_of(far_compute.node("A")).conditions.filters == {"delay": [20, 0]}


async def test_a_link_of_a_file_is_wired_with_its_conditions(project: Project, compute: MemoryCompute) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    await project.links.update(link, {"filters": {"packet_loss": [3]}, "suspend": True}, LOSS)
    await project.close()
    await project.open()
    near = end_of(compute.node("A"))
    assert near.conditions.filters == {"packet_loss": [3]} and near.conditions.impairments == LOSS.filters
    assert near.suspended and end_of(compute.node("B")).suspended


async def test_captures_are_at_the_first_end_and_end_with_their_link(project: Project, compute: MemoryCompute) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    near, far = end_of(compute.node("A")), end_of(compute.node("B"))
    await project.links.captures.start(link, CaptureOptions(direction="b_to_a", file_name="x.pcapng"))
    (capture,) = near.captures
    assert not far.captures and capture.spec.direction == "in" and capture.spec.interfaces == ("A_0-0", "B_0-0")
    with pytest.raises(Conflict, match=r"file_name: x\.pcapng is being written by another capture"):
        await project.links.captures.start(link, CaptureOptions(file_name="x.pcapng"))
    await project.links.delete(link)
    assert not capture.running


async def test_a_capture_is_told_with_the_compute_that_takes_it(project: Project) -> None:
    (first,), (second,) = await make_nodes(project, "A", compute_id="far"), await make_nodes(project, "B")
    link = await make_link(project, first, second)
    await project.nodes.for_all("start")
    await project.links.captures.start_gns3(link, "DLT_EN10MB", None)
    assert link_view(link)["capture_compute_id"] == "far"


async def test_a_compute_says_how_many_captures_a_link_may_have(project: Project, compute: MemoryCompute) -> None:
    compute.captures_per_link = 1
    link = await make_link(project, *await make_nodes(project, "A", "B"))
    await project.links.captures.start(link, CaptureOptions())
    with pytest.raises(Conflict, match="has 1 captures already"):
        await project.links.captures.start(link, CaptureOptions())


async def test_the_capture_of_gns3_ends_with_the_run_of_its_node(project: Project, compute: MemoryCompute) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    with pytest.raises(Conflict, match="neither of its nodes is running"):
        await project.links.captures.start_gns3(link, "DLT_EN10MB", None)
    await project.nodes.for_all("start")
    await project.links.captures.start_gns3(link, "DLT_EN10MB", None)
    compute.node("B").crash("B is gone")
    await trio.testing.wait_all_tasks_blocked()
    assert link.gns3_capture is not None
    compute.node("A").crash("A is gone")
    await trio.testing.wait_all_tasks_blocked()
    assert link.gns3_capture is None


async def test_a_capture_that_fails_is_told(project: Project, compute: MemoryCompute, told: Told) -> None:
    link = await make_link(project, *await make_nodes(project, "A", "B"))
    ours = await project.links.captures.start(link, CaptureOptions())
    end_of(compute.node("A")).captures[0].fail("the disk is full")
    assert ours.capture.error == "the disk is full" and told.names()[-1] == "LogMessage"


async def test_a_tunnel_that_a_client_makes_is_a_link(project: Project, compute: MemoryCompute) -> None:
    first, second = await make_nodes(project, "A", "B")
    ends = [PortAddress(node.node_id, 0, 0) for node in (first, second)]
    await project.links.bind_nio(ends[0], UdpNio(10000, "127.0.0.1", 10001))
    assert not project.links
    await project.links.bind_nio(ends[1], UdpNio(10001, "127.0.0.1", 10000))
    (link,) = project.links.values()
    assert set(link.addresses) == set(ends)
    with pytest.raises(Conflict, match="is already linked"):
        await project.links.create(link_record(first, second))
    await project.links.unbind_nio(ends[0])
    assert not project.links and compute.node("B").ends


async def test_a_nio_of_a_client_takes_the_place_of_a_link(project: Project, compute: MemoryCompute) -> None:
    """Half of what the compute had joined would be left, which nothing could ever join again."""
    first, second = await make_nodes(project, "A", "B")
    await make_link(project, first, second)
    nio = UdpNio(10000, "192.0.2.9", 10001)
    await project.links.bind_nio(PortAddress(first.node_id, 0, 0), nio)
    assert not project.links
    assert end_of(compute.node("A")).joined_to == nio and not compute.node("B").ends


async def test_one_id_cannot_be_that_of_two_links(project: Project) -> None:
    first, second, third, fourth = await make_nodes(project, "A", "B", "C", "D")
    wanted = link_record(first, second)
    wanted.link_id = uuid4()
    link = await project.links.create(wanted)
    other = link_record(third, fourth)
    other.link_id = link.link_id
    with pytest.raises(Conflict, match="exists already, between other ports"):
        await project.links.create(other)


async def test_a_link_that_is_reset_is_made_anew_with_its_conditions_and_captures(
    project: Project, compute: MemoryCompute, told: Told
) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    await project.links.update(link, {"filters": {"packet_loss": [5]}, "suspend": True})
    changes = len(told.of(LinkChanged))
    before = end_of(compute.node("A"))
    await project.links.reset(link)
    after = end_of(compute.node("A"))
    assert after is not before and after.suspended and after.conditions.filters == {"packet_loss": [5]}
    assert len(told.of(LinkChanged)) == changes  # nothing that clients see has changed
    capture = await project.links.captures.start(link, CaptureOptions(file_name="a.pcapng"))
    await project.links.reset(link)
    again = project.links.captures.get(link, capture.capture_id)
    assert again.capture.running and again.file_name == "a-2.pcapng" and not capture.capture.running
    assert len(told.of(LinkChanged)) == changes + 1


async def test_a_link_that_cannot_be_reset_is_told_with_the_reason_and_works_again_later(
    project: Project, compute: MemoryCompute
) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    compute.failing_links = {"B"}
    for _ in range(2):
        with pytest.raises(Conflict, match="no link can be made at 'B'"):
            await project.links.reset(link)
        assert project.links.problem_of(link) is not None
    compute.failing_links = set()
    await project.links.reset(link)
    assert project.links.problem_of(link) is None


async def test_a_link_that_is_deleted_meanwhile_is_not_reset(project: Project) -> None:
    first, second = await make_nodes(project, "A", "B")
    link = await make_link(project, first, second)
    async with trio.open_nursery() as nursery, first.lock:
        nursery.start_soon(reset_deleted, project, link)
        await trio.testing.wait_all_tasks_blocked()
        await project.links.delete(link)


async def reset_deleted(project: Project, link: Link) -> None:
    with pytest.raises(NotFound):
        await project.links.reset(link)
