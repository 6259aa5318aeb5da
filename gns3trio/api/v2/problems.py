"""``/v2/projects/{project_id}/problems``; an extension: the parts of an open project that do not work."""

from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.views import problems_view

routes = RouteTable("/v2/projects/{project_id}")


@routes.route("GET", "/problems", reply=replies.Problems, privilege="Project.Audit")
async def get_problems(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Nodes that cannot run here, links that pass no frames, and errors in the project's file; an extension."""
    return problems_view(api.controller.get_project(project_id))
