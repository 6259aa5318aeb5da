"""``/v2/projects/{project_id}/vms``: the name of ``nodes`` before GNS3 2.0.

Thin aliases: ``vm_id`` and ``vm_type`` instead of ``node_id`` and ``node_type``; names are not made unique; the default
compute is the local one; and every status is 201, as it was then.
"""

from typing import Any
from uuid import UUID, uuid4

from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.bodies import VmCreate, VmUpdate, refuse_other
from gns3trio.api.v2.from_bodies import record_changes, refuse_other_identity
from gns3trio.api.v2.views import vm_view
from gns3trio.controller.nodes.creation import create_node_from_fields

routes = RouteTable("/v2/projects/{project_id}")

_NODES = "/projects/{project_id}/nodes"  # where version 3 has them, and permissions are given
_NODE = f"{_NODES}/{{vm_id}}"


@routes.route("POST", "/vms", status=201, reply=dict[str, Any], privilege="Node.Allocate", at=_NODES)
async def create_vm(api: ApiRequest, project_id: UUID, body: VmCreate) -> dict[str, Any]:
    """Create a node of a project."""
    project = api.controller.get_project(project_id)
    fields = api.given(body)
    fields["node_id"] = fields.pop("vm_id", None) or uuid4()
    fields["node_type"] = fields.pop("vm_type")
    return vm_view(await create_node_from_fields(project.nodes, fields, keep_name=True))


@routes.route("GET", "/vms", reply=list[dict[str, Any]], privilege="Node.Audit", at=_NODES)
async def list_vms(api: ApiRequest, project_id: UUID) -> list[dict[str, Any]]:
    """The nodes of an opened project."""
    project = api.controller.get_project(project_id)
    project.require_open()
    return [vm_view(node) for node in project.nodes.values()]


@routes.route("GET", "/vms/{vm_id}", reply=dict[str, Any], privilege="Node.Audit", at=_NODE)
async def get_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """One node of a project."""
    async with api.controller.get_project(project_id).nodes.lock(vm_id) as node:
        return vm_view(node)


@routes.route(
    "PUT",
    "/vms/{vm_id}",
    status=201,
    reply=dict[str, Any],
    privilege="Node.Modify",
    at=_NODE,
)
async def update_vm(api: ApiRequest, project_id: UUID, vm_id: UUID, body: VmUpdate) -> dict[str, Any]:
    """Change the name or properties of a node."""
    project = api.controller.get_project(project_id)
    given = api.given(body)
    async with project.nodes.lock(vm_id) as node:
        refuse_other(given, vm_id=vm_id, vm_type=node.record.node_type)
        refuse_other_identity(api, node, given)
        await project.nodes.update(node, record_changes(api, body), keep_name=True)
        return vm_view(node)


@routes.route("DELETE", "/vms/{vm_id}", status=201, privilege="Node.Allocate", at=_NODE)
async def delete_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> None:
    """Delete a node with its links and files."""
    project = api.controller.get_project(project_id)
    async with project.nodes.lock(vm_id, to_stop=True) as node:
        await project.nodes.delete(node)


@routes.route(
    "POST",
    "/vms/{vm_id}/start",
    status=201,
    reply=dict[str, Any],
    privilege="Node.PowerMgmt",
    at=f"{_NODE}/start",
)
async def start_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """Start a node of a project."""
    async with api.controller.get_project(project_id).nodes.acting(vm_id, "start") as node:
        return vm_view(node)


@routes.route(
    "POST",
    "/vms/{vm_id}/stop",
    status=201,
    reply=dict[str, Any],
    privilege="Node.PowerMgmt",
    at=f"{_NODE}/stop",
)
async def stop_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """Stop a node of a project."""
    async with api.controller.get_project(project_id).nodes.acting(vm_id, "stop") as node:
        return vm_view(node)


@routes.route(
    "POST",
    "/vms/{vm_id}/suspend",
    status=201,
    reply=dict[str, Any],
    privilege="Node.PowerMgmt",
    at=f"{_NODE}/suspend",
)
async def suspend_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """Suspend a node. This does nothing for types that cannot be suspended, such as VPCS."""
    async with api.controller.get_project(project_id).nodes.acting(vm_id, "suspend") as node:
        return vm_view(node)


@routes.route(
    "POST",
    "/vms/{vm_id}/reload",
    status=201,
    reply=dict[str, Any],
    privilege="Node.PowerMgmt",
    at=f"{_NODE}/reload",
)
async def reload_vm(api: ApiRequest, project_id: UUID, vm_id: UUID) -> dict[str, Any]:
    """Stop and start a node."""
    async with api.controller.get_project(project_id).nodes.acting(vm_id, "reload") as node:
        return vm_view(node)
