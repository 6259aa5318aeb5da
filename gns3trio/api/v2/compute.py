"""``/v2/compute``: the compute API, for a GNS3 controller on another host."""

import platform
from typing import Any, ClassVar
from uuid import UUID, uuid4

import attrs
from attrs import field
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from gns3trio import __version__
from gns3trio.api.context import ApiContext
from gns3trio.api.replies import Capabilities, Gns3Version, UdpPort, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import COMPUTE_PING_AFTER_SECONDS, NotificationStream, serve_notifications
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import check_variables
from gns3trio.api.v2.compute_views import (
    hosted_project_view,
    instance_view,
    interface_view,
    own_project_view,
    port_usage_view,
    statistics_view,
)
from gns3trio.compute.extensions import EXTENSIONS
from gns3trio.controller.driven_nodes import own_project, require_known
from gns3trio.controller.names import Name
from gns3trio.notifications.topics import EVERYTHING, project_topic

routes = RouteTable("/v2/compute", strict_ids=True)


@attrs.define(kw_only=True)
class ProjectCreate:
    """``POST /projects``. ``path`` is ignored: the files are in the folder for projects."""

    name: Name
    project_id: UUID | None = None
    path: str | None = None
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)


@attrs.define(kw_only=True)
class ProjectUpdate:
    """The body of ``PUT /projects/{project_id}``. Only the variables are used."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)


@routes.route("GET", "/capabilities", reply=Capabilities)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The node types that this server runs, and its GNS3 version."""
    return shown_as(Capabilities, api.controller.computes.capabilities())


@routes.route("GET", "/extensions", reply=replies.ComputeExtensions)
async def get_extensions(api: ApiRequest) -> dict[str, Any]:
    """The extensions of the compute API that this server has; an extension itself."""
    return {"extensions": list(EXTENSIONS), "product": "gns3trio", "version": __version__}


@routes.route("GET", "/version", reply=Gns3Version)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The GNS3 version of this server."""
    return {"local": api.context.config.local, "version": api.context.config.gns3_version}


@routes.route("GET", "/statistics", reply=replies.MachineStatistics)
async def get_statistics(api: ApiRequest) -> dict[str, Any]:
    """The load of this machine: CPU, memory, disk."""
    return statistics_view(await api.controller.hosted.compute.statistics())


@routes.route("GET", "/network/interfaces", reply=list[replies.Interface])
async def get_interfaces(api: ApiRequest) -> list[dict[str, Any]]:
    """The network interfaces of this host."""
    return list(map(interface_view, await api.controller.hosted.compute.interfaces()))


@routes.route("GET", "/network/ports", reply=replies.PortUsage)
async def get_ports(api: ApiRequest) -> dict[str, Any]:
    """The console and UDP ports in use, and their ranges."""
    return port_usage_view(await api.controller.hosted.compute.port_usage())


@routes.route("GET", "/debug")
async def get_debug(api: ApiRequest) -> Response:
    """A summary of the running nodes, as text."""
    lines = [f"gns3trio {__version__}, GNS3 {api.context.config.gns3_version}", platform.platform()]
    for project in api.controller.hosted.all():
        lines.append(f"project {project.project_id} {project.name!r}")
        lines += [f"  {instance_view(node.instance)}" for node in project.nodes.values()]
    return PlainTextResponse("\n".join([*lines, ""]))


@routes.websocket("/notifications/ws")
async def compute_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """The events of nodes in hosted projects."""
    await serve_notifications(
        websocket, context.events.compute, EVERYTHING, context.closing, ping_after=COMPUTE_PING_AFTER_SECONDS
    )


# --- projects ---


@routes.route("GET", "/projects", reply=list[replies.HostedProject])
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The open projects: first those of other controllers, then those of this server's controller."""
    own = [project for project in api.controller.projects.values() if project.status == "opened"]
    ids = {project.project_id for project in own}
    hosted = [hosted_project_view(project) for project in api.controller.hosted.all() if project.project_id not in ids]
    return [*hosted, *map(own_project_view, own)]


@routes.route("POST", "/projects", status=201, reply=replies.HostedProject)
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create a project for a controller; this server's controller may have it too."""
    project_id = body.project_id or uuid4()
    if (own := own_project(api.controller, project_id)) is not None:
        return own_project_view(own)
    api.controller.check_hostable(project_id)
    return hosted_project_view(await api.controller.hosted.create(project_id, body.name, body.variables))


@routes.route("GET", "/projects/{project_id}", reply=replies.HostedProject)
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project of this compute."""
    own = own_project(api.controller, project_id)
    return own_project_view(own) if own is not None else hosted_project_view(api.controller.hosted.get(project_id))


@routes.route("PUT", "/projects/{project_id}", reply=replies.HostedProject)
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the variables of a project."""
    changes = api.given(body)
    if (own := own_project(api.controller, project_id)) is not None:
        await own.update(changes)
        return own_project_view(own)
    project = api.controller.hosted.get(project_id)
    project.variables = changes.get("variables", project.variables)
    return hosted_project_view(project)


@routes.route("POST", "/projects/{project_id}/close", status=204)
async def close_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project; their files stay."""
    if (own := own_project(api.controller, project_id)) is not None:
        await api.controller.close_project(own)
        return
    await api.controller.hosted.close(api.controller.hosted.get(project_id))


@routes.route("DELETE", "/projects/{project_id}", status=204)
async def delete_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project and delete their files; if it is closed, only delete the files.

    A project of this server's controller is a whole lab, which only its own controller may delete.
    """
    if project_id in api.controller.projects or not api.controller.hosted.knows(project_id):
        api.controller.check_unused(project_id)
    await api.controller.hosted.delete(project_id)


@routes.route("GET", "/projects/{project_id}/notifications")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """The events of the nodes of a project."""
    require_known(api.controller, project_id)
    return NotificationStream(api.context.events.compute, project_topic(project_id), api.context.closing)


@routes.route("POST", "/projects/{project_id}/ports/udp", status=201, reply=UdpPort)
async def lease_udp_port(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """Lease the lowest free UDP port for an end of a link."""
    require_known(api.controller, project_id)
    return {"udp_port": await api.controller.hosted.compute.lease_udp(project_id)}
