"""``/v3/compute``: the compute API, for a GNS3 3 controller on another host: this host, and its projects."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from attrs import field
from starlette.websockets import WebSocket

from gns3trio import threads
from gns3trio.api import host_views
from gns3trio.api.access import Access
from gns3trio.api.compute_files import get_project_file, list_project_files, post_project_file
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
from gns3trio.api.replies import UdpPort
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import PING_AFTER_SECONDS, Greeting
from gns3trio.api.v2 import replies as v2_replies
from gns3trio.api.v2.bodies import check_variables
from gns3trio.api.v3 import compute_api_replies as replies
from gns3trio.api.v3.compute_api_views import project_view
from gns3trio.api.v3.compute_views import Capabilities, capabilities_view
from gns3trio.api.v3.events import ping
from gns3trio.classes import define
from gns3trio.controller.names import Name
from gns3trio.limits import MAX_ITEMS, Bound
from gns3trio.machine import measure_disk

routes = RouteTable("/v3/compute", access=Access.COMPUTE)

Variables = Annotated[list[dict[str, Any]], Bound(MAX_ITEMS)]


@define(kw_only=True)
class ProjectCreate:
    """``POST /projects``. The files are in the folder for projects, whatever the path."""

    name: Name
    project_id: UUID | None = None
    variables: Variables | None = field(default=None, validator=check_variables)


@define(kw_only=True)
class ProjectUpdate:
    """The body of ``PUT /projects/{project_id}``. As in GNS3 3, the name stays."""

    variables: Variables | None = field(default=None, validator=check_variables)


@routes.route("GET", "/capabilities", reply=Capabilities)
async def get_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The node types that this server runs, the version of GNS3 3, which must be the controller's own, and what the
    host has: CPUs, memory and disk in bytes.
    """
    await threads.disk.run(measure_disk, str(api.context.config.projects_path), abandon_on_cancel=True)
    return capabilities_view(api.controller.computes.capabilities())


@routes.route("GET", "/version", reply=replies.Version)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The version of GNS3 3 for controllers."""
    return {"version": api.context.config.gns3_3_version}


routes.route("GET", "/statistics", reply=host_views.MachineStatistics)(get_statistics)
routes.route("GET", "/network/interfaces", reply=list[host_views.Interface])(get_interfaces)
routes.route("GET", "/network/ports", reply=host_views.PortUsage)(get_ports)


@routes.websocket("/notifications/ws")
async def compute_notifications_ws(context: ApiContext, websocket: WebSocket) -> None:
    """The events of nodes in hosted projects, as in version 2. The pings tell the use of the disk, too."""
    await threads.disk.run(measure_disk, str(context.config.projects_path), abandon_on_cancel=True)
    hub = context.events.compute_v3
    await serve_compute_notifications(context, websocket, hub, PING_AFTER_SECONDS, Greeting(ping))


# --- projects ---


@routes.route("GET", "/projects", reply=list[replies.Project])
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """The open projects that the client may see."""
    return list(map(project_view, visible_projects(api)))


@routes.route("POST", "/projects", status=201, reply=replies.Project)
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create a project for a controller."""
    return project_view(await new_project(api, body.project_id or uuid4(), body.name, body.variables))


@routes.route("GET", "/projects/{project_id}", reply=replies.Project)
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One project of this compute."""
    return project_view(known_project(api, project_id))


@routes.route("PUT", "/projects/{project_id}", reply=replies.Project)
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Change the variables of a project."""
    return project_view(await change_project(api, project_id, api.given(body)))


routes.route("POST", "/projects/{project_id}/close", status=204)(close_project)
routes.route("DELETE", "/projects/{project_id}", status=204)(delete_project)
routes.route("POST", "/projects/{project_id}/ports/udp", status=201, reply=UdpPort)(lease_udp_port)
routes.route("GET", "/projects/{project_id}/files", reply=list[v2_replies.ProjectFile])(list_project_files)
routes.route("GET", "/projects/{project_id}/files/{path:path}")(get_project_file)
routes.route("POST", "/projects/{project_id}/files/{path:path}", status=204, raw_body=True)(post_project_file)
