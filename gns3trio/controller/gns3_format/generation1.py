"""Converts project files of GNS3 1.x (revisions up to 4) to the present form. Sans-IO.

In these files, nodes, ports and links have numbers, computes are called servers, each router model is a node type,
shapes are not SVG, and the files of all routers are in one folder. Parts that cannot be converted are left out and
reported.
"""

import glob
import ntpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.controller.gns3_format import generation1_shapes as shapes
from gns3trio.controller.gns3_format.converted import Conversion, Move
from gns3trio.controller.gns3_format.fields import CONSOLE_TYPES, Findings
from gns3trio.controller.gns3_format.node_properties import PROPERTIES, NodeFile, of_present
from gns3trio.convert import as_uuid
from gns3trio.limits import MAX_PORT
from gns3trio.project_layout import PICTURES, PROJECT_FILES

# The old name of each type, and the default symbol of its nodes.
_TYPES = {
    "VPCSDevice": ("vpcs", "vpcs_guest"),
    "EthernetSwitch": ("ethernet_switch", "ethernet_switch"),
    "EthernetHub": ("ethernet_hub", "hub"),
    "Cloud": ("cloud", "cloud"),
    "Host": ("cloud", "computer"),
    "FrameRelaySwitch": ("frame_relay_switch", "frame_relay_switch"),
    "ATMSwitch": ("atm_switch", "atm_switch"),
    "QemuVM": ("qemu", "qemu_guest"),
    "DockerVM": ("docker", "docker_guest"),
    "VirtualBoxVM": ("virtualbox", "vbox_guest"),
    "VMwareVM": ("vmware", "vmware_guest"),
    "IOUDevice": ("iou", "router"),
    **{model: ("dynamips", "router") for model in ("C1700", "C2600", "C2691", "C3600", "C3725", "C3745", "C7200")},
}
# Width and height of the symbols that do not have the usual size.
_SIZES = {
    ":/symbols/cloud.svg": (159, 71),
    ":/symbols/ethernet_switch.svg": (72, 32),
    ":/symbols/hub.svg": (72, 32),
    ":/symbols/router.svg": (66, 45),
}
_BRIDGES = ("ethernet_switch", "ethernet_hub")
_SERIAL_SWITCHES = ("atm_switch", "frame_relay_switch")
# Each adapter has one port, number 0.
_ONE_PORT_EACH = ("qemu", "docker", "virtualbox", "vmware")
_WITHOUT_CONSOLE = (*_BRIDGES, *_SERIAL_SWITCHES, "cloud")
_PORT_NAMES = {"iou": ("Ethernet{segment0}/{port0}", 4), "docker": ("eth{0}", 0)}
_NIO = re.compile(r"nio_(?:gen_eth|gen_linux):(?P<interface>.+)|nio_tap:(?P<tap>.+)", re.IGNORECASE)
_UDP = re.compile(r"nio_udp:(?P<lport>\d{1,5}):(?P<rhost>[^:]+):(?P<rport>\d{1,5})", re.IGNORECASE)
_PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".gif")
_NUMBERS = re.compile(r"(?:(\d{1,9})/)?(\d{1,9})$")


@frozen
class _Port:
    """The present position of a port."""

    node_id: str
    adapter_number: int
    port_number: int
    label: dict[str, Any] | None


