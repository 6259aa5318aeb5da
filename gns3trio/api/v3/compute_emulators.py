"""``/v3/compute/qemu`` and ``/v3/compute/docker``: images of this host, and what only machines and containers do."""

from typing import Any

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.downloads import Download, uploaded_file
from gns3trio.api.handlers import docker as docker_handlers
from gns3trio.api.handlers import qemu as qemu_handlers
from gns3trio.api.routing import ApiRequest, RouteTable

routes = RouteTable("/v3/compute", access=Access.COMPUTE)

_CONTAINER = "/projects/{project_id}/docker/nodes/{node_id}"
_MACHINE = "/projects/{project_id}/qemu/nodes/{node_id}"


routes.route("GET", "/docker/images", reply=list[library_views.DockerImage])(docker_handlers.list_images)


@routes.route("GET", "/qemu/capabilities", reply=library_views.QemuCapabilities)
async def get_qemu_capabilities(api: ApiRequest) -> dict[str, Any]:
    """The processors that this host can run without emulation."""
    return {"kvm": (await api.context.qemu_host()).accelerated()}


@routes.route("GET", "/qemu/images", reply=list[library_views.ImageFile])
async def list_images(api: ApiRequest) -> list[dict[str, Any]]:
    """The images of machines on this host."""
    return list(map(library_views.image_view, await api.controller.images.of("qemu").list()))


@routes.route("POST", "/qemu/images/{filename:path}", status=204, raw_body=True)
async def upload_image(api: ApiRequest, filename: str) -> None:
    """Store an image; the body is its content. An image of that name is replaced when all of it has arrived."""
    await api.controller.images.of("qemu").receive(filename, api.http.stream())


@routes.route("GET", "/qemu/images/{filename:path}")
async def download_image(api: ApiRequest, filename: str) -> Download:
    """The content of an image."""
    return uploaded_file(await api.controller.images.of("qemu").open(filename), filename)


routes.route("POST", f"{_CONTAINER}/pause", status=204)(docker_handlers.pause_node)
routes.route("POST", f"{_CONTAINER}/unpause", status=204)(docker_handlers.unpause_node)
routes.route("POST", f"{_MACHINE}/resume", status=204)(qemu_handlers.resume_node)
