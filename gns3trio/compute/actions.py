"""Starts, stops, suspends and reloads nodes. All callers use ``act``."""

from typing import Literal

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_types import node_types

Action = Literal["start", "stop", "suspend", "reload"]
# These actions do not wait for a hanging start: see ``ComputeNode.stopping``.
ENDS_A_RUN = frozenset({"stop", "reload"})


async def act(node: ComputeNode, action: Action) -> None:
    """Perform an action on a node; does nothing if the node is in that state already. The caller holds the node's lock.

    As in GNS3, ``suspend`` does nothing for types that cannot be suspended. Raises Conflict.
    """
    match action:
        case "start":
            await node.start()
        case "stop":
            await node.stop()
        case "reload":
            await node.reload()
        case "suspend" if node_types[node.node_type].can_suspend:
            await node.suspend()
