"""``/v3/notifications``: what happens on the server, and in each project.

The stream of the server begins with the state of all computes: clients know the one of this server from there only.
"""

from functools import partial
from uuid import UUID

from starlette.websockets import WebSocket

from gns3trio.api.access import Access
from gns3trio.api.client_text import client_text
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import Greeting, NotificationStream, serve_notifications
from gns3trio.api.v3.events import compute_event, ping
from gns3trio.controller.controller import Controller
from gns3trio.notifications.topics import CONTROLLER, project_topic

routes = RouteTable("/v3")

_IN_PROJECT = Greeting(ping)


def _with_computes(controller: Controller) -> Greeting:
    return Greeting(ping, lambda: list(map(compute_event, controller.computes.states())))


@routes.route("GET", "/notifications", access=Access.LOGIN)
async def controller_notifications(api: ApiRequest) -> NotificationStream:
    """Events of the controller: projects, computes, templates, and log messages that concern no project."""
    context = api.context
    return NotificationStream(
        context.events.v3, CONTROLLER, context.closing, greeting=_with_computes(context.controller)
    )


@routes.websocket("/notifications/ws", access=Access.LOGIN)
async def controller_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """Events of the controller over a websocket."""
    greeting = _with_computes(context.controller)
    await serve_notifications(websocket, context.events.v3, CONTROLLER, context.closing, greeting=greeting)


@routes.route("GET", "/projects/{project_id}/notifications", privilege="Project.Audit")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """Events of one project. The stream continues when the project is closed and opened."""
    context, topic = api.context, project_topic(project_id)
    attend = partial(api.controller.attendance.attend, api.controller.get_project(project_id), client_text(api.http))
    return NotificationStream(context.events.v3, topic, context.closing, attend, greeting=_IN_PROJECT)


@routes.websocket("/projects/{project_id}/notifications/ws", privilege="Project.Audit")
async def project_notifications_ws(context: ApiContext, websocket: WebSocket, project_id: UUID) -> None:
    """Events of one project over a websocket."""
    controller, topic = context.controller, project_topic(project_id)
    with controller.attendance.attend(controller.get_project(project_id), client_text(websocket)):
        await serve_notifications(websocket, context.events.v3, topic, context.closing, greeting=_IN_PROJECT)
