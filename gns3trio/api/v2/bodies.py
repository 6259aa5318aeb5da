"""The bodies of version 2 requests. ``ApiRequest.given`` contains the fields that the client really sent."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.v2.shapes import Impairment, Label, LinkEnds, ProjectSettings
from gns3trio.classes import define
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.node_types import NodeTypeName
from gns3trio.conditions.core_filter import MAX_FILTERS
from gns3trio.conditions.expressions import MAX_EXPRESSION_LENGTH
from gns3trio.conditions.impairments import LinkDirection
from gns3trio.controller.gns3_format import fields as topology_fields
from gns3trio.controller.links.captures import CaptureOptions
from gns3trio.controller.names import Name
from gns3trio.controller.project.drawings import EMPTY_SVG
from gns3trio.errors import Conflict
from gns3trio.limits import MAX_DISK_SIZE, MAX_ENGINE, MAX_SNAPLEN, Bound, Int32, Svg
from gns3trio.traffic.captures import LEAST_RING_FILE_BYTES

ConsoleType = Literal["vnc", "telnet", "http", "https", "spice", "spice+agent", "none", None]

# Stands for a name that the client did not send, where an empty name is rejected.
UNCHANGED = "(unchanged)"

_port = v.optional(v.PORT)
_not_empty = v.optional(v.min_len(1))
# What is captured before or behind this is cut off; a ring of a huge file would never turn.
_ring_bytes = v.and_(v.ge(LEAST_RING_FILE_BYTES), v.le(1 << 40))


def refuse_other(given: Mapping[str, Any], **fixed: Any) -> None:
    """Check a field that a client may send back but not change: raises Conflict if the value differs."""
    for name, value in fixed.items():
        if given.get(name) is not None and given[name] != value:
            raise Conflict(f"{name}: cannot be changed; it is {value}, not {given[name]}")


def check_variables(body: object, attribute: object, variables: list[dict[str, Any]] | None) -> None:
    """An attrs validator: raises ValueError for invalid variables of a project."""
    for index, variable in enumerate(variables or ()):
        if not (isinstance(variable.get("name"), str) and variable["name"]):
            raise ValueError(f"variables[{index}].name: a variable has a name")
        if not isinstance(variable.get("value", ""), str):
            raise ValueError(f"variables[{index}].value: expected text")


def check_supplier(body: object, attribute: object, supplier: dict[str, Any] | None) -> None:
    """An attrs validator: raises ValueError for a supplier that a project's file cannot contain."""
    if supplier is not None:
        with _naming("supplier"):
            topology_fields.supplier(supplier)


def check_adapters(body: object, attribute: object, adapters: list[dict[str, Any]]) -> None:
    """An attrs validator: raises ValueError for ``custom_adapters`` that a project's file cannot contain."""
    for index, adapter in enumerate(adapters):
        with _naming(f"custom_adapters[{index}]"):
            topology_fields.check_fields(adapter, topology_fields.ADAPTER)


class LabelledEnd(Protocol):
    """An end of a link in a body."""

    @property
    def label(self) -> dict[str, Any] | None:
        """Its label, if there is one."""


def check_labels(body: object, attribute: object, nodes: Sequence[LabelledEnd]) -> None:
    """An attrs validator: raises ValueError for labels of a link's ends that a project's file cannot contain."""
    for index, end in enumerate(nodes):
        with _naming(f"nodes[{index}].label"):
            topology_fields.check_fields(end.label or {}, topology_fields.LABEL)


@contextmanager
def _naming(field: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{field}.{error}") from None


@define(kw_only=True)
class ProjectCreate(ProjectSettings):
    """The body of ``POST /projects``."""

    name: Name
    supplier: dict[str, Any] | None = field(default=None, validator=check_supplier)
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)
    path: str | None = field(default=None, validator=_not_empty)
    project_id: UUID | None = None


@define(kw_only=True)
class ProjectUpdate(ProjectSettings):
    """``PUT /projects/{project_id}``. ``path`` is ignored; old clients send it."""

    name: Name = UNCHANGED
    supplier: dict[str, Any] | None = field(default=None, validator=check_supplier)
    variables: list[dict[str, Any]] | None = field(default=None, validator=check_variables)
    path: str | None = None


