"""The values of hosted projects: a project that another controller controls, its nodes, and their events."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import attrs
import trio

from gns3trio.classes import define, frozen
from gns3trio.compute.captures import Capture
from gns3trio.compute.clients import ComputeClient
from gns3trio.compute.interface import ComputeNode, LinkEnd
from gns3trio.errors import Conflict

# Each version of VPCS can have these numbers.
_FIRST_MAC_ID, _MAC_IDS = 64, 176


@define(eq=False)
class HostedNode:
    """A node of a hosted project. ``node_id`` is its id for the controller. ``lock`` serialises requests to it;
    ``deleted`` is set for those that wait when it is deleted.
    """

    project: "HostedProject"
    node_id: UUID
    instance: ComputeNode
    custom_adapters: list[dict[str, Any]] = attrs.field(factory=list)  # as its controller wants them
    lock: trio.Lock = attrs.field(factory=trio.Lock)
    deleted: bool = False
    captures: dict[tuple[int, int], Capture] = attrs.field(factory=dict)  # by adapter and port number
    # What its controller of GNS3 3 set of it, and no node here uses.
    of_gns3_3: dict[str, Any] = attrs.field(factory=dict)
    streamed: Counter[tuple[int, int]] = attrs.field(factory=Counter)  # captures that are sessions

    @property
    def project_id(self) -> UUID:
        """The id of its project for the controller."""
        return self.project.project_id

    def link_end(self, adapter_number: int, port_number: int) -> LinkEnd:
        """The link end of a port. Raises Conflict if the port has no NIO."""
        end = self.instance.link_end(adapter_number, port_number)
        if end is None:
            raise Conflict(f"Port {adapter_number}/{port_number} of node '{self.instance.name}' is not connected")
        return end


@define(eq=False)
class HostedProject:
    """A project that another controller controls. ``opener`` is that controller, as far as it is known. ``inner_id`` is
    the project's id at the compute.
    """

    project_id: UUID
    inner_id: UUID
    opener: ComputeClient
    name: str
    folder: Path
    variables: list[dict[str, Any]] | None = None
    nodes: dict[UUID, HostedNode] = attrs.field(factory=dict)
    lock: trio.Lock = attrs.field(factory=trio.Lock)  # held while creating a node, and while closing the project
    # Held while starting a capture, so that no two use one file.
    starting_capture: trio.Lock = attrs.field(factory=trio.Lock)

    @property
    def key(self) -> tuple[str, UUID]:
        """The user and the id."""
        return self.opener.user, self.project_id


@frozen
class HostedNodeChanged:
    """Event: a node changed."""

    node: HostedNode


@frozen
class HostedNodeDeleted:
    """Event: a node was deleted."""

    node: HostedNode


@frozen
class HostedProjectFailed:
    """Event: an error in a project that does not belong to a request."""

    project: HostedProject
    message: str


HostedChange = HostedNodeChanged | HostedNodeDeleted | HostedProjectFailed


def preferred_mac_id(node_id: UUID) -> int:
    """The number from which a node of a GNS3 controller gets its MAC address, if it is free.

    The computes of GNS3 number the nodes of a project from 0, each for itself, and their controller does not care. So
    numbers here are higher, and belong to the node: they stay the same when its project is opened again.
    """
    return _FIRST_MAC_ID + crc32(node_id.bytes) % _MAC_IDS
