"""Which links between computes run over trunks, and the NIOs of their ends.

A trunk is used if both computes have one, which are servers of ours. Otherwise, and if one of them cannot open it, each
link has a UDP tunnel of its own, as in GNS3.
"""

import logging

import trio

from gns3trio.compute.interface import Compute
from gns3trio.compute.nio import LeaseKind, LinkNio, TrunkLease, TrunkNio, TunnelLease, UdpLease, UdpNio
from gns3trio.errors import Conflict, LabError

log = logging.getLogger(__name__)

# For so long a compute that could not lease an end at its trunk is not asked again: its UDP port may become free.
_REFUSED_SECONDS = 60.0


class TunnelEnds:
    """Remembers which computes have refused ends at their trunks."""

    def __init__(self) -> None:
        self._refused: dict[Compute, float] = {}

    def kind(self, near: Compute, far: Compute) -> LeaseKind:
        """What a link between two computes needs."""
        return "trunk" if all(map(self._has_trunk, (near, far))) else "udp"

    def _has_trunk(self, compute: Compute) -> bool:
        return compute.capabilities.trunk and trio.current_time() >= self._refused.get(compute, 0)

    def is_refused(self, compute: Compute, lease: TunnelLease | LabError) -> bool:
        """Whether a compute has refused an end at its trunk. It is not asked again for a while then."""
        if not isinstance(lease, Conflict):
            return False
        if self._has_trunk(compute):
            log.warning("compute %s: links have a UDP port each, and no trunk: %s", compute.compute_id, lease)
            self._refused[compute] = trio.current_time() + _REFUSED_SECONDS
        return True

    def forget(self, compute: Compute) -> None:
        """A compute may have a trunk again."""
        self._refused.pop(compute, None)


def link_nio(near: TunnelLease, far_host: str, far: TunnelLease) -> LinkNio:
    """The NIO of an end that has leased ``near``, to the end ``far`` at a host. Both are of one kind."""
    if isinstance(near, TrunkLease) and isinstance(far, TrunkLease):
        return TrunkNio(near.vni, far_host, far.port, far.vni)
    assert isinstance(near, UdpLease) and isinstance(far, UdpLease), "both are leased by the same kind"
    return UdpNio(near.port, far_host, far.port)
