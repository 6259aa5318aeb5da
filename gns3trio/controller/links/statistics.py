"""The counters of a link or a node's port at one moment."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.node_traits import NodePort


@frozen(kw_only=True)
class DirectionStatistics:
    """The counters of a link in one direction.

    Totals since the link was created, with ``drops`` by reason. ``held``: frames that filters currently delay.
    ``offloaded``: the kernel forwards the frames now (``kernel_offload``). ``node_drops`` were lost between the nodes
    and the link, at the nodes' ports, since these were opened. ``refused`` counts ICMP port unreachable messages.
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


@frozen(kw_only=True)
class LinkStatistics:
    """The counters of a link; ``a_to_b`` is the direction from its first node to the second. Rates cover ``interval``
    seconds.
    """

    link_id: UUID
    project_id: UUID
    interval: float
    a_to_b: DirectionStatistics
    b_to_a: DirectionStatistics


@frozen(kw_only=True)
class PortTraffic:
    """The counters of a node's port in one direction; the names have the same meaning as for a link."""

    frames: int
    bytes: int
    drops: Mapping[str, int]
    held: int
    node_drops: Mapping[str, int]
    refused: int
    frames_per_second: float
    bits_per_second: float


@frozen(kw_only=True)
class PortStatistics:
    """The counters of a linked port: frames that the node ``received``, and frames that it ``sent``."""

    port: NodePort
    received: PortTraffic
    sent: PortTraffic

    def directions(self) -> Mapping[Literal["in", "out"], PortTraffic]:
        """Both directions by their names in the API, as seen from the node."""
        return {"in": self.received, "out": self.sent}
