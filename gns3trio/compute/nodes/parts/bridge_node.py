"""What hubs and switches have in common: a bridge of the forwarder whose ports are the node's."""

from gns3trio.compute.local.tunnels import Tunnel
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.parts.builtin_node import BuiltinNode, BuiltinServices
from gns3trio.forwarder.forwarder import Bridge, VlanPort


class BridgeNode(BuiltinNode):
    """A hub or switch."""

    def __init__(self, services: BuiltinServices, spec: NodeSpec, bridge: Bridge) -> None:
        super().__init__(services, spec)
        self._bridge = bridge

    def vlan_of(self, port_number: int) -> VlanPort | None:
        """What a port does with VLANs; nothing, unless the type knows them."""
        return None

    async def _attach(self, port_number: int, tunnel: Tunnel) -> None:
        self._bridge.join(tunnel.port, self.vlan_of(port_number))

    def _release(self) -> None:
        self._bridge.close()
