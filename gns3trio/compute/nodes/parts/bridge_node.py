"""The common part of hubs and switches: a bridge of the forwarder whose ports are the node's ports."""

from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.nodes.parts.builtin_node import BuiltinNode, BuiltinServices
from gns3trio.forwarder.forwarder import Bridge, VlanPort


class BridgeNode(BuiltinNode):
    """The base of hubs and switches."""

    def __init__(self, services: BuiltinServices, spec: NodeSpec, bridge: Bridge) -> None:
        super().__init__(services, spec)
        self._bridge = bridge

    def vlan_of(self, port_number: int) -> VlanPort | None:
        """The VLAN configuration of a port; none, unless the type supports VLANs."""
        return None

    async def _attach(self, port_number: int, link_end: LocalLinkEnd) -> None:
        self._bridge.join(link_end.port, self.vlan_of(port_number))

    def _release(self) -> None:
        self._bridge.close()