@define(kw_only=True)
class ProjectLoad:
    """The body of ``POST /projects/load``."""

    path: str = field(validator=v.min_len(1))


@define(kw_only=True)
class NodeSettings:
    """What a client may change of a node."""

    name: Name = UNCHANGED
    console: int | None = field(default=None, validator=_port)
    console_type: ConsoleType = None
    console_auto_start: bool = False
    properties: dict[str, Any] = field(factory=dict)
    label: Label = field(factory=Label)
    symbol: str | None = field(default=None, validator=_not_empty)
    width: Int32 = 0
    height: Int32 = 0
    x: Int32 = 0
    y: Int32 = 0
    z: Int32 = 0
    locked: bool = False
    port_name_format: str = ""
    port_segment_size: Int32 = field(default=0, validator=v.ge(0))
    first_port_name: str | None = None
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=check_adapters)


@define(kw_only=True)
class NodeUpdate(NodeSettings):
    """``PUT /projects/{project_id}/nodes/{node_id}``.

    These fields come from clients that send a whole node object back. Ids and type must be unchanged. Fields that
    change by themselves are ignored, because the client may have an older state.
    """

    compute_id: str = LOCAL_COMPUTE_ID
    project_id: UUID | None = None
    node_id: UUID | None = None
    template_id: UUID | None = None
    node_type: NodeTypeName = "vpcs"
    node_directory: str | None = None
    command_line: str | None = None
    console_host: str | None = None
    status: Literal["stopped", "started", "suspended"] = "stopped"
    ports: list[dict[str, Any]] = field(factory=list)


@define(kw_only=True)
class NodeCreate(NodeUpdate):
    """The body of ``POST /projects/{project_id}/nodes``. ``engine``, an extension: what runs the node, if there is a
    choice.
    """

    name: Name
    node_type: NodeTypeName
    compute_id: str
    engine: Annotated[str, Bound(MAX_ENGINE)] | None = None


@define(kw_only=True)
class NodeDuplicate:
    """The body of ``POST /projects/{project_id}/nodes/{node_id}/duplicate``."""

    x: Int32
    y: Int32
    z: Int32 = 0


@define(kw_only=True)
class NodeEngine:
    """The body of ``PUT /projects/{project_id}/nodes/{node_id}/engine``, an extension."""

    engine: Annotated[str, Bound(MAX_ENGINE)] | None


@define(kw_only=True)
class VmCreate:
    """``POST /projects/{project_id}/vms``, the name that ``nodes`` had before 2.0. No compute means the local one."""

    name: Name
    vm_type: NodeTypeName
    compute_id: str = LOCAL_COMPUTE_ID
    vm_id: UUID | None = None
    console: int | None = field(default=None, validator=_port)
    console_type: ConsoleType = None
    properties: dict[str, Any] = field(factory=dict)


@define(kw_only=True)
class VmUpdate:
    """The body of ``PUT /projects/{project_id}/vms/{vm_id}``."""

    name: Name = UNCHANGED
    console: int | None = field(default=None, validator=_port)
    console_type: ConsoleType = None
    properties: dict[str, Any] = field(factory=dict)
    compute_id: str = LOCAL_COMPUTE_ID
    project_id: UUID | None = None
    vm_id: UUID | None = None
    vm_type: NodeTypeName = "vpcs"


@define(kw_only=True)
class LinkUpdate:
    """``PUT /projects/{project_id}/links/{link_id}``.

    ``nodes`` are labels of its ends, or two other ends. The fields of the second group come from clients that send a
    whole link object back. Ids and type must be unchanged; fields that change by themselves are ignored.
    """

    nodes: LinkEnds = field(factory=list, validator=check_labels)
    filters: dict[str, Any] = field(factory=dict)
    link_style: dict[str, Any] = field(factory=dict)
    suspend: bool = False

    link_id: UUID | None = None
    project_id: UUID | None = None
    link_type: str = "ethernet"
    capturing: bool = False
    capture_file_name: str | None = None
    capture_file_path: str | None = None
    capture_compute_id: str | None = None


