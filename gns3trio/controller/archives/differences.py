"""What differs between two states of a project, for people. Sans-IO.

Objects are the same if their ids are, so a node that was renamed is a changed node.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from uuid import UUID

import attrs

from gns3trio.classes import frozen
from gns3trio.conditions.impairments import describe
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.controller.gns3_format.records import LinkRecord, NodeRecord, ProjectRecord

# Longer values are shown by their beginnings: of pictures and configurations a difference says only that they differ.
MAX_SHOWN_TEXT = 2000
_MAX_NAME = 60

Kind = Literal["project", "node", "link", "drawing", "file"]
Fields = Mapping[str, Mapping[str, Any]]


@frozen
class Difference:
    """One object that differs. ``id`` is that of a node, link or drawing. ``fields``: what has changed, by name, with
    the values "from" and "to"; a part of an object has a name such as ``properties.ram``.
    """

    action: Literal["create", "update", "delete"]
    kind: Kind
    name: str
    id: UUID | None = None
    fields: Fields = attrs.field(factory=dict)


def differences(before: ProjectRecord, after: ProjectRecord) -> Iterator[Difference]:
    """What was changed from ``before`` to ``after``: settings, nodes, links, drawings. Without the files of nodes."""
    settings = changed_fields(attrs.asdict(before.settings), attrs.asdict(after.settings))
    if settings:
        yield Difference("update", "project", after.settings.name, None, settings)
    yield from _compared(
        "node",
        {node.node_id: _node_value(node, before) for node in before.nodes},
        {node.node_id: _node_value(node, after) for node in after.nodes},
        {node.node_id: node.name for node in (*before.nodes, *after.nodes)},
    )
    yield from _compared(
        "link",
        {link.link_id: _link_value(link, before) for link in before.links},
        {link.link_id: _link_value(link, after) for link in after.links},
        {**_link_names(before), **_link_names(after)},
    )
    drawings = {
        state: {UUID(str(each["drawing_id"])): each for each in of.drawings} for state, of in enumerate((before, after))
    }
    names = {
        drawing_id: drawing_name(str(each.get("svg", "")))
        for of in drawings.values()
        for drawing_id, each in of.items()
    }
    yield from _compared("drawing", drawings[0], drawings[1], names)


def _compared(
    kind: Kind, before: Mapping[UUID, Any], after: Mapping[UUID, Any], names: Mapping[UUID, str]
) -> Iterator[Difference]:
    for key, value in after.items():
        if key not in before:
            yield Difference("create", kind, names[key], key)
        elif fields := changed_fields(before[key], value):
            yield Difference("update", kind, names[key], key, fields)
    for key in before:
        if key not in after:
            yield Difference("delete", kind, names[key], key)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any], place: str = "") -> dict[str, dict[str, Any]]:
    """The fields that differ. Of objects, each part is a field of its own."""
    fields: dict[str, dict[str, Any]] = {}
    for name in (*before, *(name for name in after if name not in before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping) and not place:
            fields |= changed_fields(old, new, f"{name}.")
        else:
            fields[f"{place}{name}"] = {"from": _shown(old), "to": _shown(new)}
    return fields


def _shown(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_SHOWN_TEXT:
        return f"{value[:MAX_SHOWN_TEXT]}…"
    return value


def _node_value(node: NodeRecord, project: ProjectRecord) -> dict[str, Any]:
    value = attrs.asdict(node)
    del value["node_id"]
    del value["label"]["text"]  # it follows the name
    return {**value, "engine": project.engines.get(node.node_id)}


def _link_value(link: LinkRecord, project: ProjectRecord) -> dict[str, Any]:
    impairments = project.impairments.get(link.link_id, Impairments())
    ends = [(str(end.node_id), end.adapter_number, end.port_number) for end in link.nodes]
    return {
        "ends": [f"{node_id}:{adapter}/{port}" for node_id, adapter, port in ends],
        **{f"label {index + 1}": _label(end.label) for index, end in enumerate(link.nodes)},
        "filters": link.filters,
        "impairments": [describe(each) for each in impairments.filters],
        "seed": impairments.seed,
        "link_style": link.link_style,
        "suspend": link.suspend,
    }


def _label(label: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {} if label is None else {name: value for name, value in label.items() if name != "text"}


def _link_names(project: ProjectRecord) -> dict[UUID, str]:
    nodes = {node.node_id: node.name for node in project.nodes}
    return {
        link.link_id: " - ".join(
            f"{nodes.get(end.node_id, '?')}:{_port(end.adapter_number, end.port_number)}" for end in link.nodes
        )
        for link in project.links
    }


def _port(adapter: int, port: int) -> str:
    """A port as in a topology document."""
    return f"{adapter}/{port}" if adapter else str(port)


_DRAWN = re.compile(r"<(text|rect|ellipse|circle|line|image)\b")
_TEXT = re.compile(r"<text\b[^<>]*>([^<]*)<")
_KINDS = {"rect": "rectangle", "circle": "ellipse", "image": "picture"}


def drawing_name(svg: str) -> str:
    """What a drawing is, for people: its text or its shape."""
    found = _DRAWN.search(svg)
    if found is None:
        return "picture"
    if found[1] != "text":
        return _KINDS.get(found[1], found[1])
    from html import unescape  # imported here, so that the server starts faster

    text = _TEXT.search(svg)
    words = " ".join(unescape(text[1][: 20 * _MAX_NAME]).split()) if text is not None else ""
    return f"note “{words[:_MAX_NAME]}{'…' if len(words) > _MAX_NAME else ''}”"
