"""GNS3's routes for Docker on this host: its images, and what only nodes of this type can do.

``/v2/compute/docker`` is for controllers on other hosts, ``/v2/computes/local/docker`` for clients of this server.
"""

from uuid import UUID

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.compute_client import client_of
from gns3trio.api.handlers import docker as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.driven_nodes import driven_action

routes = RouteTable("/v2")

_NODE = "/compute/projects/{project_id}/docker/nodes/{node_id}"


routes.route("GET", "/compute/docker/images", reply=list[library_views.DockerImage], access=Access.COMPUTE)(
    handlers.list_images
)
routes.route("GET", "/computes/local/docker/images", reply=list[library_views.DockerImage], access=Access.LOGIN)(
    handlers.list_images
)


@routes.route("POST", f"{_NODE}/start", status=204, access=Access.COMPUTE)
async def start_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Start a container, or let a suspended one go on."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, "docker", node_id, "start"):
        pass


routes.route("POST", f"{_NODE}/pause", status=204, access=Access.COMPUTE)(handlers.pause_node)
routes.route("POST", f"{_NODE}/unpause", status=204, access=Access.COMPUTE)(handlers.unpause_node)
