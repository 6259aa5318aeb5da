"""What a project file holds, and its translation from and to the ``.gns3`` format. Sans-IO.

Format: GNS3 topology, revision 9 (JSON, keys sorted). Keys and whole objects that we do not know
are kept as they came, so that a file made elsewhere loses nothing here.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

import attrs
import orjson

from gns3trio.controller.topology_conversion import REVISION, check_revision, convert
from gns3trio.convert import make_strict_converter, parse_uuid, structure
from gns3trio.encoding import dumps_to_keep
from gns3trio.errors import Conflict, Invalid


@attrs.define(kw_only=True)
class ProjectSettings:
    """The settings of a project that clients read and change. Lengths are in pixels of the scene."""

    name: str
    auto_close: bool = True
    auto_open: bool = False
    auto_start: bool = False
    scene_height: int = 1000
    scene_width: int = 2000
    zoom: int = 100
    show_layers: bool = False
    snap_to_grid: bool = False
    show_grid: bool = False
    grid_size: int = 75
    drawing_grid_size: int = 25
    show_interface_labels: bool = False
    supplier: dict[str, Any] | None = None
    variables: list[dict[str, Any]] | None = None


@attrs.define(kw_only=True)
class Label:
    """The text beside a node; ``x`` None lets the client centre it."""

    text: str = ""
    x: int | None = None
    y: int = -40
    rotation: int = 0
    style: str | None = None


# A type names a folder of node files: a file made elsewhere may not choose another place on the disk.
_NODE_TYPE = re.compile(r"[a-z0-9_]{1,64}")


def check_node_type(node_type: str) -> None:
    """Raises Conflict for what cannot be the name of a type."""
    if not _NODE_TYPE.fullmatch(node_type):
        raise Conflict(f"node_type: {node_type!r} is not a type of nodes")


def _is_node_type(record: object, attribute: object, node_type: str) -> None:
    if not _NODE_TYPE.fullmatch(node_type):
        raise ValueError(f"node_type: {node_type!r} is not a type of nodes")


@attrs.define(kw_only=True)
class NodeRecord:
    """A node as it is saved."""

    node_id: UUID
    node_type: str = attrs.field(validator=_is_node_type)
    name: str
    compute_id: str = "local"
    console: int | None = None
    console_auto_start: bool = False
    console_type: str | None = None
    custom_adapters: list[dict[str, Any]] = attrs.field(factory=list)
    first_port_name: str | None = None
    height: int = 59
    label: Label = attrs.field(factory=Label)
    locked: bool = False
    port_name_format: str = "Ethernet{0}"
    port_segment_size: int = 0
    properties: dict[str, Any] = attrs.field(factory=dict)
    symbol: str | None = ":/symbols/computer.svg"
    template_id: UUID | None = None
    width: int = 65
    x: int = 0
    y: int = 0
    z: int = 1


LINK_LABEL_STYLE = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"


def link_label(adapter_number: int, port_number: int) -> dict[str, Any]:
    """The label that GNS3 gives to an end of a link."""
    return {"style": LINK_LABEL_STYLE, "text": f"{adapter_number}/{port_number}"}


@attrs.define(kw_only=True)
class LinkEnd:
    """One end of a link: a port of a node. It has a label once it is part of a project."""

    node_id: UUID
    adapter_number: int
    port_number: int
    label: dict[str, Any] | None = None


@attrs.define(kw_only=True)
class LinkRecord:
    """A link as it is saved. GNS3 also writes some with fewer than two ends."""

    link_id: UUID
    nodes: list[LinkEnd]
    filters: dict[str, list[Any]] = attrs.field(factory=dict)
    link_style: dict[str, Any] = attrs.field(factory=dict)
    suspend: bool = False


@attrs.define(kw_only=True)
class _Inner:
    """The ``topology`` object of the file."""

    nodes: list[NodeRecord] = attrs.field(factory=list)
    links: list[LinkRecord] = attrs.field(factory=list)
    drawings: list[dict[str, Any]] = attrs.field(factory=list)
    computes: list[dict[str, Any]] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class Topology:
    """A whole project. ``unknown`` maps the name of an object in the file (see ``record_path``) to the keys we do not
    know; ``impairments``, our own filters by link, are kept in another file (see ``extras``). ``lost`` says what of the
    file of an older GNS3 is not here.
    """

    project_id: UUID
    settings: ProjectSettings
    nodes: list[NodeRecord] = attrs.field(factory=list)
    links: list[LinkRecord] = attrs.field(factory=list)
    drawings: list[dict[str, Any]] = attrs.field(factory=list)
    computes: list[dict[str, Any]] = attrs.field(factory=list)
    unknown: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    impairments: dict[UUID, Any] = attrs.field(factory=dict)
    lost: list[str] = attrs.field(factory=list)


_file = make_strict_converter(forbid_extra_keys=False)
_SETTING_NAMES = frozenset(field.name for field in attrs.fields(ProjectSettings))
_KNOWN_TOP = _SETTING_NAMES | {"project_id", "revision", "topology", "type", "version"}
_KNOWN_INNER = frozenset(field.name for field in attrs.fields(_Inner))


def _structure_int(strictly: Callable[[Any, Any], int]) -> Callable[[Any, Any], int]:
    """GNS3 reads fractions of pixels, and keeps whole ones."""

    def structure_int(value: Any, kind: Any) -> int:
        if type(value) is float and math.isfinite(value):
            value = round(value)
        return strictly(value, kind)

    return structure_int


_file.register_structure_hook(int, _structure_int(_file.get_structure_hook(int)))


@attrs.frozen
class Heading:
    """What a list of projects shows of a file. ``project_id`` is None where the file does not say."""

    project_id: UUID | None
    settings: ProjectSettings


def parse_heading(data: bytes) -> Heading:
    """The settings in the text of a ``.gns3`` file; its nodes, links and drawings are not looked at.

    Raises Conflict for what is no project file, also for one of a newer GNS3.
    """
    document = _load(data)
    check_revision(document)
    try:
        settings = structure(_file, _without_nulls(document, ProjectSettings), ProjectSettings)
    except Invalid as error:
        raise Conflict(f"the project file is damaged: {error}") from None
    try:
        project_id = parse_uuid(document.get("project_id"))
    except ValueError:
        project_id = None
    return Heading(project_id, settings)


def _load(data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Conflict(f"the project file is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("topology"), dict):
        raise Conflict("the project file has no topology")
    return document


def parse_topology(data: bytes) -> Topology:
    """The topology in the text of a ``.gns3`` file. Raises Conflict that says what is wrong with it."""
    document, lost = convert(_load(data))
    document = _with_defaults(document)
    try:
        inner = structure(_file, document["topology"], _Inner)
        topology = Topology(
            project_id=parse_uuid(document.get("project_id")),
            settings=structure(_file, document, ProjectSettings),
            lost=lost,
            **attrs.asdict(inner, recurse=False),
        )
        _check_ids("nodes", "node_id", [node.node_id for node in topology.nodes])
        _check_ids("links", "link_id", [link.link_id for link in topology.links])
    except (Invalid, ValueError) as error:
        raise Conflict(f"the project file is damaged: {error}") from None
    topology.unknown = _unknown_keys(document, topology)
    _label_links(topology.links)
    return topology


def _label_links(links: Iterable[LinkRecord]) -> None:
    """Give a label to the ends that have none: clients look into it unchecked, and GNS3 refuses a file with null."""
    for end in (end for link in links for end in link.nodes):
        end.label = end.label or link_label(end.adapter_number, end.port_number)


def _check_ids(where: str, name: str, ids: Iterable[UUID]) -> None:
    seen: set[UUID] = set()
    for index, each in enumerate(ids):
        if each in seen:
            raise Invalid(f"{where}[{index}].{name}: {each} is the id of another one")
        seen.add(each)


def _with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """The document with defaults for what GNS3 writes as null, or as an empty id."""
    inner = _without_nulls(document["topology"], _Inner)
    for name, kind in (("nodes", NodeRecord), ("links", LinkRecord)):
        if isinstance(inner.get(name), list):
            inner[name] = [_without_nulls(each, kind) for each in inner[name]]
    for node in inner["nodes"] if isinstance(inner.get("nodes"), list) else ():
        if isinstance(node, dict):
            if node.get("template_id") == "":
                node["template_id"] = None
            if isinstance(node.get("label"), dict):
                node["label"] = _without_nulls(node["label"], Label)
    for link in inner["links"] if isinstance(inner.get("links"), list) else ():
        if isinstance(link, dict) and link.get("nodes", []) is None:
            link["nodes"] = []
    return {**_without_nulls(document, ProjectSettings), "topology": inner}


def _without_nulls(raw: Any, kind: type[Any]) -> Any:
    """A copy without the keys whose null means nothing to ``kind``, which has a default for them."""
    if not isinstance(raw, dict):
        return raw
    defaulted = {
        field.name
        for field in attrs.fields(kind)
        if field.default is not attrs.NOTHING and type(None) not in get_args(field.type)
    }
    return {name: value for name, value in raw.items() if value is not None or name not in defaulted}


def _unknown_keys(document: Mapping[str, Any], topology: Topology) -> dict[str, Any]:
    inner = document["topology"]
    unknown = {
        "": _others(document, _KNOWN_TOP),
        "topology": _others(inner, _KNOWN_INNER),
    }
    for node, raw in zip(topology.nodes, inner.get("nodes", ()), strict=True):
        path = record_path(node)
        unknown[path] = _others(raw, _names(NodeRecord))
        unknown[label_path(path)] = _others(raw.get("label", {}), _names(Label))
    for link, raw in zip(topology.links, inner.get("links", ()), strict=True):
        path = record_path(link)
        unknown[path] = _others(raw, _names(LinkRecord))
        for index, end in enumerate(raw["nodes"]):
            unknown[end_path(path, index)] = _others(end, _names(LinkEnd))
    return {path: keys for path, keys in unknown.items() if keys}


def _names(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in attrs.fields(kind))


def _others(raw: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in known}


def record_path(record: NodeRecord | LinkRecord) -> str:
    """The name under which ``Topology.unknown`` keeps the unknown keys of a record; it begins with an id."""
    return str(record.node_id if isinstance(record, NodeRecord) else record.link_id)


def label_path(record: str) -> str:
    """That of a node's label."""
    return f"{record} label"


