"""The bodies of version 3 requests, where they differ from those of version 2. Unknown keys are ignored, and a null for
a field that cannot be null counts as absent (see ``dialects.py``), also in the parts that are stored as they come.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.disk_images import DISK_SIZE, DiskFormat, DiskOptions
from gns3trio.api.v2 import bodies as v2
from gns3trio.api.v2.bodies import ConsoleType
from gns3trio.api.v2.shapes import Label
from gns3trio.classes import define
from gns3trio.compute.node_types import NodeTypeName
from gns3trio.controller.gns3_format import fields as topology_fields
from gns3trio.controller.gns3_format import records
from gns3trio.controller.names import Name
from gns3trio.limits import MAX_ENGINE, MAX_LINK_ENDS, Bound, Int32

_LONGEST_URL = 2083


def _known(value: Any, names: Mapping[str, Any]) -> Any:
    """The part of an object with these names, without nulls."""
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name in names and each is not None}


# --- projects ---


def _normal_supplier(supplier: dict[str, Any] | None) -> dict[str, Any] | None:
    """The supplier with the address of its page in full, as GNS3 3 stores it. Raises ValueError."""
    url = supplier.get("url") if supplier is not None else None
    if supplier is None or not isinstance(url, str):
        return _without_nulls(supplier)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not parts.hostname or len(url) > _LONGEST_URL:
        raise ValueError(f"supplier.url: {url[:200]!r} is not the address of a page")
    return {**supplier, "url": urlunsplit(parts if parts.path else parts._replace(path="/"))}


def _without_nulls(value: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: each for name, each in value.items() if each is not None} if value is not None else None


def _variables(variables: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    return [_without_nulls(each) or {} for each in variables] if variables is not None else None


@define(kw_only=True)
class ProjectCreate(v2.ProjectCreate):
    """The body of ``POST /projects``."""

    supplier: dict[str, Any] | None = field(default=None, converter=_normal_supplier, validator=v2.check_supplier)
    variables: list[dict[str, Any]] | None = field(default=None, converter=_variables, validator=v2.check_variables)


@define(kw_only=True)
class ProjectUpdate(v2.ProjectUpdate):
    """The body of ``PUT /projects/{project_id}``."""

    supplier: dict[str, Any] | None = field(default=None, converter=_normal_supplier, validator=v2.check_supplier)
    variables: list[dict[str, Any]] | None = field(default=None, converter=_variables, validator=v2.check_variables)


@define(kw_only=True)
class ProjectDuplicate:
    """The body of ``POST /projects/{project_id}/duplicate``. As in GNS3, the copy has the settings of the original."""

    name: Name
    path: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    project_id: UUID | None = None
    reset_mac_addresses: bool = False


# --- nodes ---


def _adapters(adapters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_known(adapter, topology_fields.ADAPTER) for adapter in adapters]


@define(kw_only=True)
class NodeLabel(Label):
    """The text beside a node. A change replaces all of it."""

    text: str


@define(kw_only=True)
class NodeUpdate(v2.NodeSettings):
    """The body of ``PUT /projects/{project_id}/nodes/{node_id}``. Clients send a whole node back, so what cannot be
    changed is ignored.
    """

    aux: int | None = field(default=None, validator=v.optional(v.PORT))
    aux_type: ConsoleType = None
    label: NodeLabel = field(factory=lambda: NodeLabel(text=""))
    custom_adapters: list[dict[str, Any]] = field(factory=list, converter=_adapters, validator=v2.check_adapters)


@define(kw_only=True)
class NodeCreate(NodeUpdate):
    """The body of ``POST /projects/{project_id}/nodes``. ``engine``, an extension: what runs the node, if there is a
    choice.
    """

    name: Name
    node_type: NodeTypeName
    compute_id: str
    node_id: UUID | None = None
    engine: Annotated[str, Bound(MAX_ENGINE)] | None = None


@define(kw_only=True)
class NodeAction:
    """The body of the start of a node or a capture: an object, which has nothing that this server needs."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True


# --- links ---


def _label(label: dict[str, Any] | None) -> Any:
    return _known(label, topology_fields.LABEL)


_STYLE: dict[str, type] = {"color": str, "width": int, "type": int}


def _check_labels(body: object, attribute: object, ends: "list[LinkEnd]") -> None:
    v2.check_labels(body, attribute, ends)
    for number, end in enumerate(ends):
        if end.label is not None and "text" not in end.label:
            raise ValueError(f"nodes[{number}].label.text: required field is missing")


def _style(style: dict[str, Any]) -> Any:
    return _known(style, _STYLE)


def _check_style(body: object, attribute: object, style: dict[str, Any]) -> None:
    for name, value in style.items():
        if type(value) is not _STYLE[name]:
            raise ValueError(f"link_style.{name}: expected {'text' if name == 'color' else 'an integer'}")


@define(kw_only=True)
class LinkEnd:
    """One end of a link: a port of a node."""

    node_id: UUID
    adapter_number: Int32
    port_number: Int32
    label: dict[str, Any] | None = field(default=None, converter=_label)

    def record(self) -> records.LinkEndRecord:
        """Convert it to the controller's record."""
        return records.LinkEndRecord(
            node_id=self.node_id, adapter_number=self.adapter_number, port_number=self.port_number, label=self.label
        )


LinkEnds = Annotated[list[LinkEnd], Bound(MAX_LINK_ENDS)]


@define(kw_only=True)
class LinkUpdate:
    """The body of ``PUT /projects/{project_id}/links/{link_id}``. ``nodes`` are labels of its ends, or two other ends.
    Clients send a whole link back: what cannot be changed is ignored.
    """

    nodes: LinkEnds = field(factory=list, validator=_check_labels)
    filters: dict[str, Any] = field(factory=dict)
    link_style: dict[str, Any] = field(factory=dict, converter=_style, validator=_check_style)
    suspend: bool = False


@define(kw_only=True)
class LinkCreate(LinkUpdate):
    """The body of ``POST /projects/{project_id}/links``."""

    nodes: LinkEnds = field(validator=_check_labels)
    link_id: UUID | None = None


# --- disks ---

# GNS3 3 writes "vdmk" for "vmdk".
_DiskFormat = Literal["qcow2", "qcow", "vpc", "vdi", "vdmk", "vmdk", "raw"]


@define(kw_only=True)
class DiskImageCreate(DiskOptions):
    """The body of a request for an empty disk. ``size`` is in MiB."""

    format: _DiskFormat
    size: int = field(validator=DISK_SIZE)


def named_format(name: _DiskFormat) -> DiskFormat:
    """The format by its right name."""
    return "vmdk" if name == "vdmk" else name


# --- the rest ---


@define(kw_only=True)
class SnapshotCreate:
    """The body of ``POST /projects/{project_id}/snapshots``."""

    name: Name


@define(kw_only=True)
class ImagesQuery:
    image_type: Literal["qemu", "ios", "iou", None] = None


@define(kw_only=True)
class UploadQuery:
    install_appliances: bool = False


@define(kw_only=True)
class AppliancesQuery:
    update: bool = False


@define(kw_only=True)
class ComputeQuery:
    connect: bool = False


@define(kw_only=True)
class TemplateQuery:
    prune_images: bool = False


@define(kw_only=True)
class ExportQuery:
    """How a project is exported. ``compression_level`` is that of the method; without it, the method's own default."""

    include_snapshots: bool = False
    include_images: bool = False
    reset_mac_addresses: bool = False
    keep_compute_ids: bool = False
    compression: Literal["none", "zip", "bzip2", "lzma", "zstd"] = "zstd"
    compression_level: int | None = None
