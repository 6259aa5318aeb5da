"""What versions 2 and 3 have in common of the routes of files."""

from uuid import UUID

from gns3trio.api.content_policy import BINARY
from gns3trio.api.downloads import Download, file_download
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.project.files import check_node_path, files_of_node, write_project_file


async def post_project_file(api: ApiRequest, project_id: UUID, path: str) -> None:
    """Write a file of a project; the body is its content."""
    project = api.controller.get_project(project_id)
    await api.controller.keep_file(project, path)
    await write_project_file(project, path, api.http.stream())


async def get_node_file(api: ApiRequest, project_id: UUID, node_id: UUID, path: str) -> Download:
    """A file of a node."""
    project = api.controller.get_project(project_id)
    files = files_of_node(project, project.nodes.require(node_id))
    check_node_path(path)
    return file_download(await files.open(path), BINARY)
