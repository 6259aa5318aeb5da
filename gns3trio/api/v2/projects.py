"""``/v2/projects``."""

from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.websockets import WebSocket

from gns3trio.api.access import Access
from gns3trio.api.client_text import client_text
from gns3trio.api.context import ApiContext
from gns3trio.api.event_batches import BATCH_QUERY, batch_seconds
from gns3trio.api.handlers import projects as handlers
from gns3trio.api.identity import require_privilege
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import NotificationStream, serve_notifications
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import ProjectCreate, ProjectUpdate
from gns3trio.api.v2.views import project_view
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.notifications.topics import project_topic

routes = RouteTable("/v2/projects", while_opening=True)


@routes.route("POST", "", status=201, reply=replies.Project, privilege="Project.Allocate")
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create and open a project.

    GNS3 2.2 rejects a name in use, but the session in GNS3's documentation relies on reusing names. So the rule applies
    only to clients that declare JSON, as all 2.2 clients do.
    """
    given = api.given(body)
    path, project_id = given.pop("path", None), given.pop("project_id", None)
    if project_id in api.controller.projects:
        require_privilege(api.http.scope, "Project.Audit", f"/projects/{project_id}")
    project = await api.controller.create_project(
        ProjectSettings(**given),
        project_id=project_id,
        path=Path(path) if path else None,
        unique_name=api.declares_json,
    )
    return project_view(project)


@routes.route("GET", "", reply=list[replies.Project], access=Access.LOGIN)
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """All projects, opened and closed."""
    return [project_view(project) for project in api.projects]


@routes.route("GET", "/{project_id}", reply=replies.Project, privilege="Project.Audit")
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project by its id."""
    return project_view(api.controller.get_project(project_id))


@routes.route("PUT", "/{project_id}", reply=replies.Project, privilege="Project.Modify")
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the settings of a project."""
    return project_view(await handlers.changed_project(api, project_id, body))


routes.route("DELETE", "/{project_id}", status=204, privilege="Project.Allocate")(handlers.delete_project)


@routes.route(
    "POST",
    "/{project_id}/open",
    status=201,
    reply=replies.Project,
    privilege="Project.Allocate",
    another="Project.Modify",
)
async def open_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Open a project; its nodes are stopped."""
    return project_view(await handlers.opened_project(api, project_id))


routes.route("POST", "/{project_id}/close", status=204, privilege="Project.Allocate", another="Project.Modify")(
    handlers.close_project
)
routes.route("GET", "/{project_id}/stats", reply=dict[str, int], privilege="Project.Audit")(handlers.get_stats)


@routes.route("GET", "/{project_id}/notifications", query=BATCH_QUERY, privilege="Project.Audit")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """Events of one project. The stream continues when the project is closed and opened."""
    attend = partial(api.controller.attendance.attend, api.controller.get_project(project_id), client_text(api.http))
    batch = batch_seconds(api.http.query_params)
    return NotificationStream(api.context.events.v2, project_topic(project_id), api.context.closing, attend, batch)


@routes.websocket("/{project_id}/notifications/ws", privilege="Project.Audit")
async def project_notifications_ws(context: ApiContext, websocket: WebSocket, project_id: UUID) -> None:
    """Events of one project over a websocket; the parameter is that of the stream."""
    controller = context.controller
    topic, batch = project_topic(project_id), batch_seconds(websocket.query_params)
    with controller.attendance.attend(controller.get_project(project_id), client_text(websocket)):
        await serve_notifications(websocket, context.events.v2, topic, context.closing, batch=batch)
