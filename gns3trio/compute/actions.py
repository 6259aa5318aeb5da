"""The one door through which nodes are started, stopped, suspended and reloaded, whoever asks for it."""

from typing import Literal

from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_types import node_types

Action = Literal["start", "stop", "suspend", "reload"]
# Who does these does not wait for a start that hangs: see ``ComputeNode.stopping``.
ENDS_A_RUN = frozenset({"stop", "reload"})


async def act(node: ComputeNode, action: Action) -> None:
    """Do it to a node; done already is fine. The caller holds the node's lock.

    Of a type that cannot be suspended nothing is done by ``suspend``, as in GNS3. Raises Conflict.
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
