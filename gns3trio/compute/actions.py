"""Starts, stops, suspends and reloads nodes, and counts the starts. All callers use ``act``."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from attrs import field

from gns3trio.classes import define
from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_types import node_types
from gns3trio.errors import LabError

Action = Literal["start", "stop", "suspend", "reload"]
# These actions do not wait for a hanging start: see ``ComputeNode.stopping``.
ENDS_A_RUN = frozenset({"stop", "reload"})


@define
class StartCounts:
    """How many nodes were started, and how many were not because that failed, by type."""

    started: Counter[str] = field(factory=Counter)
    failed: Counter[str] = field(factory=Counter)

    @contextmanager
    def counting(self, node_type: str) -> Iterator[None]:
        """Count a start, which is the ``with``. One that is abandoned counts as none."""
        try:
            yield
        except LabError:
            self.failed[node_type] += 1
            raise
        self.started[node_type] += 1


async def act(node: ComputeNode, action: Action, starts: StartCounts) -> None:
    """Perform an action on a node; does nothing if the node is in that state already. The caller holds the node's lock.

    As in GNS3, ``suspend`` does nothing for types that cannot be suspended. Raises Conflict.
    """
    match action:
        case "start" if node.status == "stopped":
            with starts.counting(node.node_type):
                await node.start()
        case "start":
            await node.start()
        case "stop":
            await node.stop()
        case "reload":
            with starts.counting(node.node_type):
                await node.reload()
        case "suspend" if node_types[node.node_type].can_suspend:
            await node.suspend()
