"""A mesh of generated traffic, on a compute in memory: who sends to whom, what is told, what is reported."""

from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from gns3trio.controller.changes import MeshTraffic
from gns3trio.controller.controller import Controller
from gns3trio.controller.nodes.mesh import MeshReport, MeshRequest, choose_pairs, run_mesh
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.traffic import MOST_RUNS
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, Invalid, LabError, Unavailable
from gns3trio.traffic.flows import FlowSpec
from tests.controller.conftest import Told, make_nodes, running
from tests.support.memory_compute import MemoryCompute

ALL = MeshRequest(
    nodes=None,
    pairs=None,
    most_pairs=1000,
    seed=0,
    version=None,
    spec=FlowSpec(packets_per_second=10, data_bytes=100, seconds=5),
    drain_seconds=1.0,
)


async def mesh(controller: Controller, project: Project, **changes: Any) -> MeshReport:
    return await run_mesh(project.project_id, project.nodes.values(), attrs.evolve(ALL, **changes), controller.changes)


@pytest.fixture
async def nodes(project: Project) -> list[Node]:
    return await running(project, *(f"ip 10.0.0.{n}/24\nip 2001:db8::{n}/64" for n in range(1, 5)))


def ends(report: MeshReport) -> list[tuple[str, str]]:
    names = [member.node.name for member in report.members]
    return [(names[pair.sender], names[pair.receiver]) for pair in report.pairs]


async def test_each_sends_to_each_other(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, project: Project, nodes: list[Node],
    told: Told,
) -> None:  # fmt: skip
    await make_nodes(project, "stopped")
    await running(project, "")  # it has no address
    compute.lost = 0.2
    report = await mesh(controller, project)
    names = [node.name for node in nodes]
    assert ends(report) == [(a, b) for a in names for b in names if a != b]
    assert report.possible_pairs == 12
    assert [str(member.address) for member in report.members] == [f"10.0.0.{n}" for n in range(1, 5)]
    assert all((pair.result.sent, pair.result.lost) == (50, 10) for pair in report.pairs)
    progress = [change.progress for change in told.of(MeshTraffic)]
    assert [each.progress for each in progress] == sorted(each.progress for each in progress) and len(progress) > 5
    assert all(each.pairs == 12 and each.lost <= each.sent <= 600 for each in progress)
    assert progress[-1].sent > 0 and {each.project_id for each in progress} == {project.project_id}
    assert not compute.traffic


async def test_the_pairs_do_not_begin_at_once(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, project: Project, nodes: list[Node]
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mesh, controller, project)
        await trio.sleep(1)
        delays = [flow.spec.delay for flow in compute.traffic[0].flows]
        nursery.cancel_scope.cancel()
    assert delays == sorted(set(delays)) and delays[0] == 0 and delays[-1] < 0.1
    assert not compute.traffic


async def test_named_nodes_pairs_and_ip_versions(
    autojump_clock: MockClock, controller: Controller, project: Project, nodes: list[Node]
) -> None:
    one, two, three, four = nodes
    assert ends(await mesh(controller, project, nodes=[two, one])) == [("PC2", "PC1"), ("PC1", "PC2")]
    report = await mesh(controller, project, pairs=[(four, one), (two, three)], version=6)
    assert ends(report) == [("PC4", "PC1"), ("PC2", "PC3")] and report.possible_pairs == 2
    assert {str(member.address) for member in report.members} == {f"2001:db8::{n}" for n in range(1, 5)}
    assert len((await mesh(controller, project, pairs=[(four, one), (two, three)], most_pairs=1)).pairs) == 1


async def test_ipv6_where_few_have_ipv4(autojump_clock: MockClock, controller: Controller, project: Project) -> None:
    await running(project, "ip 2001:db8::1/64", "ip 2001:db8::2/64\nip 10.0.0.2/24")
    assert [member.address.version for member in (await mesh(controller, project)).members] == [6, 6]


async def test_a_node_that_stops_spoils_its_own_pairs_only(
    autojump_clock: MockClock, controller: Controller, project: Project, nodes: list[Node]
) -> None:
    reports: list[MeshReport] = []
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def run() -> None:
            reports.append(await mesh(controller, project))

        await trio.sleep(3)
        await nodes[0].require_instance().stop()
    states = {pair: each.result.state for pair, each in zip(ends(reports[0]), reports[0].pairs, strict=True)}
    assert {pair[0] for pair, state in states.items() if state == "gone"} == {"PC1"}
    assert sum(state == "done" for state in states.values()) == 9


async def test_what_cannot_be(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, project: Project, nodes: list[Node]
) -> None:
    (stopped,) = await make_nodes(project, "stopped")
    bare, alone = await running(project, "", "ip 10.0.0.8/24")
    (far,) = await running(project, "ip 10.0.0.9/24", compute_id="far")
    cases: list[tuple[dict[str, Any], type[LabError], str]] = [
        ({"nodes": [nodes[0], stopped]}, Conflict, "'stopped'"),
        ({"pairs": [(nodes[0], stopped)]}, Conflict, "'stopped'"),
        ({"nodes": [nodes[0], bare]}, Conflict, f"'{bare.name}' has no IPv"),
        ({"nodes": [nodes[0], far]}, Conflict, "must be on one compute"),
        ({"nodes": nodes[:1]}, Conflict, "a mesh needs 2 started nodes.*there are 1 with IPv4"),
        ({"nodes": [alone]}, Conflict, "a mesh needs 2 started nodes.*there are 1 with IPv4"),
        ({"nodes": []}, Conflict, "a mesh needs 2 started nodes.*there are 0 with IPv4"),
        ({"spec": attrs.evolve(ALL.spec, burst=0)}, Invalid, "burst"),
    ]
    for changes, error, complaint in cases:
        with pytest.raises(error, match=complaint):
            await mesh(controller, project, **changes)
    assert not compute.traffic


async def test_a_mesh_is_one_of_some_runs(
    autojump_clock: MockClock, controller: Controller, compute: MemoryCompute, project: Project, nodes: list[Node]
) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_RUNS):
            nursery.start_soon(mesh, controller, project)
        await trio.sleep(1)
        with pytest.raises(Unavailable):
            await mesh(controller, project)
        nursery.cancel_scope.cancel()
    assert not compute.traffic


def test_pairs_are_chosen_evenly_and_repeatably() -> None:
    assert choose_pairs(3, 6, 0) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    chosen = choose_pairs(10_000, 5000, 1)
    assert len(set(chosen)) == 5000 and all(a != b and 0 <= a < 10_000 and 0 <= b < 10_000 for a, b in chosen)
    assert chosen == choose_pairs(10_000, 5000, 1) == sorted(chosen) != choose_pairs(10_000, 5000, 2)
    assert 4000 < sum(a for a, _ in chosen) / 5000 < 6000 and 4000 < sum(b for _, b in chosen) / 5000 < 6000
