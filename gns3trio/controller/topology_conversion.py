"""Project files of older GNS3 versions, made into the present form. Sans-IO.

Revisions 5 to 8 (GNS3 2.0 to the betas of 2.2) have the structure of revision 9; what they lack has defaults. Before
them (GNS3 1.x) nodes and ports had numbers, servers stood for computes, and shapes were not SVG.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import Any
from uuid import UUID, uuid5

from gns3trio.convert import json_name, parse_uuid
from gns3trio.errors import Conflict, Invalid

REVISION = 9
_FIRST_OF_GENERATION_2 = 5

# What a type was called in GNS3 1.x.
_TYPES = {
    "VPCSDevice": "vpcs",
    "EthernetSwitch": "ethernet_switch",
    "EthernetHub": "ethernet_hub",
    "Cloud": "cloud",
    "Host": "cloud",
    "FrameRelaySwitch": "frame_relay_switch",
    "ATMSwitch": "atm_switch",
    "QemuVM": "qemu",
    "DockerVM": "docker",
    "VirtualBoxVM": "virtualbox",
    "VMwareVM": "vmware",
    "IOUDevice": "iou",
}
# Its routers had a type for each model.
_ROUTER = "dynamips"
_BRIDGES = ("ethernet_switch", "ethernet_hub")

# What a text has that says nothing of its font.
_FONT = "TypeWriter,10,-1,5,75,0,0,0,0,0"
_COLOR_WITH_OPACITY = re.compile("#([0-9a-fA-F]{2})([0-9a-fA-F]{6})")
# Borders had the numbers that they have in Qt; the dashes are those by which GNS3 2 knows them.
_NO_BORDER, _SOLID = 0, 1
_DASHES = {2: "25, 25", 3: "5, 25", 4: "5, 25, 25", 5: "25, 25, 5, 25, 5"}

# The id that a node has here, and the port, by the numbers that the two had.
_PortsByNumbers = Mapping[tuple[int, int], tuple[str, dict[str, Any]]]


def check_revision(document: Mapping[str, Any]) -> int:
    """The revision of a document, 0 without one. Raises Conflict for one that this server cannot read."""
    revision = document.get("revision", 0)
    if not isinstance(revision, int) or revision > REVISION:
        raise Conflict(f"the project file has revision {revision}, this server reads revisions up to {REVISION}")
    return revision


def convert(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The document in the present revision, and what of it is lost, for people to read.

    Raises Conflict for a newer one, and for one that is damaged.
    """
    revision = check_revision(document)
    lost: list[str] = []
    if revision == REVISION:
        return document, lost
    if revision < _FIRST_OF_GENERATION_2:
        try:
            with _reading():
                document = _from_generation_1(document, lost)
        except Invalid as error:
            guess = "" if "revision" in document else ", which it is taken for as it has no revision,"
            raise Conflict(f"the project file of GNS3 1.x{guess} is damaged: {error}") from None
    return {**document, "revision": REVISION}, lost


@contextmanager
def _reading(part: str = "") -> Iterator[None]:
    """What is wrong with a part of the file is raised as Invalid that names the part."""
    prefix = f"{part}." if part else ""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"{prefix}{error}") from None
    except KeyError as error:
        raise Invalid(f"{prefix}{error.args[0]}: required field is missing") from None
    except (TypeError, ValueError, AttributeError):
        raise Invalid(f"{part or 'topology'}: this is not how GNS3 1.x writes it") from None


def _each(old: Mapping[str, Any], kind: str) -> Iterator[tuple[int, Any, AbstractContextManager[None]]]:
    """The objects of a kind: the number of each, the object, and a context to read it in."""
    for number, record in enumerate(old.get(kind) or ()):
        yield number, record, _reading(f"{kind}[{number}]")


