"""Links between nodes of several computes, made many at once: each compute is asked twice at most."""

from collections.abc import Sequence
from uuid import UUID

import pytest
import trio

from gns3trio.compute.nio import UdpNio
from gns3trio.conditions.impairments import Impairment
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.many import NewLink, create_all, restore_all
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import ComputeAway, Conflict, LabError
from tests.controller.conftest import link_record, make_nodes
from tests.support.memory_compute import MemoryCompute, MemoryEnd

NUMBER = 40


async def pairs(project: Project, number: int = NUMBER) -> tuple[list[Node], list[Node]]:
    """Nodes on this host and on the other one."""
    near = await make_nodes(project, *(f"N{n}" for n in range(number)))
    far = await make_nodes(project, *(f"F{n}" for n in range(number)), compute_id="far")
    return near, far


def wanted(near: Sequence[Node], far: Sequence[Node], **fields: object) -> list[NewLink]:
    new = [NewLink(link_record(*pair)) for pair in zip(near, far, strict=True)]
    for each in new:
        for name, value in fields.items():
            setattr(each.record, name, value)
    return new


def end_at(compute: MemoryCompute, name: str) -> MemoryEnd:
    return compute.node(name).ends[0, 0]


def made_of(outcomes: Sequence[Link | LabError]) -> list[Link]:
    return [each for each in outcomes if not isinstance(each, LabError)]


