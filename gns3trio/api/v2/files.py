"""``/v2/projects/{project_id}/files`` and ``/v2/projects/{project_id}/nodes/{node_id}/files``, and copies of nodes."""

from typing import Any
from uuid import UUID

from gns3trio import threads
from gns3trio.api.downloads import Download, uploaded_file
from gns3trio.api.handlers import files as handlers
from gns3trio.api.replies import shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import NodeDuplicate
from gns3trio.api.v2.views import node_view
from gns3trio.controller.archives.node_copy import duplicate_node
from gns3trio.controller.project.files import delete_node_file, files_of_node, write_node_file
from gns3trio.controller.storage.single_files import open_file
from gns3trio.limits import MAX_LISTED_FILES

routes = RouteTable("/v2/projects/{project_id}")


@routes.route("GET", "/files/{path:path}", privilege="Project.Audit")
async def get_project_file(api: ApiRequest, project_id: UUID, path: str) -> Download:
    """A file of a project, which may be open or closed."""
    project = api.controller.get_project(project_id)
    file = await threads.disk.run(open_file, project.folder, path)
    return uploaded_file(file, path)


routes.route("POST", "/files/{path:path}", status=201, raw_body=True, privilege="Project.Modify")(
    handlers.post_project_file
)
routes.route("GET", "/nodes/{node_id}/files/{path:path}", privilege="Node.Audit")(handlers.get_node_file)


@routes.route("GET", "/nodes/{node_id}/files", reply=replies.NodeFileList, privilege="Node.Audit")
async def list_node_files(api: ApiRequest, project_id: UUID, node_id: UUID) -> dict[str, Any]:
    """The files of a node, an extension. Of very many, some."""
    project = api.controller.get_project(project_id)
    listed = await files_of_node(project, project.nodes.require(node_id)).listed(MAX_LISTED_FILES)
    return {"files": [shown_as(replies.NodeFile, file) for file in listed.files], "is_whole": listed.is_whole}


@routes.route("POST", "/nodes/{node_id}/files/{path:path}", status=201, raw_body=True, privilege="Node.Modify")
async def post_node_file(api: ApiRequest, project_id: UUID, node_id: UUID, path: str) -> None:
    """Write a file of a node; the body is its content."""
    await write_node_file(api.controller.get_project(project_id), node_id, path, api.http.stream())


@routes.route("DELETE", "/nodes/{node_id}/files/{path:path}", status=204, privilege="Node.Modify")
async def remove_node_file(api: ApiRequest, project_id: UUID, node_id: UUID, path: str) -> None:
    """Delete a file of a stopped node; an extension."""
    await delete_node_file(api.controller.get_project(project_id), node_id, path)


@routes.route("POST", "/nodes/{node_id}/duplicate", status=201, reply=replies.Node, privilege="Node.Allocate")
async def post_node_duplicate(api: ApiRequest, project_id: UUID, node_id: UUID, body: NodeDuplicate) -> Any:
    """Create a copy of a node."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(node_id) as node:
        return node_view(await duplicate_node(project, node, x=body.x, y=body.y, z=body.z))
