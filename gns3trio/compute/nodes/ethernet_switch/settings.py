"""The properties of a switch in the API. Sans-IO."""

from functools import cached_property
from typing import Any, Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.compute.node_traits import NodePort, PortList
from gns3trio.compute.nodes.parts.port_numbers import DEFAULT_PORTS
from gns3trio.limits import Int32

MAX_VLAN = 4094


@frozen(kw_only=True)
class SwitchPort:
    """A port in the API. ``vlan`` is the port's VLAN, the native VLAN of a trunk, or the outer VLAN of a QinQ port."""

    name: str = attrs.field(validator=v.min_len(1))
    port_number: Int32 = attrs.field(validator=v.ge(0))
    type: Literal["access", "dot1q", "qinq"]
    vlan: int = attrs.field(default=1, validator=v.and_(v.ge(1), v.le(MAX_VLAN)))
    ethertype: Literal["", "0x8100", "0x88A8", "0x9100", "0x9200"] = ""

    def view(self) -> dict[str, Any]:
        """The port as in the API, where only QinQ ports have an ethertype."""
        view = attrs.asdict(self)
        if self.type != "qinq":
            del view["ethertype"]
        return view


def default_ports() -> list[SwitchPort]:
    """The ports of a new switch."""
    return [SwitchPort(name=f"Ethernet{n}", port_number=n, type="access") for n in range(DEFAULT_PORTS)]


@frozen(kw_only=True)
class SwitchSettings:
    """The properties of a switch in the API."""

    ports_mapping: list[SwitchPort] = attrs.field(factory=default_ports)

    @cached_property
    def ports(self) -> PortList:
        """The ports of the node, with their names."""
        return PortList(NodePort(0, port.port_number, port.name, f"e{port.port_number}") for port in self.ports_mapping)

    @cached_property
    def by_number(self) -> dict[int, SwitchPort]:
        """The ports by their numbers."""
        return {port.port_number: port for port in self.ports_mapping}