@define(kw_only=True)
class LinkCreate(LinkUpdate):
    """The body of ``POST /projects/{project_id}/links``."""

    nodes: LinkEnds = field(validator=check_labels)


@define(kw_only=True)
class CaptureStart:
    """The body of ``POST /projects/{project_id}/links/{link_id}/start_capture``."""

    data_link_type: str = "DLT_EN10MB"
    capture_file_name: str | None = None


@define(kw_only=True)
class CaptureRequest:
    """Parameters of an additional capture.

    If ``file_name`` is None, a name is generated. Without ``save`` there are only streams, and the capture ends with
    the last one. A ring (``ring_files``) begins a new file after ``ring_bytes`` or ``ring_seconds`` and keeps the last
    ones. ``direction``: frames from the first node of the link to the second are ``a_to_b``. The ``expression``
    may have names of protocols, such as ``dhcp``.
    """

    file_name: str | None = None
    save: bool = True
    format: Literal["pcap", "pcapng"] = "pcapng"
    snaplen: int = field(default=MAX_SNAPLEN, validator=v.and_(v.ge(1), v.le(MAX_SNAPLEN)))
    direction: LinkDirection = "both"
    expression: str = field(default="", validator=v.max_len(MAX_EXPRESSION_LENGTH))
    comment: str = field(default="", validator=v.max_len(4096))
    ring_files: int | None = field(default=None, validator=v.optional(v.and_(v.ge(2), v.le(10000))))
    ring_bytes: int | None = field(default=None, validator=v.optional(_ring_bytes))
    ring_seconds: float | None = field(default=None, validator=v.optional(v.and_(v.ge(0.1), v.le(1e7))))

    def options(self) -> CaptureOptions:
        """What the controller takes."""
        return CaptureOptions(**attrs.asdict(self))


@define(kw_only=True)
class LinkImpairments:
    """The body of ``PUT /projects/{project_id}/links/{link_id}/impairments``, an extension."""

    impairments: Annotated[list[Impairment], Bound(MAX_FILTERS)]
    seed: int | None = field(default=None, validator=v.optional(v.ge(0)))


@define(kw_only=True)
class LinkConditions(LinkImpairments):
    """The body of ``PUT .../ports/{port_number}/conditions`` of the compute API, an extension: all that a link does to
    frames. ``is_first``: whether the port is at the link's first end, from which ``a_to_b`` leads.
    """

    filters: dict[str, Any]
    suspend: bool
    is_first: bool


@define(kw_only=True)
class LinkSuspension:
    """The body of ``PUT .../ports/{port_number}/suspension`` of the compute API, an extension."""

    suspend: bool


def _without_nulls(body: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if "\0" in value:  # GNS3 could not open a project with them
        raise ValueError(f"{attribute.name!r} must not have null characters")


@define(kw_only=True)
class DrawingBody:
    """``POST`` and ``PUT``. ``rotation`` is in degrees, lengths are in pixels of the scene."""

    drawing_id: UUID | None = None
    project_id: UUID | None = None
    x: Int32 = 0
    y: Int32 = 0
    z: Int32 = 2
    locked: bool = False
    rotation: int = field(default=0, validator=v.and_(v.ge(-359), v.le(360)))
    svg: Svg = field(default=EMPTY_SVG, validator=_without_nulls)


@define(kw_only=True)
class DiskResize:
    """The body of ``POST .../resize_disk``: by how many MiB a disk of a node is to grow."""

    drive_name: Literal["hda", "hdb", "hdc", "hdd"]
    extend: int = field(validator=v.and_(v.ge(1), v.le(MAX_DISK_SIZE)))


@define(kw_only=True)
class SnapshotCreate:
    """The body of ``POST /projects/{project_id}/snapshots``."""

    name: Name
    description: str | None = field(default=None, validator=v.optional(v.min_len(1)))
