"""The links of an open project: creates, changes and deletes them atomically, announces and saves the changes."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import attrs
import trio

from gns3trio import garbage
from gns3trio.compute.interface import LinkEnd
from gns3trio.compute.nio import UdpNio
from gns3trio.conditions.link_conditions import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.changes import (
    LinkChanged,
    LinkCreated,
    LinkDeleted,
    LinkImpairmentsChanged,
    LinkProblemChanged,
)
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.controller.links.captures import LinkCaptures
from gns3trio.controller.links.end_nodes import EndNodes
from gns3trio.controller.links.filters import (
    apply_filters,
    apply_suspend,
    compile_filters,
)
from gns3trio.controller.links.link import Link, PortAddress, address_of, check_nodes
from gns3trio.controller.links.wiring import Wiring, new_link_end
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, LabError, NotFound, Unavailable
from gns3trio.limits import MAX_LINKS
from gns3trio.slices import Slices


class Links(Mapping[UUID, Link]):
    """All links of a project."""

    def __init__(self, project: ProjectContext, nodes: Mapping[UUID, Node]) -> None:
        self._project = project
        self._nodes = nodes
        self._wiring = Wiring(project, nodes)
        self.end_nodes = EndNodes(nodes)
        self.making: set[UUID] = set()  # ids of links that are being created
        self.captures = LinkCaptures(project, nodes, self._wiring)

    def __getitem__(self, link_id: UUID) -> Link:
        return self._wiring.links[link_id]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._wiring.links)

    def __len__(self) -> int:
        return len(self._wiring.links)

    @property
    def wiring(self) -> Wiring:
        """The connections of the ports, for those who hold the locks of links and nodes."""
        return self._wiring

    def lock_nodes(self, node_ids: Iterable[UUID]) -> AbstractAsyncContextManager[None]:
        """Hold the locks of nodes, always acquired in the same order. Raises NotFound if one does not exist."""
        return self.end_nodes.lock(node_ids)

    def require(self, link_id: UUID) -> Link:
        """A link by its id. Raises Forbidden if the project is closed, NotFound if there is no such link."""
        self._project.require_open()
        link = self.get(link_id)
        if link is None:
            raise NotFound(f"Link ID {link_id} doesn't exist")
        return link

    def of_node(self, node_id: UUID) -> list[Link]:
        """The links of a node."""
        return self._wiring.links_of(node_id)

    def at(self, address: PortAddress) -> Link | None:
        """The link of a port."""
        return self._wiring.link_at(address)

    def all_at(self, address: PortAddress) -> list[Link]:
        """The links that name a port. A file may contain several, of which only one is wired."""
        return self._wiring.links.at(address)

    def ends(self, link: Link) -> list[LinkEnd | None]:
        """The computes' link ends, in the order of the link; None for an end that is not wired."""
        return self._wiring.ends(link)

    def running_nodes(self, link: Link) -> list[tuple[Node, PortAddress]]:
        """The nodes at its ends that run here, each with its port."""
        return self.end_nodes.running(link)

    def records(self) -> list[LinkRecord]:
        """All links in the form that is saved."""
        return [link.record for link in self.values() if not link.withdrawn]

    def impairments(self) -> dict[UUID, Impairments]:
        """The impairments of the links that have any, by link id."""
        return {link.link_id: link.impairments for link in self.values() if link.impairments != NO_IMPAIRMENTS}

    def problem_of(self, link: Link) -> str | None:
        """The reason why frames do not cross a link; None if it works."""
        if link.problem is not None:
            return self.end_nodes.missing(link.record) or link.problem
        return self.end_nodes.trouble(link.record)

    async def create(self, record: LinkRecord, impairments: Impairments = NO_IMPAIRMENTS) -> Link:
        """Create a link between two ports, or return the existing one between them.

        Raises Conflict (also for the id of another link) or NotFound, and then leaves nothing behind.
        """
        if (known := self.get(record.link_id)) is not None and known.joins(record.nodes):
            return known
        if record.link_id in self.making:
            raise self._is_used(record)
        self.making.add(record.link_id)
        try:
            return await self._make(record, impairments)
        finally:
            self.making.discard(record.link_id)

    @staticmethod
    def _is_used(record: LinkRecord) -> Conflict:
        return Conflict(f"link_id: link {record.link_id} exists already, between other ports")

    async def _make(self, record: LinkRecord, impairments: Impairments) -> Link:
        check_nodes(*(end.node_id for end in record.nodes))
        async with self.end_nodes.lock(end.node_id for end in record.nodes):
            link = self.new(record, impairments)
            (error,) = await self._wiring.wire_all([link])
            if error is not None:
                raise error
            self._wiring.links.add(link)
            garbage.grown(link.project_id, "links", len(self))
            link.link_type = self.end_nodes.link_type(record)
        try:
            await self._project.make_durable()
        except BaseException:
            with trio.CancelScope(shield=True):
                await self.remove(link)
            raise
        self.tell_created(link)
        return link

    def new(self, record: LinkRecord, impairments: Impairments) -> Link:
        """A new link with reserved ports, which is not wired yet. The caller holds the locks of its nodes.

        Raises Conflict or NotFound if it cannot be made.
        """
        if self.get(record.link_id) is not None:
            raise self._is_used(record)
        if len(self) >= MAX_LINKS:
            raise Conflict(f"the project has {MAX_LINKS} links, and can have no more")
        check_nodes(*(end.node_id for end in record.nodes))
        self.end_nodes.check_types(record)
        self.end_nodes.check_ports(record)
        for end in record.nodes:
            end.label = end.label or new_link_end(address_of(end)).label
        link = Link(record, self._project.project_id, impairments)
        self._wiring.reserve(link)
        return link

    async def update(self, link: Link, changes: Mapping[str, Any], impairments: Impairments | None = None) -> None:
        """Change a link; ``changes`` holds checked values by the name of a LinkRecord field.

        Each frame meets either the old filters and suspension or the new ones. Impairments with a seed restart, even if
        they are unchanged. A link that is not wired is wired, if that is possible now. Raises Invalid or Unavailable,
        and for other ends as ``create``; nothing is changed then.
        """
        if not link.joins(changes.get("nodes", link.record.nodes)):
            await self._move(link, changes, impairments)
            return
        if link.problem is not None:
            await self._try_wiring(link)
        async with link.lock:
            before = link.record, link.impairments
            after = attrs.evolve(link.record, **changes), impairments or link.impairments
            await compile_filters(*after)
            if after == before:
                if impairments is not None and impairments.seed is not None:
                    await apply_filters(self.ends(link), *after)
                return
            await self._put_in_force(link, before, after)
            self._tell_changed(link, before[1])
            try:
                await self._project.make_durable()
            except LabError:
                with trio.CancelScope(shield=True), suppress(LabError):
                    await self._put_in_force(link, after, before)
                link.record, link.impairments = before
                self._tell_changed(link, after[1])
                raise

    async def _move(self, link: Link, changes: Mapping[str, Any], impairments: Impairments | None) -> None:
        """Move a link to the ends in ``changes``; its captures end."""
        ends = changes["nodes"]
        check_nodes(*(end.node_id for end in ends))
        old = [end.node_id for end in link.record.nodes if end.node_id in self._nodes]
        async with self.end_nodes.lock([*old, *(end.node_id for end in ends)]), link.lock:
            if self.get(link.link_id) is not link:
                raise NotFound(f"Link ID {link.link_id} doesn't exist")
            before, problem = (link.record, link.impairments), link.problem
            record = attrs.evolve(link.record, **changes)
            self.end_nodes.check_types(record)
            self.end_nodes.check_ports(record)
            self._wiring.check(link, record)
            await self.captures.stop_link(link)
            link.impairments = impairments or link.impairments
            try:
                await self._wiring.rewire(link, record)
            except BaseException:
                link.impairments = before[1]
                raise
            try:
                await self._project.make_durable()
            except BaseException:
                link.impairments = before[1]
                with trio.CancelScope(shield=True):
                    await self._wiring.put_back(link, before[0], problem)
                raise
            link.link_type = self.end_nodes.link_type(record)
        self._tell_changed(link, before[1])
        self.tell_problem(link)

    async def _try_wiring(self, link: Link) -> None:
        """Try to wire a link. An error stays the problem of the link."""
        try:
            async with self.end_nodes.lock(end.node_id for end in link.record.nodes), link.lock:
                if link.problem is None or self.get(link.link_id) is not link:
                    return
                await self._wiring.wire(link)
        except LabError as error:
            link.problem = str(error)
        else:
            self._project.publish(LinkChanged(link))
        self.tell_problem(link)

    async def restore(self, link: Link) -> None:
        """Wire a link anew, because a node at its ends was created anew. Its captures end. If it cannot be wired, that
        is its problem from now on.
        """
        if link.problem is not None:
            await self._try_wiring(link)
            return
        try:
            async with self.end_nodes.lock(end.node_id for end in link.record.nodes), link.lock:
                if self.get(link.link_id) is not link:
                    return
                await self.captures.stop_link(link)
                await self._wiring.rewire(link, link.record)
        except LabError as error:
            link.problem = link.problem or str(error)
        self._project.publish(LinkChanged(link))
        self.tell_problem(link)

    async def reset(self, link: Link) -> None:
        """Separate the ports of a link and connect them anew, with new resources at the computes. Its captures go on in
        new files.

        Raises Conflict if it cannot be wired, or as the computes raise; NotFound if it is deleted.
        """
        if link.problem is not None:
            await self._try_wiring(link)
        else:
            async with self.end_nodes.lock(end.node_id for end in link.record.nodes), link.lock:
                if self.get(link.link_id) is not link:
                    raise NotFound(f"Link ID {link.link_id} doesn't exist")
                captures = await self.captures.set_aside(link)
                try:
                    await self._wiring.rewire(link, link.record)
                finally:
                    with trio.CancelScope(shield=True):
                        await self.captures.take_up(link, captures)
            if captures:
                self._project.publish(LinkChanged(link))
            self.tell_problem(link)
        if link.problem is not None:
            raise Conflict(f"link {link.link_id}: {link.problem}")

    def tell_created(self, link: Link) -> None:
        """Announce a new link."""
        self._project.publish(LinkCreated(link))
        if link.impairments != NO_IMPAIRMENTS:
            self._project.publish(LinkImpairmentsChanged(link))

    def _tell_changed(self, link: Link, before: Impairments) -> None:
        """Announce that a link changed, which had the impairments ``before``."""
        self._project.publish(LinkChanged(link))
        if link.impairments != before:
            self._project.publish(LinkImpairmentsChanged(link))

    def tell_problems_of(self, node_id: UUID) -> None:
        """Called when a node has changed: announce which of its links stopped working, or work again."""
        for link in self.of_node(node_id):
            self.tell_problem(link)

    def tell_problem(self, link: Link) -> None:
        """Announce if a link stopped working, or works again."""
        problem = self.problem_of(link)
        if problem != link.told_problem:
            link.told_problem = problem
            self._project.publish(LinkProblemChanged(link, problem))

    async def _put_in_force(
        self, link: Link, before: tuple[LinkRecord, Impairments], after: tuple[LinkRecord, Impairments]
    ) -> None:
        """Raises what the computes raise; all is as before then, as far as they can be reached."""
        ends = self.ends(link)
        try:
            if (before[0].filters, before[1]) != (after[0].filters, after[1]):
                await apply_filters(ends, *after)
            elif before[0].suspend != after[0].suspend:
                await apply_suspend(ends, after[0].suspend)
        except Unavailable:  # one end may have changed already
            with trio.CancelScope(shield=True), suppress(LabError):
                await apply_filters(ends, *before)
            raise
        link.record, link.impairments = after

    async def delete(self, link: Link) -> None:
        """Delete a link; its captures end. Does nothing if it is deleted already.

        Raises Unavailable if the disk reports an error; the link is unchanged then.
        """
        async with self.withdrawal([link]):
            await self._project.make_durable()

    @asynccontextmanager
    async def withdrawal(self, links: Iterable[Link]) -> AsyncIterator[None]:
        """Exclude links from saving, and delete them at the end of the block. If the block raises, they are kept."""
        links = list(links)
        for link in links:
            link.withdrawn = True
        try:
            yield
        except BaseException:
            for link in links:
                link.withdrawn = False
            self._project.mark()
            raise
        with trio.CancelScope(shield=True):  # they are deleted on the disk, so delete them here too
            slices = Slices()
            for link in links:
                if await self.remove(link):
                    self._project.publish(LinkDeleted(link))
                await slices.pause()

    def withdrawal_of(self, node_ids: Iterable[UUID]) -> AbstractAsyncContextManager[None]:
        """As ``withdrawal``, for all links of some nodes."""
        links = {link.link_id: link for node_id in node_ids for link in self.of_node(node_id)}
        return self.withdrawal(links.values())

    async def remove(self, link: Link) -> bool:
        """Remove a link; returns whether it still existed."""
        async with link.lock:
            if self.get(link.link_id) is not link:
                return False
            await self.captures.stop_link(link)
            await self._wiring.disconnect(link)
            return True

    async def bind_nio(self, address: PortAddress, nio: UdpNio) -> None:
        """Bind a NIO that a client has created (API version 1); does nothing if it is bound already. It completes a
        link if the other end of the tunnel is in this project too, and ends a link to which it does not belong. The
        caller holds the node's lock.
        """
        if self._wiring.has_nio(address, nio):
            return
        before = self._wiring.link_at(address)
        if before is None:
            made = await self._wiring.bind_nio(address, nio)
        else:
            async with before.lock:
                await self.captures.stop_link(before)  # they may be at the tunnel that is removed
                made = await self._wiring.bind_nio(address, nio)
            if before.link_id not in self:
                self._project.publish(LinkDeleted(before))
        if made is not None:
            self.tell_created(made)
        if before is not None or made is not None:
            await self._project.make_durable()

    async def unbind_nio(self, address: PortAddress) -> None:
        """Undo ``bind_nio``, and delete the link to which the NIO belonged. Does nothing if there is no NIO."""
        link = await self._wiring.unbind_nio(address)
        if link is not None:
            async with link.lock:
                await self.captures.stop_link(link)
            self._project.publish(LinkDeleted(link))
            await self._project.make_durable()

    async def stop_captures(self) -> None:
        """Called when the project is being closed: stop all captures."""
        await self.captures.stop_for_good(self.values())

    async def node_stopped(self, node_id: UUID) -> None:
        """Called when a node has stopped: stop the captures of GNS3's API at its end."""
        await self.captures.stop_of_node(self.of_node(node_id), node_id)

    def forget_node(self, node_id: UUID) -> None:
        """Called when a node was deleted: forget its NIOs."""
        self._wiring.forget_node(node_id)
