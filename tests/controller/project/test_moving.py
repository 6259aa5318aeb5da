"""Moving a node between computes: with everything, or not at all, whichever step fails."""

from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gns3trio.conditions.impairments import Impairment
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.config import Config
from gns3trio.controller.changes import LogMessage, NodeChanged
from gns3trio.controller.controller import Controller, open_controller
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.links.captures import CaptureOptions
from gns3trio.controller.links.link import Link
from gns3trio.controller.nodes.many import restore_all
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.moving import Move, move_node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable
from gns3trio.notifications.feed import ChangeFeed
from tests.controller.conftest import Told, make_link, make_nodes, record
from tests.support.memory_compute import MemoryCompute, MemoryFiles, MemoryNode

FILES = {"startup.vpc": b"ip 10.0.0.1/24\n", "a/b/disk.bin": bytes(range(256)) * 1000, "empty": b""}


@pytest.fixture
def far_compute() -> MemoryCompute:
    return MemoryCompute("far", "192.0.2.1", keeps_files=True)


def folder(project: Project, node: Node) -> Path:
    return project.folder / "project-files" / node.record.node_type / str(node.node_id)


def write_files(project: Project, node: Node) -> None:
    for path, content in FILES.items():
        file = folder(project, node) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def files_here(project: Project, node: Node) -> dict[str, bytes]:
    below = folder(project, node)
    return {path.relative_to(below).as_posix(): path.read_bytes() for path in below.rglob("*") if path.is_file()}


def at(compute: MemoryCompute, name: str) -> MemoryNode:
    return compute.node(name)


def files_there(node: MemoryNode) -> dict[str, bytes]:
    assert isinstance(node.files, MemoryFiles)
    return node.files.content


async def lab(project: Project) -> tuple[Node, Node, Link]:
    """A with files here, linked to B."""
    first, second = await make_nodes(project, "A", "B")
    write_files(project, first)
    link = await make_link(project, first, second)
    return first, second, link


def nothing_left(controller: Controller, project: Project) -> bool:
    return not project.services.moves.left(project.project_id) and not controller.state.get("moves", [])


async def test_a_node_moves_there_and_back_with_its_files_and_link(
    controller: Controller, project: Project, compute: MemoryCompute, far_compute: MemoryCompute, told: Told
) -> None:
    node, _, link = await lab(project)
    filters = {"packet_loss": [10]}
    await project.links.update(link, {"filters": filters, "suspend": True})
    before = node.record
    await move_node(project, node, "far")
    assert node.record == attrs.evolve(before, compute_id="far", properties=node.record.properties)
    assert [each.name for each in compute.nodes.values()] == ["B"] and compute.deleted == ["A"]
    assert files_there(at(far_compute, "A")) == FILES
    assert link.problem is None and link.record.filters == filters
    near = at(compute, "B").ends[0, 0]
    assert near.suspended and at(far_compute, "A").ends[0, 0].suspended
    assert filters in (near.conditions.filters, at(far_compute, "A").ends[0, 0].conditions.filters)
    assert told.of(NodeChanged)[-1].node is node
    assert nothing_left(controller, project)
    assert (await project.file.read()).nodes[0].compute_id == "far"

    await move_node(project, node, "local")
    assert files_here(project, node) == FILES
    assert far_compute.deleted == ["A"] and not far_compute.nodes
    assert link.problem is None and at(compute, "A").ends[0, 0].joined_to is at(compute, "B").ends[0, 0].joined_to
    assert (await project.file.read()).nodes[0].compute_id == "local"
    assert nothing_left(controller, project)


async def test_a_move_to_where_it_is_does_nothing(project: Project, compute: MemoryCompute, told: Told) -> None:
    node, _, _ = await lab(project)
    instance, changes = node.instance, len(told.of(NodeChanged))
    await move_node(project, node, "local")
    assert node.instance is instance and len(told.of(NodeChanged)) == changes


