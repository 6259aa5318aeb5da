"""``/v1``: the API of GNS3 1.3 and 1.4, over the same projects and nodes as version 2.

In this version the client creates tunnels itself: it leases UDP ports and binds a NIO at each end.
"""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import attrs

from gns3trio.api.access import Access
from gns3trio.api.identity import require_privilege
from gns3trio.api.replies import Gns3Version, UdpPort
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.streams import NotificationStream
from gns3trio.api.v1 import replies
from gns3trio.api.v1.bodies import Nio, ProjectCreate, ProjectUpdate, VpcsCreate, VpcsUpdate
from gns3trio.api.v1.views import project_view, vm_view
from gns3trio.api.versions import VersionCheck, check_version
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.gns3_format.records import NodeRecord, ProjectSettings
from gns3trio.controller.links.link import PortAddress
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, Forbidden, NotFound
from gns3trio.notifications.topics import project_topic

routes = RouteTable("/v1")

# Where version 3 has what is the same, and permissions are given.
_NODES, _LINKS = "/projects/{project_id}/nodes", "/projects/{project_id}/links"
_NODE = f"{_NODES}/{{vm_id}}"

DEFAULT_PROJECT_NAME = "untitled"
_VM = "/projects/{project_id}/vpcs/vms/{vm_id}"
_NIO = _VM + "/adapters/{adapter_number:number}/ports/{port_number:number}/nio"


def _opened(api: ApiRequest, project_id: UUID) -> Project:
    """An opened project. In version 1, closed projects do not exist."""
    project = api.controller.get_project(project_id)
    if project.status != "opened":
        raise NotFound(f"Project ID {project_id} doesn't exist")
    return project


@routes.route("GET", "/version", reply=Gns3Version, access=Access.LOGIN)
async def get_version(api: ApiRequest) -> dict[str, Any]:
    """The GNS3 version of this server."""
    return {"local": api.context.config.local, "version": api.context.config.gns3_version}


@routes.route("POST", "/version", reply=VersionCheck, access=Access.LOGIN)
async def post_version(api: ApiRequest, body: VersionCheck) -> dict[str, Any]:
    """Compare a client's version with the server's: 409 if they differ."""
    check_version(body.version, api.context.config.gns3_version)
    return {"version": body.version}


@routes.route("GET", "/projects", reply=list[replies.V1Project], access=Access.LOGIN)
async def list_projects(api: ApiRequest) -> list[dict[str, Any]]:
    """All opened projects."""
    return [project_view(p) for p in api.projects if p.status == "opened"]


@routes.route("POST", "/projects", status=201, reply=replies.V1Project, privilege="Project.Allocate")
async def create_project(api: ApiRequest, body: ProjectCreate) -> dict[str, Any]:
    """Create and open a project. Names need not be unique. The id of an existing project opens that project."""
    if body.project_id in api.controller.projects:
        require_privilege(api.http.scope, "Project.Allocate", f"/projects/{body.project_id}")
    project = await api.controller.create_project(
        ProjectSettings(name=body.name or DEFAULT_PROJECT_NAME),
        project_id=body.project_id,
        path=Path(body.path) if body.path else None,
        temporary=body.temporary,
        unique_name=False,
    )
    await api.controller.open_project(project)
    return project_view(project)


