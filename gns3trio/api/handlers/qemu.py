"""What versions 2 and 3 have in common of the routes of qemu."""

from uuid import UUID

from gns3trio.api.compute_client import client_of
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.driven_nodes import resume_driven


async def resume_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let a suspended machine go on."""
    await resume_driven(api.controller, client_of(api.http.scope), project_id, "qemu", node_id)
