"""Locking a project locks all its nodes and drawings."""

from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from gns3trio.controller.changes import DrawingChanged, NodeChanged
from gns3trio.controller.project.locking import is_locked, lock_all
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, Forbidden, Unavailable
from tests.controller.conftest import Told, make_nodes


async def test_nodes_and_drawings_are_locked_saved_and_announced(project: Project, told: Told) -> None:
    nodes = await make_nodes(project, "A", "B")
    drawing = await project.drawings.create(uuid4(), {"svg": "<svg/>"})
    assert not is_locked(project)
    await lock_all(project, True)
    assert is_locked(project)
    assert sorted(change.node.name for change in told.of(NodeChanged)) == ["A", "B"]  # many are locked at once
    assert [(change.drawing, change.redrawn) for change in told.of(DrawingChanged)] == [(drawing, True)]
    with pytest.raises(Conflict, match="locked"):
        project.drawings.delete(drawing)
    saved = orjson.loads(project.file.path.read_bytes())["topology"]
    assert all(each["locked"] for each in (*saved["nodes"], *saved["drawings"]))
    await lock_all(project, False)
    assert not is_locked(project)
    async with project.nodes.lock(nodes[0].node_id) as node:
        await project.nodes.delete(node)


async def test_what_is_locked_already_is_not_announced(project: Project, told: Told) -> None:
    first, _ = await make_nodes(project, "A", "B")
    await project.nodes.update(first, {"locked": True})
    before = len(told.of(NodeChanged))
    await lock_all(project, True)
    assert [change.node.name for change in told.of(NodeChanged)[before:]] == ["B"]


async def test_one_unlocked_drawing_is_enough(project: Project) -> None:
    assert is_locked(project)  # there is nothing that is not
    await make_nodes(project, "A")
    await lock_all(project, True)
    await project.drawings.create(uuid4(), {})
    assert not is_locked(project)


async def test_a_closed_project_tells_nothing_and_is_not_locked(project: Project) -> None:
    await project.close()
    with pytest.raises(Forbidden):
        is_locked(project)
    with pytest.raises(Forbidden):
        await lock_all(project, True)


async def test_if_it_cannot_be_saved_all_is_as_before(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await make_nodes(project, "A", "B")
    await project.drawings.create(uuid4(), {})

    async def refuse() -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(project.file, "flush", refuse)
        with pytest.raises(Unavailable):
            await lock_all(project, True)
    assert not any(node.record.locked for node in project.nodes.values())
    assert not any(drawing.is_locked for drawing in project.drawings.values())