class Generation1:
    """The conversion of one document. Problems are added to ``findings``."""

    def __init__(self, document: Mapping[str, Any], project_id: UUID, findings: Findings) -> None:
        self._document = document
        self._old: Mapping[str, Any] = document["topology"]
        self._project_id = project_id
        self._findings = findings
        self._files: list[NodeFile] = []
        self._moves: list[Move] = []
        self._ports: dict[tuple[Any, Any], _Port] = {}  # ports by the old numbers of node and port
        self._computes: dict[Any, str] = {}  # compute ids by the old numbers of servers

    def convert(self) -> Conversion:
        """Convert the document to the present revision."""
        topology = {
            "computes": list(self._convert_each("servers", self._compute)),
            "nodes": list(self._convert_each("nodes", self._node)),
            "links": list(self._convert_each("links", self._link)),
            "drawings": [
                drawing
                for kind in ("ellipses", "rectangles", "notes", "images")
                for drawing in self._convert_each(kind, lambda index, old, kind=kind: self._drawing(kind, index, old))
            ],
        }
        document = {
            "name": self._document.get("name"),
            "project_id": str(self._project_id),
            "auto_start": bool(self._document.get("auto_start", False)),
            "type": "topology",
            "topology": topology,
        }
        return Conversion(document, self._files, self._moves)

    def _convert_each(self, kind: str, convert: Any) -> Iterator[dict[str, Any]]:
        records = self._old.get(kind)
        if records is None:
            return
        if not isinstance(records, list):
            self._findings.leave_out(kind, records, "it is no list")
            return
        for index, old in enumerate(records):
            with self._part(f"{kind}[{index}]", old):
                converted = convert(index, old)
                if converted is not None:
                    yield converted

    @contextmanager
    def _part(self, part: str, content: Any) -> Iterator[None]:
        """Convert one part; if it is invalid, leave it out."""
        try:
            yield
        except KeyError as error:
            self._findings.leave_out(part, content, f"{error.args[0]}: required field is missing")
        except shapes.Misshapen as error:
            self._findings.leave_out(part, content, str(error))
        except (TypeError, ValueError, AttributeError):
            self._findings.leave_out(part, content, "this is not how GNS3 1.x writes it")

    # --- servers ---

    def _compute(self, index: int, server: Mapping[str, Any]) -> dict[str, Any] | None:
        number = server["id"]
        if server.get("local"):
            self._computes[number] = LOCAL_COMPUTE_ID
            return None
        if server.get("vm"):
            self._computes[number] = "vm"  # GNS3's own virtual machine, which need not be registered
            return None
        url = urlsplit(str(server.get("url") or ""))
        host, port = server.get("host") or url.hostname, server.get("port") or url.port
        if not host or not port:
            raise shapes.Misshapen("it has no address")
        compute_id = self._computes[number] = str(uuid5(self._project_id, f"server {number}"))
        return {
            "compute_id": compute_id,
            "name": f"Remote {number}",
            "protocol": server.get("protocol") or url.scheme or "http",
            "host": str(host),
            "port": shapes.whole({"port": port}, "port"),
        }

    # --- nodes ---

    def _node(self, index: int, old: Mapping[str, Any]) -> dict[str, Any]:
        old_type = old["type"]
        if old_type not in _TYPES:
            raise shapes.Misshapen(f"GNS3 2 has no nodes of type {old_type!r}")
        node_type, drawn_as = _TYPES[old_type]
        node_id = self._node_id(old)
        properties = dict(old.get("properties") or {})
        label = old.get("label") or {}
        name = str(properties.get("name") or label.get("text") or f"Node{old['id']}")
        format_, segment_size = _PORT_NAMES.get(node_type, ("Ethernet{0}", 0))
        console, console_type = properties.get("console"), properties.get("console_type")
        symbol = _symbol(old, drawn_as)
        width, height = _SIZES.get(symbol, (65, 59))
        properties = self._properties(node_type, old, node_id, properties)
        self._place_ports(index, node_type, old, str(node_id))
        return {
            "node_id": str(node_id),
            "node_type": node_type,
            "name": name,
            "compute_id": self._computes.get(old.get("server_id"), LOCAL_COMPUTE_ID),
            "console": console if type(console) is int and 1 <= console <= MAX_PORT else None,
            "console_type": console_type if console_type in CONSOLE_TYPES else _console_type(node_type),
            "first_port_name": old.get("first_port_name") or None,
            "port_name_format": old.get("port_name_format") or format_,
            "port_segment_size": old.get("port_segment_size") or segment_size,
            "label": shapes.label(name, label, default_y=-40),
            "symbol": symbol,
            "width": width,
            "height": height,
            "x": old.get("x", 0),
            "y": old.get("y", 0),
            "z": old.get("z", 1),
            "properties": properties,
        }

    def _node_id(self, old: Mapping[str, Any]) -> UUID:
        found = as_uuid(old.get("vm_id")) or as_uuid(old.get("device_id"))
        return found or uuid5(self._project_id, f"node {old['id']}")

    def _properties(
        self, node_type: str, old: Mapping[str, Any], node_id: UUID, properties: dict[str, Any]
    ) -> dict[str, Any]:
        if node_type in _BRIDGES:
            return {
                "ports_mapping": [_bridge_port(node_type, at, port) for at, port in enumerate(_ports(node_type, old))]
            }
        if node_type == "cloud":
            return {"ports_mapping": list(self._cloud_ports(old))}
        if node_type == "dynamips":
            properties.setdefault("platform", old["type"].lower())
            number = properties.setdefault("dynamips_id", old.get("dynamips_id"))
            self._move_router_files(node_id, number)
        if "linked_base" in old:
            properties.setdefault("linked_base", old["linked_base"])
        present, files = of_present(node_type, properties, node_id, is_old=True)
        self._files += files
        known = PROPERTIES.get(node_type, frozenset())
        return {name: value for name, value in present.items() if name in known and value is not None}

    def _move_router_files(self, node_id: UUID, number: Any) -> None:
        """Move the files of a router into a folder of its own, as in GNS3 2."""
        if type(number) is not int:
            return
        old, new = f"{PROJECT_FILES}/dynamips", f"{PROJECT_FILES}/dynamips/{node_id}"
        self._moves.append(Move(old, f"*_i{number}_*", new))
        self._moves.append(Move(f"{old}/configs", f"i{number}_*", f"{new}/configs"))

    def _cloud_ports(self, old: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        number = 0
        for port in _ports("cloud", old):
            nio = str(port["name"])
            if (match := _NIO.fullmatch(nio)) is not None:
                interface, kind = match["interface"] or match["tap"], "ethernet" if match["interface"] else "tap"
                yield {"name": interface, "port_number": number, "type": kind, "interface": interface}
            elif (match := _UDP.fullmatch(nio)) is not None:
                lport, rport = int(match["lport"]), int(match["rport"])
                yield {
                    **{"name": f"UDP tunnel {number + 1}", "port_number": number, "type": "udp"},
                    **{"lport": lport, "rhost": match["rhost"], "rport": rport},
                }
            else:
                continue  # reported when the port is placed
            number += 1

    def _place_ports(self, index: int, node_type: str, old: Mapping[str, Any], node_id: str) -> None:
        """Record the present position of each port, because links name ports by their old numbers."""
        number = 0
        for at, port in enumerate(_ports(node_type, old)):
            with self._part(f"nodes[{index}].ports[{at}]", port):
                if node_type == "cloud":
                    nio = str(port["name"])
                    if not (_NIO.fullmatch(nio) or _UDP.fullmatch(nio)):
                        raise shapes.Misshapen(f"GNS3 2 has no {nio!r}")
                    place = 0, number
                    number += 1
                elif node_type in _BRIDGES:
                    place = 0, at
                else:
                    place = _place(node_type, port)
                drawn = port.get("label")
                label = (
                    shapes.label(str(drawn.get("text", "")), drawn, default_y=0) if isinstance(drawn, dict) else None
                )
                self._ports[old["id"], port["id"]] = _Port(node_id, *place, label)

    # --- links and drawings ---

    def _link(self, index: int, old: Mapping[str, Any]) -> dict[str, Any]:
        """Convert a link if its ends exist, as GNS3 does: a file may name nodes that were deleted long ago."""
        ends = [(old[f"{side}_node_id"], old[f"{side}_port_id"]) for side in ("source", "destination")]
        missing = [f"port {port} of node {node}" for node, port in ends if (node, port) not in self._ports]
        if missing:
            raise shapes.Misshapen(f"there is no {' and no '.join(missing)}")
        number = old.get("id", index)
        nodes = [
            attrs.asdict(port, filter=lambda _, value: value is not None) for port in (self._ports[end] for end in ends)
        ]
        return {"link_id": str(uuid5(self._project_id, f"link {number}")), "nodes": nodes}

    def _drawing(self, kind: str, index: int, old: Mapping[str, Any]) -> dict[str, Any]:
        svg = self._picture(str(old["path"])) if kind == "images" else shapes.svg(kind, old)
        return {
            "drawing_id": str(uuid5(self._project_id, f"{kind} {index}")),
            "x": old.get("x", 0),
            "y": old.get("y", 0),
            "z": old.get("z", 0),
            "rotation": shapes.whole(old, "rotation", 0) % 360,
            "locked": False,
            "svg": svg,
        }

    def _picture(self, path: str) -> str:
        """The name of a picture file in the folder for pictures. Some were in another folder."""
        base = ntpath.basename(path)
        stem, suffix = ntpath.splitext(base)
        if suffix.lower() not in _PICTURES:
            raise shapes.Misshapen(f"path: {path!r} is no picture that GNS3 2 shows")
        name = re.sub(r"[^A-Za-z0-9_-]", "_", stem) + suffix.lower()
        target = PICTURES
        folder = "images" if not ntpath.isabs(path) and PROJECT_FILES not in path else target
        for place in {target: None, folder: None}:
            if place != target or name != base:
                self._moves.append(Move(place, glob.escape(base), target, name))
        return name


def _ports(node_type: str, old: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The ports of a node. Ports of bridges are sorted by number, because GNS3 2 renumbers them from 0.

    Some versions stored the ports of switches in the properties.
    """
    ports: list[Mapping[str, Any]] = [
        port for port in old.get("ports") or (old.get("properties") or {}).get("ports") or () if isinstance(port, dict)
    ]
    if node_type in _BRIDGES:
        return sorted(ports, key=lambda port: _place(node_type, port)[1])
    return ports


def _bridge_port(node_type: str, number: int, port: Mapping[str, Any]) -> dict[str, Any]:
    mapped: dict[str, Any] = {"name": f"Ethernet{number}", "port_number": number}
    if node_type == "ethernet_switch":
        kind = port.get("type")
        mapped |= {
            "type": kind if kind in ("access", "dot1q", "qinq") else "access",
            "vlan": shapes.whole(port, "vlan", 1),
        }
    return mapped


def _place(node_type: str, port: Mapping[str, Any]) -> tuple[int, int]:
    """Adapter and port number. If the file does not contain them, they are in the port's name."""
    match = _NUMBERS.search(str(port.get("name", "")))
    of_name = (int(match[1] or 0), int(match[2])) if match is not None else (0, 0)
    if node_type in _ONE_PORT_EACH:
        return shapes.whole(port, "adapter_number", of_name[1]), 0
    if node_type == "vpcs":
        return 0, 0
    return shapes.whole(port, "adapter_number", of_name[0]), shapes.whole(port, "port_number", of_name[1])


def _console_type(node_type: str) -> str:
    return "none" if node_type in _WITHOUT_CONSOLE else "telnet"


def _symbol(old: Mapping[str, Any], drawn_as: str) -> str:
    """Convert a symbol. It had two pictures, for selected and unselected nodes; now it has one."""
    symbol = str(old.get("symbol") or old.get("default_symbol") or f":/symbols/{drawn_as}.svg")
    if not symbol.startswith(":"):
        return ntpath.basename(symbol)
    return symbol.replace(".normal.svg", ".svg")
