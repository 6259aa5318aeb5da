"""Ethernet hubs: a frame that comes in at a port leaves at all others."""

from functools import partial
from typing import Any

import attrs

from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.node_traits import PortList
from gns3trio.compute.nodes.ethernet_hub.settings import HubSettings
from gns3trio.compute.nodes.parts.bridge_node import BridgeNode
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.port_numbers import check_port_numbers
from gns3trio.errors import Conflict


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    return NodeType(HubSettings, partial(create_hub, services.builtin))


async def create_hub(services: BuiltinServices, spec: NodeSpec) -> "EthernetHub":
    """Create a hub. Raises Invalid for wrong properties."""
    settings = _checked(spec.properties)
    return EthernetHub(services, spec, settings)


def _checked(properties: dict[str, Any]) -> HubSettings:
    settings = structure_properties(properties, HubSettings)
    check_port_numbers(settings.ports_mapping)
    return settings


class EthernetHub(BridgeNode):
    """An Ethernet hub, which is a bridge of the forwarder."""

    node_type = "ethernet_hub"
    label = "hub"

    def __init__(self, services: BuiltinServices, spec: NodeSpec, settings: HubSettings) -> None:
        super().__init__(services, spec, services.forwarder.open_hub())
        self.console_type = "none" if spec.console_type == "none" else None
        self._settings = settings

    def ports(self) -> PortList:
        """The ports of the node, with their names."""
        return self._settings.ports

    def properties(self) -> dict[str, Any]:
        """The properties of the node in the API."""
        return attrs.asdict(self._settings)

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with all fields of the ports. Raises Invalid."""
        return attrs.asdict(_checked({**self.properties(), **properties}))

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change the ports. Raises Invalid, or Conflict while a port is linked."""
        settings = _checked({**self.properties(), **properties})
        if settings == self._settings:
            return
        if self.has_nio:
            raise Conflict(f"properties.ports_mapping: cannot change while hub '{self.name}' has links")
        self._settings = settings
