"""``/v3/projects/{project_id}/nodes/{node_id}/qemu/disk_image``: disks in the folder of a machine; and the same of the
compute API, for the machines of another controller.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.access import Access
from gns3trio.api.compute_nodes import locked
from gns3trio.api.disk_images import tool_options
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.bodies import DiskImageCreate, named_format
from gns3trio.classes import define
from gns3trio.compute.node_features import NodeDisks
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, Refused
from gns3trio.limits import MAX_DISK_SIZE

_DISK = "/{disk_name}"

routes = RouteTable("/v3/projects/{project_id}/nodes/{node_id}/qemu/disk_image")
compute_routes = RouteTable("/v3/compute/projects/{project_id}/qemu/nodes/{node_id}/disk_image", access=Access.COMPUTE)


@define(kw_only=True)
class DiskImageUpdate:
    """The body of ``PUT .../qemu/disk_image/{disk_name}``: by how many MiB the disk is to grow."""

    extend: int = field(default=0, validator=v.and_(v.ge(0), v.le(MAX_DISK_SIZE)))


def _of_record(node: Node) -> NodeDisks:
    """The disks of a machine. Raises Refused for a node of another type, and Conflict if it does not run here."""
    if node.record.node_type != "qemu":
        raise Refused(f"Node '{node.name}' is of type {node.record.node_type}: only QEMU machines have disks")
    disks = node.require_instance().disks
    if disks is None:
        raise Conflict(f"Node '{node.name}' is on another host, whose disks this server does not make")
    return disks


@asynccontextmanager
async def _disks(api: ApiRequest, project_id: UUID, node_id: UUID) -> AsyncIterator[NodeDisks]:
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        yield _of_record(node)


@asynccontextmanager
async def _driven_disks(api: ApiRequest, project_id: UUID, node_id: UUID) -> AsyncIterator[NodeDisks]:
    async with locked(api, project_id, "qemu", node_id) as node:
        if node.instance.disks is None:
            raise Conflict(f"Node '{node.instance.name}' is on another host, whose disks this server does not make")
        yield node.instance.disks


async def _create(api: ApiRequest, disks: NodeDisks, disk_name: str, body: DiskImageCreate) -> None:
    await disks.create(disk_name, named_format(body.format), body.size, await tool_options(api, body.size, body))


@routes.route("POST", _DISK, status=204, privilege="Node.Allocate")
async def create_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageCreate) -> None:
    """Make an empty disk in the folder of a stopped machine."""
    async with _disks(api, project_id, node_id) as disks:
        await _create(api, disks, disk_name, body)


@routes.route("PUT", _DISK, status=204, privilege="Node.Allocate")
async def extend_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageUpdate) -> None:
    """Make a disk in the folder of a stopped machine larger."""
    async with _disks(api, project_id, node_id) as disks:
        await disks.extend(disk_name, body.extend)


@routes.route("DELETE", _DISK, status=204, privilege="Node.Allocate")
async def delete_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str) -> None:
    """Delete a disk in the folder of a stopped machine. A linked clone begins anew at the next start."""
    async with _disks(api, project_id, node_id) as disks:
        await disks.delete(disk_name)


@compute_routes.route("POST", _DISK, status=204)
async def create_driven_disk(
    api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageCreate
) -> None:
    """Make an empty disk in the folder of a stopped machine."""
    async with _driven_disks(api, project_id, node_id) as disks:
        await _create(api, disks, disk_name, body)


@compute_routes.route("PUT", _DISK, status=204)
async def extend_driven_disk(
    api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str, body: DiskImageUpdate
) -> None:
    """Make a disk in the folder of a stopped machine larger."""
    async with _driven_disks(api, project_id, node_id) as disks:
        await disks.extend(disk_name, body.extend)


@compute_routes.route("DELETE", _DISK, status=204)
async def delete_driven_disk(api: ApiRequest, project_id: UUID, node_id: UUID, disk_name: str) -> None:
    """Delete a disk in the folder of a stopped machine. A linked clone begins anew at the next start."""
    async with _driven_disks(api, project_id, node_id) as disks:
        await disks.delete(disk_name)