def _from_generation_1(document: Mapping[str, Any], lost: list[str]) -> dict[str, Any]:
    project_id = _project_id(document)
    old = document["topology"]
    nodes, ports = _nodes(project_id, old)
    return {
        "name": document["name"],
        "project_id": document["project_id"],
        "auto_start": bool(document.get("auto_start", False)),
        "version": document.get("version", "1.0"),
        "type": "topology",
        "topology": {
            "computes": [],
            "nodes": nodes,
            "links": _links(project_id, old, ports, lost),
            "drawings": _drawings(project_id, old),
        },
    }


def _project_id(document: Mapping[str, Any]) -> UUID:
    try:
        return parse_uuid(document["project_id"])
    except ValueError as error:
        raise Invalid(f"project_id: {error}") from None


def _nodes(project_id: UUID, old: Mapping[str, Any]) -> tuple[list[dict[str, Any]], _PortsByNumbers]:
    nodes, ports = [], {}
    for _, node, reading in _each(old, "nodes"):
        with reading:
            nodes.append(_node(project_id, node))
            for number, port in enumerate(_ports(node)):
                with _reading(f"ports[{number}]"):
                    ports[node["id"], port["id"]] = nodes[-1]["node_id"], port
    return nodes, ports


def _ports(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ports of a node; those of switches were among its properties at times."""
    ports = node.get("ports") or node.get("properties", {}).get("ports") or ()
    return [dict(port) for port in ports]


def _node(project_id: UUID, node: Mapping[str, Any]) -> dict[str, Any]:
    properties = dict(node.get("properties", {}))
    node_type = _TYPES.get(node["type"], _ROUTER)
    name = str(properties.pop("name", node.get("label", {}).get("text", f"Node{node['id']}")))
    console = properties.pop("console", None)
    label = node.get("label", {})
    converted = {
        "node_id": str(_node_id(project_id, node)),
        "node_type": node_type,
        "name": name,
        "compute_id": "local",
        "console": console if isinstance(console, int) else None,
        "console_type": "telnet" if node_type == "vpcs" else None,
        "label": _label(name, label),
        "symbol": node.get("symbol") or node.get("default_symbol") or ":/symbols/computer.svg",
        "x": _whole(node, "x", 0),
        "y": _whole(node, "y", 0),
        "z": _whole(node, "z", 1),
        "properties": {},
    }
    if node_type in _BRIDGES:
        converted["properties"] = {"ports_mapping": [_bridge_port(node_type, port) for port in _ports(node)]}
    elif node_type == "cloud":
        converted["properties"] = {"ports_mapping": []}
    elif node_type != "vpcs":  # its start-up script is a file beside
        converted["properties"] = properties
    return converted


def _label(text: str, old: Mapping[str, Any]) -> dict[str, Any]:
    style = "".join(f"{name}: {value};" for name, value in _text_style(old).items())
    return {"text": text, "x": _whole(old, "x", 0), "y": _whole(old, "y", -40), "rotation": 0, "style": style}


def _text_style(old: Mapping[str, Any]) -> dict[str, str]:
    """The properties of SVG for a font that is written as by Qt: family, size, ..., weight, slant, ..."""
    font = [*str(old.get("font") or _FONT).split(","), "", "", "", "", ""]
    family, size, weight, slant = font[0], font[1], font[4], font[5]
    style = {"font-family": family, "font-size": size or "10"}
    if weight == "75":
        style["font-weight"] = "bold"
    if slant == "1":
        style["font-style"] = "italic"
    fill, opacity = _color(old.get("color") or "#000000")
    return {**style, "fill": fill, "fill-opacity": opacity}


def _color(color: object) -> tuple[str, str]:
    """A colour of Qt, which may begin with its opacity, and the opacity from 0.0 to 1.0."""
    match = _COLOR_WITH_OPACITY.fullmatch(str(color))
    if match is None:
        return str(color), "1.0"
    return f"#{match[2]}", str(round(int(match[1], 16) / 255, 2))


def _node_id(project_id: UUID, node: Mapping[str, Any]) -> UUID:
    for key in ("vm_id", "device_id"):
        try:
            return parse_uuid(node.get(key))
        except ValueError:
            continue
    return uuid5(project_id, f"node {node['id']}")


def _bridge_port(node_type: str, port: Mapping[str, Any]) -> dict[str, Any]:
    number = _port_number(port)
    mapped: dict[str, Any] = {"name": f"Ethernet{number}", "port_number": number}
    if node_type == "ethernet_switch":
        mapped |= {"type": port.get("type", "access"), "vlan": _whole(port, "vlan", 1)}
    return mapped


def _port_number(port: Mapping[str, Any]) -> int:
    return _whole(port, "port_number" if "port_number" in port else "name", 0)


def _links(project_id: UUID, old: Mapping[str, Any], ports: _PortsByNumbers, lost: list[str]) -> list[dict[str, Any]]:
    """Those whose ends are there, as in GNS3: a file may name nodes that were deleted long ago."""
    converted = []
    for _, link, reading in _each(old, "links"):
        with reading:
            ends = [(link[f"{side}_node_id"], link[f"{side}_port_id"]) for side in ("source", "destination")]
            missing = [f"port {port} of node {node}" for node, port in ends if (node, port) not in ports]
            if missing:
                lost.append(f"link {link['id']} is left out: there is no {' and no '.join(missing)}")
            else:
                converted.append(_link(project_id, link, [ports[end] for end in ends]))
    return converted


def _link(project_id: UUID, link: Mapping[str, Any], joined: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    ends = []
    for node_id, port in joined:
        adapter = _whole(port, "adapter_number", 0)
        ends.append({"node_id": node_id, "adapter_number": adapter, "port_number": _port_number(port)})
    return {"link_id": str(uuid5(project_id, f"link {link['id']}")), "nodes": ends}


def _drawings(project_id: UUID, old: Mapping[str, Any]) -> list[dict[str, Any]]:
    converted = []
    for kind in ("ellipses", "rectangles", "notes"):
        for number, shape, reading in _each(old, kind):
            with reading:
                converted.append(_drawing(project_id, kind, number, shape))
    return converted


def _drawing(project_id: UUID, kind: str, number: int, shape: Mapping[str, Any]) -> dict[str, Any]:
    width, height = _whole(shape, "width", 100), _whole(shape, "height", 100)
    style = _attributes(_shape_style(shape))
    if kind == "rectangles":
        body = f'<rect width="{width}" height="{height}" {style}/>'
    elif kind == "ellipses":
        body = f'<ellipse cx="{width / 2}" cy="{height / 2}" rx="{width / 2}" ry="{height / 2}" {style}/>'
    else:
        text = str(shape.get("text", ""))
        lines = text.splitlines() or [""]
        width, height = 8 * max(map(len, lines)) + 8, 20 * len(lines)
        body = f"<text {_attributes(_text_style(shape))}>{escape(text)}</text>"
    return {
        "drawing_id": str(uuid5(project_id, f"{kind} {number}")),
        "x": _whole(shape, "x"),
        "y": _whole(shape, "y"),
        "z": _whole(shape, "z", 0),
        "rotation": _whole(shape, "rotation", 0),
        "locked": False,
        "svg": f'<svg width="{width}" height="{height}">{body}</svg>',
    }


def _shape_style(shape: Mapping[str, Any]) -> dict[str, str]:
    fill, opacity = _color(shape.get("color") or "#ffffff")
    style = {"fill": fill, "fill-opacity": opacity}
    border = _whole(shape, "border_style", _SOLID)
    if border in _DASHES:
        style["stroke-dasharray"] = _DASHES[border]
    if border != _NO_BORDER:
        stroke, _ = _color(shape.get("border_color") or "#000000")
        style |= {"stroke": stroke, "stroke-width": str(_whole(shape, "border_width", 2))}
    return style


def _attributes(style: Mapping[str, str]) -> str:
    return " ".join(f'{name}="{escape(value)}"' for name, value in style.items())


def _whole(record: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """The number under a key, which without a default must be there."""
    value: Any = record[key] if default is None else record.get(key)
    try:
        return default if value is None and default is not None else round(float(value))
    except (TypeError, ValueError, OverflowError):
        raise Invalid(f"{key}: expected a number, got {json_name(type(value))}") from None
