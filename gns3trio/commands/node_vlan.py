"""``gns3trio node vlan``: shows and sets the VLANs of a switch's ports."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action
from gns3trio.commands.finding import find_node, open_path
from gns3trio.commands.lab import Json, end_names, is_port_called, nodes_by_id
from gns3trio.commands.output import print_data, print_table
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.errors import Invalid

_FORM = "PORT=[TYPE:]VLAN"
_TYPES = {"access": "access", "trunk": "dot1q", "dot1q": "dot1q", "qinq": "qinq"}
_WORDS = {"access": "access", "dot1q": "trunk", "qinq": "qinq"}
_EPILOG = (
    "Examples: e0=10 makes e0 an access port of VLAN 10; e7=trunk makes e7 a trunk (802.1Q), whose native VLAN is 1, or"
    " 99 with e7=trunk:99; e6=qinq:200 has the outer VLAN 200. Several ports: e0,e1,e2=10. The links stay, and"
    " nodes that run are not disturbed."
)


def add_to(actions: Any) -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    text = "set the VLANs of a switch's ports; without any, show them"
    vlan = add_action(actions, "vlan", text, _vlan, "project", "node", outputs=REPORT)
    vlan.add_argument("ports", nargs="*", metavar=_FORM, help="such as e0=10, e7=trunk or e0,e1=access:20")
    vlan.epilog = _EPILOG


def has_vlans(node: Json) -> bool:
    """Whether the ports of a node have VLANs."""
    mapping = node.get("properties", {}).get("ports_mapping")
    return isinstance(mapping, list) and bool(mapping) and all("vlan" in each and "type" in each for each in mapping)


def vlan_text(port: Mapping[str, Any]) -> str:
    """The VLAN of a port for people: ``access 10``, ``trunk 1``."""
    return f"{_WORDS.get(port['type'], port['type'])} {port['vlan']}"


def vlans_by_port(node: Json) -> dict[int, str]:
    """The VLANs of a switch's ports by their numbers."""
    return {port["port_number"]: vlan_text(port) for port in node["properties"]["ports_mapping"]}


def readable_properties(node: Json, properties: Json) -> Json:
    """Properties for people: the ports of a switch in a line."""
    if "ports_mapping" not in properties or not has_vlans(node):
        return properties
    names = {port["port_number"]: port["short_name"] for port in node["ports"]}
    ports = ", ".join(f"{names.get(number, number)} {vlan}" for number, vlan in vlans_by_port(node).items())
    return {**properties, "ports_mapping": ports}


def changed_ports(node: Json, wishes: Sequence[str]) -> list[Json]:
    """All ports of a switch with the changes of the command line. Raises Invalid."""
    changes: dict[int, Json] = {}
    for text in wishes:
        names, equals, value = text.partition("=")
        if not names or not equals or not value:
            raise Invalid(f"{text}: is not {_FORM}, such as e0=10 or e7=trunk")
        for name in names.split(","):
            number = _port_number(node, text, name)
            if number in changes:
                raise Invalid(f"{text}: port {name} is given twice")
            changes[number] = _wish(text, value)
    return [
        _without_ethertype({**port, **changes.get(port["port_number"], {})})
        for port in node["properties"]["ports_mapping"]
    ]


def _port_number(node: Json, text: str, name: str) -> int:
    for port in node["ports"]:
        if is_port_called(port, name):
            number: int = port["port_number"]
            return number
    known = [port["short_name"] for port in node["ports"]]
    hint = did_you_mean(name, [*known, *(port["name"] for port in node["ports"])])
    raise Invalid(f"{text}: {node['name']} has no port {name!r}; there are {', '.join(known)}.{hint}".removesuffix("."))


def _wish(text: str, value: str) -> Json:
    kind, colon, vlan = value.partition(":")
    if not colon:  # one of both
        kind, vlan = ("access", value) if value.isdecimal() else (value, "1")
    if kind.lower() not in _TYPES:
        hint = did_you_mean(kind, _TYPES)
        raise Invalid(f"{text}: {kind!r} is no type of a port: access, trunk or qinq.{hint}".removesuffix("."))
    if not (vlan.isascii() and vlan.isdecimal() and len(vlan) <= 9):
        raise Invalid(f"{text}: {vlan!r} is not the number of a VLAN")
    return {"type": _TYPES[kind.lower()], "vlan": int(vlan)}


def _without_ethertype(port: Json) -> Json:
    return port if port["type"] == "qinq" else {name: value for name, value in port.items() if name != "ethertype"}


async def _vlan(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    if not has_vlans(node):
        raise Invalid(f"{node['name']} is a {node['node_type']}: its ports have no VLANs")
    if arguments.ports:
        body = {"properties": {"ports_mapping": changed_ports(node, arguments.ports)}}
        node = await server.request("PUT", f"{path}/nodes/{node['node_id']}", body)
    if arguments.json:
        print_data(arguments, node["properties"]["ports_mapping"])
        return
    nodes, links = await nodes_by_id(server, path), await server.request("GET", f"{path}/links")
    print_table(("port", "type", "vlan", "linked to"), _rows(node, nodes, links))


def _rows(node: Json, nodes: Mapping[str, Json], links: Sequence[Json]) -> Iterator[tuple[object, ...]]:
    others = {}
    for link in links:
        for end, other in zip(link["nodes"], link["nodes"][::-1], strict=True):
            if end["node_id"] == node["node_id"]:
                others[end["port_number"]] = end_names(nodes, other)[1]
    names = {port["port_number"]: port["short_name"] for port in node["ports"]}
    for port in node["properties"]["ports_mapping"]:
        number = port["port_number"]
        yield names.get(number, number), _WORDS.get(port["type"], port["type"]), port["vlan"], others.get(number)
