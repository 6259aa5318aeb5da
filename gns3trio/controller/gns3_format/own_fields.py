"""The data that is kept beside a project's ``.gns3`` file, because GNS3 rejects files with unknown keys. Sans-IO.

Format of ``project-files/gns3trio.json``: ``{"version": 1, "links": {<link id>: {"impairments": [...], "seed": 7}},
"nodes": {<node id>: {"mac_id": 5, "engine": "builtin", "properties": {...}, "of_3": {"aux": 5001}}},
"unknown": {<object>: {<key>: <value>}}, "left_out": [{"part": "nodes[3]", "reason": "...", "content": ...}]}``: the
impairments of links; the numbers of the MAC addresses of nodes, the engines that were chosen for them, and properties
that only this server has (``NodeTraits.own_properties``); in a project of revision 9, what only GNS3 3.0 has (see
``revisions``); keys that GNS3 does not know, by their object (see ``ProjectRecord``); and invalid parts of the file,
which are only stored.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

import attrs
import orjson

from gns3trio.classes import define
from gns3trio.compute.node_types import node_types
from gns3trio.conditions.core_filter import MAX_FILTERS
from gns3trio.conditions.impairments import Impairment, describe
from gns3trio.conditions.link_conditions import NO_IMPAIRMENTS, Impairments
from gns3trio.controller.gns3_format.fields import NODE
from gns3trio.controller.gns3_format.records import NodeRecord, ProjectRecord, own_properties
from gns3trio.controller.gns3_format.revisions import COPIED, GNS3_3, SHARED, split_properties
from gns3trio.convert import make_strict_converter, parse_uuid, structure
from gns3trio.errors import Conflict, Invalid
from gns3trio.free_form import DOCUMENT
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_FILE_VALUES, MAX_OWN_FIELDS_DEPTH, Bound
from gns3trio.project_layout import OWN_FIELDS_FILE

VERSION = 1
_FORM = attrs.evolve(DOCUMENT, depth=MAX_OWN_FIELDS_DEPTH)


@define(kw_only=True)
class _LinkFields:
    impairments: Annotated[list[Impairment], Bound(MAX_FILTERS)] = attrs.field(factory=list)
    seed: int | None = None


@define(kw_only=True)
class _NodeFields:
    mac_id: int | None = None
    engine: str | None = None


_file = make_strict_converter(forbid_extra_keys=False)


def add_own_fields(saved: ProjectRecord, data: bytes) -> None:
    """Add the contents of this file to its project. Invalid parts are left out and reported in ``saved.problems``.

    Raises Conflict if the whole file is unreadable.
    """
    try:
        fields = read_json(data, _FORM, MAX_FILE_VALUES)
        if not isinstance(fields, dict):
            raise Invalid("expected an object")
        if fields.get("version") != VERSION:
            raise Invalid(f"version {fields.get('version')}, this server reads version {VERSION}")
    except Invalid as error:
        raise Conflict(f"{OWN_FIELDS_FILE}: {error}") from None
    _add_impairments(saved, _object(saved, fields, "links"))
    nodes = _object(saved, fields, "nodes")
    _add_node_fields(saved, nodes)
    _add_properties(saved, nodes)
    for path, keys in _object(saved, fields, "unknown").items():
        if isinstance(keys, dict):
            saved.unknown[path] = {**keys, **saved.unknown.get(path, {})}
    kept = fields.get("left_out", [])
    if isinstance(kept, list):
        saved.left_out[:0] = [part for part in kept if isinstance(part, dict) and part not in saved.left_out]


def _object(saved: ProjectRecord, fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name, {})
    if isinstance(value, dict):
        return value
    saved.problems.append(f"{OWN_FIELDS_FILE}: {name}: expected an object")
    return {}


def _add_impairments(saved: ProjectRecord, links: Mapping[str, Any]) -> None:
    for link_id, kept in links.items():
        try:
            link = structure(_file, kept, _LinkFields)
            saved.impairments[parse_uuid(link_id)] = Impairments(tuple(link.impairments), link.seed)
        except (Invalid, ValueError) as error:
            reason = f"{OWN_FIELDS_FILE}: the impairments of link {link_id} are left out: {error}"
            saved.problems.append(reason)
            saved.left_out.append({"part": f"impairments of link {link_id}", "reason": str(error), "content": kept})


def _add_node_fields(saved: ProjectRecord, nodes: Mapping[str, Any]) -> None:
    """Add the MAC address numbers and engines. An invalid number is ignored: the node gets another one. An unknown
    engine is reported: the server's default runs the node.
    """
    types = {record.node_id: record.node_type for record in saved.nodes}
    for text, kept in nodes.items():
        with suppress(Invalid, ValueError):
            node_id, fields = parse_uuid(text), structure(_file, kept, _NodeFields)
            if fields.mac_id is not None:
                saved.mac_ids[node_id] = fields.mac_id
            if fields.engine is None or node_id not in types:
                continue
            traits = node_types.get(types[node_id])
            if traits is not None and fields.engine in traits.engines:
                saved.engines[node_id] = fields.engine
            else:
                saved.problems.append(
                    f"{OWN_FIELDS_FILE}: the engine of node {text} is left out: there is no {fields.engine!r}"
                )


def _add_properties(saved: ProjectRecord, nodes: Mapping[str, Any]) -> None:
    for record in saved.nodes:
        kept = nodes.get(str(record.node_id))
        if not isinstance(kept, dict):
            continue
        if isinstance(properties := kept.get("properties"), dict):
            record.properties = {**record.properties, **own_properties(record, properties, saved.revision)}
        if isinstance(of_3 := kept.get("of_3"), dict):
            _add_what_is_of_3(record, of_3)


def _add_what_is_of_3(record: NodeRecord, of_3: Mapping[str, Any]) -> None:
    """What the file itself has wins: GNS3 3.0 may have opened and saved the project meanwhile."""
    with suppress(ValueError):
        record.aux = record.aux or NODE["aux"].read(of_3.get("aux"))
    with suppress(ValueError):
        record.aux_type = record.aux_type or NODE["aux_type"].read(of_3.get("aux_type"))
    if isinstance(properties := of_3.get("properties"), dict):
        _, added = split_properties(record.node_type, properties)
        record.properties_of_3 = {**added, **record.properties_of_3}


def _what_is_of_3(record: NodeRecord) -> dict[str, Any]:
    parts = {"aux": record.aux, "aux_type": record.aux_type, "properties": record.properties_of_3 or None}
    return {name: part for name, part in parts.items() if part is not None}


def kept_beside(saved: ProjectRecord) -> list[str]:
    """What GNS3 3.0 has of a project in revision 9, and GNS3 2.2 does not: for each node the names, without what has no
    meaning. It is part of this file.
    """
    found = [(record.name, _names_of_3(saved, record)) for record in saved.nodes]
    return [f"node {name!r}: {', '.join(names)}" for name, names in found if names]


def _names_of_3(saved: ProjectRecord, record: NodeRecord) -> list[str]:
    if saved.revision == GNS3_3:
        return []
    shared = {name: record.properties.get(name) for name in SHARED.get(record.node_type, ())}
    of_3 = {"aux": record.aux, "aux_type": record.aux_type, **shared, **record.properties_of_3}
    return sorted(name for name, value in of_3.items() if value and value != "none" and name not in COPIED)


def format_own_fields(saved: ProjectRecord) -> bytes | None:
    """The text of the file; None if there is nothing to store."""
    links = {
        str(link_id): {"impairments": [describe(i) for i in kept.filters], "seed": kept.seed}
        for link_id, kept in saved.impairments.items()
        if kept != NO_IMPAIRMENTS
    }
    nodes: dict[str, dict[str, Any]] = {str(node_id): {"mac_id": mac_id} for node_id, mac_id in saved.mac_ids.items()}
    for node_id, engine in saved.engines.items():
        nodes.setdefault(str(node_id), {})["engine"] = engine
    for record in saved.nodes:
        if own := own_properties(record, record.properties, saved.revision):
            nodes.setdefault(str(record.node_id), {})["properties"] = own
        if saved.revision != GNS3_3 and (of_3 := _what_is_of_3(record)):
            nodes.setdefault(str(record.node_id), {})["of_3"] = of_3
    parts = {"links": links, "nodes": nodes, "unknown": _unknown_of_present(saved), "left_out": saved.left_out}
    filled = {name: part for name, part in parts.items() if part}
    if not filled:
        return None
    return orjson.dumps({"version": VERSION, **filled}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _unknown_of_present(saved: ProjectRecord) -> dict[str, dict[str, Any]]:
    """The unknown keys of objects that still exist."""
    if not saved.unknown:
        return {}  # the usual case, and this runs at every save
    present = {
        *("", "topology", "compute"),
        *(str(node.node_id) for node in saved.nodes),
        *(str(link.link_id) for link in saved.links),
        *(drawing["drawing_id"] for drawing in saved.drawings),
    }
    return {path: keys for path, keys in saved.unknown.items() if path.partition(" ")[0] in present}
