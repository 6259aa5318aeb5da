"""Ethernet switches, which learn addresses, separate VLANs, and have a console."""

from functools import partial
from typing import Any

import attrs
import trio

from gns3trio.compute.local.registry import NodeType, structure_properties
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_features import SwitchMac
from gns3trio.compute.node_traits import PortList
from gns3trio.compute.nodes.ethernet_switch.settings import SwitchPort, SwitchSettings
from gns3trio.compute.nodes.ethernet_switch.shell import SwitchPortState, SwitchShell
from gns3trio.compute.nodes.parts.bridge_node import BridgeNode
from gns3trio.compute.nodes.parts.builtin_node import BuiltinServices
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.compute.nodes.parts.port_numbers import check_port_numbers
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.forwarder import VlanPort

DEFAULT_ETHERTYPE = "0x8100"
CONSOLE_TYPES = frozenset({"telnet", "none"})


def vlan_port(port: SwitchPort) -> VlanPort:
    """The VLAN configuration of a port for the forwarder."""
    return VlanPort(mode=port.type, vlan=port.vlan, ethertype=int(port.ethertype or DEFAULT_ETHERTYPE, 16))


def make_type(services: LocalServices) -> NodeType:
    """The entry of this type in the compute's registry."""
    return NodeType(SwitchSettings, partial(create_switch, services.builtin))


async def create_switch(services: BuiltinServices, spec: NodeSpec) -> "EthernetSwitch":
    """Create a switch with its console port, which it holds even if its console type is ``none``, unless none is free.

    Raises Invalid for wrong properties, and then leaves nothing behind.
    """
    settings = _checked(spec.properties)
    console_type = _check_console_type(spec.console_type or "none")
    node = EthernetSwitch(services, spec, settings)
    try:
        await node.open_console(spec.console, console_type)
    except BaseException:
        with trio.CancelScope(shield=True):
            await node.close()
        raise
    return node


def _checked(properties: dict[str, Any]) -> SwitchSettings:
    settings = structure_properties(properties, SwitchSettings)
    check_port_numbers(settings.ports_mapping)
    return settings


def _renamed(settings: SwitchSettings) -> SwitchSettings:
    """The ports with the names that GNS3 gives them after a change."""
    return SwitchSettings(
        ports_mapping=[attrs.evolve(port, name=f"Ethernet{port.port_number}") for port in settings.ports_mapping]
    )


def _check_console_type(console_type: str) -> str:
    if console_type not in CONSOLE_TYPES:
        raise Invalid(f"console_type: {console_type!r} is neither telnet nor none")
    return console_type


class LearnedAddresses:
    """The address table of a switch, for the API."""

    def __init__(self, switch: "EthernetSwitch") -> None:
        self._switch = switch

    async def list(self) -> list[SwitchMac]:
        """The addresses, in the order of VLAN and address."""
        return self._switch.macs()

    async def clear(self) -> None:
        """Clear the address table."""
        self._switch.clear_macs()


