"""Exports a project as a topology ``document``, which changes nothing if it is applied to the same project."""

from typing import Any

import attrs

from gns3trio import threads
from gns3trio.compute.form_fields import default_of
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.conditions.impairments import describe
from gns3trio.controller.as_code.node_scripts import Scripts, node_properties, read_scripts
from gns3trio.controller.as_code.plan import link_value, named_ends, nodes_by_name
from gns3trio.controller.computes import Computes
from gns3trio.controller.gns3_format.records import Label, NodeRecord
from gns3trio.controller.links.link import Link
from gns3trio.controller.nodes.node import Node, drawn_as
from gns3trio.controller.project.project import Project
from gns3trio.natural_order import natural_key

_DEFAULTS = {
    field.name: field.default
    for field in attrs.fields(NodeRecord)
    if field.name in ("z", "locked", "console_auto_start", "first_port_name")
}
# Names of ports are those of the type, unless its nodes may have others.
_PORT_NAMES = ("port_name_format", "port_segment_size")
_DRAWN = ("symbol", "width", "height")
# Properties that describe the machine, not the lab.
_OF_MACHINE = ("interfaces", "gateway", "container_id", "aux", "qemu_path")


async def export_document(project: Project) -> dict[str, Any]:
    """Export the nodes that run here, their links, and the drawings. All other parts are in ``left_out``, with reasons.

    A node has its type, its position, and the fields that differ from GNS3's defaults; in a project with nodes on other
    hosts its compute too. Consoles are omitted, because they belong to the host. Nodes and links are sorted by name, so
    that documents can be compared. Raises Forbidden if the project is closed, Conflict if two nodes have the same name.
    """
    project.require_open()
    nodes, links = list(nodes_by_name(project).values()), list(project.links.values())
    drawings = [drawing.shown() for drawing in project.drawings.values()]
    scripts = await read_scripts(nodes)
    # In a thread, because a large lab takes long.
    return await threads.disk.run(_document, project, nodes, links, drawings, scripts)


def _document(
    project: Project, nodes: list[Node], links: list[Link], drawings: list[dict[str, Any]], scripts: Scripts
) -> dict[str, Any]:
    left_out = {node.name: node.problem for node in nodes if node.problem is not None}
    hosts = _hosts(project.services.computes, [node for node in nodes if node.name not in left_out])
    shown = {node.name: _node(node, scripts, hosts.get(node.name)) for node in nodes if node.name not in left_out}
    joined: list[dict[str, Any]] = []
    for link in links:
        ends = named_ends(project, link)
        if ends is None or link.problem is not None or not all(end.node in shown for end in ends):
            name = " - ".join(map(str, ends)) if ends is not None else str(link.link_id)
            left_out[name] = link.problem or "an end of it is no node of the document"
            continue
        value = link_value(link)
        value["impairments"] = [describe(each) for each in value["impairments"]]
        joined.append({"ends": [str(end) for end in ends], **{name: each for name, each in value.items() if each}})
    document: dict[str, Any] = {
        "nodes": {name: shown[name] for name in sorted(shown, key=natural_key)},
        "links": sorted(joined, key=lambda link: [natural_key(end) for end in link["ends"]]),
    }
    if drawings:
        document["drawings"] = drawings
    if left_out:
        document["left_out"] = {name: left_out[name] for name in sorted(left_out, key=natural_key)}
    return document


def _hosts(computes: Computes, nodes: list[Node]) -> dict[str, str]:
    """The computes of nodes by the names of both; empty if all are on this server."""
    if all(node.record.compute_id == LOCAL_COMPUTE_ID for node in nodes):
        return {}
    return {node.name: computes.name_of(node.record.compute_id) for node in nodes}


def _node(node: Node, scripts: Scripts, compute: str | None) -> dict[str, Any]:
    record = node.record
    shown: dict[str, Any] = {"node_type": record.node_type, "x": record.x, "y": record.y}
    if compute is not None:
        shown["compute"] = compute
    shown |= {name: getattr(record, name) for name, default in _DEFAULTS.items() if getattr(record, name) != default}
    drawn = drawn_as(record.node_type) or {name: _default(name) for name in _DRAWN}
    shown |= {name: getattr(record, name) for name in _DRAWN if getattr(record, name) != drawn[name]}
    if record.console_type not in (None, node.traits.console_types[0]):
        shown["console_type"] = record.console_type
    shown |= {name: getattr(record, name) for name in _PORT_NAMES if getattr(record, name) != _default(name)}
    if record.custom_adapters:
        shown["custom_adapters"] = record.custom_adapters
    label = {name: value for name, value in attrs.asdict(record.label).items() if value != getattr(Label(), name)}
    label.pop("text", None)
    if label:
        shown["label"] = label
    if properties := _own_properties(node, scripts):
        shown["properties"] = properties
    if node.chosen_engine is not None:
        shown["engine"] = node.chosen_engine
    return shown


def _own_properties(node: Node, scripts: Scripts) -> dict[str, Any]:
    """The properties that describe the lab, and differ from the defaults of its type."""
    settings = node.traits.settings if node.traits.omits_defaults else None
    defaults = {} if settings is None else {each.name: default_of(each) for each in attrs.fields(settings)}
    return {
        name: value
        for name, value in node_properties(node, scripts).items()
        if name not in _OF_MACHINE and (name not in defaults or value != defaults[name])
    }


def _default(name: str) -> Any:
    return getattr(attrs.fields(NodeRecord), name).default
