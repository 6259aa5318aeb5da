"""Files of nodes: in the project's folder, or at a compute that keeps them itself."""

from collections.abc import AsyncIterator

import pytest

from gns3trio.controller.archives.node_copy import duplicate_node
from gns3trio.controller.project.files import files_of_node, write_node_file
from gns3trio.controller.project.project import Project
from gns3trio.errors import NotFound, Unavailable
from tests.controller.conftest import make_nodes, record
from tests.support.memory_compute import MemoryCompute, MemoryFile


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def read(project: Project, name: str, path: str) -> bytes:
    node = next(node for node in project.nodes.values() if node.name == name)
    file = await files_of_node(project, node).open(path)
    content = b"".join([piece async for piece in file.pieces()])
    assert file.size == len(content)
    return content


@pytest.mark.parametrize("keeps_files", [False, True])
async def test_a_file_is_written_and_read_where_the_compute_keeps_it(
    project: Project, compute: MemoryCompute, keeps_files: bool
) -> None:
    compute.keeps_files = keeps_files
    (node,) = await make_nodes(project, "A")
    await write_node_file(project, node.node_id, "etc/motd", pieces(b"hel", b"lo"))
    assert await read(project, "A", "etc/motd") == b"hello"
    assert await files_of_node(project, node).paths() == ["etc/motd"]
    assert (project.folder / "project-files" / "vpcs" / str(node.node_id)).exists() is not keeps_files
    with pytest.raises(NotFound):
        await read(project, "A", "etc/other")


async def test_files_of_a_node_that_is_only_kept_are_in_the_project(project: Project, compute: MemoryCompute) -> None:
    compute.types = ()
    kept = record("A")
    await project.close()
    compute.types = ("vpcs",)
    await project.open()
    await project.nodes.create(kept)
    await write_node_file(project, kept.node_id, "motd", pieces(b"hello"))
    await project.close()
    compute.types = ()
    await project.open()
    assert project.nodes[kept.node_id].instance is None
    assert await read(project, "A", "motd") == b"hello"


async def test_a_copy_of_a_node_has_its_files_and_script(project: Project, far_compute: MemoryCompute) -> None:
    far_compute.keeps_files = True
    (node,) = await make_nodes(project, "PC1", compute_id="far")
    await write_node_file(project, node.node_id, "etc/motd", pieces(b"hello"))
    await node.require_instance().set_startup_script("set pcname PC1\n")
    async with project.nodes.lock(node.node_id):
        copy = await duplicate_node(project, node, x=1, y=2, z=3)
    assert (copy.name, copy.record.x, copy.record.compute_id) == ("PC2", 1, "far")
    assert await read(project, "PC2", "etc/motd") == b"hello"
    assert await copy.require_instance().startup_script() == "set pcname PC2\n"


async def test_a_copy_that_cannot_have_the_files_is_none(
    project: Project, far_compute: MemoryCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_compute.keeps_files = True
    (node,) = await make_nodes(project, "PC1", compute_id="far")
    files = far_compute.node("PC1").files
    assert files is not None
    files.content["x"] = b"x"

    async def go_away(file: MemoryFile) -> AsyncIterator[bytes]:
        far_compute.is_away = True
        yield b"x"

    monkeypatch.setattr(MemoryFile, "pieces", go_away)
    async with project.nodes.lock(node.node_id):
        with pytest.raises(Unavailable):
            await duplicate_node(project, node, x=0, y=0, z=0)
    assert [each.name for each in project.nodes.values()] == ["PC1"]
