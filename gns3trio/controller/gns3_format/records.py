"""The records of a project file, and their translation to the ``.gns3`` format. Sans-IO.

Format: GNS3 topology, revision 9 or 10 (JSON, keys sorted), see ``revisions``. Keys and objects that GNS3 does not know
are kept beside the file (see ``own_fields``). So imported files lose nothing, and GNS3 can read saved ones.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import attrs
import orjson

from gns3trio.classes import define
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.node_types import node_types
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.controller.gns3_format.converted import Conversion
from gns3trio.controller.gns3_format.revisions import GNS3_2, GNS3_3, SHARED, to_gns3_3
from gns3trio.convert import make_strict_converter
from gns3trio.encoding import dumps_to_keep
from gns3trio.errors import Conflict
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


# A type is also the name of a folder of node files, so an imported file must not choose another path by it.
_NODE_TYPE = re.compile(r"[a-z0-9_]{1,64}")


def check_node_type(node_type: str) -> None:
    """Raises Conflict for an invalid type name."""
    if not _NODE_TYPE.fullmatch(node_type):
        raise Conflict(f"node_type: {node_type!r} is not a type of nodes")


@define(kw_only=True)
class NodeRecord:
    """A node in the form that is saved.

    ``aux``, ``aux_type`` and ``properties_of_3`` are what only GNS3 3.0 has: the second console of a node (that of a
    container is a property), and properties that no node of this server uses.
    """

    node_id: UUID
    node_type: str
    name: str
    compute_id: str = LOCAL_COMPUTE_ID
    aux: int | None = None
    aux_type: str | None = None
    console: int | None = None
    console_auto_start: bool = False
    console_type: str | None = None
    custom_adapters: list[dict[str, Any]] = attrs.field(factory=list)
    first_port_name: str | None = None
    height: Int32 = 59
    label: Label = attrs.field(factory=Label)
    locked: bool = False
    port_name_format: str = "Ethernet{0}"
    port_segment_size: Int32 = 0
    properties: dict[str, Any] = attrs.field(factory=dict)
    properties_of_3: dict[str, Any] = attrs.field(factory=dict)
    symbol: str | None = ":/symbols/computer.svg"
    template_id: UUID | None = None
    width: Int32 = 65
    x: Int32 = 0
    y: Int32 = 0
    z: Int32 = 1


LINK_LABEL_STYLE = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"


@lru_cache(maxsize=1024)
def link_label(adapter_number: int, port_number: int) -> dict[str, Any]:
    """The label that GNS3 gives to an end of a link. Ends of many links share it, and nobody changes it."""
    return {"style": LINK_LABEL_STYLE, "text": f"{adapter_number}/{port_number}"}


@define(kw_only=True)
class LinkEndRecord:
    """One end of a link: a port of a node. It has a label once it is part of a project."""

    node_id: UUID
    adapter_number: Int32
    port_number: Int32
    label: dict[str, Any] | None = None


LinkEnds = Annotated[list[LinkEndRecord], Bound(MAX_LINK_ENDS)]


@define(kw_only=True)
class LinkRecord:
    """A link in the form that is saved. GNS3 also writes links with fewer than two ends."""

    link_id: UUID
    nodes: LinkEnds
    filters: dict[str, list[Any]] = attrs.field(factory=dict)
    link_style: dict[str, Any] = attrs.field(factory=dict)
    suspend: bool = False


@define(kw_only=True)
class ProjectRecord:
    """A whole project.

    ``revision``: that in which it is saved, 9 or 10. New ones have 9, which GNS3 2.2 and 3.0 both open.

    ``unknown`` maps the names of objects in the file to the keys that GNS3 does not know. The name of a node, link or
    drawing is its id; the names of their parts begin with it (``label_path``, ``end_path``). ``left_out`` are invalid
    parts. ``impairments`` are those of each link, ``mac_ids`` the numbers of the nodes' MAC addresses,
    ``engines`` the engines that were chosen for nodes. These five are stored in another file (see ``own_fields``).

    ``problems`` lists the errors in the file that was read. ``is_repaired``: GNS3 would have rejected it.
    ``conversion`` describes the conversion from an older GNS3, with ``old_revision``.
    """

    project_id: UUID
    settings: ProjectSettings
    revision: int = GNS3_2
    nodes: list[NodeRecord] = attrs.field(factory=list)
    links: list[LinkRecord] = attrs.field(factory=list)
    drawings: list[dict[str, Any]] = attrs.field(factory=list)
    computes: list[dict[str, Any]] = attrs.field(factory=list)
    unknown: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    left_out: list[dict[str, Any]] = attrs.field(factory=list)
    impairments: dict[UUID, Impairments] = attrs.field(factory=dict)
    mac_ids: dict[UUID, int] = attrs.field(factory=dict)
    engines: dict[UUID, str] = attrs.field(factory=dict)
    problems: list[str] = attrs.field(factory=list)
    is_repaired: bool = False
    old_revision: int | None = None
    conversion: Conversion | None = attrs.field(default=None, eq=False)


_file = make_strict_converter(forbid_extra_keys=False)


def label_path(record: str) -> str:
    """The name under which ``ProjectRecord.unknown`` keeps the unknown keys of a node's label."""
    return f"{record} label"


