"""The computes that a controller knows: those that it drives, and those that clients told it of."""

import pytest

from gns3trio.controller.computes import NOT_DRIVEN
from gns3trio.controller.controller import Controller
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, NotFound
from tests.controller.conftest import make_nodes
from tests.support.memory_compute import MemoryCompute

ADDRESS = {"protocol": "http", "host": "192.0.2.1", "port": 3080}


async def test_a_compute_that_is_driven_is_shown_with_what_it_can_do(
    controller: Controller, far_compute: MemoryCompute
) -> None:
    far_compute.types = ("vpcs",)
    state = await controller.computes.create({"compute_id": "far", "name": "the other room", **ADDRESS})
    assert state.capabilities is not None and state.capabilities.node_types == ["vpcs"]
    assert state.load == far_compute.load() and state.error is None
    assert controller.computes.require("far") is far_compute
    assert [each.compute_id for each in controller.computes.states()] == ["local", "far"]


async def test_a_compute_that_is_not_driven_is_shown_without(controller: Controller) -> None:
    state = await controller.computes.create({"compute_id": "attic", "name": "the attic", **ADDRESS})
    assert (state.capabilities, state.load, state.error) == (None, None, NOT_DRIVEN)
    assert controller.computes.find("attic") is None
    with pytest.raises(Conflict, match=f"the attic: {NOT_DRIVEN}"):
        controller.computes.require("attic")
    with pytest.raises(NotFound):
        controller.computes.require("cellar")


async def test_a_compute_that_is_forgotten_closes_the_projects_that_use_it(
    controller: Controller, project: Project, far_compute: MemoryCompute
) -> None:
    await controller.computes.create({"compute_id": "far", "name": "the other room", **ADDRESS})
    await make_nodes(project, "A", compute_id="far")
    await controller.delete_compute("far")
    assert project.status == "closed" and not far_compute.nodes
    with pytest.raises(Conflict, match="the local compute cannot be deleted"):
        await controller.delete_compute("local")
