"""What versions 2 and 3 have in common of the routes of drawings."""

from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest
from gns3trio.api.v2.views import drawing_view


async def list_drawings(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The drawings of a project; for a closed project, those in its file."""
    project = api.controller.get_project(project_id)
    if project.status == "opened":
        return [drawing_view(project_id, drawing) for drawing in project.drawings.values()]
    return (await project.file.read()).drawings


async def get_drawing(api: ApiRequest, project_id: UUID, drawing_id: UUID) -> dict[str, Any]:
    """One drawing of a project."""
    return drawing_view(project_id, api.controller.get_project(project_id).drawings.require(drawing_id))


async def delete_drawing(api: ApiRequest, project_id: UUID, drawing_id: UUID) -> None:
    """Delete a drawing from a project."""
    project = api.controller.get_project(project_id)
    project.drawings.delete(project.drawings.require(drawing_id))
