"""Nodes of this host, which have more methods than the interface."""

from typing import Protocol

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.local.link_ends import Nio
from gns3trio.compute.node import NodeEvent


class LocalNode(ComputeNode, Protocol):
    """A node of this host. Its ports can be connected to each other without UDP."""

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""

    async def close(self) -> None:
        """Stop the node and release all its resources."""

    async def connect(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """Connect a port, to a tunnel or inside this host. Raises as ``ComputeNode.bind_nio``."""
