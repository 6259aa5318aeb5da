"""``/v3/projects/{project_id}/files`` and ``/v3/projects/{project_id}/nodes/{node_id}/files``."""

from uuid import UUID

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.downloads import Download, tagged_download
from gns3trio.api.handlers import files as handlers
from gns3trio.api.routing import ApiRequest, JSONResponse, RouteTable
from gns3trio.controller.project.files import write_node_file
from gns3trio.controller.storage.single_files import open_file

routes = RouteTable("/v3/projects/{project_id}")


@routes.route("GET", "/files/{path:path}", privilege="Project.Audit")
async def get_project_file(api: ApiRequest, project_id: UUID, path: str) -> Download:
    """A file of a project, which may be open or closed."""
    project = api.controller.get_project(project_id)
    return tagged_download(await threads.disk.run(open_file, project.folder, path))


routes.route("POST", "/files/{path:path}", status=204, raw_body=True, privilege="Project.Modify")(
    handlers.post_project_file
)
routes.route("GET", "/nodes/{node_id}/files/{path:path}", privilege="Node.Audit")(handlers.get_node_file)


@routes.route("POST", "/nodes/{node_id}/files/{path:path}", status=201, raw_body=True, privilege="Node.Modify")
async def post_node_file(api: ApiRequest, project_id: UUID, node_id: UUID, path: str) -> Response:
    """Write a file of a node; the body is its content."""
    await write_node_file(api.controller.get_project(project_id), node_id, path, api.http.stream())
    return JSONResponse(None, 201)