def end_path(record: str, index: int) -> str:
    """That of an end of a link."""
    return f"{record} end {index}"


def renew_path(path: str, new_ids: Mapping[str, object]) -> str:
    """The name for a record that gets another id, or a part of it."""
    record, space, part = path.partition(" ")
    return f"{new_ids.get(record, record)}{space}{part}"


def _plain(record: NodeRecord | LinkRecord, unknown: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A record as it is in the file."""
    path = record_path(record)
    plain: dict[str, Any] = {**_file.unstructure(record), **unknown.get(path, {})}
    if isinstance(record, NodeRecord):
        plain["label"] |= unknown.get(label_path(path), {})
    else:
        for index, end in enumerate(plain["nodes"]):
            end |= unknown.get(end_path(path, index), {})
    return plain


class EncodedRecords:
    """The text of records that were written before. A record of an open project is replaced, never changed, so that
    each is encoded once however often the project is saved.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[NodeRecord | LinkRecord, orjson.Fragment]] = {}

    def encode(self, records: Sequence[NodeRecord | LinkRecord], topology: Topology) -> list[orjson.Fragment]:
        """The texts, in their order; one line each."""
        return [self._encode(record, topology) for record in records]

    def _encode(self, record: NodeRecord | LinkRecord, topology: Topology) -> orjson.Fragment:
        known = self._known.get(id(record))
        if known is None or known[0] is not record:
            plain = _plain(record, topology.unknown)
            known = self._known[id(record)] = record, orjson.Fragment(dumps_to_keep(plain, orjson.OPT_SORT_KEYS))
        return known[1]

    def forget_others(self, topology: Topology) -> None:
        """Let go of the records that ``topology`` does not have."""
        if len(self._known) > 2 * (len(topology.nodes) + len(topology.links)):
            present = {id(record) for record in (*topology.nodes, *topology.links)}
            self._known = {key: value for key, value in self._known.items() if key in present}


def format_topology(topology: Topology, version: str, known: EncodedRecords | None = None) -> bytes:
    """The text of the ``.gns3`` file; ``version`` is the server version written into it."""
    records = known or EncodedRecords()
    document = {
        **topology.unknown.get("", {}),
        **_file.unstructure(topology.settings),
        "project_id": str(topology.project_id),
        "revision": REVISION,
        "type": "topology",
        "version": version,
        "topology": {
            **topology.unknown.get("topology", {}),
            "computes": topology.computes,
            "drawings": topology.drawings,
            "links": records.encode(topology.links, topology),
            "nodes": records.encode(topology.nodes, topology),
        },
    }
    records.forget_others(topology)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"
