"""NAT nodes: a cloud with one port. It leads to a bridge of this host, on which another program (libvirt) translates
addresses, or to a gateway of its own that needs no privileges (``gateway.py``).
"""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from gns3trio.classes import frozen
from gns3trio.compute.local.devices import TUN_DEVICE
from gns3trio.compute.local.interfaces import exists
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.nodes.cloud.node import Cloud, FarDevice
from gns3trio.compute.nodes.cloud.settings import CloudPort, CloudSettings
from gns3trio.compute.nodes.nat.gateway import Gateway, GatewayServices
from gns3trio.compute.nodes.nat.process import GatewayProgramFinder
from gns3trio.compute.nodes.nat.settings import NatSettings, PortForward, Way, check_forwards
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.errors import Conflict
from gns3trio.machine import has_capability

_PORT_NAME = "nat0"
_CAP_NET_ADMIN = 12  # linux/capability.h


@frozen
class NatServices:
    """What NAT nodes use of the compute, and the settings ``nat_gateway`` and ``default_nat_interface``."""

    builtin: BuiltinServices
    gateways: GatewayServices
    setting: str
    bridge: str

    async def choose(self) -> Way:
        """The way to the Internet. Raises Conflict if there is none, with what to install."""
        if self.setting == "bridge":
            _require_bridge(self.bridge)
            return "bridge"
        if self.setting == "auto" and can_join(self.bridge):
            return "bridge"
        await self.gateways.finder.find()
        return "user"


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    config, builtin = services.config, services.builtin
    gateways = GatewayServices(
        nursery=builtin.nursery,
        running=builtin.running,
        forwarder=builtin.forwarder,
        finder=GatewayProgramFinder(config.libslirp_path),
        reaches_host=config.nat_host_loopback,
        require_sandbox=config.require_sandbox,
    )
    nats = NatServices(builtin, gateways, config.nat_gateway, config.default_nat_interface)
    return NodeType(NatSettings, partial(create_nat, nats), nats.choose)


def can_join(bridge: str) -> bool:
    """Whether this host has the bridge, and this process the privileges to join it."""
    return exists(bridge) and has_capability(_CAP_NET_ADMIN) and os.access(TUN_DEVICE, os.R_OK | os.W_OK)


def _require_bridge(bridge: str) -> None:
    if not exists(bridge):
        raise Conflict(
            f"NAT needs the bridge {bridge!r}, which this host does not have. Debian's package libvirt-daemon-system "
            "provides virbr0 with DHCP (virsh net-start default); the setting default_nat_interface names a bridge "
            "that was made by hand, and the setting nat_gateway = user needs none"
        )


async def create_nat(services: NatServices, spec: NodeSpec) -> "Nat":
    """Create a NAT. Its bridge or gateway is opened when it is linked. Raises Invalid."""
    settings = structure_properties(spec.properties, NatSettings)
    return Nat(services, spec, check_forwards(settings.port_forwards))


class Nat(Cloud):
    """A NAT node, a cloud with one fixed port."""

    node_type = "nat"
    label = "NAT"

    def __init__(self, services: NatServices, spec: NodeSpec, forwards: Sequence[PortForward]) -> None:
        port = CloudPort(name=_PORT_NAME, port_number=0, type="ethernet", interface=services.bridge)
        super().__init__(services.builtin, spec, CloudSettings(ports_mapping=[port]))
        self._nats = services
        self._forwards = tuple(forwards)
        self._gateway: Gateway | None = None
        can_use_bridge = services.setting == "bridge" or (services.setting == "auto" and can_join(services.bridge))
        self._way: Way = "bridge" if can_use_bridge else "user"

    async def _open(self, port: CloudPort) -> FarDevice:
        device: FarDevice | None = None
        way = await self._nats.choose()
        if way == "bridge":
            try:
                device = await super()._open(port)
            except Conflict:
                if self._nats.setting == "bridge":
                    raise
                way = "user"  # the kernel refuses what seemed possible
        if device is None:
            device = self._gateway = await Gateway.open(
                self._nats.gateways, self.node_id, self._forwards, self._tell_trouble
            )
        if way != self._way:
            self._way = way
            self._emit(NodeEvent("updated"))
        return device

    async def _detach(self, port_number: int) -> None:
        await super()._detach(port_number)
        self._gateway = None

    def _tell_trouble(self, trouble: str | None) -> None:
        where = f"{self.label} '{self.name}', port '{_PORT_NAME}'"
        if trouble is not None:
            self._emit(NodeEvent("error", f"{where}: {trouble}"))
        else:
            self._emit(NodeEvent("info", f"{where}: the gateway works again"))

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """The problem of the bridge or the gateway behind the linked port; None if there is none."""
        if self._gateway is not None and (adapter_number, port_number) == (0, 0):
            return self._gateway.trouble
        return super().port_trouble(adapter_number, port_number)

    @property
    def gateway_pid(self) -> int | None:
        """The id of the gateway's process; None if there is none now."""
        return self._gateway.pid if self._gateway is not None else None

    def properties(self) -> dict[str, Any]:
        """The properties of the node in the API."""
        return {
            "ports_mapping": [port.view() for port in self._mapping],
            "port_forwards": [forward.view() for forward in self._forwards],
            "gateway": self._way,
        }

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties: only the forwarded ports can be chosen. Raises Invalid."""
        forwards = self._read(properties)
        return {**self.properties(), "port_forwards": [forward.view() for forward in forwards]}

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change the forwarded ports. Raises Invalid, or Conflict if a port cannot be had; nothing is changed then."""
        forwards = self._read(properties)
        async with self._changing:
            if self._gateway is not None and forwards != self._forwards:
                await self._gateway.set_forwards(forwards)
            self._forwards = forwards

    def _read(self, properties: dict[str, Any]) -> tuple[PortForward, ...]:
        settings = structure_properties({**self.properties(), **properties}, NatSettings)
        return check_forwards(settings.port_forwards)
