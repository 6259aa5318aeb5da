"""What versions 2 and 3 have in common of the routes of docker."""

from typing import Any
from uuid import UUID

from gns3trio.api.compute_client import client_of
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.driven_nodes import driven_action, resume_driven


async def list_images(api: ApiRequest) -> list[dict[str, Any]]:
    """The images that the Docker engine of this host has, by name. 409 if there is no engine."""
    return [{"image": name} for name in await api.context.docker_images()]


async def pause_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Suspend a container: all its processes are frozen."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, "docker", node_id, "suspend"):
        pass


async def unpause_node(api: ApiRequest, project_id: UUID, node_id: UUID) -> None:
    """Let a suspended container go on."""
    await resume_driven(api.controller, client_of(api.http.scope), project_id, "docker", node_id)
