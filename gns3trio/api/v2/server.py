"""``/v2/version``, the controller's notifications, and ``/notifications`` of the GNS3 API documentation."""

from typing import Any

from starlette.websockets import WebSocket

from gns3trio import __version__
from gns3trio.api.access import Access
from gns3trio.api.context import ApiContext
from gns3trio.api.event_batches import BATCH_QUERY, batch_seconds
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import NotificationStream, serve_notifications
from gns3trio.api.v2 import replies
from gns3trio.api.versions import VersionCheck, check_version
from gns3trio.notifications.topics import CONTROLLER, EVERYTHING

routes = RouteTable("/v2")
bare_routes = RouteTable("")


@routes.route("GET", "/version", reply=replies.Version, access=Access.LOGIN)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The GNS3 version of this server, and its own version."""
    config = api.context.config
    return {"local": config.local, "version": config.gns3_version, "gns3trio_version": __version__}


@routes.route("POST", "/version", reply=VersionCheck, access=Access.LOGIN)
async def post_version(api: ApiRequest, body: VersionCheck) -> dict[str, Any]:
    """Compare a client's version with the server's: 409 if they differ."""
    check_version(body.version, api.context.config.gns3_version)
    return {"version": body.version}


@routes.route("GET", "/notifications", query=BATCH_QUERY, access=Access.LOGIN)
async def controller_notifications(api: ApiRequest) -> NotificationStream:
    """Events of the controller: projects, and log messages that concern no project."""
    batch = batch_seconds(api.http.query_params)
    return NotificationStream(api.context.events.v2, CONTROLLER, api.context.closing, batch=batch)


@routes.websocket("/notifications/ws", access=Access.LOGIN)
async def controller_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """Events of the controller over a websocket."""
    batch = batch_seconds(websocket.query_params)
    await serve_notifications(websocket, context.events.v2, CONTROLLER, context.closing, batch=batch)


@bare_routes.route("GET", "/notifications", query=BATCH_QUERY, access=Access.LOGIN)
async def all_notifications(api: ApiRequest) -> NotificationStream:
    """Events of the controller and of every project."""
    batch = batch_seconds(api.http.query_params)
    return NotificationStream(api.context.events.v2, EVERYTHING, api.context.closing, batch=batch)


@bare_routes.websocket("/notifications/ws", access=Access.LOGIN)
async def all_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """Events of the controller and of every project over a websocket."""
    batch = batch_seconds(websocket.query_params)
    await serve_notifications(websocket, context.events.v2, EVERYTHING, context.closing, batch=batch)
