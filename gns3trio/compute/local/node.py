"""What nodes of this host can do beside the interface."""

from typing import Protocol

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.nio import Nio


class LocalNode(ComputeNode, Protocol):
    """A node of this host: its ports can be joined to each other without UDP."""

    async def close(self) -> None:
        """Stop it and give back everything that it holds."""

    async def bind_nio(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """Join a port to a tunnel, or to the other one of a pair. Raises as ``ComputeNode.bind_nio``."""
