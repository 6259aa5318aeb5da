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
from gns3trio.api.context import ApiContext
from gns3trio.api.host_views import interface_view, port_usage_view, statistics_view
from gns3trio.api.replies import Capabilities, Gns3Version, UdpPort, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import COMPUTE_PING_AFTER_SECONDS, NotificationStream, serve_notifications
from gns3trio.api.v2 import host_replies
from gns3trio.api.v2.bodies import check_variables
from gns3trio.api.v2.compute_views import (
    driven_node_view,
    events_for,
    hosted_project_view,
    own_project_view,
)
from gns3trio.classes import define
from gns3trio.compute.clients import OWN_USER
from gns3trio.compute.extensions import EXTENSIONS, TRUNK
from gns3trio.controller.driven_nodes import (
    lease_udp,
    own_project,
    require_hostable,
    require_known,
    sees_own_projects,
)
from gns3trio.controller.names import Name

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


@routes.route("GET", "/statistics", reply=host_views.MachineStatistics)
async def get_statistics(api: ApiRequest) -> dict[str, Any]:
    """The load of this machine: CPU, memory, disk."""
    return statistics_view(await api.controller.hosted.compute.statistics())


@routes.route("GET", "/network/interfaces", reply=list[host_views.Interface])
async def get_interfaces(api: ApiRequest) -> list[dict[str, Any]]:
    """The network interfaces of this host."""
    return list(map(interface_view, await api.controller.hosted.compute.interfaces()))


@routes.route("GET", "/network/ports", reply=host_views.PortUsage)
async def get_ports(api: ApiRequest) -> dict[str, Any]:
    """The console and UDP ports in use, and their ranges."""
    return port_usage_view(await api.controller.hosted.compute.port_usage())


@routes.route("GET", "/debug")
async def get_debug(api: ApiRequest) -> Response:
    """A summary of the nodes of hosted projects, as text."""
    lines = [f"gns3trio {__version__}, GNS3 {api.context.config.gns3_version}", platform.platform()]
    for project in api.controller.hosted.of(client_of(api.http.scope)):
        lines.append(f"project {project.project_id} {project.name!r}")
        lines += [f"  {driven_node_view(node)}" for node in project.nodes.values()]
    return PlainTextResponse("\n".join([*lines, ""]))


@routes.websocket("/notifications/ws")
async def compute_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """The events of nodes in hosted projects: those of this client, or while their controller has no such stream, of
    its user. A client with such a stream is a controller, which does not see the projects of others.
    """
    client, hosted = client_of(websocket.scope), context.controller.hosted
    topic = events_for(hosted, client)
    with hosted.controllers.listening(client):
        await serve_notifications(
            websocket,
            context.events.compute,
            topic,
            context.closing,
            ping_after=COMPUTE_PING_AFTER_SECONDS,
            of_compute=True,
        )


# --- projects ---


@routes.route("GET", "/projects", reply=list[host_replies.HostedProject])
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The open projects that the client may see: first those of other controllers, then those of this server's
    controller.
    """
    client = client_of(api.http.scope)
    ours = api.controller.projects.values() if sees_own_projects(api.controller, client) else ()
    own = [project for project in ours if project.status == "opened"]
    ids = {project.project_id for project in own}
    hosted = [each for each in api.controller.hosted.of(client) if each.project_id not in ids]
    return [*map(hosted_project_view, hosted), *map(own_project_view, own)]


@routes.route("POST", "/projects", status=201, reply=host_replies.HostedProject)
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create a project for a controller. This server's controller may have it too, but no third one of the same user:
    it gets 409.
    """
    project_id = body.project_id or uuid4()
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        return own_project_view(own)
    require_hostable(api.controller, client, project_id)
    return hosted_project_view(await api.controller.hosted.create(client, project_id, body.name, body.variables))


@routes.route("GET", "/projects/{project_id}", reply=host_replies.HostedProject)
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project of this compute."""
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        return own_project_view(own)
    return hosted_project_view(api.controller.hosted.get(client, project_id))


@routes.route("PUT", "/projects/{project_id}", reply=host_replies.HostedProject)
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the variables of a project, and the name of one that another controller has."""
    changes = api.given(body)
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        await own.update({name: value for name, value in changes.items() if name == "variables"})
        return own_project_view(own)
    project = api.controller.hosted.get(client, project_id)
    project.name = changes.get("name", project.name)
    project.variables = changes.get("variables", project.variables)
    return hosted_project_view(project)


@routes.route("POST", "/projects/{project_id}/close", status=204)
async def close_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project; their files stay."""
    client = client_of(api.http.scope)
    if (own := own_project(api.controller, client, project_id)) is not None:
        await api.controller.close_project(own)
        return
    await api.controller.hosted.close(api.controller.hosted.get(client, project_id))


@routes.route("DELETE", "/projects/{project_id}", status=204)
async def delete_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project and delete their files; if it is closed, only delete the files.

    A project of this server's controller is a whole lab, which only its own controller may delete.
    """
    client = client_of(api.http.scope)
    if client.user == OWN_USER and (
        project_id in api.controller.projects or not api.controller.hosted.knows(project_id)
    ):
        api.controller.check_unused(project_id)
    await api.controller.hosted.delete(client, project_id)


@routes.route("GET", "/projects/{project_id}/notifications")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """The events of the nodes of a project."""
    client = client_of(api.http.scope)
    require_known(api.controller, client, project_id)
    topic = events_for(api.controller.hosted, client, project_id)
    return NotificationStream(api.context.events.compute, topic, api.context.closing, of_compute=True)


@routes.route("POST", "/projects/{project_id}/ports/udp", status=201, reply=UdpPort)
async def lease_udp_port(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """Lease the lowest free UDP port for an end of a link."""
    return {"udp_port": await lease_udp(api.controller, client_of(api.http.scope), project_id)}
