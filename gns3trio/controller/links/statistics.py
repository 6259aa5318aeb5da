"""What crossed a link or a port of a node, as it is known at one moment."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import attrs

from gns3trio.compute.node_traits import NodePort


@attrs.frozen(kw_only=True)
class DirectionStatistics:
    """What crossed a link in one direction.

    Totals since the link was made, with ``drops`` by reason. ``held``: frames that a filter delays now. ``offloaded``:
    the kernel moves frames at this moment (``kernel_offload``). ``node_drops`` were lost between the nodes and the
    link, at the nodes' own ports, since these were opened. ``refused`` counts notices that nobody listens where frames
    were sent to.
    """

    frames: int
    bytes: int
    drops: Mapping[str, int]
    duplicated: int
    held: int
    offloaded: bool
    node_drops: Mapping[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@attrs.frozen(kw_only=True)
class LinkStatistics:
    """What crossed a link from end to end; ``a_to_b`` is what its first node sent to the second. Rates are those over
    ``interval`` seconds.
    """

    link_id: UUID
    project_id: UUID
    interval: float
    a_to_b: DirectionStatistics
    b_to_a: DirectionStatistics


@attrs.frozen(kw_only=True)
class PortTraffic:
    """What passed a port of a node one way; the names mean what they mean for a link."""

    frames: int
    bytes: int
    drops: Mapping[str, int]
    held: int
    node_drops: Mapping[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@attrs.frozen(kw_only=True)
class PortStatistics:
    """What passed a linked port: what the node ``received``, and what it ``sent``."""

    port: NodePort
    received: PortTraffic
    sent: PortTraffic

    def directions(self) -> Mapping[Literal["in", "out"], PortTraffic]:
        """Both, by what clients call them: seen from the node."""
        return {"in": self.received, "out": self.sent}
