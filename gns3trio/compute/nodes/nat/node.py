"""NAT nodes: a cloud with one port, on a bridge of this host on which another program (libvirt)
translates addresses.
"""

from functools import partial
from typing import Any

import attrs

from gns3trio.compute.local.interfaces import exists
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.cloud.node import Cloud, CloudPort, CloudSettings
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.errors import Conflict

_PORT_NAME = "nat0"


@attrs.frozen(kw_only=True)
class NatSettings:
    """The properties of a NAT in the API. Its port is always the same; the value from a client is ignored."""

    ports_mapping: list[dict[str, Any]] | None = None


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    bridge = services.config.default_nat_interface
    return NodeType(NatSettings, partial(create_nat, services.builtin, bridge), partial(require_bridge, bridge))


def require_bridge(bridge: str) -> None:
    """Raises Conflict, with the package to install, if the bridge is missing."""
    if not exists(bridge):
        raise Conflict(
            f"NAT needs the bridge {bridge!r}, which this host does not have. Debian's package libvirt-daemon-system "
            "provides virbr0 with DHCP (virsh net-start default); the setting default_nat_interface names a bridge "
            "that was made by hand"
        )


async def create_nat(services: BuiltinServices, bridge: str, spec: NodeSpec) -> "Nat":
    """Create a NAT. It needs the bridge when it is linked. Raises Invalid."""
    structure_properties(spec.properties, NatSettings)
    port = CloudPort(name=_PORT_NAME, port_number=0, type="ethernet", interface=bridge)
    return Nat(services, spec, CloudSettings(ports_mapping=[port]))


class Nat(Cloud):
    """A NAT node, a cloud with one fixed port."""

    node_type = "nat"
    label = "NAT"

    async def _attach(self, port_number: int, link_end: LocalLinkEnd) -> None:
        require_bridge(self._mapping[port_number].interface or "")
        await super()._attach(port_number, link_end)

    def properties(self) -> dict[str, Any]:
        """The properties of the node in the API."""
        return {"ports_mapping": [port.view() for port in self._mapping]}

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties, which are always the same."""
        structure_properties(properties, NatSettings)
        return self.properties()

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Do nothing: a NAT has nothing to change."""
        structure_properties(properties, NatSettings)
