"""Exchanges the instance of a node under its links: they are separated, and made again at the new instance."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import trio

from gns3trio.controller.changes import LinkChanged
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.links import Links
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError, NotFound

_MOVING = "its node is being moved"


async def exchange_instance(
    project: ProjectContext,
    links: Links,
    node: Node,
    exchange: Callable[[], None],
    put_back: Callable[[], None],
    keep: Callable[[], Awaitable[None]],
) -> None:
    """Call ``exchange`` while the node and its links are locked and separated, then ``keep``, which makes it durable.
    Captures go on in new files.

    If a link cannot be made again, or ``keep`` raises, ``put_back`` is called, all links are made again as before, and
    the error is raised. A link to a node that cannot be reached stays without a connection until that is back.
    """
    async with _locked(links, node) as joined:
        with trio.CancelScope(shield=True):
            wired = [link for link in joined if link.problem is None]
            aside = {link: await links.captures.set_aside(link) for link in wired}
            for link in wired:
                await links.wiring.separate(link)
                link.problem = _MOVING
            exchange()
            try:
                for link in wired:
                    await _wire(links, node, link)
                await keep()
            except BaseException:
                for link in wired:
                    await links.wiring.separate(link)
                    link.problem = _MOVING
                put_back()
                for link in wired:
                    await _try_to_wire(links, link)
                raise
            finally:
                for link, captures in aside.items():
                    await links.captures.take_up(link, captures)
            for link in joined:
                if link not in wired:
                    await _try_to_wire(links, link)
    for link in joined:
        project.publish(LinkChanged(link))
    links.tell_problems_of(node.node_id)


@asynccontextmanager
async def _locked(links: Links, node: Node) -> AsyncIterator[Sequence[Link]]:
    """Hold the locks of a node, of those to which it is linked, and of its links, which are yielded. Raises NotFound if
    the node is deleted.
    """
    while True:
        ids = {end.node_id for link in links.of_node(node.node_id) for end in link.record.nodes} | {node.node_id}
        async with links.lock_nodes(ids):
            if node.deleted:
                raise NotFound(f"Node ID {node.node_id} doesn't exist")
            joined = links.of_node(node.node_id)
            # Links come and go until the node is locked.
            if any(end.node_id not in ids for link in joined for end in link.record.nodes):
                continue
            held: list[Link] = []
            try:
                for link in sorted(joined, key=lambda link: link.link_id):
                    await link.lock.acquire()
                    held.append(link)
                yield [link for link in held if links.get(link.link_id) is link]
                return
            finally:
                for link in held:
                    link.lock.release()


async def _wire(links: Links, node: Node, link: Link) -> None:
    try:
        await links.wiring.wire(link)
    except LabError as error:
        if not any(other.problem is not None for other, _ in links.running_nodes(link) if other is not node):
            raise
        link.problem = str(error)


async def _try_to_wire(links: Links, link: Link) -> None:
    try:
        await links.wiring.wire(link)
    except LabError as error:
        link.problem = str(error)
