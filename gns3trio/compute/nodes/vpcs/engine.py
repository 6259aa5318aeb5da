"""The engines that run nodes of the type ``vpcs``: the program VPCS, or a host in the core.

A node keeps its folder, its port, its console and its MAC address. An engine has only what exists while the node runs.
"""

from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from gns3trio.compute.node import NodeEvent, NodeStatus
from gns3trio.compute.node_features import TrafficEndpoint
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.vpcs.folder import VpcsFolder
from gns3trio.compute.nodes.vpcs.settings import EngineName
from gns3trio.forwarder.forwarder import Port


class EngineHost(Protocol):
    """A node, as far as its engine uses it."""

    node_id: UUID
    name: str
    folder: VpcsFolder
    node_console: NodeConsole
    status: NodeStatus

    def began(self, device: Port, command_line: str = "") -> None:
        """Called when the node runs. ``device`` is the port of the core behind the node's port, until ``ended``."""

    def disconnect(self) -> None:
        """Disconnect the device from the link."""

    def ended(self, reason: str | None) -> None:
        """Called when the node has stopped, with the reason if nobody asked for it. Does nothing if it did not run."""

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""


class Engine(Protocol):
    """Runs one node. Calls are serialised by the node."""

    name: EngineName
    label: str
    """What messages call a node that it runs."""

    def stopping(self) -> AbstractContextManager[None]:
        """While the ``with`` lasts, a start that is already running is abandoned after a few seconds."""

    async def start(self, mac_id: int) -> None:
        """Start the node, and return when it works. Does nothing if it is started. Raises Conflict."""

    async def stop(self) -> None:
        """Stop the node. Does nothing if it is stopped."""

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Its part in generated traffic, until it stops. Raises Conflict if it can have none, or is not started."""
