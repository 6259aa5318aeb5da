"""``/v3/projects/{project_id}/nodes/{node_id}/qemu/disk_image``: disks in the folder of a machine."""

from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.disk_images import tool_options
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.bodies import DiskImageCreate, named_format
from gns3trio.classes import define
from gns3trio.compute.node_features import NodeDisks
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, Refused
from gns3trio.limits import MAX_DISK_SIZE

routes = RouteTable("/v3/projects/{project_id}/nodes/{node_id}/qemu/disk_image")


@define(kw_only=True)
class DiskImageUpdate:
    """The body of ``PUT .../qemu/disk_image/{disk_name}``: by how many MiB the disk is to grow."""

    extend: int = field(default=0, validator=v.and_(v.ge(0), v.le(MAX_DISK_SIZE)))


def _disks(node: Node) -> NodeDisks:
    """The disks of a machine. Raises Refused for a node of another type, and Conflict if it does not run here."""
    if node.record.node_type != "qemu":
        raise Refused(f"Node '{node.name}' is of type {node.record.node_type}: only QEMU machines have disks")
    disks = node.require_instance().disks
    if disks is None:
        raise Conflict(f"Node '{node.name}' is on another host, whose disks this server does not make")
    return disks


@routes.route("POST", "/{disk_name}", status=204, privilege="Node.Allocate")
async def create_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageCreate) -> None:
    """Make an empty disk in the folder of a stopped machine."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        disks = _disks(node)
        await disks.create(disk_name, named_format(body.format), body.size, await tool_options(api, body.size, body))


@routes.route("PUT", "/{disk_name}", status=204, privilege="Node.Allocate")
async def extend_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageUpdate) -> None:
    """Make a disk in the folder of a stopped machine larger."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        await _disks(node).extend(disk_name, body.extend)


@routes.route("DELETE", "/{disk_name}", status=204, privilege="Node.Allocate")
async def delete_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str) -> None:
    """Delete a disk in the folder of a stopped machine. A linked clone begins anew at the next start."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        await _disks(node).delete(disk_name)
