"""Clouds: ports of a lab that reach networks of this host, or other hosts by UDP tunnels."""

import ipaddress
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import attrs

from gns3trio import threads
from gns3trio.classes import define, frozen
from gns3trio.compute.local.devices import Device, open_device
from gns3trio.compute.local.interfaces import exists
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import LOOPBACK, UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_traits import NodePort, PortList
from gns3trio.compute.nodes.cloud.settings import CloudPort, CloudSettings
from gns3trio.compute.nodes.parts.builtin_node import BuiltinNode, BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.port_numbers import check_port_numbers
from gns3trio.errors import Conflict, Invalid, LabError, NoThread
from gns3trio.forwarder.forwarder import Patch, Port


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    return NodeType(CloudSettings, partial(create_cloud, services.builtin))


async def create_cloud(services: BuiltinServices, spec: NodeSpec) -> "Cloud":
    """Create a cloud. Without ``ports_mapping`` it has a port for each Ethernet interface of the
    host. Raises Invalid.
    """
    settings = _checked(spec.properties)
    if settings.ports_mapping is not None:
        with suppress(NoThread):  # the list of interfaces is for information only
            await services.interfaces.look()
    else:
        await services.interfaces.look()
        names = [each.name for each in services.interfaces.present if not each.special and each.type == "ethernet"]
        ports = [CloudPort(name=name, port_number=at, type="ethernet", interface=name) for at, name in enumerate(names)]
        settings = attrs.evolve(settings, ports_mapping=ports)
    return Cloud(services, spec, settings)


def _checked(properties: dict[str, Any]) -> CloudSettings:
    settings = structure_properties(properties, CloudSettings)
    ports = settings.ports_mapping
    if ports is None:
        return settings
    for index, port in enumerate(ports):
        _check_port(port, f"properties.ports_mapping[{index}]")
    # As in GNS3: clients may number them arbitrarily.
    ports = [attrs.evolve(port, port_number=at) for at, port in enumerate(ports)]
    check_port_numbers(ports)
    return attrs.evolve(settings, ports_mapping=ports)


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
    """A cloud. The device of a port is open while the port is linked."""

    node_type = "cloud"
    label = "cloud"

    def __init__(self, services: BuiltinServices, spec: NodeSpec, settings: CloudSettings) -> None:
        super().__init__(services, spec)
        self.console_type = "none" if spec.console_type == "none" else None
        self._settings = settings
        self._far: dict[int, _Far] = {}
        self._examination_waits = False

    @property
    def _mapping(self) -> list[CloudPort]:
        return self._settings.ports_mapping or []

    def ports(self) -> PortList:
        """The ports of the node, with their names."""
        return PortList(NodePort(0, port.port_number, port.name, port.name) for port in self._mapping)

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """The problem of the interface behind a linked port; None if there is none."""
        far = self._far.get(port_number) if adapter_number == 0 else None
        told = far.told if far is not None else None
        return told or super().port_trouble(adapter_number, port_number)

    def properties(self) -> dict[str, Any]:
        """The properties of the node in the API."""
        view = attrs.asdict(self._settings)
        view["ports_mapping"] = [port.view() for port in self._mapping]
        present = self._services.interfaces.present
        view["interfaces"] = [{"name": each.name, "type": each.type, "special": each.special} for each in present]
        return view

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with ports numbered in their order. Raises Invalid."""
        ports = _checked(properties).ports_mapping
        return properties if ports is None else {**properties, "ports_mapping": [port.view() for port in ports]}

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change the ports. Raises Invalid, or Conflict while a port is linked."""
        with suppress(NoThread):
            await self._services.interfaces.look()
        settings = _checked({**self.properties(), **properties})
        if attrs.evolve(settings, interfaces=[]) == attrs.evolve(self._settings, interfaces=[]):
            return
        if self.has_nio and settings.ports_mapping != self._settings.ports_mapping:
            raise Conflict(f"properties.ports_mapping: cannot change while cloud '{self.name}' has links")
        self._settings = settings

    # --- devices behind the ports ---

    async def _attach(self, port_number: int, link_end: LocalLinkEnd) -> None:
        device = await self._open(self._mapping[port_number])
        try:
            patch = self._services.forwarder.connect(link_end.port, device.port)
        except BaseException:
            await device.aclose()
            raise
        self._far[port_number] = _Far(device, patch)
        link_end.device = device.port
        self._services.interfaces.add(self._interfaces_changed)
        self._interfaces_changed()  # it may be down already

    async def _open(self, port: CloudPort) -> "FarDevice":
        services = self._services
        if port.type != "udp":
            return await threads.devices.run(open_device, services.forwarder, port.type, port.interface or "")
        nio = UdpNio(port.lport or 0, port.rhost or "", port.rport or 0)
        host = LOOPBACK if nio.rhost == "localhost" else nio.rhost
        tunnel = TunnelNio(nio, (host, nio.rport))
        tunnel.lease(services.link_ends, self.project_id, None)
        return _UdpDevice(tunnel.open(services.link_ends))

    async def _detach(self, port_number: int) -> None:
        far = self._far.pop(port_number, None)
        if far is not None:
            far.patch.close()
            await far.device.aclose()
        if not self._far:
            self._services.interfaces.discard(self._interfaces_changed)

    def _interfaces_changed(self) -> None:
        """Called when any interface of this host has changed: check those of this cloud."""
        if not self._examination_waits:
            self._examination_waits = True
            self._services.nursery.start_soon(self._examine)

    async def _examine(self) -> None:
        async with self._changing:
            self._examination_waits = False
            for port_number, far in self._far.items():
                if isinstance(far.device, Device):
                    await self._examine_port(self._mapping[port_number], far, far.device)

    async def _examine_port(self, port: CloudPort, far: "_Far", device: Device) -> None:
        """Report if an interface fails or works again. An interface that was removed and is back is opened again."""
        trouble = device.trouble()
        if device.is_lost and exists(port.interface or ""):
            try:
                await self._replace(port, far)
                trouble = None
            except LabError as error:
                trouble = str(error)
        if trouble == far.told:
            return
        far.told = trouble
        where = f"{self.label} '{self.name}', port '{port.name}'"
        if trouble is not None:
            self._emit(NodeEvent("error", f"{where}: {trouble}: no frame passes until it is back"))
        else:
            self._emit(NodeEvent("info", f"{where}: interface {port.interface!r} works again"))

    async def _replace(self, port: CloudPort, far: "_Far") -> None:
        """Open the interface of a port again. Raises Conflict or Unavailable; the port is unchanged then."""
        device = await self._open(port)
        far.patch.close()
        before, far.device = far.device, device
        link_end = self._link_ends[port.port_number]
        link_end.device = device.port
        try:
            far.patch = self._services.forwarder.connect(link_end.port, device.port)
        finally:
            await before.aclose()


class FarDevice(Protocol):
    """What is behind a linked port of a cloud: an interface of this host, a UDP port, or what a subclass opens."""

    @property
    def port(self) -> Port:
        """Where its frames come in and leave."""

    async def aclose(self) -> None:
        """Close it. Cannot be cancelled."""


@define
class _Far:
    """The device behind a linked port. ``told`` is the problem that was reported last."""

    device: "FarDevice"
    patch: Patch
    told: str | None = None


@frozen
class _UdpDevice:
    """A UDP port of this host. Like the end of a link, it is spliced if its other end is on this host too."""

    link_end: LocalLinkEnd

    @property
    def port(self) -> Port:
        return self.link_end.port

    async def aclose(self) -> None:
        self.link_end.close()
