"""What is done to all nodes of a project at one request."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Literal

import trio

from gns3trio.compute.actions import ENDS_A_RUN, Action, act
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError
from gns3trio.slices import Slices

# A starting VPCS waits more than it works; much more of them than the CPUs can carry would only wait for each other.
NODES_AT_A_TIME = 128 * (os.cpu_count() or 1)

# Of the nodes that are told of together.
_NAMED = 5


async def act_on_all(nodes: Iterable[Node], action: Action | Literal["reset_console"]) -> None:
    """Do ``action`` to every node, many at a time. Raises the first error after all have been tried.

    Nodes that do not run here are passed over.
    """
    errors: list[LabError] = []
    limit = trio.CapacityLimiter(NODES_AT_A_TIME)

    async def act_on(node: Node, waiting: contextlib.ExitStack) -> None:
        async with limit, node.lock:
            waiting.close()
            if node.deleted or node.instance is None:
                return
            try:
                if action == "reset_console":
                    await node.instance.reset_console()
                else:
                    await act(node.instance, action)
            except LabError as error:
                errors.append(error)

    slices = Slices()
    with contextlib.ExitStack() as stack:
        async with trio.open_nursery() as nursery:
            for node in list(nodes):
                waiting = stack.enter_context(contextlib.ExitStack())
                waiting.enter_context(stopping([node] if action in ENDS_A_RUN else []))
                nursery.start_soon(act_on, node, waiting)
                await slices.pause()
    if errors:
        raise errors[0]


def tell_not_started(project: ProjectContext, nodes: Iterable[Node]) -> None:
    """Say which nodes are not started because nothing runs them here, and why."""
    by_reason: dict[str, list[str]] = {}
    for node in nodes:
        by_reason.setdefault(node.problem or "", []).append(node.name)
    for reason, names in by_reason.items():
        others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        project.log("warning", f"not started: {', '.join(names[:_NAMED])}{others}: {reason}")


@contextlib.contextmanager
def stopping(nodes: Iterable[Node]) -> Iterator[None]:
    """Those of the nodes that run here; see ``ComputeNode.stopping``."""
    with contextlib.ExitStack() as stack:
        for node in nodes:
            if node.instance is not None:
                stack.enter_context(node.instance.stopping())
        yield
