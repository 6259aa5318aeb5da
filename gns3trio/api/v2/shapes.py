"""The parts that bodies and replies of version 2 share. They are separate from the records of project files
(``controller/gns3_format/records.py``), so that each can change without the other.
"""

from typing import Annotated, Any
from uuid import UUID

import attrs

from gns3trio.classes import define
from gns3trio.conditions import impairments
from gns3trio.conditions.impairments import ImpairmentName, LinkDirection
from gns3trio.controller.gns3_format import records
from gns3trio.limits import MAX_LINK_ENDS, Bound, Int32


@define(kw_only=True)
class ProjectSettings:
    """The settings of a project that clients read and change. Lengths are in pixels of the scene."""

    name: str
    auto_close: bool = True
    auto_open: bool = False
    auto_start: bool = False
    scene_height: Int32 = 1000
    scene_width: Int32 = 2000
    zoom: Int32 = 100
    show_layers: bool = False
    snap_to_grid: bool = False
    show_grid: bool = False
    grid_size: Int32 = 75
    drawing_grid_size: Int32 = 25
    show_interface_labels: bool = False
    supplier: dict[str, Any] | None = None
    variables: list[dict[str, Any]] | None = None


@define(kw_only=True)
class Label:
    """The text beside a node; if ``x`` is None, the client centres it."""

    text: str = ""
    x: Int32 | None = None
    y: Int32 = -40
    rotation: Annotated[int, Bound(360, -359)] = 0
    style: str | None = None

    def record(self) -> records.Label:
        """Convert it to the controller's record."""
        return records.Label(**attrs.asdict(self))


@define(kw_only=True)
class LinkEnd:
    """One end of a link: a port of a node. It has a label once it is part of a project."""

    node_id: UUID
    adapter_number: Int32
    port_number: Int32
    label: dict[str, Any] | None = None

    def record(self) -> records.LinkEndRecord:
        """Convert it to the controller's record."""
        return records.LinkEndRecord(**attrs.asdict(self, recurse=False))


@define(kw_only=True)
class Impairment:
    type: ImpairmentName
    direction: LinkDirection = "both"
    percent: float = impairments.PERCENT.field()
    every: int = impairments.EVERY.field()
    milliseconds: float = impairments.MILLISECONDS.field()
    jitter_milliseconds: float = impairments.JITTER.field()
    expression: str = impairments.EXPRESSION.field()
    bits_per_second: int = impairments.BITS_PER_SECOND.field()
    burst_bytes: int = impairments.BURST_BYTES.field()
    queue_bytes: int = impairments.QUEUE_BYTES.field()

    def impairment(self) -> impairments.Impairment:
        """Convert it to what a link has."""
        return impairments.Impairment(**attrs.asdict(self))


# The types and their parameters, from the table of impairments.
Impairment.__doc__ = impairments.Impairment.__doc__

LinkEnds = Annotated[list[LinkEnd], Bound(MAX_LINK_ENDS)]
