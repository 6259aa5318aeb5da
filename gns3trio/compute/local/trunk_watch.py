"""Tells the projects whose links run over the trunk when another host goes away, comes back, or is behind a narrow
way.
"""

from collections.abc import Callable
from uuid import UUID

from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local.trunks import LocalTrunk, PeerChange, VniLease
from gns3trio.compute.node import NodeEvent
from gns3trio.slices import Slices


class TrunkWatch:
    """Tells nodes with links over the trunk. ``find`` returns a node of this host by its id."""

    def __init__(self, trunk: LocalTrunk, link_ends: LinkEnds, find: Callable[[UUID], LocalNode | None]) -> None:
        self._trunk = trunk
        self._link_ends = link_ends
        self._find = find

    async def run(self) -> None:
        """Tell what changes, until cancelled."""
        while True:
            await self._trunk.wait_changed()
            for change in self._trunk.take_changes():
                await self._tell(change)

    async def _tell(self, change: PeerChange) -> None:
        """The host at the other end of a link tells of this one, too. So each project is told by one end only: that
        which is the first of the link, as computes are first or second in most links of a project.
        """
        slices = Slices()
        told_projects, told_nodes = set[UUID](), set[UUID]()
        for link_end in self._link_ends.all():
            at, lease = link_end.at, link_end.lease
            if at is None or not isinstance(lease, VniLease) or lease.peer is not change.peer:
                continue
            node = self._find(at.node_id)
            if node is not None and lease.is_first and at.project_id not in told_projects:
                told_projects.add(at.project_id)
                node.tell(NodeEvent(change.level, change.message))
            if node is not None and at.node_id not in told_nodes:
                told_nodes.add(at.node_id)
                node.tell(NodeEvent("updated"))  # its links have a trouble, or have it no longer
            await slices.pause()
