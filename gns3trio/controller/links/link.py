"""A link of an open project: which two ports it joins, and the rules for joining them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from uuid import UUID

import attrs
import trio

from gns3trio.compute.interface import Capture
from gns3trio.conditions.impairments import LinkDirection
from gns3trio.conditions.link_conditions import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.gns3_format.records import LinkEnd, LinkRecord
from gns3trio.errors import Conflict


@attrs.frozen(order=True)
class PortAddress:
    """A port of a node of a project."""

    node_id: UUID
    adapter_number: int
    port_number: int


def address_of(end: LinkEnd) -> PortAddress:
    """The port that a link end sits on."""
    return PortAddress(end.node_id, end.adapter_number, end.port_number)


@attrs.define(eq=False, kw_only=True)
class LinkCapture:
    """A capture on a link.

    ``is_gns3`` is that of the GNS3 API, of which a link has one at most; it ends with the run of ``node_id``, the
    node at whose end it is for its clients. ``compute_id`` is the compute that takes it.
    """

    capture_id: UUID
    capture: Capture
    is_gns3: bool
    node_id: UUID
    compute_id: str
    file_name: str | None
    direction: LinkDirection = "both"


@attrs.define(eq=False)
class Link:
    """A link and its record. Whoever changes it holds ``lock``."""

    record: LinkRecord
    project_id: UUID
    impairments: Impairments = NO_IMPAIRMENTS
    captures: dict[UUID, LinkCapture] = attrs.field(factory=dict)
    lock: trio.Lock = attrs.field(factory=trio.Lock)

    is_measured: bool = False  # a benchmark runs
    withdrawn: bool = False  # being deleted: not saved any more, but still there until the disk knows
    last_capture_file: str | None = None  # of the GNS3 API, which shows it also later
    problem: str | None = None  # why it is not wired
    link_type: Literal["ethernet", "serial"] = "ethernet"  # of its ports
    told_problem: str | None = None  # what the last event said of it

    @property
    def gns3_capture(self) -> LinkCapture | None:
        """The capture that the GNS3 API shows."""
        return next((capture for capture in self.captures.values() if capture.is_gns3), None)

    @property
    def link_id(self) -> UUID:
        """The link's id."""
        return self.record.link_id

    def joins(self, ends: Iterable[LinkEnd]) -> bool:
        """Whether these are its ends, in either order."""
        return {address_of(end) for end in ends} == set(self.addresses)

    @property
    def addresses(self) -> list[PortAddress]:
        """The joined ports, in the order of the record."""
        return [address_of(end) for end in self.record.nodes]


def check_nodes(first: UUID, second: UUID) -> None:
    """Raises Conflict when the two are one node."""
    if first == second:
        raise Conflict("nodes: a node cannot be linked to itself")


def check_link(ends: Sequence[PortAddress], is_used: Callable[[PortAddress], bool]) -> None:
    """Raises Conflict when ``ends`` cannot be joined; ``is_used`` tells whether a port has a link or NIO."""
    if len(ends) != 2:
        raise Conflict(f"it has {len(ends)} ends instead of two")
    first, second = ends
    check_nodes(first.node_id, second.node_id)
    for end in (first, second):
        if is_used(end):
            raise Conflict(
                f"nodes: port {end.adapter_number}/{end.port_number} of node {end.node_id} is already linked"
            )
