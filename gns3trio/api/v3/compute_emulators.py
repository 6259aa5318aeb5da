"""``/v3/compute/qemu`` and ``/v3/compute/docker``: images of this host, and what only machines and containers do."""

from typing import Any
from uuid import UUID

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.downloads import Download, uploaded_file
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.driven_nodes import driven_action, resume_driven

routes = RouteTable("/v3/compute", access=Access.COMPUTE)

_CONTAINER = "/projects/{project_id}/docker/nodes/{node_id}"
_MACHINE = "/projects/{project_id}/qemu/nodes/{node_id}"


@routes.route("GET", "/docker/images", reply=list[library_views.DockerImage])
async def list_container_images(api: ApiRequest) -> list[dict[str, Any]]:
    """The images that the Docker engine of this host has, by name. 409 if there is no engine."""
    return [{"image": name} for name in await api.context.docker_images()]


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


@routes.route("POST", f"{_CONTAINER}/pause", status=204)
async def pause_container(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Suspend a container: all its processes are frozen."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, "docker", node_id, "suspend"):
        pass


@routes.route("POST", f"{_CONTAINER}/unpause", status=204)
async def unpause_container(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let a suspended container go on."""
    await resume_driven(api.controller, client_of(api.http.scope), project_id, "docker", node_id)


@routes.route("POST", f"{_MACHINE}/resume", status=204)
async def resume_machine(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let a suspended machine go on."""
    await resume_driven(api.controller, client_of(api.http.scope), project_id, "qemu", node_id)
