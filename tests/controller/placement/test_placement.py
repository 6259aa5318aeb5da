"""Nodes without a compute: which of the computes they get."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.controller.controller import Controller
from gns3trio.controller.nodes.creation import with_computes
from gns3trio.controller.placement.placement import ASK_SECONDS, NewNode, Placement
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from tests.controller.conftest import make_nodes
from tests.support.memory_compute import MemoryCompute


def new(node_type: str = "vpcs", **fields: Any) -> NewNode:
    return NewNode(node_id=uuid4(), node_type=node_type, **fields)


async def choose(controller: Controller, *nodes: NewNode) -> list[str]:
    return await controller.placement.choose(nodes)


async def test_nodes_are_spread_and_what_was_placed_counts_at_once(
    controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    """Also by many requests at a time, between which nobody tells a new load."""
    found: list[str] = []

    async def one() -> None:
        found.extend(await choose(controller, new()))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(one)
    assert Counter(found) == {"local": 10, "far": 10}
    assert compute.asked == far_compute.asked == 1


async def test_nodes_that_do_not_run_count_with_the_memory_that_they_will_need(
    controller: Controller, project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    compute.memory = far_compute.memory = 100.0
    await make_nodes(project, *(f"PC{number}" for number in range(15)))
    assert await choose(controller, new()) == ["far"]


async def test_the_least_loaded_one_is_chosen(
    controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    for attribute in ("cpu", "used"):
        setattr(compute, attribute, 50.0)
        assert await choose(controller, new(), new(), new()) == ["far"] * 3
        setattr(compute, attribute, 0.0)
        setattr(far_compute, attribute, 50.0)
        assert await choose(controller, new(), new(), new()) == ["local"] * 3
        setattr(far_compute, attribute, 0.0)


async def test_one_that_is_away_or_does_not_offer_the_type_is_not_chosen(
    controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    far_compute.is_away = True
    assert await choose(controller, *[new()] * 4) == ["local"] * 4
    far_compute.is_away = False
    far_compute.types = ("ethernet_switch", "qemu")
    assert await choose(controller, *[new()] * 4) == ["local"] * 4
    assert await choose(controller, new("qemu")) == ["far"]
    far_compute.is_away = True
    with pytest.raises(Conflict, match=r"qemu .* far cannot be reached"):
        await choose(controller, new("qemu"))


async def test_one_that_is_silent_is_not_chosen_and_not_waited_for_again(
    controller: Controller, far_compute: MemoryCompute, autojump_clock: trio.testing.MockClock
) -> None:
    far_compute.is_silent = True
    begun = trio.current_time()
    assert await choose(controller, *[new() for _ in range(4)]) == ["local"] * 4
    assert trio.current_time() - begun == ASK_SECONDS
    assert await choose(controller, new(), new()) == ["local"] * 2
    assert trio.current_time() - begun == ASK_SECONDS and far_compute.asked == 1
    far_compute.types = ("qemu",)
    assert await choose(controller, new("qemu")) == ["far"]  # no other has it
    far_compute.types, far_compute.is_silent = ("vpcs",), False
    await trio.sleep(15)
    assert "far" in await choose(controller, *[new() for _ in range(10)])


async def test_what_belongs_to_the_host_stays_here(controller: Controller, compute: MemoryCompute) -> None:
    compute.cpu = 80.0
    assert await choose(controller, new("cloud"), new(engine="builtin"), new()) == ["local", "local", "far"]


async def test_the_setting_local(controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute) -> None:
    compute.cpu = 80.0
    far_compute.types = ("vpcs", "qemu")
    placement = Placement(controller.computes, "local")
    assert await placement.choose([new(), new("qemu")]) == ["local", "far"]


async def test_linked_nodes_stay_together(
    controller: Controller, project: Project, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    (there,) = await make_nodes(project, "THERE", compute_id="far")
    ids = [uuid4() for _ in range(6)]
    fields = [{"node_id": each, "node_type": "vpcs", "compute_id": "auto"} for each in ids]
    fields[5] = {**fields[5], "compute_id": "local"}
    links = [(ids[0], ids[1]), (ids[1], ids[2]), (ids[3], there.node_id), (ids[5], ids[4])]
    placed = await with_computes(controller.placement, project.nodes, fields, links)
    computes = [each["compute_id"] for each in placed]
    assert computes[0] == computes[1] == computes[2]
    assert computes[3:] == ["far", "local", "local"]
    assert [each["node_id"] for each in placed] == ids


async def test_without_other_computes_nobody_is_asked(
    controller: Controller, compute: MemoryCompute, far_compute: MemoryCompute
) -> None:
    far_compute.is_away = True
    assert await choose(controller, new(), new("unknown")) == ["local", "local"]
    assert compute.asked == far_compute.asked == 0
