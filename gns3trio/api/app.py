"""The ASGI application: all route families behind authentication, CORS and the error boundary."""

import attrs
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gns3trio import __version__
from gns3trio.api import health, metrics, pages, reference, v1, web_page, web_ui
from gns3trio.api.auth import BasicAuth
from gns3trio.api.content_policy import policy_headers
from gns3trio.api.context import ApiContext
from gns3trio.api.errors import ErrorBoundary
from gns3trio.api.openapi import describe_api
from gns3trio.api.origin import OriginGuard
from gns3trio.api.route_index import RouteIndex
from gns3trio.api.v2 import (
    compute,
    compute_files,
    compute_nodes,
    computes,
    drawings,
    events,
    files,
    links,
    nodes,
    portable,
    projects,
    recovery,
    server,
    server_resources,
    snapshots,
    symbols,
    templates,
    topology,
    vms,
)
from gns3trio.encoding import dumps_to_keep

TABLES = (
    server.routes,
    server.bare_routes,
    events.routes,
    projects.routes,
    recovery.routes,
    nodes.routes,
    vms.routes,
    links.routes,
    drawings.routes,
    topology.routes,
    computes.routes,
    templates.routes,
    symbols.routes,
    server_resources.routes,
    compute.routes,
    compute_files.routes,
    compute_nodes.routes,
    portable.routes,
    snapshots.routes,
    files.routes,
    v1.routes,
    health.routes,
    metrics.routes,
    reference.routes,
    pages.routes,
    web_page.routes,
    web_ui.routes,
)

# Where the GNS3 web UI is served from when it is not this server.
ALLOWED_ORIGINS = (
    "http://127.0.0.1:3080",
    "http://localhost:3080",
    "http://127.0.0.1:4200",
    "http://localhost:4200",
    "http://gns3.github.io",
    "https://gns3.github.io",
)


# Those that GNS3 lets such pages read.
EXPOSED_HEADERS = "Server,X-Route,Content-Length,Connection,Date"


@attrs.define
class _State:
    """What handlers find as ``app.state``."""

    context: ApiContext


class Application:
    """The ASGI application. From the outside in: CORS, foreign pages, authentication, errors, routes."""

    def __init__(self, context: ApiContext) -> None:
        config = context.config
        self.state = _State(context)
        self._description: bytes | None = None
        self._server = f"gns3trio/{__version__} GNS3/{config.gns3_version}".encode()
        routes = [route for table in TABLES for route in table.routes]
        app: ASGIApp = ErrorBoundary(RouteIndex(routes))
        app = BasicAuth(
            app,
            user=config.user,
            password=config.password,
            guard_console_websockets=config.console_websocket_auth,
        )
        app = OriginGuard(app, allowed=ALLOWED_ORIGINS, loopback=config.is_loopback)
        self._app = app
        self._app_for_pages = CORSMiddleware(
            app,
            allow_origins=ALLOWED_ORIGINS,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["*"],
            expose_headers=[EXPOSED_HEADERS],
            max_age=0,
        )

    def describe(self) -> bytes:
        """The OpenAPI document, as JSON. It is made when it is first asked for."""
        if self._description is None:
            self._description = dumps_to_keep(describe_api(TABLES))
        return self._description

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] == "lifespan":
            await _acknowledge_lifespan(receive, send)
            return
        scope["app"] = self

        from_page = any(name == b"origin" for name, _ in scope["headers"])
        headers = [(b"server", self._server)] if from_page else [(b"server", self._server), (b"vary", b"Origin")]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                message["headers"] = [*given, *headers, *policy_headers(given)]
            await send(message)

        # Programs send no Origin, and Starlette's CORS would only add that header.
        await (self._app_for_pages if from_page else self._app)(scope, receive, send_with_headers)


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    """Start and end belong to ``gns3trio.server``; here they are only answered."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
