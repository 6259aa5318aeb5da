"""``/v3/projects/{project_id}/drawings``."""

from typing import Any
from uuid import UUID, uuid4

from gns3trio.api.handlers import drawings as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import DrawingBody
from gns3trio.api.v2.from_bodies import drawing_fields
from gns3trio.api.v3.views import drawing_view

routes = RouteTable("/v3/projects/{project_id}/drawings")


routes.route("GET", "", reply=list[replies.Drawing | replies.SavedDrawing], privilege="Drawing.Audit")(
    handlers.list_drawings
)


@routes.route("POST", "", status=201, reply=replies.Drawing, privilege="Drawing.Allocate")
async def create_drawing(api: ApiRequest, project_id: UUID, body: DrawingBody) -> dict[str, Any]:
    """Add a drawing to a project, or return the existing one with that id."""
    project = api.controller.get_project(project_id)
    project.require_open()
    drawing = await project.drawings.create(body.drawing_id or uuid4(), drawing_fields(api.given(body)))
    return drawing_view(project_id, drawing)


routes.route("GET", "/{drawing_id}", reply=replies.Drawing, privilege="Drawing.Audit")(handlers.get_drawing)


@routes.route("PUT", "/{drawing_id}", reply=replies.Drawing, privilege="Drawing.Modify")
async def update_drawing(api: ApiRequest, project_id: UUID, drawing_id: UUID, body: DrawingBody) -> dict[str, Any]:
    """Change the position or content of a drawing."""
    project = api.controller.get_project(project_id)
    drawing = project.drawings.require(drawing_id)
    await project.drawings.update(drawing, drawing_fields(api.given(body)))
    return drawing_view(project_id, drawing)


routes.route("DELETE", "/{drawing_id}", status=204, privilege="Drawing.Allocate")(handlers.delete_drawing)
