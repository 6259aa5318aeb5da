"""Actions on all nodes of a project."""

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Literal
from uuid import UUID

from gns3trio import garbage
from gns3trio.compute.actions import ENDS_A_RUN, Action
from gns3trio.compute.node_types import node_types
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError
from gns3trio.slices import Slices, for_all

# The number of simultaneous starts. A starting VPCS waits more than it works, but too many would wait for each other.
NODES_AT_A_TIME = 128 * (os.cpu_count() or 1)

# The most nodes that one message lists, and the most errors of nodes that are told of one by one.
_NAMED = 5


async def act_on_all(
    nodes: Iterable[Node], action: Action | Literal["reset_console"], told: Callable[[str], None] = lambda text: None
) -> None:
    """Perform ``action`` on every node, many at a time. Raises the first error after all have been tried; ``told`` gets
    the others.

    Nodes that do not run here, or cannot be reached, are skipped. Those that load their host wait for each other at
    their compute, so that the others come first.
    """
    nodes, errors, done = sorted(nodes, key=_is_heavy), list[LabError](), itertools.count(1)
    async with _stopping_soon(nodes if action in ENDS_A_RUN else []) as proceed:

        async def act_on(node: Node) -> None:
            async with node.lock:
                proceed(node)
                if node.deleted or node.instance is None or node.problem is not None:
                    return
                try:
                    if action in ("start", "reload"):
                        node.require_settled()
                    if action == "reset_console":
                        await node.instance.reset_console()
                    else:
                        await node.act(action)
                except LabError as error:
                    errors.append(error)
                garbage.grown(node.project_id, "acts", next(done))

        await for_all(nodes, act_on, NODES_AT_A_TIME)
    if errors:
        others = list(dict.fromkeys(map(str, errors[1:])))
        for text in others[:_NAMED]:
            told(text)
        if len(others) > _NAMED:
            told(f"{len(others) - _NAMED} more nodes failed")
        raise errors[0]


def _is_heavy(node: Node) -> bool:
    traits = node_types.get(node.record.node_type)
    return traits is not None and traits.boot_seconds is not None


@contextlib.asynccontextmanager
async def _stopping_soon(nodes: Iterable[Node]) -> AsyncIterator[Callable[[Node], None]]:
    """Abandon running starts of nodes that are to be stopped. Yields a function that ends this for one of them."""
    slices, waiting = Slices(), dict[UUID, contextlib.ExitStack]()

    def proceed(node: Node) -> None:
        if (stack := waiting.pop(node.node_id, None)) is not None:
            stack.close()

    try:
        for node in nodes:
            stack = waiting[node.node_id] = contextlib.ExitStack()
            stack.enter_context(stopping([node]))
            await slices.pause()
        yield proceed
    finally:
        for stack in waiting.values():
            stack.close()


def tell_not_started(project: ProjectContext, nodes: Iterable[Node]) -> None:
    """Report the nodes that are not started because they do not run here, with reasons."""
    by_reason: dict[str, list[str]] = {}
    for node in nodes:
        by_reason.setdefault(node.problem or "", []).append(node.name)
    for reason, names in by_reason.items():
        others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        project.log("warning", f"not started: {', '.join(names[:_NAMED])}{others}: {reason}")


@contextlib.contextmanager
def stopping(nodes: Iterable[Node]) -> Iterator[None]:
    """Abandon running starts of all nodes that run here; see ``ComputeNode.stopping``."""
    with contextlib.ExitStack() as stack:
        for node in nodes:
            if node.instance is not None:
                stack.enter_context(node.instance.stopping())
        yield
