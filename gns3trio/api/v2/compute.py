"""``/v2/compute``: the compute API, for a GNS3 controller on another host."""

import platform
from typing import Any, ClassVar
from uuid import UUID, uuid4

from attrs import field
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from gns3trio import __version__
from gns3trio.api import host_views
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.compute_projects import (
    change_project,
    close_project,
    delete_project,
    get_interfaces,
    get_ports,
    get_statistics,
    known_project,
    lease_udp_port,
    new_project,
    serve_compute_notifications,
    visible_projects,
)
from gns3trio.api.context import ApiContext
from gns3trio.api.replies import Capabilities, Gns3Version, UdpPort, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import NotificationStream
from gns3trio.api.v2 import host_replies
from gns3trio.api.v2.bodies import check_variables
from gns3trio.api.v2.compute_views import (
    driven_node_view,
    events_for,
    hosted_project_view,
    own_project_view,
)
from gns3trio.classes import define
from gns3trio.compute.extensions import EXTENSIONS, TRUNK
from gns3trio.compute.hosted_project import HostedProject
from gns3trio.controller.driven_nodes import (
    require_known,
)
from gns3trio.controller.names import Name
from gns3trio.controller.project.project import Project

routes = RouteTable("/v2/compute", access=Access.COMPUTE)


@define(kw_only=True)
class ProjectCreate:
    """``POST /projects``. ``path`` is ignored: the files are in the folder for projects."""

    name: Name
    project_id: UUID | None = None
    path: str | None = None
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)


@define(kw_only=True)
class ProjectUpdate:
    """The body of ``PUT /projects/{project_id}``. The name of a project of this server's own controller stays."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    name: Name = "-"
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)


@routes.route("GET", "/capabilities", reply=Capabilities)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The node types that this server runs, and its GNS3 version."""
    return shown_as(Capabilities, api.controller.computes.capabilities())


@routes.route("GET", "/extensions", reply=host_replies.ComputeExtensions)
async def get_extensions(api: ApiRequest) -> dict[str, Any]:
    """The extensions of the compute API that this server has; an extension itself."""
    has_trunk = api.controller.hosted.compute.capabilities.trunk
    names = [name for name in EXTENSIONS if name != TRUNK or has_trunk]
    return {"extensions": names, "product": "gns3trio", "version": __version__}


@routes.route("GET", "/version", reply=Gns3Version)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The GNS3 version of this server."""
    return {"local": api.context.config.local, "version": api.context.config.gns3_version}


@routes.route("GET", "/debug")
async def get_debug(api: ApiRequest) -> Response:
    """A summary of the nodes of hosted projects, as text."""
    lines = [f"gns3trio {__version__}, GNS3 {api.context.config.gns3_version}", platform.platform()]
    for project in api.controller.hosted.of(client_of(api.http.scope)):
        lines.append(f"project {project.project_id} {project.name!r}")
        lines += [f"  {driven_node_view(node)}" for node in project.nodes.values()]
    return PlainTextResponse("\n".join([*lines, ""]))


routes.route("GET", "/statistics", reply=host_views.MachineStatistics)(get_statistics)
routes.route("GET", "/network/interfaces", reply=list[host_views.Interface])(get_interfaces)
routes.route("GET", "/network/ports", reply=host_views.PortUsage)(get_ports)


@routes.websocket("/notifications/ws")
async def compute_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """The events of nodes in hosted projects: those of this client, or while their controller has no such stream, of
    its user. A client with such a stream is a controller, which does not see the projects of others.
    """
    await serve_compute_notifications(context, websocket, context.events.compute)


# --- projects ---


def _view(project: HostedProject | Project) -> dict[str, Any]:
    return own_project_view(project) if isinstance(project, Project) else hosted_project_view(project)


@routes.route("GET", "/projects", reply=list[host_replies.HostedProject])
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The open projects that the client may see: first those of other controllers, then those of this server's
    controller.
    """
    return list(map(_view, visible_projects(api)))


@routes.route("POST", "/projects", status=201, reply=host_replies.HostedProject)
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create a project for a controller. This server's controller may have it too, but no third one of the same user:
    it gets 409.
    """
    return _view(await new_project(api, body.project_id or uuid4(), body.name, body.variables))


@routes.route("GET", "/projects/{project_id}", reply=host_replies.HostedProject)
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project of this compute."""
    return _view(known_project(api, project_id))


@routes.route("PUT", "/projects/{project_id}", reply=host_replies.HostedProject)
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the variables of a project, and the name of one that another controller has."""
    return _view(await change_project(api, project_id, api.given(body)))


routes.route("POST", "/projects/{project_id}/close", status=204)(close_project)
routes.route("DELETE", "/projects/{project_id}", status=204)(delete_project)


@routes.route("GET", "/projects/{project_id}/notifications")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """The events of the nodes of a project."""
    client = client_of(api.http.scope)
    require_known(api.controller, client, project_id)
    topic = events_for(api.controller.hosted, client, project_id)
    return NotificationStream(api.context.events.compute, topic, api.context.closing, of_compute=True)


routes.route("POST", "/projects/{project_id}/ports/udp", status=201, reply=UdpPort)(lease_udp_port)
