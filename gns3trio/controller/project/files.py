"""Files of projects and nodes that clients may replace: all except those that the server writes itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from gns3trio import threads
from gns3trio.compute.node_features import NodeFiles
from gns3trio.controller.gns3_format.records import check_node_type
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.files import TEMPORARY_PREFIX
from gns3trio.controller.storage.single_files import FolderFiles, Upload
from gns3trio.errors import Conflict, Forbidden
from gns3trio.project_layout import OWN_FIELDS_FILE, SNAPSHOT_LIST, node_folder


def folder_of_node(project: Project, node_type: str, node_id: UUID) -> Path:
    """The folder of a node's files. Raises Conflict for an invalid node type."""
    check_node_type(node_type)
    return node_folder(project.folder, node_type, node_id)


def files_of_node(project: Project, node: Node) -> NodeFiles:
    """The files of a node: at its compute, or in the project's folder."""
    files = node.instance.files if node.instance is not None else None
    return files or FolderFiles(folder_of_node(project, node.record.node_type, node.node_id))


def files_at_computes(project: Project) -> list[str]:
    """The nodes of an open project whose files are at their computes, for people: copies of the project's folder do not
    contain these files.
    """
    return [
        f"the files of node {node.name!r}, which are at compute {node.record.compute_id!r}"
        for node in project.nodes.values()
        if node.instance is not None and node.instance.files is not None
    ]


async def write_project_file(
    project: Project, path: str, data: AsyncIterator[bytes], *, make_folders: bool = False
) -> None:
    """Replace a file of a project by ``data``. Missing folders are created.

    Raises Conflict for the project file while the project is open, or if ``data`` is not a file of that project;
    Forbidden for files that only the server writes; and as ``Upload``.
    """
    _refuse_own_files(path)

    def check() -> None:
        if project.status == "opened" and path in (project.file.path.name, OWN_FIELDS_FILE):
            raise Conflict(f"path: {path!r} is written by the server as long as the project is open")

    check()
    upload = Upload(project.folder, path, make_folders=make_folders)
    try:
        await upload.receive(data)
        async with project.state_lock:
            check()
            if path == project.file.path.name:
                await threads.parsers.run(project.file.check_replacement, await upload.content())
            await upload.commit()
    finally:
        await upload.discard()


def _refuse_own_files(path: str) -> None:
    """Raises Forbidden for the list of snapshots, earlier versions of the project file, and incomplete files."""
    if path == SNAPSHOT_LIST or any(part.startswith(TEMPORARY_PREFIX) for part in path.split("/")):
        raise Forbidden(f"path: {path!r} is written by the server only")


async def write_node_file(project: Project, node_id: UUID, path: str, data: AsyncIterator[bytes]) -> None:
    """Replace a file of a node, which takes effect at its next start. Missing folders are created.

    Raises Forbidden for a path that begins with a dot, and as ``Upload``.
    """
    node = project.nodes.require(node_id)
    check_node_path(path)
    upload = files_of_node(project, node).upload(path)
    try:
        await upload.receive(data)
        async with project.nodes.lock(node_id):
            await upload.commit()
    finally:
        await upload.discard()


async def delete_node_file(project: Project, node_id: UUID, path: str) -> None:
    """Delete a file of a stopped node.

    Raises NotFound, Conflict if it runs, Forbidden for a path that begins with a dot, and as ``NodeFiles.delete``.
    """
    check_node_path(path)
    async with project.nodes.lock(node_id) as node:
        if node.status != "stopped":
            raise Conflict(f"Node '{node.name}' runs, and may need its files: stop it first")
        await files_of_node(project, node).delete(path)


def check_node_path(path: str) -> None:
    """Raises Forbidden for a path that begins with a dot."""
    if path.startswith("."):
        raise Forbidden(f"path: {path!r} begins with a dot")
