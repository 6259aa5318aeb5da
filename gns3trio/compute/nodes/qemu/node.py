"""The node type ``qemu``: its entry in the compute's registry. All else is loaded with the first machine."""

from typing import TYPE_CHECKING, Any

from gns3trio import threads
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.registry import NodeType
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.qemu.found import installed_programs
from gns3trio.compute.nodes.qemu.settings import QemuSettings

if TYPE_CHECKING:
    from gns3trio.compute.nodes.qemu.maker import MachineMaker


def make_type(services: LocalServices) -> NodeType | None:
    """The entry of this type in the compute's registry; None if QEMU is not installed."""
    if next(installed_programs(), None) is None:
        return None
    machines = _Machines(services)
    return NodeType(QemuSettings, machines.create, check=machines.check)


class _Machines:
    """Creates the machines of a compute."""

    def __init__(self, services: LocalServices) -> None:
        self._local = services
        self._maker: MachineMaker | None = None

    async def create(self, spec: NodeSpec) -> LocalNode:
        """Create a stopped machine. Raises Conflict, Invalid or Unavailable, and then leaves nothing behind."""
        return await (await self._loaded()).create(spec)

    async def check(self, properties: dict[str, Any]) -> None:
        """Check the properties of a new machine. Raises Conflict (what is missing), Invalid or Forbidden."""
        await (await self._loaded()).check(properties)

    async def _loaded(self) -> "MachineMaker":
        if self._maker is None:
            maker = await threads.disk.run(_load, self._local)
            self._maker = self._maker or maker
        return self._maker


def _load(local: LocalServices) -> "MachineMaker":
    from gns3trio.compute.nodes.qemu.maker import MachineMaker

    return MachineMaker(local)
