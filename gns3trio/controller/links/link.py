"""A link of an open project: the two ports that it connects, and the rules for connecting them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from uuid import UUID

import attrs

from gns3trio.classes import define, frozen
from gns3trio.compute.captures import Capture
from gns3trio.conditions.impairments import LinkDirection
from gns3trio.conditions.link_conditions import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord
from gns3trio.errors import Conflict
from gns3trio.mutex import Mutex


@frozen(order=True)
class PortAddress:
    """A port of a node of a project."""

    node_id: UUID
    adapter_number: int
    port_number: int


def address_of(end: LinkEndRecord) -> PortAddress:
    """The port of a link end."""
    return PortAddress(end.node_id, end.adapter_number, end.port_number)


@define(eq=False, kw_only=True)
class LinkCapture:
    """A capture on a link.

    ``is_gns3``: the capture of GNS3's API, of which a link has at most one. It ends when ``node_id`` stops, the node at
    whose end GNS3's clients see it. ``compute_id`` is the compute that captures. ``started_at`` is in seconds since
    1970.
    """

    capture_id: UUID
    capture: Capture
    is_gns3: bool
    node_id: UUID
    compute_id: str
    file_name: str | None
    started_at: float
    direction: LinkDirection = "both"


@define(eq=False)
class Link:
    """A link and its record. Changes require its ``lock``."""

    record: LinkRecord
    project_id: UUID
    impairments: Impairments = NO_IMPAIRMENTS
    captures: dict[UUID, LinkCapture] = attrs.field(factory=dict)
    lock: Mutex = attrs.field(factory=Mutex)

    is_measured: bool = False  # a benchmark is running
    withdrawn: bool = False  # being deleted: not saved any more, but still working until the deletion is on the disk
    last_capture_file: str | None = None  # the last one of GNS3's API, which also shows it later
    problem: str | None = None  # the reason why it is not wired
    link_type: Literal["ethernet", "serial"] = "ethernet"  # of its ports
    told_problem: str | None = None  # the problem in the last event

    @property
    def gns3_capture(self) -> LinkCapture | None:
        """The capture that GNS3's API shows."""
        return next((capture for capture in self.captures.values() if capture.is_gns3), None)

    @property
    def link_id(self) -> UUID:
        """The id of the link."""
        return self.record.link_id

    def joins(self, ends: Iterable[LinkEndRecord]) -> bool:
        """Whether the link connects these ports, in either order."""
        return {address_of(end) for end in ends} == set(self.addresses)

    @property
    def addresses(self) -> list[PortAddress]:
        """The connected ports, in the order of the record."""
        return [address_of(end) for end in self.record.nodes]


def check_nodes(first: UUID, second: UUID) -> None:
    """Raises Conflict if both are the same node."""
    if first == second:
        raise Conflict("nodes: a node cannot be linked to itself")


def check_link(ends: Sequence[PortAddress], is_used: Callable[[PortAddress], bool]) -> None:
    """Raises Conflict if ``ends`` cannot be connected; ``is_used`` returns whether a port has a link or NIO."""
    if len(ends) != 2:
        raise Conflict(f"it has {len(ends)} ends instead of two")
    first, second = ends
    check_nodes(first.node_id, second.node_id)
    for end in (first, second):
        if is_used(end):
            raise Conflict(
                f"nodes: port {end.adapter_number}/{end.port_number} of node {end.node_id} is already linked"
            )
