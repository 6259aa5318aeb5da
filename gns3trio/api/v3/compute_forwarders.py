"""``/v3/computes/{compute_id}/...``: what a compute offers for new templates and nodes. Requests to computes on other
hosts are passed on.
"""

from typing import Any

from starlette.responses import Response

from gns3trio.api import host_views, library_views
from gns3trio.api.access import Access
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.forwarding import forwarded
from gns3trio.api.handlers import computes as handlers
from gns3trio.api.library_views import image_view
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.classes import define
from gns3trio.compute.emulators import not_run
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.images import FOLDERS
from gns3trio.limits import Int32

routes = RouteTable("/v3/computes/{compute_id}")


@define(kw_only=True)
class IdlePcSearch:
    """The image for which an Idle-PC value is to be found, and the router that runs it. ``ram`` is in MB."""

    platform: str
    image: str
    ram: Int32


routes.route("GET", "/network/interfaces", reply=list[host_views.Interface], access=Access.LOGIN)(
    handlers.get_compute_interfaces
)
routes.route("GET", "/network/ports", reply=host_views.PortUsage, access=Access.LOGIN)(handlers.get_compute_ports)


@routes.route("GET", "/docker/images", reply=list[library_views.DockerImage], access=Access.LOGIN)
async def list_docker_images(api: ApiRequest, compute_id: str) -> list[dict[str, Any]] | Response:
    """The images that the Docker engine has, by name. 409 if there is no engine."""
    if compute_id != LOCAL_COMPUTE_ID:
        return forwarded(api, compute_id, "docker", "images")
    return [{"image": name} for name in await api.context.docker_images()]


@routes.route("GET", "/qemu/capabilities", reply=library_views.QemuCapabilities, access=Access.LOGIN)
async def get_qemu_capabilities(api: ApiRequest, compute_id: str) -> dict[str, Any] | Response:
    """The processors that the host can run without emulation."""
    if compute_id != LOCAL_COMPUTE_ID:
        return forwarded(api, compute_id, "qemu", "capabilities")
    return {"kvm": (await api.context.qemu_host()).accelerated()}


@routes.route("GET", "/virtualbox/vms", access=Access.LOGIN)
async def list_virtualbox_machines(api: ApiRequest, compute_id: str) -> Response:
    """The machines of VirtualBox on another host. This server itself runs none."""
    return forwarded(api, compute_id, "virtualbox", "vms")


@routes.route("GET", "/vmware/vms", access=Access.LOGIN)
async def list_vmware_machines(api: ApiRequest, compute_id: str) -> Response:
    """The machines of VMware on another host. This server itself runs none."""
    return forwarded(api, compute_id, "vmware", "vms")


@routes.route("POST", "/dynamips/auto_idlepc", reply=dict[str, Any], privilege="Template.Allocate")
async def find_idlepc(api: ApiRequest, compute_id: str, body: IdlePcSearch) -> dict[str, Any]:
    """Find an Idle-PC value for an image of a Dynamips router, on another host. This server itself runs none."""
    compute = api.controller.computes.require_other(compute_id)
    if compute is None:
        raise not_run("dynamips")
    return await cancelled_on_disconnect(api, lambda: compute.find_idlepc(body.platform, body.image, body.ram))


@routes.route(
    "GET", "/{emulator}/{endpoint_path:path}", raw_body=True, reply=list[dict[str, Any]], privilege="Compute.Audit"
)
async def read_from_emulator(
    api: ApiRequest, compute_id: str, emulator: str, endpoint_path: str
) -> list[dict[str, Any]] | Response:
    """A request to an emulator of a compute, which answers it: for instance ``qemu/images``. 409 for emulators that
    this server does not run.
    """
    if compute_id == LOCAL_COMPUTE_ID and emulator in FOLDERS and endpoint_path == "images":
        return list(map(image_view, await api.controller.images.of(emulator).list()))
    return forwarded(api, compute_id, emulator, endpoint_path)


@routes.route(["POST", "PUT"], "/{emulator}/{endpoint_path:path}", raw_body=True, privilege="Compute.Modify")
async def forward_to_emulator(api: ApiRequest, compute_id: str, emulator: str, endpoint_path: str) -> Response:
    """A request to an emulator of a compute, which answers it. 409 for emulators that this server does not run."""
    return forwarded(api, compute_id, emulator, endpoint_path)
