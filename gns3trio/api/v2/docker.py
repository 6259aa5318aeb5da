"""GNS3's routes for Docker on this host: its images, and what only nodes of this type can do.

``/v2/compute/docker`` is for controllers on other hosts, ``/v2/computes/local/docker`` for clients of this server.
"""

from typing import Any
from uuid import UUID

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.driven_nodes import driven_action, resume_driven

routes = RouteTable("/v2")

_NODE = "/compute/projects/{project_id}/docker/nodes/{node_id}"


@routes.route("GET", "/compute/docker/images", reply=list[library_views.DockerImage], access=Access.COMPUTE)
@routes.route("GET", "/computes/local/docker/images", reply=list[library_views.DockerImage], access=Access.LOGIN)
async def list_images(api: ApiRequest) -> list[dict[str, Any]]:
    """The images that the Docker engine of this host has, by name. 409 if there is no engine."""
    return [{"image": name} for name in await api.context.docker_images()]


@routes.route("POST", f"{_NODE}/start", status=204, access=Access.COMPUTE)
async def start_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Start a container, or let a suspended one go on."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, "docker", node_id, "start"):
        pass


@routes.route("POST", f"{_NODE}/pause", status=204, access=Access.COMPUTE)
async def pause_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Suspend a container: all its processes are frozen."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, "docker", node_id, "suspend"):
        pass


@routes.route("POST", f"{_NODE}/unpause", status=204, access=Access.COMPUTE)
async def unpause_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let a suspended container go on."""
    await resume_driven(api.controller, client_of(api.http.scope), project_id, "docker", node_id)