def end_path(record: str, index: int) -> str:
    """The name of a link end in ``ProjectRecord.unknown``."""
    return f"{record} end {index}"


def renew_path(path: str, new_ids: Mapping[str, object]) -> str:
    """The name of an object or its part after its id has changed."""
    record, space, part = path.partition(" ")
    return f"{new_ids.get(record, record)}{space}{part}"


def own_properties(record: NodeRecord, properties: Mapping[str, Any], revision: int) -> dict[str, Any]:
    """Those of the properties of a node that the GNS3 of a revision does not have."""
    traits = node_types.get(record.node_type)
    own = traits.own_properties if traits is not None else frozenset[str]()
    if revision == GNS3_3:
        own -= SHARED.get(record.node_type, frozenset())
    return {name: properties[name] for name in own if name in properties}


def _for_gns3(record: NodeRecord | LinkRecord, revision: int) -> dict[str, Any]:
    """A record as GNS3 reads it in a file of a revision."""
    fields: dict[str, Any] = _file.unstructure(record)
    if not isinstance(record, NodeRecord):
        return fields
    added = fields.pop("properties_of_3")
    own = own_properties(record, record.properties, revision)
    shared = {name: value for name, value in record.properties.items() if name not in own}
    if revision == GNS3_3:
        return to_gns3_3({**fields, "properties": {**added, **shared}})
    del fields["aux"], fields["aux_type"]
    return {**fields, "properties": shared}


class EncodedRecords:
    """A cache of encoded records. Records of an open project are replaced and never changed in place, so each one is
    encoded once, however often the project is saved.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[NodeRecord | LinkRecord, orjson.Fragment]] = {}
        self._revision = GNS3_2

    def encode(self, records: Sequence[NodeRecord | LinkRecord], revision: int) -> list[orjson.Fragment]:
        """The texts of records in order, one line each."""
        if revision != self._revision:
            self._known, self._revision = {}, revision
        return [self._encode(record) for record in records]

    def _encode(self, record: NodeRecord | LinkRecord) -> orjson.Fragment:
        known = self._known.get(id(record))
        if known is None or known[0] is not record:
            text = dumps_to_keep(_for_gns3(record, self._revision), orjson.OPT_SORT_KEYS)
            known = self._known[id(record)] = record, orjson.Fragment(text)
        return known[1]

    def forget_others(self, saved: ProjectRecord) -> None:
        """Remove the records that are not in ``saved`` from the cache."""
        if len(self._known) > 2 * (len(saved.nodes) + len(saved.links)):
            present = {id(record) for record in (*saved.nodes, *saved.links)}
            self._known = {key: value for key, value in self._known.items() if key in present}


def format_project(saved: ProjectRecord, version: str, known: EncodedRecords | None = None) -> bytes:
    """The text of the ``.gns3`` file, in the project's revision; ``version`` is the version of GNS3 that it names."""
    records = known or EncodedRecords()
    document = {
        **_file.unstructure(saved.settings),
        "project_id": str(saved.project_id),
        "revision": saved.revision,
        "type": "topology",
        "version": version,
        "topology": {
            "computes": saved.computes,
            "drawings": saved.drawings,
            "links": records.encode(saved.links, saved.revision),
            "nodes": records.encode(saved.nodes, saved.revision),
        },
    }
    records.forget_others(saved)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"
