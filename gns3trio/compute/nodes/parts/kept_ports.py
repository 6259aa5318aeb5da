"""Derives the ports of nodes that do not run here from their properties, even if these are invalid. Sans-IO.

The names are those of gns3-server 2.2.61, which numbers the ports of a ``ports_mapping`` in the order of the list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gns3trio.compute.node_traits import NodePort


def one_port(properties: Mapping[str, Any]) -> Iterator[NodePort]:
    """The ports of a type whose nodes have one port."""
    yield NodePort(0, 0, "Ethernet0", "e0")


def numbered_ports(properties: Mapping[str, Any]) -> Iterator[NodePort]:
    """The ports of hubs and switches: the short name contains the port's number."""
    for number, name in _names(properties):
        yield NodePort(0, number, name, f"e{number}")


def named_ports(properties: Mapping[str, Any]) -> Iterator[NodePort]:
    """The ports of clouds and NATs: the name of an interface is not shortened."""
    for number, name in _names(properties):
        yield NodePort(0, number, name, name)


def _names(properties: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    mapping = properties.get("ports_mapping")
    for number, port in enumerate(mapping if isinstance(mapping, list) else ()):
        default = f"Ethernet{number}"
        yield number, str(port.get("name", default)) if isinstance(port, dict) else default
