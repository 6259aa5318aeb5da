"""Copies of projects with nodes at computes that keep the files of their nodes themselves."""

from collections.abc import Awaitable, Callable

import pytest

from gns3trio.controller.archives.portable import ExportOptions, duplicate_project, export_project
from gns3trio.controller.archives.snapshots import create_snapshot
from gns3trio.controller.changes import LogMessage
from gns3trio.controller.controller import Controller
from gns3trio.controller.project.project import Project
from tests.controller.conftest import Told, make_nodes
from tests.support.memory_compute import MemoryCompute

Copy = Callable[[Controller, Project], Awaitable[object]]


async def export(controller: Controller, project: Project) -> None:
    async for _ in await export_project(controller, project, ExportOptions()):
        pass


async def duplicate(controller: Controller, project: Project) -> None:
    await duplicate_project(controller, project, name="copy")


async def keep_snapshot(controller: Controller, project: Project) -> None:
    await create_snapshot(controller, project, "before")


@pytest.mark.parametrize("copy", [export, duplicate, keep_snapshot])
@pytest.mark.parametrize("keeps_files", [False, True])
async def test_a_copy_tells_whose_files_it_does_not_have(
    controller: Controller, project: Project, far_compute: MemoryCompute, told: Told, copy: Copy, keeps_files: bool
) -> None:
    far_compute.keeps_files = keeps_files
    await make_nodes(project, "PC1")
    await make_nodes(project, "FAR1", compute_id="far")
    await copy(controller, project)
    warnings = [each.message for each in told.of(LogMessage) if each.level == "warning"]
    missing = ["Not in the copy: the files of node 'FAR1', which are at compute 'far'"]
    assert warnings == (missing if keeps_files else [])
