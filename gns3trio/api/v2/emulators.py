"""GNS3's routes for emulators that this server does not run. Each error names the emulator."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.forwarding import forwarded, forwarded_for_node
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2.bodies import DiskResize
from gns3trio.classes import define
from gns3trio.compute.emulators import EMULATOR_OF_TYPE, not_run
from gns3trio.errors import Invalid
from gns3trio.limits import Int32

routes = RouteTable("/v2")


@define(kw_only=True)
class IdlePcSearch:
    """The image for which an Idle-PC value is to be found, and the router that runs it. ``ram`` is in MB."""

    platform: str = ""
    image: str = ""
    ram: Int32 = 128


# Below each of these paths GNS3 has routes for nodes of a type, or for the emulator itself.
_NODES = "/compute/projects/{project_id}/%s/nodes"
_METHODS = ("GET", "POST", "PUT", "DELETE")
_PATHS = (_NODES, f"{_NODES}/{{rest:path}}", "/compute/%s/{rest:path}")


def _refusal(node_type: str) -> Callable[..., Awaitable[None]]:
    async def refuse(api: ApiRequest, **path: str) -> None:
        """Reject a request for an emulator that this server does not run."""
        raise not_run(node_type)

    return refuse


for _type in EMULATOR_OF_TYPE:
    # The body may be an image, so it is not read into memory.
    routes.route(_METHODS, *(path % _type for path in _PATHS), raw_body=True, described=False, access=Access.COMPUTE)(
        _refusal(_type)
    )


@routes.route(
    "GET", "/computes/{compute_id}/{emulator}/images", reply=list[dict[str, Any]], privilege="Image.Audit", at="/images"
)
async def list_compute_images(api: ApiRequest, compute_id: str, emulator: str) -> Response:
    """The images of an emulator on another host."""
    return forwarded(api, compute_id, emulator, "images")


@routes.route("GET", "/computes/{compute_id}/{emulator}/{action:path}", raw_body=True, privilege="Compute.Audit")
@routes.route(
    "POST", "/computes/{compute_id}/{emulator}/{action:path}", raw_body=True, privilege="Image.Allocate", at="/images"
)
@routes.route(
    "PUT", "/computes/{compute_id}/{emulator}/{action:path}", raw_body=True, privilege="Image.Allocate", at="/images"
)
@routes.route(
    "DELETE", "/computes/{compute_id}/{emulator}/{action:path}", raw_body=True, privilege="Image.Allocate", at="/images"
)
async def forward_to_emulator(api: ApiRequest, compute_id: str, emulator: str, action: str) -> Response:
    """A request to an emulator of a compute, which answers it. 409 for this server, which runs none."""
    return forwarded(api, compute_id, emulator, action)


@routes.route(
    "POST",
    "/computes/{compute_id}/auto_idlepc",
    reply=dict[str, Any],
    privilege="Template.Allocate",
    at="/computes/{compute_id}/dynamips/auto_idlepc",
)
async def find_idlepc(api: ApiRequest, compute_id: str, body: IdlePcSearch) -> dict[str, Any]:
    """Find an Idle-PC value for an image of a Dynamips router, on another host. This server itself runs none."""
    compute = api.controller.computes.require_other(compute_id)
    if compute is None:
        raise not_run("dynamips")
    for name in ("platform", "image"):
        if not getattr(body, name):
            raise Invalid(f"{name}: is missing")
    return await cancelled_on_disconnect(api, lambda: compute.find_idlepc(body.platform, body.image, body.ram))


@routes.route("GET", "/projects/{project_id}/nodes/{node_id}/dynamips/auto_idlepc", privilege="Node.Audit")
async def find_idlepc_of_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> Response:
    """Find an Idle-PC value for a Dynamips router on another host. This server itself runs none."""
    node = api.controller.get_project(project_id).nodes.require(node_id)
    return forwarded_for_node(api, node, "dynamips", "auto_idlepc")


@routes.route("GET", "/projects/{project_id}/nodes/{node_id}/dynamips/idlepc_proposals", privilege="Node.Audit")
async def propose_idlepc_of_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> Response:
    """The Idle-PC values that a Dynamips router on another host proposes. This server itself runs none."""
    node = api.controller.get_project(project_id).nodes.require(node_id)
    return forwarded_for_node(api, node, "dynamips", "idlepc_proposals")


@routes.route(
    "POST",
    "/projects/{project_id}/nodes/{node_id}/resize_disk",
    status=201,
    privilege="Node.Allocate",
    at="/projects/{project_id}/nodes/{node_id}/qemu/disk_image",
)
async def resize_disk(api: ApiRequest, project_id: UUID, node_id: UUID, body: DiskResize) -> None:
    """Make a disk of a stopped QEMU machine larger."""
    async with api.controller.get_project(project_id).nodes.lock(node_id) as node:
        await node.require_instance().resize_disk(body.drive_name, body.extend)
