"""What a link reaches of a host: the interface or UDP tunnel behind the port of a cloud or NAT."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.node_types import node_types
from gns3trio.controller.links.link import Link, PortAddress
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict


@frozen(kw_only=True)
class HostPort:
    """The end of a link at a host. Its ``type`` is ``ethernet`` or ``tap``, with an ``interface``; or ``udp``, with
    ``lport``, ``rhost`` and ``rport``.
    """

    node_id: UUID
    type: str
    interface: str | None = None
    lport: int | None = None
    rhost: str | None = None
    rport: int | None = None


def host_port_of(link: Link, nodes: Mapping[UUID, Node]) -> HostPort:
    """The end of a link at a host. Raises Conflict if neither of its nodes leads to one."""
    for address in link.addresses:
        node = nodes.get(address.node_id)
        if node is not None and node.record.node_type in node_types and node.traits.reaches_host:
            port = _mapped(node.record.properties, address)
            if port is not None:
                return port
    raise Conflict(f"link {link.link_id}: neither of its nodes leads to a network of the host")


def _mapped(properties: Mapping[str, Any], address: PortAddress) -> HostPort | None:
    """The port in the properties of a node, which may come from a file of somebody else."""
    ports = properties.get("ports_mapping")
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, dict) and port.get("port_number") == address.port_number:
            fields = {name: port.get(name) for name in ("interface", "lport", "rhost", "rport")}
            return HostPort(node_id=address.node_id, type=str(port.get("type")), **fields)
    return None