class EthernetSwitch(BridgeNode):
    """An Ethernet switch, which is a bridge of the forwarder with a console."""

    node_type = "ethernet_switch"
    label = "switch"

    def __init__(self, services: BuiltinServices, spec: NodeSpec, settings: SwitchSettings) -> None:
        super().__init__(services, spec, services.forwarder.open_switch())
        self._settings = settings
        self._console = NodeConsole(services.console_ports, services.console_acceptor)
        self.console_access = self._console.hub
        self.mac_table = LearnedAddresses(self)
        self.console_type = "none"
        self._serving: trio.CancelScope | None = None
        self._served = trio.Event()

    # --- ports and addresses ---

    def ports(self) -> PortList:
        """The ports of the node, with their names."""
        return self._settings.ports

    def vlan_of(self, port_number: int) -> VlanPort | None:
        """The VLAN configuration of a port."""
        return vlan_port(self._settings.by_number[port_number])

    def properties(self) -> dict[str, Any]:
        """The properties of the node in the API."""
        return {"ports_mapping": [port.view() for port in self._settings.ports_mapping]}

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with an ethertype for QinQ ports only, and with the names that changed ports get.

        Raises Invalid.
        """
        given = _checked(properties)
        if "ports_mapping" not in properties:
            return {}
        names = {(port.port_number, port.name) for port in self._settings.ports_mapping}
        return {
            "ports_mapping": [
                (port if (port.port_number, port.name) in names else renamed).view()
                for port, renamed in zip(given.ports_mapping, _renamed(given).ports_mapping, strict=True)
            ]
        }

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change the ports. Names become ``Ethernet<n>``, as in GNS3.

        Raises Invalid, or Conflict if the number of ports would change while one is linked.
        """
        if "ports_mapping" not in properties:
            _checked(properties)
            return
        settings = _renamed(_checked(properties))
        async with self._changing:
            numbers = {port.port_number for port in settings.ports_mapping}
            same_ports = numbers == {port.port_number for port in self._settings.ports_mapping}
            if self.has_nio and not same_ports:
                raise Conflict(f"properties.ports_mapping: ports cannot come or go while '{self.name}' has links")
            self._settings = settings
            for port in self._settings.ports_mapping:
                link_end = self._link_ends.get(port.port_number)
                if link_end is not None:
                    link_end.port.set_vlan(vlan_port(port))

    def macs(self) -> list[SwitchMac]:
        """The address table, sorted by VLAN and address."""
        port_numbers = {link_end.port.id: number for number, link_end in self._link_ends.items()}
        names = {port.port_number: port.name for port in self._settings.ports_mapping}
        return sorted(
            SwitchMac(entry.vlan, entry.mac, port_numbers[entry.port_id], names[port_numbers[entry.port_id]], entry.age)
            for entry in self._bridge.macs()
            if entry.port_id in port_numbers
        )

    def clear_macs(self) -> None:
        """Clear the address table."""
        self._bridge.clear_macs()

    def port_states(self) -> list[SwitchPortState]:
        """Each port with its configuration and its counters."""
        counters = self._services.forwarder.counters_of(link_end.port.id for link_end in self._link_ends.values())
        states = []
        for port in self._settings.ports_mapping:
            link_end = self._link_ends.get(port.port_number)
            states.append(
                SwitchPortState(
                    port.name,
                    port.type,
                    port.vlan,
                    (port.ethertype or DEFAULT_ETHERTYPE) if port.type == "qinq" else None,
                    counters.get(link_end.port.id) if link_end is not None else None,
                )
            )
        return states

    # --- console ---

    @property
    def console(self) -> int | None:
        """The TCP port of the console."""
        return self._console.port

    async def open_console(self, console: int | None, console_type: str) -> None:
        """Lease the console port, and serve it if the type is telnet. A switch that finds no free port has none."""
        try:
            reason = self._console.take(console, modestly=True)
        except Conflict as conflict:
            if console_type != "none" and (warning := self._services.console_ports.warning(conflict, self.name)):
                self._emit(NodeEvent("warning", warning))
        else:
            if reason is not None:
                self._emit(NodeEvent("warning", f"{reason}: '{self.name}' has console {self.console} instead"))
        await self._use_console_type(console_type)

    async def _use_console_type(self, console_type: str) -> None:
        if console_type == "telnet" and self._serving is None:
            await self._services.nursery.start(self._serve_console)
        elif console_type == "none":
            await self._stop_serving()
        self.console_type = console_type

    async def _stop_serving(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await self._served.wait()

    async def _serve_console(self, task_status: trio.TaskStatus[None]) -> None:
        """Answer typed commands until cancelled. All clients share one command line."""
        self._served = trio.Event()
        shell = SwitchShell(self)
        hub = self._console.hub
        with trio.CancelScope() as scope:
            hub.open()
            try:
                self._console.listen()
                self._serving = scope
                task_status.started()
                hub.feed(shell.greeting())
                while True:
                    client, typed = await hub.read_input()
                    answer = shell.feed(typed)
                    hub.input.put_back(client, answer.rest)
                    hub.feed(answer.text)
                    if answer.leaves:
                        hub.dismiss(client, b"Good-bye\r\n")
                    await trio.lowlevel.checkpoint()  # each answer may have many lines
            finally:
                self._console.stop_listening()
                hub.close()
                self._serving = None
                self._served.set()

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move the console or change its type. Raises Conflict if the port is taken, Invalid for another type."""
        async with self._changing:
            wanted = _check_console_type(console_type or self.console_type or "none")
            if console is not None or self._console.port is not None:
                self._console.move(console)
            await self._use_console_type(wanted)

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        self._console.hub.reset()

    async def close(self) -> None:
        """Release all resources of the node."""
        await self._stop_serving()
        self._console.release()
        await super().close()