async def test_each_compute_is_asked_twice(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    near, far = await pairs(project)
    made = made_of(await create_all(project, project.links, wanted(near, far)))
    assert len(made) == len(project.links) == NUMBER and not any(link.problem for link in made)
    assert compute.calls == far_compute.calls == {"lease_ends": 1, "join": 1}
    for number in range(NUMBER):
        ends = end_at(compute, f"N{number}").joined_to, end_at(far_compute, f"F{number}").joined_to
        assert isinstance(ends[0], UdpNio) and isinstance(ends[1], UdpNio)
        assert (ends[0].lport, ends[0].rport) == (ends[1].rport, ends[1].lport)
        assert (ends[0].rhost, ends[1].rhost) == ("192.0.2.1", "192.0.2.7")


@pytest.mark.parametrize(("ours", "holder"), [((True, True), 0), ((False, True), 1), ((True, False), 0)])
async def test_conditions_act_at_the_end_that_knows_them(
    project: Project,
    compute: MemoryCompute,
    far_compute: MemoryCompute,
    ours: tuple[bool, bool],
    holder: int,
) -> None:
    compute.impairments, far_compute.impairments = ours
    near, far = await pairs(project, 1)
    impairments = Impairments((Impairment(type="loss", percent=5.0),), 7)
    (new,) = wanted(near, far, filters={"delay": [10, 0]}, suspend=True)
    await create_all(project, project.links, [NewLink(new.record, impairments)])
    ends = [end_at(compute, "N0"), end_at(far_compute, "F0")]
    assert ends[holder].conditions.impairments == impairments.filters and ends[holder].conditions.seed == 7
    assert ends[holder].conditions.filters == {"delay": [10, 0]} and ends[holder].is_first == (holder == 0)
    assert not ends[1 - holder].conditions.impairments and all(end.suspended for end in ends)


async def test_what_no_compute_of_a_link_can_do_is_its_error(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    compute.impairments = far_compute.impairments = False
    near, far = await pairs(project, 3)
    new = wanted(near, far)
    new[1] = NewLink(new[1].record, Impairments((Impairment(type="loss", percent=5.0),)))
    outcomes = await create_all(project, project.links, new)
    assert len(made_of(outcomes)) == 2 and "GNS3's filters only" in str(outcomes[1])
    assert not compute.node("N1").ends and not far_compute.node("F1").ends


async def test_frames_wait_until_filters_act_at_a_compute_of_gns3(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not promise that they act from the first frame: the other end drops all until they do."""
    compute.impairments = far_compute.impairments = False
    seen: list[bool] = []
    suspend = MemoryEnd.suspend

    async def record(self: MemoryEnd, suspended: bool) -> None:
        seen.append(self.suspended)
        await suspend(self, suspended)

    monkeypatch.setattr(MemoryEnd, "suspend", record)
    near, far = await pairs(project, 2)
    await create_all(project, project.links, wanted(near, far, filters={"delay": [10, 0]}))
    assert seen == [True, True] and not end_at(far_compute, "F0").suspended


async def test_a_link_that_fails_at_one_end_leaves_nothing_at_the_other(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    far_compute.failing_links = {"F3", "F5"}
    near, far = await pairs(project)
    outcomes = await create_all(project, project.links, wanted(near, far))
    failed = [number for number, each in enumerate(outcomes) if isinstance(each, LabError)]
    assert failed == [3, 5] and "no link can be made at 'F3'" in str(outcomes[3])
    assert not compute.node("N3").ends and not compute.node("N5").ends
    assert len(project.links) == NUMBER - 2
    far_compute.failing_links = set()
    assert made_of(await create_all(project, project.links, wanted([near[3]], [far[3]])))


async def test_what_is_leased_in_vain_is_used_for_the_next_links(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other compute goes away between the leases of the two."""
    near, far = await pairs(project)
    lease = MemoryCompute.lease_udp

    async def vanish(self: MemoryCompute, project_id: UUID) -> int:
        self.is_away = self is far_compute
        return await lease(self, project_id)

    monkeypatch.setattr(MemoryCompute, "lease_udp", vanish)
    outcomes = await create_all(project, project.links, wanted(near, far))
    assert all(isinstance(each, ComputeAway) for each in outcomes) and not project.links
    leased = list(compute.leased[project.project_id])
    monkeypatch.setattr(MemoryCompute, "lease_udp", lease)
    far_compute.is_away = False
    assert len(made_of(await create_all(project, project.links, wanted(near, far)))) == NUMBER
    assert compute.leased[project.project_id] == leased


async def test_nothing_is_asked_of_the_other_compute_for_one_that_is_away(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    near, far = await pairs(project, 4)
    far_compute.is_away = True
    new = [*wanted(near[:2], far[:2]), *wanted([near[2]], [near[3]])]
    outcomes = await create_all(project, project.links, new)
    assert [isinstance(each, ComputeAway) for each in outcomes] == [True, True, False]
    assert not compute.leased


async def test_links_that_are_cancelled_leave_nothing(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    near, far = await pairs(project)
    compute.link_seconds, far_compute.link_seconds = 1, 10
    with trio.move_on_after(5) as scope:
        await create_all(project, project.links, wanted(near, far))
    assert scope.cancelled_caught and not project.links
    assert not any(node.ends for each in (compute, far_compute) for node in each.nodes.values())
    far_compute.link_seconds = 0
    assert len(made_of(await create_all(project, project.links, wanted(near, far)))) == NUMBER


async def test_the_same_port_twice_is_the_error_of_the_second(project: Project) -> None:
    near, far = await pairs(project, 2)
    outcomes = await create_all(project, project.links, [*wanted(near, far), *wanted([near[0]], [far[1]])])
    assert len(made_of(outcomes)) == 2 and isinstance(outcomes[2], Conflict) and "already linked" in str(outcomes[2])


async def test_the_same_id_twice_is_the_error_of_the_second(project: Project) -> None:
    near, far = await pairs(project, 2)
    new = wanted(near, far)
    new[1].record.link_id = new[0].record.link_id
    outcomes = await create_all(project, project.links, new)
    assert len(made_of(outcomes)) == 1 and isinstance(outcomes[1], Conflict)


async def test_a_node_at_which_somebody_works_holds_up_its_own_link_only(
    project: Project, compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    near, far = await pairs(project, 3)
    compute.start_seconds = 100
    async with trio.open_nursery() as nursery:
        for action in (
            lambda: start(project, near[1]),
            lambda: create_all(project, project.links, wanted(near, far)),
        ):
            nursery.start_soon(action)
            await trio.sleep(1)
        assert len(project.links) == 2
    assert len(project.links) == 3 and trio.current_time() >= 100


async def start(project: Project, node: Node) -> None:
    async with project.nodes.acting(node.node_id, "start"):
        pass


async def test_restored_links_take_the_place_of_what_was_there(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    near, far = await pairs(project)
    links = made_of(await create_all(project, project.links, wanted(near, far)))
    before = end_at(compute, "N0")
    compute.calls.clear()
    far_compute.failing_links = {"F1"}
    await restore_all(project, project.links, links)
    assert not before.is_open and end_at(compute, "N0").is_open
    assert compute.calls == {"lease_ends": 1, "join": 1, "separate": 1}
    assert [link for link in links if link.problem] == [links[1]] and not compute.node("N1").ends


async def test_a_project_with_links_between_computes_opens(
    project: Project, controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    near, far = await pairs(project)
    await create_all(project, project.links, wanted(near, far, filters={"delay": [10, 0]}))
    far_compute.failing_links = {"F7"}
    await controller.close_project(project)
    compute.calls.clear()
    far_compute.calls.clear()
    await project.open()
    assert compute.calls == {"lease_ends": 1, "join": 1, "separate": 1}
    assert far_compute.calls == {"create_nodes": 1, "lease_ends": 1, "join": 1}
    problems = [project.links.problem_of(link) for link in project.links.values()]
    assert [problem for problem in problems if problem] == ["no link can be made at 'F7'"]
    assert end_at(compute, "N0").conditions.filters == {"delay": [10, 0]}
