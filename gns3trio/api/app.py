"""The ASGI application: all routes behind authentication, CORS and the error boundary."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gns3trio import __version__
from gns3trio.api import health, login_page, metrics, pages, reference, web_page, web_ui
from gns3trio.api.audited import Audited
from gns3trio.api.auth import Authentication
from gns3trio.api.behind_proxy import BehindProxy
from gns3trio.api.content_policy import policy_headers
from gns3trio.api.context import ApiContext
from gns3trio.api.errors import ErrorBoundary
from gns3trio.api.openapi import describe_api
from gns3trio.api.origin import Cors, OriginGuard
from gns3trio.api.request_counts import Counted
from gns3trio.api.route_index import RouteIndex
from gns3trio.api.v1 import routes as v1
from gns3trio.api.v2 import (
    account,
    appliances,
    arrange,
    audit,
    captures,
    compute,
    compute_batches,
    compute_captures,
    compute_conditions,
    compute_engines,
    compute_files,
    compute_nodes,
    compute_reports,
    compute_trials,
    compute_trunks,
    computes,
    docker,
    drawings,
    emulators,
    files,
    hosted,
    hosts,
    images,
    impairment_types,
    links,
    node_moves,
    node_types,
    nodes,
    notes,
    numbered_events,
    portable,
    problems,
    project_format,
    project_lock,
    project_summaries,
    projects,
    qemu,
    recovery,
    server,
    server_resources,
    snapshots,
    symbols,
    templates,
    topology,
    usage,
    vms,
)
from gns3trio.api.v3 import routes as v3
from gns3trio.classes import define
from gns3trio.encoding import dumps_to_keep

TABLES = (
    server.routes,
    server.bare_routes,
    numbered_events.routes,
    projects.routes,
    project_summaries.routes,
    recovery.routes,
    project_format.routes,
    project_lock.routes,
    notes.routes,
    problems.routes,
    node_types.routes,
    impairment_types.routes,
    nodes.routes,
    node_moves.routes,
    arrange.routes,
    vms.routes,
    links.routes,
    drawings.routes,
    topology.routes,
    computes.routes,
    hosts.routes,
    usage.routes,
    account.routes,
    audit.routes,
    hosted.routes,
    emulators.routes,
    qemu.routes,
    images.routes,
    docker.routes,
    templates.routes,
    appliances.routes,
    symbols.routes,
    server_resources.routes,
    compute.routes,
    compute_batches.routes,
    compute_captures.routes,
    compute_conditions.routes,
    compute_engines.routes,
    compute_files.routes,
    compute_nodes.routes,
    compute_reports.routes,
    compute_trials.routes,
    compute_trunks.routes,
    usage.compute_routes,
    portable.routes,
    snapshots.routes,
    files.routes,
    captures.routes,
    v1.routes,
    *v3.TABLES,
    health.routes,
    metrics.routes,
    reference.routes,
    pages.routes,
    web_page.routes,
    login_page.routes,
    web_ui.routes,
)
ROUTES = RouteIndex([route for table in TABLES for route in table.routes])


@define
class _State:
    """The type of ``app.state``, which handlers read."""

    context: ApiContext


class Application:
    """The ASGI application. Its layers from the outside in: proxies, CORS, counting, origin check, the audit trail,
    authentication, errors, routes.
    """

    def __init__(self, context: ApiContext) -> None:
        config = context.config
        self.state = _State(context)
        self._description: bytes | None = None
        self._server = f"gns3trio/{__version__} GNS3/{config.gns3_version}".encode()
        app: ASGIApp = ErrorBoundary(ROUTES)
        app = Authentication(
            app,
            routes=ROUTES,
            gate=context.gate,
            credentials=context.credentials,
            guard_console_websockets=config.console_websocket_auth,
        )
        app = Audited(app, ROUTES, context.controller, context.refused)
        app = OriginGuard(
            app,
            allowed_origins=config.allowed_origins,
            allowed_hosts=config.allowed_hosts,
            check_names=config.is_loopback or not config.asks_for_password,
        )
        app = Counted(app, ROUTES, context.requests)
        # Programs send no Origin, and Starlette's CORS would only add that header.
        for_pages = Cors(app, allowed_origins=config.allowed_origins)
        self._app, self._app_for_pages = (
            BehindProxy(each, trusted=config.trusted_proxies, path_prefix=config.path_prefix)
            for each in (app, for_pages)
        )

    def has_path(self, path: str) -> bool:
        """Whether version 3 of the API, or version 2, has a path, which begins behind the version. Those of the compute
        API do not count: they require no privilege.
        """
        return not path.startswith("/compute/") and any(ROUTES.has(f"/{each}{path}") for each in ("v3", "v2"))

    def describe(self) -> bytes:
        """The OpenAPI document as JSON. It is created at the first request for it."""
        if self._description is None:
            self._description = dumps_to_keep(describe_api(TABLES))
        return self._description

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
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

        await (self._app_for_pages if from_page else self._app)(scope, receive, send_with_headers)


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    """Answer lifespan messages. ``gns3trio.server`` handles start and end itself."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
