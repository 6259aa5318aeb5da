"""Reads a ``.gns3`` file into ``records``; ``fields`` defines its valid contents. Sans-IO."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format import fields
from gns3trio.controller.gns3_format.conversion import REVISION, check_revision, convert
from gns3trio.controller.gns3_format.fields import Findings, Unusable, read_fields
from gns3trio.controller.gns3_format.records import (
    Label,
    LinkEndRecord,
    LinkRecord,
    NodeRecord,
    ProjectRecord,
    ProjectSettings,
    end_path,
    label_path,
    link_label,
)
from gns3trio.controller.gns3_format.revisions import split_properties
from gns3trio.controller.names import NameAllocator, clean_name
from gns3trio.convert import as_uuid, parse_uuid
from gns3trio.errors import Conflict, Invalid
from gns3trio.free_form import DOCUMENT
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_DRAWINGS, MAX_FILE_DEPTH, MAX_FILE_VALUES, MAX_ITEMS, MAX_LINKS, MAX_NODES

# Keys of the file that do not describe the project.
_OF_THE_FILE = frozenset({"project_id", "revision", "topology", "type", "version"})
_FORM = attrs.evolve(DOCUMENT, depth=MAX_FILE_DEPTH)
# The lists in the file, with the most items that a project may have.
_INNER = {"nodes": MAX_NODES, "links": MAX_LINKS, "drawings": MAX_DRAWINGS, "computes": MAX_ITEMS}


def parse_project(data: bytes, project_id: UUID | None = None) -> ProjectRecord:
    """Read a project from the text of a ``.gns3`` file. ``project_id`` is used if the file contains none.

    Invalid parts are replaced or left out, and reported in ``problems``. Raises Conflict if it is not such a file at
    all.
    """
    document = _load(data)
    revision = check_revision(document)
    found_id = _project_id(document)
    project_id = found_id or project_id or uuid5(NAMESPACE_OID, hashlib.sha256(data).hexdigest())
    conversion, findings = convert(document, project_id)
    if found_id is None:
        findings.problems.insert(0, f"project_id: the file has none; it gets {project_id}")
    saved = _Reader(conversion.document, project_id, findings).read()
    saved.conversion = conversion
    saved.revision = max(revision, REVISION)
    saved.is_repaired = bool(saved.problems or saved.unknown or conversion.is_repaired) or _has_what_came_later(saved)
    saved.old_revision = revision if revision < REVISION else None
    return saved


@frozen
class Heading:
    """The data of a file for the list of projects. ``project_id`` is None if the file contains none."""

    project_id: UUID | None
    settings: ProjectSettings


def parse_heading(data: bytes) -> Heading:
    """Read the settings in the text of a ``.gns3`` file, without its nodes, links and drawings.

    Raises Conflict if it is not a project file, or belongs to a newer GNS3.
    """
    document = _load(data)
    check_revision(document)
    settings = ProjectSettings(**read_fields(document, fields.PROJECT, "", Findings()))
    return Heading(as_uuid(document.get("project_id")), settings)


def count_objects(data: bytes) -> tuple[int, int]:
    """The numbers of nodes and links in the text of a ``.gns3`` file. Raises Conflict if it is not a project file."""
    topology = _load(data)["topology"]
    nodes, links = (len(each) if isinstance(each := topology.get(name), list) else 0 for name in ("nodes", "links"))
    return nodes, links


def _has_what_came_later(saved: ProjectRecord) -> bool:
    """Whether a file of revision 9 has what only revision 10 may have."""
    return saved.revision == REVISION and any(
        node.properties_of_3 or node.aux is not None or node.aux_type is not None for node in saved.nodes
    )


def _load(data: bytes) -> dict[str, Any]:
    try:
        document = read_json(data, _FORM, MAX_FILE_VALUES)
    except Invalid as error:
        raise Conflict(f"the project file is damaged: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("topology"), dict):
        raise Conflict("the project file has no topology")
    return document


def _project_id(document: Mapping[str, Any]) -> UUID | None:
    """The id of the project. Raises Conflict if it is invalid, because another project may be meant."""
    if document.get("project_id") in (None, ""):
        return None
    try:
        return parse_uuid(document["project_id"])
    except ValueError as error:
        raise Conflict(f"the project file is damaged: project_id: {error}") from None


class _Reader:
    """Reads a document of the present revision."""

    def __init__(self, document: Mapping[str, Any], project_id: UUID, findings: Findings) -> None:
        self._document = document
        self._inner: Mapping[str, Any] = document["topology"]
        self._project_id = project_id
        self._findings = findings
        self._used: set[UUID] = set()
        nodes = self._inner.get("nodes")
        raw_nodes = nodes if isinstance(nodes, list) else ()
        self._names = NameAllocator.beside(str(raw.get("name")) for raw in raw_nodes if isinstance(raw, dict))
        self._given: set[str] = set()

    def read(self) -> ProjectRecord:
        """Read the whole project."""
        self._findings.note_unknown("", self._document, {*_OF_THE_FILE, *fields.PROJECT})
        self._findings.note_unknown("topology", self._inner, _INNER)
        return ProjectRecord(
            project_id=self._project_id,
            settings=ProjectSettings(**read_fields(self._document, fields.PROJECT, "", self._findings)),
            nodes=list(self._each("nodes", self._node)),
            links=list(self._each("links", self._link)),
            drawings=list(self._each("drawings", self._drawing)),
            computes=list(self._each("computes", self._compute)),
            unknown=self._findings.unknown,
            left_out=self._findings.left_out,
            problems=self._findings.problems,
        )

    def _each(self, kind: str, read: Any) -> Iterator[Any]:
        """The usable objects of a list."""
        records = self._inner.get(kind)
        if records is None:
            return
        if not isinstance(records, list):
            self._findings.leave_out(kind, records, "it is no list")
            return
        if len(records) > _INNER[kind]:
            raise Conflict(
                f"the project file is damaged: topology.{kind}: has {len(records)} items, and may have {_INNER[kind]}"
            )
        for index, raw in enumerate(records):
            part = f"{kind}[{index}]"
            try:
                yield read(part, fields.exactly(dict)(raw))
            except ValueError as error:
                self._findings.leave_out(part, raw, str(error))

    def _with_id(self, raw: dict[str, Any], name: str, part: str) -> dict[str, Any]:
        """The object with a unique id. If it has none, the id is derived so that it is the same at the next reading."""
        try:
            found = parse_uuid(raw.get(name))
            reason = f"{found} is the id of another one" if found in self._used else None
        except ValueError as error:
            found, reason = None, str(error) if name in raw else "required field is missing"
        if reason is not None or found is None:
            found = uuid5(self._project_id, f"{part} {name}")
            self._findings.replace(f"{part}.{name}", raw.get(name), reason, str(found))
        self._used.add(found)
        return {**raw, name: str(found)}

    def _node(self, part: str, raw: dict[str, Any]) -> NodeRecord:
        if not isinstance(raw.get("node_type"), str) or raw["node_type"] not in node_types:
            raise Unusable(f"node_type: {raw.get('node_type')!r} is not a type of nodes")
        raw = self._with_id(raw, "node_id", part)
        path, in_file = raw["node_id"], raw.get("name")
        if not isinstance(raw.get("name"), str) or not raw["name"]:
            named = _name_without(raw)
            self._findings.replace(f"{part}.name", raw.get("name"), "it has no name", named)
            raw["name"] = named
        values = read_fields(raw, fields.NODE, part, self._findings)
        values["name"] = self._name(part, values["name"], _name_without(raw))
        self._findings.note_unknown(path, raw, fields.NODE)
        shared, added = split_properties(values["node_type"], values["properties"])
        label = fields.read_label(values["label"], f"{part}.label", label_path(path), self._findings, fill=True)
        if label["text"] == in_file:
            label["text"] = values["name"]
        values |= {
            "label": Label(**{**label, "text": label["text"] or values["name"]}),
            "custom_adapters": fields.read_adapters(values["custom_adapters"], part, self._findings),
            "properties": shared,
            "properties_of_3": added,
        }
        return NodeRecord(**values)

    def _name(self, part: str, name: str, otherwise: str) -> str:
        """A valid and unique name for a node, because users and documents identify nodes by name."""
        unique = cleaned = clean_name(name, otherwise)
        if cleaned in self._given or (cleaned != name and cleaned in self._names.taken):
            unique = self._names.make_unique(cleaned)
        self._given.add(unique)
        if unique != name:
            reason = "another node has that name" if cleaned == name else "a node cannot have that name"
            self._findings.replace(f"{part}.name", name, reason, unique)
        return unique

    def _link(self, part: str, raw: dict[str, Any]) -> LinkRecord:
        raw = self._with_id(raw, "link_id", part)
        values = read_fields(raw, fields.LINK, part, self._findings)
        self._findings.note_unknown(raw["link_id"], raw, fields.LINK)
        values["nodes"] = list(self._ends(part, raw["link_id"], values["nodes"]))
        return LinkRecord(**values)

    def _ends(self, part: str, link: str, ends: list[Any]) -> Iterator[LinkEndRecord]:
        number = 0
        for index, raw in enumerate(ends):
            where = f"{part}.nodes[{index}]"
            try:
                values = read_fields(fields.exactly(dict)(raw), fields.END, where, self._findings)
            except ValueError as error:
                self._findings.leave_out(where, raw, str(error))
                continue
            path, usual = end_path(link, number), link_label(values["adapter_number"], values["port_number"])
            self._findings.note_unknown(path, raw, fields.END)
            if values["label"]:
                label = fields.read_label(
                    values["label"], f"{where}.label", label_path(path), self._findings, fill=False
                )
                label = {"text": "", **label}
                values["label"] = label if label != usual else usual
            else:  # clients read it without checks, and GNS3 rejects a file with null
                values["label"] = usual
            yield LinkEndRecord(**values)
            number += 1

    def _drawing(self, part: str, raw: dict[str, Any]) -> dict[str, Any]:
        raw = self._with_id(raw, "drawing_id", part)
        values = read_fields(raw, fields.DRAWING, part, self._findings, fill=False)
        self._findings.note_unknown(raw["drawing_id"], raw, fields.DRAWING)
        values.setdefault("svg", "<svg></svg>")
        return {**values, "drawing_id": raw["drawing_id"]}

    def _compute(self, part: str, raw: dict[str, Any]) -> dict[str, Any]:
        values = read_fields(raw, fields.COMPUTE, part, self._findings, fill=False)
        self._findings.note_unknown(f"compute {values['compute_id']}", raw, fields.COMPUTE)
        return values


def _name_without(raw: Mapping[str, Any]) -> str:
    """The name for a node without one."""
    return f"{raw['node_type']}-{raw['node_id'][:8]}"
