"""Makes Docker nodes: checks new ones, and creates them."""

from typing import Any

import trio

from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.docker.container_node import DockerNode
from gns3trio.compute.nodes.docker.properties import read_settings
from gns3trio.compute.nodes.docker.services import open_docker_services
from gns3trio.compute.nodes.parts.local_services import LocalServices


class ContainerMaker:
    """Makes the nodes of one compute."""

    def __init__(self, local: LocalServices) -> None:
        self.services = open_docker_services(local)

    async def check(self, properties: dict[str, Any]) -> None:
        """Check the properties of a new node, and whether there is an engine. Raises Conflict or Invalid."""
        read_settings(properties)
        await self.services.ownership.found()

    async def create(self, spec: NodeSpec) -> DockerNode:
        """Create a stopped node with its folder, console ports and container. A new node's image is pulled if the
        engine does not have it; that of a node with a container from before is pulled when the node is started.

        Raises Conflict, Invalid or Unavailable, and then leaves nothing behind.
        """
        settings = read_settings(spec.properties)
        node = DockerNode(self.services, spec, settings)
        try:
            is_new = settings.container_id is None
            await node.open(spec.console, spec.console_type, aux=settings.aux, is_new=is_new)
        except BaseException:
            with trio.CancelScope(shield=True):
                await node.close()
            raise
        return node
