"""Ends of links that run over the trunk to another host."""

from uuid import UUID

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd
from gns3trio.compute.local.trunks import VniLease
from gns3trio.compute.local.tunnel_nio import resolve_host
from gns3trio.compute.nio import TrunkNio
from gns3trio.conditions.link_conditions import NO_CONDITIONS, LinkConditions


class TrunkLinkNio:
    """One end of a link over the trunk, as ``trunk`` says. ``host`` is the numeric address of the other end, if it is
    known already. ``is_first``: whether the conditions act at the link's first end.
    """

    def __init__(
        self,
        trunk: TrunkNio,
        host: str | None = None,
        conditions: LinkConditions = NO_CONDITIONS,
        *,
        is_first: bool = True,
    ) -> None:
        self.trunk = trunk
        self._host = host
        self._conditions = conditions
        self._is_first = is_first
        self._lease: VniLease | None = None

    async def resolve(self) -> None:
        """Find the numeric address of the other end, if it is not known. Raises Invalid or Unavailable."""
        if self._host is None:
            self._host = await resolve_host(self.trunk.remote_host)

    def lease(self, ends: LinkEnds, project_id: UUID, before: LocalLinkEnd | None) -> None:
        """Take the lease of the VNI. If the end ``before`` has the same one, it loses it. Raises Conflict."""
        if before is not None and isinstance(before.lease, VniLease) and before.lease.vni == self.trunk.vni_in:
            self._lease, before.lease = before.lease, None
        else:
            self._lease = ends.require_trunk().claim(project_id, self.trunk.vni_in)

    def open(self, ends: LinkEnds, at: PortPlace | None = None) -> LocalLinkEnd:
        """Open the end, which owns its lease, with the conditions. Raises Conflict, Unavailable or Invalid."""
        lease, self._lease = self._lease, None
        if self._host is None or lease is None:
            raise ValueError("an end of a trunk's link needs an address and a VNI")
        try:
            port = lease.open_link(self.trunk.remote_host, (self._host, self.trunk.rport), self.trunk.vni_out)
            link_end = LocalLinkEnd(ends, self, port, at)
        except BaseException:
            lease.release()
            raise
        lease.is_first = self._is_first
        link_end.lease = lease
        try:
            if self._conditions != NO_CONDITIONS:
                link_end.put_in_force(self._conditions, is_first=self._is_first)
        except BaseException:
            link_end.close()
            raise
        return link_end

    def forget(self, ends: LinkEnds, link_end: LocalLinkEnd) -> None:
        """Nothing else refers to the end."""
