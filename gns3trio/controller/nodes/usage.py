"""What the nodes of a project take of their hosts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

import trio

from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_features import NodeUsage
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError

# Another host that gives no answer for so long is not waited for.
PATIENCE_SECONDS = 5.0


async def usage_of(nodes: Iterable[Node]) -> Mapping[UUID, NodeUsage | None]:
    """The usage of each of these nodes of one project. None for a node that does not run here, whose compute cannot be
    reached, or does not tell.
    """
    usages = dict[UUID, NodeUsage | None]()
    by_compute = defaultdict[Compute, list[ComputeNode]](list)
    for node in nodes:
        usages[node.node_id] = None
        if node.instance is not None:
            by_compute[node.require_compute()].append(node.instance)

    async def ask(compute: Compute, instances: list[ComputeNode]) -> None:
        with trio.move_on_after(PATIENCE_SECONDS):
            try:
                told = await compute.usage(instances)
            except LabError:
                return
            usages.update({instance.node_id: usage for instance, usage in zip(instances, told, strict=True)})

    async with trio.open_nursery() as nursery:
        for compute, instances in by_compute.items():
            nursery.start_soon(ask, compute, instances)
    return usages
