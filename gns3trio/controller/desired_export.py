"""A project as a document of ``desired``: applied to the same project it changes nothing."""

from typing import Any

import attrs

from gns3trio.controller.node import DRAWN_AS, Node
from gns3trio.controller.plan import link_value, named_ends, node_properties
from gns3trio.controller.project import Project
from gns3trio.controller.topology import Label, NodeRecord
from gns3trio.forwarder.filters import describe
from gns3trio.natural_order import natural_key

_DEFAULTS = {
    field.name: field.default
    for field in attrs.fields(NodeRecord)
    if field.name in ("z", "locked", "console_auto_start")
}
_DRAWN = ("symbol", "width", "height")
# Properties that say something of the machine, not of the lab.
_OF_MACHINE = ("interfaces",)


def export_document(project: Project) -> dict[str, Any]:
    """The nodes that run here, their links, and the drawings. Raises Forbidden when the project is closed.

    A node has its type and place, and what is not GNS3's default. Consoles are left out: they belong to the host.
    Nodes and links are in the order of their names, so that two documents can be compared.
    """
    project.require_open()
    running = sorted(
        (node for node in project.nodes.values() if node.instance is not None), key=lambda node: natural_key(node.name)
    )
    nodes = {node.name: _node(node) for node in running}
    links: list[dict[str, Any]] = []
    for link in project.links.values():
        ends = named_ends(project, link)
        if ends is not None and all(end.node in nodes for end in ends):
            value = link_value(link)
            value["impairments"] = [describe(each) for each in value["impairments"]]
            links.append({"ends": [str(end) for end in ends], **{name: each for name, each in value.items() if each}})
    links.sort(key=lambda link: [natural_key(end) for end in link["ends"]])
    drawings = [
        {name: value for name, value in drawing.view(project.project_id).items() if not name.endswith("_id")}
        for drawing in project.drawings.values()
    ]
    return {"nodes": nodes, "links": links, **({"drawings": drawings} if drawings else {})}


def _node(node: Node) -> dict[str, Any]:
    record = node.record
    shown: dict[str, Any] = {"node_type": record.node_type, "x": record.x, "y": record.y}
    shown |= {name: getattr(record, name) for name, default in _DEFAULTS.items() if getattr(record, name) != default}
    drawn_as = DRAWN_AS.get(record.node_type) or {name: _default(name) for name in _DRAWN}
    shown |= {name: getattr(record, name) for name in _DRAWN if getattr(record, name) != drawn_as[name]}
    label = {name: value for name, value in attrs.asdict(record.label).items() if value != getattr(Label(), name)}
    label.pop("text", None)
    if label:
        shown["label"] = label
    properties = {name: value for name, value in node_properties(node).items() if name not in _OF_MACHINE}
    if properties:
        shown["properties"] = properties
    return shown


def _default(name: str) -> Any:
    return getattr(attrs.fields(NodeRecord), name).default
