"""Isolating a node suspends all its links, and no other."""

import pytest

from gns3trio.controller.changes import LinkChanged
from gns3trio.controller.links.isolation import suspend_links_of
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import LabError
from tests.controller.conftest import Told, link_record, make_nodes, record
from tests.support.memory_compute import MemoryCompute


async def make_star(project: Project, *, far: int = 0) -> tuple[Node, list[Node]]:
    """A switch with three PCs, the last ones of which are on the other compute."""
    switch = await project.nodes.create(record("SW", "ethernet_switch"))
    names = ("A", "B", "C")
    pcs = await make_nodes(project, *names[: 3 - far])
    pcs += await make_nodes(project, *names[3 - far :], compute_id="far")
    for number, pc in enumerate(pcs):
        link = link_record(pc, switch)
        link.nodes[1].port_number = number
        await project.links.create(link)
    return switch, pcs


def suspended(project: Project) -> list[bool]:
    return [link.record.suspend for link in project.links.values()]


async def test_all_links_of_the_node_are_suspended_and_announced_once(project: Project, told: Told) -> None:
    switch, pcs = await make_star(project)
    other = link_record(*await make_nodes(project, "D", "E"))
    await project.links.create(other)
    await suspend_links_of(project.links, switch.node_id, True)
    assert suspended(project) == [True, True, True, False]
    assert len(told.of(LinkChanged)) == 3
    await suspend_links_of(project.links, switch.node_id, True)
    assert len(told.of(LinkChanged)) == 3  # nothing changed
    await suspend_links_of(project.links, pcs[0].node_id, False)
    assert suspended(project) == [False, True, True, False]
    await suspend_links_of(project.links, switch.node_id, False)
    assert suspended(project) == [False] * 4


async def test_if_one_link_cannot_be_suspended_none_is(
    project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    switch, _ = await make_star(project, far=1)
    far_compute.is_away = True
    with pytest.raises(LabError):
        await suspend_links_of(project.links, switch.node_id, True)
    assert suspended(project) == [False] * 3
    assert not any(end.suspended for end in compute.node("SW").ends.values())


async def test_a_node_without_links_is_isolated_already(project: Project, told: Told) -> None:
    (node,) = await make_nodes(project, "A")
    await suspend_links_of(project.links, node.node_id, True)
    assert not told.of(LinkChanged)