@routes.route("GET", "/projects/{project_id}", reply=replies.V1Project, privilege="Project.Audit")
async def get_project(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """One opened project by its id."""
    return project_view(_opened(api, project_id))


@routes.route("PUT", "/projects/{project_id}", reply=replies.V1Project, privilege="Project.Modify")
async def update_project(api: ApiRequest, project_id: UUID, body: ProjectUpdate) -> dict[str, Any]:
    """Rename a project, or change whether it is temporary."""
    project = _opened(api, project_id)
    given = api.given(body)
    if given.get("path") not in (None, str(project.folder)):
        raise Forbidden("path: the folder of a project cannot be changed")
    if body.name is not None:
        await project.update({"name": body.name})
    if "temporary" in given:
        project.temporary = body.temporary
    return project_view(project)


@routes.route("POST", "/projects/{project_id}/commit", status=204, privilege="Project.Modify")
async def commit_project(api: ApiRequest, project_id: UUID) -> None:
    """Do nothing: every change is saved before its request is answered."""
    _opened(api, project_id)


@routes.route(
    "POST", "/projects/{project_id}/close", status=204, privilege="Project.Allocate", another="Project.Modify"
)
async def close_project(api: ApiRequest, project_id: UUID) -> None:
    """Stop the nodes of a project and save it."""
    await api.controller.close_project(_opened(api, project_id))


@routes.route("DELETE", "/projects/{project_id}", status=204, privilege="Project.Allocate")
async def delete_project(api: ApiRequest, project_id: UUID) -> None:
    """Close a project and delete its files."""
    await api.controller.delete_project(_opened(api, project_id))


@routes.route("GET", "/projects/{project_id}/notifications", privilege="Project.Audit")
async def project_notifications(api: ApiRequest, project_id: UUID) -> NotificationStream:
    """``vm.started``, ``vm.stopped`` and log messages of one project."""
    _opened(api, project_id)
    return NotificationStream(api.context.events.v1.hub, project_topic(project_id), api.context.closing)


@routes.route(
    "POST",
    "/projects/{project_id}/ports/udp",
    status=201,
    reply=UdpPort,
    privilege="Link.Allocate",
    at=_LINKS,
)
async def lease_udp_port(api: ApiRequest, project_id: UUID) -> dict[str, int]:
    """Lease the lowest free UDP port; it is held until a NIO that uses it is deleted or the project closes."""
    project = _opened(api, project_id)
    return {"udp_port": await api.controller.computes.own.lease_udp(project.project_id)}


@routes.route(
    "POST",
    "/projects/{project_id}/vpcs/vms",
    status=201,
    reply=replies.V1Vpcs,
    privilege="Node.Allocate",
    at=_NODES,
)
async def create_vpcs(api: ApiRequest, project_id: UUID, body: VpcsCreate) -> dict[str, Any]:
    """Create a VPCS. Its name is not made unique."""
    project = _opened(api, project_id)
    x, y = project.nodes.free_places().near()
    record = NodeRecord(
        x=x,
        y=y,
        node_id=body.vm_id or uuid4(),
        node_type="vpcs",
        name=body.name,
        console=body.console,
        console_type="telnet",
    )
    node = await project.nodes.create(record, keep_name=True, startup_script=body.startup_script)
    return await vm_view(node)


@routes.route("GET", _VM, reply=replies.V1Vpcs, privilege="Node.Audit", at=_NODE)
async def get_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """One VPCS of a project."""
    async with _opened(api, project_id).nodes.lock(vm_id) as node:
        return await vm_view(node)


@routes.route("PUT", _VM, reply=replies.V1Vpcs, privilege="Node.Modify", at=_NODE)
async def update_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID, body: VpcsUpdate) -> dict[str, Any]:
    """Change the name, console or start-up script of a VPCS."""
    project = _opened(api, project_id)
    changes = {name: value for name, value in api.given(body).items() if value is not None}
    script = changes.pop("startup_script", None)
    async with project.nodes.lock(vm_id) as node:
        await project.nodes.update(node, changes, keep_name=True)
        if script is not None:
            await node.require_instance().set_startup_script(script)
        return await vm_view(node)


@routes.route("DELETE", _VM, status=204, privilege="Node.Allocate", at=_NODE)
async def delete_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID) -> None:
    """Delete a VPCS with its files."""
    project = _opened(api, project_id)
    async with project.nodes.lock(vm_id, to_stop=True) as node:
        await project.nodes.delete(node)


@routes.route(
    "POST",
    _VM + "/start",
    reply=replies.V1Vpcs,
    privilege="Node.PowerMgmt",
    at=f"{_NODE}/start",
)
async def start_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """Start a VPCS. Version 1 allows this only with a NIO."""
    async with _opened(api, project_id).nodes.acting(vm_id, "start", _require_nio_to_start) as node:
        return await vm_view(node)


def _require_nio_to_start(node: Node) -> None:
    if node.status != "started":
        _require_nio(node)


def _require_nio(node: Node) -> None:
    if not node.require_instance().has_nio:
        raise Conflict(f"VPCS '{node.name}' has no NIO: bind one before it is started")


@routes.route("POST", _VM + "/stop", status=204, privilege="Node.PowerMgmt", at=f"{_NODE}/stop")
async def stop_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID) -> None:
    """Stop a VPCS of a project."""
    async with _opened(api, project_id).nodes.acting(vm_id, "stop"):
        pass


@routes.route("POST", _VM + "/reload", status=204, privilege="Node.PowerMgmt", at=f"{_NODE}/reload")
async def reload_vpcs(api: ApiRequest, project_id: UUID, vm_id: UUID) -> None:
    """Stop and start a VPCS."""
    async with _opened(api, project_id).nodes.acting(vm_id, "reload", _require_nio):
        pass


@routes.route("POST", _NIO, status=201, reply=Nio, privilege="Link.Allocate", at=_LINKS)
async def bind_nio(
    api: ApiRequest, project_id: UUID, vm_id: UUID, adapter_number: int, port_number: int, body: Nio
) -> dict[str, Any]:
    """Bind a UDP NIO to a port: frames are sent to ``rhost:rport`` and received at ``lport``."""
    project = _opened(api, project_id)
    async with project.nodes.lock(vm_id) as node:
        nio = UdpNio(lport=body.lport, rhost=body.rhost, rport=body.rport)
        await project.links.bind_nio(PortAddress(node.node_id, adapter_number, port_number), nio)
    return attrs.asdict(body)


@routes.route("DELETE", _NIO, status=204, privilege="Link.Allocate", at=_LINKS)
async def unbind_nio(api: ApiRequest, project_id: UUID, vm_id: UUID, adapter_number: int, port_number: int) -> None:
    """Remove the NIO of a port. Succeeds if there is none."""
    project = _opened(api, project_id)
    async with project.nodes.lock(vm_id) as node:
        await project.links.unbind_nio(PortAddress(node.node_id, adapter_number, port_number))