async def test_what_cannot_be_moved_is_told_before_anything_changes(
    controller: Controller, project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    node, _, link = await lab(project)
    end = at(compute, "A").ends[0, 0]

    async def refused(error: type[LabError], why: str) -> None:
        with pytest.raises(error, match=why):
            await move_node(project, node, "far")
        assert node.record.compute_id == "local" and end.is_open and link.problem is None
        assert not far_compute.nodes and files_here(project, node) == FILES and nothing_left(controller, project)

    await node.act("start")
    await refused(Conflict, "'A' cannot be moved while it runs: stop it first")
    await node.act("stop")
    far_compute.is_away = True
    await refused(Unavailable, "far cannot be reached")
    far_compute.is_away, far_compute.types = False, ("ethernet_switch",)
    await refused(Conflict, "far' does not run nodes of type vpcs")
    far_compute.types = ("vpcs",)
    (folder(project, node) / "link").symlink_to("/etc/passwd")
    with pytest.raises(Conflict, match="'link' is neither a file nor a folder"):
        await move_node(project, node, "far")
    assert end.is_open and not far_compute.nodes and nothing_left(controller, project)
    (folder(project, node) / "link").unlink()
    with pytest.raises(NotFound):
        await move_node(project, node, "nowhere")
    await refused_impairments(project, node, link, compute, far_compute)


async def refused_impairments(
    project: Project, node: Node, link: Link, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    """Those that no end of the link would have."""
    await project.links.update(link, {}, Impairments((Impairment(type="loss", percent=10.0),), None))
    compute.impairments = far_compute.impairments = False
    with pytest.raises(Conflict, match="impairments"):
        await move_node(project, node, "far")
    assert node.record.compute_id == "local" and not far_compute.nodes
    compute.impairments = True
    await project.links.restore(link)
    assert link.problem is None


async def test_a_switch_moves_while_it_runs(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    switch = await project.nodes.create(record("SW", "ethernet_switch"))
    (other,) = await make_nodes(project, "A")
    link = await make_link(project, switch, other)
    await move_node(project, switch, "far")
    assert link.problem is None and at(far_compute, "SW").ends[0, 0].is_open
    assert not (project.folder / "project-files" / "ethernet_switch").exists()


@pytest.mark.parametrize("step", ["creation", "files", "link", "saving"])
async def test_a_step_that_fails_leaves_the_node_where_it_was(
    controller: Controller,
    project: Project,
    compute: MemoryCompute,
    far_compute: MemoryCompute,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node, _, link = await lab(project)
    before = node.record

    async def fail() -> None:
        raise Unavailable("the disk is full")

    far_compute.failing_creations = {"A"} if step == "creation" else set()
    far_compute.failing_uploads = {"a/b/disk.bin"} if step == "files" else set()
    far_compute.failing_links = {"A"} if step == "link" else set()
    with monkeypatch.context() as patched, pytest.raises(LabError):
        if step == "saving":
            patched.setattr(project, "make_durable", fail)
        await move_node(project, node, "far")
    assert node.record == before and node.moving_to is None
    assert node.instance is at(compute, "A") and files_here(project, node) == FILES
    assert link.problem is None and at(compute, "A").ends[0, 0].is_open
    assert at(compute, "A").ends[0, 0].joined_to is at(compute, "B").ends[0, 0].joined_to
    assert not far_compute.nodes and nothing_left(controller, project)
    far_compute.failing_creations = far_compute.failing_uploads = far_compute.failing_links = set()
    await move_node(project, node, "far")
    assert node.record.compute_id == "far" and files_there(at(far_compute, "A")) == FILES


async def test_the_compute_vanishes_while_files_are_copied(
    controller: Controller, project: Project, far_compute: MemoryCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node is where it was; what is left there is deleted when the compute is back."""
    node, _, link = await lab(project)
    upload = MemoryFiles.upload

    def vanish(self: MemoryFiles, path: str) -> object:
        far_compute.is_away = True
        return upload(self, path)

    with monkeypatch.context() as patched, pytest.raises(Unavailable):
        patched.setattr(MemoryFiles, "upload", vanish)
        await move_node(project, node, "far")
    assert node.record.compute_id == "local" and link.problem is None
    assert [each.target for each in project.services.moves.left(project.project_id)] == ["far"]
    await wait_all_tasks_blocked()
    with pytest.raises(Unavailable):
        await move_node(project, node, "far")
    far_compute.is_away = False
    far_compute.nodes.clear()  # it was restarted: the files alone are left
    await project.delete_left_copies()
    assert far_compute.deleted == ["A"] and not far_compute.nodes and nothing_left(controller, project)


async def test_the_old_compute_vanishes_at_the_end(
    controller: Controller, project: Project, compute: MemoryCompute, far_compute: MemoryCompute, told: Told
) -> None:
    """The node is there; where it was, it is deleted later, and not moved back before."""
    node = await project.nodes.create(record("A", compute_id="far"))
    move = Move(project, node, "local")
    await move.begin()
    far_compute.is_away = True
    await move.finish()
    assert node.record.compute_id == "local" and "deleted later" in told.of(LogMessage)[-1].message
    await project.close()
    await project.open()
    await wait_all_tasks_blocked()
    assert project.services.moves.left(project.project_id)
    far_compute.is_away = False
    await move_node(project, project.nodes[node.node_id], "far")
    assert nothing_left(controller, project) and far_compute.deleted == ["A"]
    assert project.nodes[node.node_id].instance is at(far_compute, "A")


async def test_a_link_to_a_host_that_is_away_waits(
    tmp_path: Path, compute: MemoryCompute, far_compute: MemoryCompute, told: Told, threadless: None
) -> None:
    """Only what needs that host does."""
    third = MemoryCompute("third", "192.0.2.3")
    config = Config(projects_path=tmp_path / "projects")
    async with open_controller(config, [compute, far_compute, third], ChangeFeed(told)) as controller:
        project = await controller.create_project(ProjectSettings(name="lab"))
        (node,), (away,) = await make_nodes(project, "A"), await make_nodes(project, "B", compute_id="far")
        link = await make_link(project, node, away)
        far_compute.is_away = True
        await move_node(project, node, "third")
        assert node.record.compute_id == "third" and link.problem is not None and "far" in link.problem
        far_compute.is_away = False
        await project.links.restore(link)
        assert link.problem is None and at(third, "A").ends[0, 0].is_open


async def test_other_requests_to_the_node_are_refused_meanwhile(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    node, other, link = await lab(project)
    far_compute.create_seconds = 10
    async with trio.open_nursery() as nursery:
        nursery.start_soon(move_node, project, node, "far")
        await trio.sleep(5)
        with pytest.raises(Conflict, match="'A' is being moved to compute 'far'"):
            async with project.nodes.lock(node.node_id):
                pass
        with pytest.raises(Conflict, match="is being moved"):
            await project.nodes.for_all("start")
        with pytest.raises(Conflict, match="is being moved"):
            await project.nodes.delete_all([node])
        with pytest.raises(Conflict, match="is being moved"):
            await move_node(project, node, "far")
        assert other.status == "started"
        await project.links.update(link, {"filters": {"delay": [5, 0]}})
    assert node.record.compute_id == "far" and at(far_compute, "A").ends[0, 0].is_open
    await project.nodes.for_all("start")
    assert node.status == "started"


async def test_a_project_that_closes_takes_its_move_back(
    controller: Controller,
    project: Project,
    compute: MemoryCompute,
    far_compute: MemoryCompute,
    autojump_clock: trio.testing.MockClock,
) -> None:
    node, _, _ = await lab(project)
    far_compute.create_seconds = 10

    async def move() -> None:
        with pytest.raises(LabError):
            async with project.whole_changes.one():
                await move_node(project, node, "far")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(move)
        await trio.sleep(5)
        await project.close()
    await project.open()
    await wait_all_tasks_blocked()
    again = project.nodes[node.node_id]
    assert again.record.compute_id == "local" and files_here(project, again) == FILES
    await trio.sleep(60)
    assert not far_compute.nodes and nothing_left(controller, project)


async def test_captures_go_on_in_new_files(project: Project, compute: MemoryCompute) -> None:
    node, other, link = await lab(project)
    await other.act("start")
    await project.links.captures.start_gns3(link, "DLT_EN10MB", "seen.pcap")
    ring = await project.links.captures.start(link, CaptureOptions(file_name="more", expression="arp"))
    (project.folder / "project-files/captures").mkdir()
    (project.folder / "project-files/captures/seen-2.pcap").write_bytes(b"")
    await move_node(project, node, "far")
    assert link.gns3_capture is not None and link.gns3_capture.file_name == "seen-3.pcap"
    again = link.captures[ring.capture_id]
    assert again.file_name == "more-2" and again.capture.running and not ring.capture.running
    assert again.capture.spec.expression == "arp"


async def test_a_compute_that_loses_the_node_meanwhile_gets_it_again(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    """It was restarted while the files were copied from it."""
    node = await project.nodes.create(record("A", compute_id="far"))
    (other,) = await make_nodes(project, "B")
    link = await make_link(project, node, other)
    compute.create_seconds = 10

    async def move() -> None:
        with pytest.raises(LabError):
            await move_node(project, node, "local")

    compute.failing_creations = {"A"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(move)
        await trio.sleep(5)
        far_compute.nodes.clear()
        await restore_all(project, project.nodes, [node])
        assert not far_compute.nodes
    assert node.instance is at(far_compute, "A") and link.problem is None
    assert at(far_compute, "A").ends[0, 0].is_open
