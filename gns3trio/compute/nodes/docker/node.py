"""The node type ``docker``: its entry in the compute's registry. All else is loaded with the first container."""

import logging
from typing import TYPE_CHECKING, Any

from gns3trio import threads
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.registry import NodeType
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.docker.settings import ID_FILE, DockerSettings
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.errors import LabError

if TYPE_CHECKING:
    from gns3trio.compute.nodes.docker.maker import ContainerMaker

log = logging.getLogger(__name__)


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry. The engine may come and go, so it is there in any case."""
    containers = _Containers(services)
    if (services.config.state_folder / ID_FILE).exists():
        services.builtin.nursery.start_soon(containers.remove_left_behind)
    return NodeType(DockerSettings, containers.create, check=containers.check)


class _Containers:
    """Creates the containers of a compute."""

    def __init__(self, services: LocalServices) -> None:
        self._local = services
        self._maker: ContainerMaker | None = None

    async def create(self, spec: NodeSpec) -> LocalNode:
        """Create a stopped node. Raises Conflict, Invalid or Unavailable, and then leaves nothing behind."""
        return await (await self._loaded()).create(spec)

    async def check(self, properties: dict[str, Any]) -> None:
        """Check the properties of a new node. Raises Conflict (the engine is not there) or Invalid."""
        await (await self._loaded()).check(properties)

    async def remove_left_behind(self) -> None:
        """Remove what a killed run of this server has left, if the engine is there; if not, when it is used first."""
        try:
            await (await self._loaded()).services.ownership.found()
        except LabError as error:
            log.info("containers of an earlier run are not looked for yet: %s", error)

    async def _loaded(self) -> "ContainerMaker":
        if self._maker is None:
            maker = await threads.disk.run(_load, self._local)
            self._maker = self._maker or maker
        return self._maker


def _load(local: LocalServices) -> "ContainerMaker":
    from gns3trio.compute.nodes.docker.maker import ContainerMaker

    return ContainerMaker(local)
