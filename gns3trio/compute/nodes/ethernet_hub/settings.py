"""The properties of a hub in the API. Sans-IO."""

from functools import cached_property

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.compute.node_traits import NodePort, PortList
from gns3trio.compute.nodes.parts.port_numbers import DEFAULT_PORTS
from gns3trio.limits import Int32


@frozen(kw_only=True)
class HubPort:
    """A port of a hub in the API."""

    name: str = attrs.field(validator=v.min_len(1))
    port_number: Int32 = attrs.field(validator=v.ge(0))


def default_ports() -> list[HubPort]:
    """The ports of a new hub."""
    return [HubPort(name=f"Ethernet{number}", port_number=number) for number in range(DEFAULT_PORTS)]


@frozen(kw_only=True)
class HubSettings:
    """The properties of a hub in the API."""

    ports_mapping: list[HubPort] = attrs.field(factory=default_ports)

    @cached_property
    def ports(self) -> PortList:
        """The ports of the node, with their names."""
        return PortList(NodePort(0, port.port_number, port.name, f"e{port.port_number}") for port in self.ports_mapping)
