"""``/v2/projects/{project_id}/problems``; our own: what of an open project does not work."""

from typing import Any
from uuid import UUID

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.api.v2.views import problems_view

routes = RouteTable("/v2/projects/{project_id}")


@routes.route("GET", "/problems", reply=replies.Problems)
async def get_problems(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Nodes that do not run here, links that nothing crosses, and what was wrong with the project's file; our own."""
    return problems_view(api.controller.get_project(project_id))
