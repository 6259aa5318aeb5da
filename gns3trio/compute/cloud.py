"""Clouds: ports of a lab that reach networks of this host, or other hosts by UDP tunnels."""

import ipaddress
from functools import partial
from typing import Any, Literal

import attrs
import trio
from attrs import validators as v

from gns3trio.compute.builtin_node import BuiltinNode, BuiltinServices, check_port_numbers
from gns3trio.compute.devices import Device, open_device
from gns3trio.compute.interfaces import list_interfaces
from gns3trio.compute.leases import PortLease
from gns3trio.compute.node import NodePort, NodeSpec
from gns3trio.compute.registry import NodeType, structure_properties
from gns3trio.compute.tunnels import Tunnel
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import Patch, Port

_port = v.and_(v.ge(1), v.le(65535))


@attrs.frozen(kw_only=True)
class CloudPort:
    """A port in the API: ``interface`` of the types ``ethernet`` and ``tap``; ``lport``, ``rhost`` (an IPv4 address)
    and ``rport`` of ``udp``.
    """

    name: str = attrs.field(validator=v.min_len(1))
    port_number: int = attrs.field(validator=v.ge(0))
    type: Literal["ethernet", "tap", "udp"]
    interface: str | None = None
    lport: int | None = attrs.field(default=None, validator=v.optional(_port))
    rhost: str | None = None
    rport: int | None = attrs.field(default=None, validator=v.optional(_port))

    def view(self) -> dict[str, Any]:
        """The port in the API: the keys of its type."""
        return {name: value for name, value in attrs.asdict(self).items() if value is not None}


@attrs.frozen(kw_only=True)
class CloudSettings:
    """The properties of a cloud in the API. ``interfaces`` are this host's own: what a client sends is ignored."""

    ports_mapping: list[CloudPort] | None = None
    interfaces: list[dict[str, Any]] = attrs.field(factory=list)
    remote_console_host: str = ""
    remote_console_port: int = attrs.field(default=23, validator=_port)
    remote_console_type: Literal["telnet", "vnc", "spice", "http", "https", "none"] = "none"
    remote_console_http_path: str = "/"


def cloud_type(services: BuiltinServices) -> NodeType:
    """The registry entry."""
    return NodeType(CloudSettings, partial(create_cloud, services))


async def create_cloud(services: BuiltinServices, spec: NodeSpec) -> "Cloud":
    """A cloud; without ``ports_mapping`` it has a port for each of the host's Ethernet interfaces. Raises Invalid."""
    settings = _checked(spec.properties)
    if settings.ports_mapping is None:
        interfaces = await trio.to_thread.run_sync(list_interfaces)
        names = [each["name"] for each in interfaces if not each["special"] and each["type"] == "ethernet"]
        ports = [CloudPort(name=name, port_number=at, type="ethernet", interface=name) for at, name in enumerate(names)]
        settings = attrs.evolve(settings, ports_mapping=ports)
    return Cloud(services, spec, settings)


def _checked(properties: dict[str, Any]) -> CloudSettings:
    settings = structure_properties(properties, CloudSettings)
    ports = settings.ports_mapping
    if ports is None:
        return settings
    check_port_numbers(ports)
    for index, port in enumerate(ports):
        _check_port(port, f"properties.ports_mapping[{index}]")
    # As GNS3: clients number them as they like.
    return attrs.evolve(settings, ports_mapping=[attrs.evolve(port, port_number=at) for at, port in enumerate(ports)])


def _check_port(port: CloudPort, where: str) -> None:
    needed = ("lport", "rhost", "rport") if port.type == "udp" else ("interface",)
    for name in needed:
        if not getattr(port, name):
            raise Invalid(f"{where}.{name}: a port of type {port.type} needs it")
    if port.type == "udp":
        try:
            ipaddress.IPv4Address(port.rhost or "")
        except ValueError:
            if port.rhost != "localhost":
                raise Invalid(f"{where}.rhost: {port.rhost!r} is not an IPv4 address") from None


class Cloud(BuiltinNode):
    """A cloud. A port's device is open as long as the port is linked."""

    node_type = "cloud"
    label = "cloud"

    def __init__(self, services: BuiltinServices, spec: NodeSpec, settings: CloudSettings) -> None:
        super().__init__(services, spec)
        self.console_type = "none" if spec.console_type == "none" else None
        self._settings = settings
        self._far: dict[int, tuple[Device | _UdpDevice, Patch]] = {}

    @property
    def _mapping(self) -> list[CloudPort]:
        return self._settings.ports_mapping or []

    def ports(self) -> list[NodePort]:
        """Its ports."""
        return [NodePort(0, port.port_number, port.name, port.name) for port in self._mapping]

    def properties(self) -> dict[str, Any]:
        """Its properties in the API."""
        view = attrs.asdict(self._settings)
        view["ports_mapping"] = [port.view() for port in self._mapping]
        view["interfaces"] = [{name: each[name] for name in ("name", "type", "special")} for each in list_interfaces()]
        return view

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change what its ports reach. Raises Invalid, or Conflict while a port is linked."""
        settings = _checked({**self.properties(), **properties})
        if attrs.evolve(settings, interfaces=[]) == attrs.evolve(self._settings, interfaces=[]):
            return
        if self.has_nio and settings.ports_mapping != self._settings.ports_mapping:
            raise Conflict(f"properties.ports_mapping: cannot change while cloud '{self.name}' has links")
        self._settings = settings

    def _attach(self, port_number: int, tunnel: Tunnel) -> None:
        device = self._open(self._mapping[port_number])
        try:
            self._far[port_number] = device, self._services.forwarder.connect(tunnel.port, device.port)
        except BaseException:
            device.close()
            raise

    def _open(self, port: CloudPort) -> "Device | _UdpDevice":
        forwarder = self._services.forwarder
        if port.type != "udp":
            return open_device(forwarder, port.type, port.interface or "")
        lease = self._services.udp_ports.claim(self.project_id, port.lport or 0)
        try:
            host = "127.0.0.1" if port.rhost == "localhost" else port.rhost or ""
            return _UdpDevice(lease, forwarder.open_port(lease.socket, (host, port.rport or 0)))
        except BaseException:
            lease.release()
            raise

    def _detach(self, port_number: int) -> None:
        device, patch = self._far.pop(port_number, (None, None))
        if patch is not None:
            patch.close()
        if device is not None:
            device.close()


@attrs.frozen
class _UdpDevice:
    """A port of the forwarder on a UDP port of this host."""

    lease: PortLease
    port: Port

    def close(self) -> None:
        self.port.close()
        self.lease.release()
