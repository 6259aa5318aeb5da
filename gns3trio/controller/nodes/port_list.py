"""The ports of a node that does not run here, with GNS3 2.2's names, because libraries look ports up by name. Sans-IO.

Measured with gns3-server 2.2.61, whose controller used a compute that accepts every node.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from gns3trio.classes import frozen
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format.records import NodeRecord

# The most ports of a node; an edited file may contain any number.
MAX_PORTS = 1024
_SERIAL_KINDS = frozenset({"FrameRelay", "ATM", "POS", "Serial"})
_DEFAULT_FORMAT = "Ethernet{0}"
_LONGEST_FORMAT = 200  # the format of port names
_FIELD = re.compile(r"\{(0|1|port0|port1|segment0|segment1)\}")
_SHORT = re.compile(r"Ethernet(\d+)")

# The modules in slots of routers: the kind of their ports, and their number.
_MODULES = {
    "C1700-MB-1FE": ("FastEthernet", 1),
    "C1700-MB-WIC1": ("FastEthernet", 0),
    "C2600-MB-1E": ("Ethernet", 1),
    "C2600-MB-2E": ("Ethernet", 2),
    "C2600-MB-1FE": ("FastEthernet", 1),
    "C2600-MB-2FE": ("FastEthernet", 2),
    "C7200-IO-FE": ("FastEthernet", 1),
    "C7200-IO-2FE": ("FastEthernet", 2),
    "C7200-IO-GE-E": ("GigabitEthernet", 1),
    "GT96100-FE": ("FastEthernet", 2),
    "Leopard-2FE": ("FastEthernet", 2),
    "NM-1E": ("Ethernet", 1),
    "NM-4E": ("Ethernet", 4),
    "NM-1FE-TX": ("FastEthernet", 1),
    "NM-16ESW": ("FastEthernet", 16),
    "NM-4T": ("Serial", 4),
    "PA-A1": ("ATM", 1),
    "PA-FE-TX": ("FastEthernet", 1),
    "PA-2FE-TX": ("FastEthernet", 2),
    "PA-GE": ("GigabitEthernet", 1),
    "PA-4E": ("Ethernet", 4),
    "PA-8E": ("Ethernet", 8),
    "PA-4T+": ("Serial", 4),
    "PA-8T": ("Serial", 8),
    "PA-POS-OC3": ("POS", 1),
}
_WICS = {"WIC-1T": ("Serial", 1), "WIC-2T": ("Serial", 2), "WIC-1ENET": ("Ethernet", 1)}
_SLOTS, _WIC_SLOTS, _PORTS_OF_A_WIC_SLOT = 7, 3, 16


@frozen
class Port:
    """A port of a node. ``kind`` is the kind of its interface: ``Serial``, ``ATM``, ``FastEthernet``. Its adapter is
    known only as far as the node specifies it.
    """

    adapter_number: int
    port_number: int
    name: str
    short_name: str
    kind: str = "Ethernet"
    adapter_type: str | None = None
    mac_address: str | None = None

    @property
    def is_serial(self) -> bool:
        """Whether it cannot be linked to an Ethernet port."""
        return self.kind in _SERIAL_KINDS


def list_ports(record: NodeRecord) -> list[Port]:
    """The ports of a node that does not run here."""
    return list(islice(_ports(record), MAX_PORTS))


def _ports(record: NodeRecord) -> Iterable[Port]:
    traits = node_types.get(record.node_type)
    if traits is not None and traits.ports is not None:
        return map(shown_port, traits.ports(record.properties))
    make = _OF_EMULATOR.get(record.node_type)
    return make(record) if make is not None else ()


def shown_port(port: NodePort) -> Port:
    """A port of a node that a compute runs."""
    return Port(port.adapter_number, port.port_number, port.name, port.short_name)


def _single(record: NodeRecord) -> Iterator[Port]:
    yield Port(0, 0, "Ethernet0", "e0")


def _circuits(kind: str) -> Callable[[NodeRecord], Iterator[Port]]:
    """The ports of a switch whose ``mappings`` connect virtual circuits; each begins with a port number."""

    def ports(record: NodeRecord) -> Iterator[Port]:
        mappings = record.properties.get("mappings")
        sides = [side for pair in mappings.items() for side in pair] if isinstance(mappings, dict) else []
        first_parts = {str(side).partition(":")[0] for side in sides}
        numbers = {int(part) for part in first_parts if part.isascii() and part.isdigit() and len(part) < 10}
        for number in sorted(numbers):
            yield Port(0, number, str(number), str(number), kind)

    return ports


def _adapters(record: NodeRecord) -> Iterator[Port]:
    """The ports of virtual machines, one per adapter. A first port with a name of its own does not count in numbered
    names.
    """
    adapter_type = record.properties.get("adapter_type")
    customs = _customs(record)
    offset = 1 if record.first_port_name else 0
    for adapter in range(_count(record.properties.get("adapters"), 1)):
        custom = customs.get(adapter, {})
        if "port_name" in custom:
            name, short_name = custom["port_name"], _shortened(custom["port_name"], with_number=False)
        elif adapter == 0 and record.first_port_name:
            name = short_name = record.first_port_name
        else:
            name = _formatted(record, adapter - offset)
            short_name = _shortened(name)
        yield Port(adapter, 0, name, short_name, **_hardware(record, adapter, custom, adapter_type))


def _containers(record: NodeRecord) -> Iterator[Port]:
    customs = _customs(record)
    for adapter in range(_count(record.properties.get("adapters"), 1)):
        custom = customs.get(adapter, {})
        name = custom.get("port_name", f"eth{adapter}")
        yield Port(adapter, 0, name, name, **_hardware(record, adapter, custom, None))


def _iou(record: NodeRecord) -> Iterator[Port]:
    """The ports of IOU nodes, four per adapter; serial ports have fixed names."""
    ethernet = min(_count(record.properties.get("ethernet_adapters"), 1), MAX_PORTS // 4)
    customs = _customs(record)
    number = 0
    for adapter in range(ethernet):
        custom = customs.get(adapter, {})
        for port in range(4):
            if "port_name" in custom:
                name, short_name = custom["port_name"], _shortened(custom["port_name"], with_number=False)
                number += 1
            elif adapter == 0 and record.first_port_name:
                name = short_name = record.first_port_name
            else:
                name = _formatted(record, number)
                short_name = _shortened(name)
                number += 1
            yield Port(adapter, port, name, short_name)
    for adapter in range(ethernet, ethernet + min(_count(record.properties.get("serial_adapters"), 0), MAX_PORTS // 4)):
        for port in range(4):
            yield Port(adapter, port, f"Serial{adapter}/{port}", f"s{adapter}/{port}", "Serial")


def _router(record: NodeRecord) -> Iterator[Port]:
    """The ports of a router: of the modules in its slots, and of the cards in the first slot, with numbers in steps of
    sixteen.
    """
    for slot in range(_SLOTS):
        kind, count = _MODULES.get(str(record.properties.get(f"slot{slot}")), ("", 0))
        for port in range(count):
            yield Port(slot, port, f"{kind}{slot}/{port}", f"{kind[0].lower()}{slot}/{port}", kind)
    number = 0
    for slot in range(_WIC_SLOTS):
        kind, count = _WICS.get(str(record.properties.get(f"wic{slot}")), ("", 0))
        for port in range(count):
            place = _PORTS_OF_A_WIC_SLOT * (slot + 1) + port
            yield Port(0, place, f"{kind}0/{number}", f"{kind[0].lower()}0/{number}", kind)
            number += 1


_OF_EMULATOR: Mapping[str, Callable[[NodeRecord], Iterator[Port]]] = {
    "traceng": _single,
    "frame_relay_switch": _circuits("FrameRelay"),
    "atm_switch": _circuits("ATM"),
    **dict.fromkeys(("qemu", "virtualbox", "vmware"), _adapters),
    "docker": _containers,
    "iou": _iou,
    "dynamips": _router,
}


def _count(value: Any, default: int) -> int:
    """The number of adapters; 0 for an invalid value."""
    if value is None:
        return default
    return min(max(value, 0), MAX_PORTS) if type(value) is int else 0


def _customs(record: NodeRecord) -> dict[Any, Mapping[str, Any]]:
    """Settings of single adapters by number; of several for one adapter the first is used."""
    return {each.get("adapter_number"): each for each in reversed(record.custom_adapters)}


def _hardware(record: NodeRecord, adapter: int, custom: Mapping[str, Any], adapter_type: Any) -> dict[str, str]:
    """Model and MAC address of an adapter, as far as the node specifies them."""
    kind = custom.get("adapter_type", adapter_type) if record.node_type != "docker" else None
    address = custom.get("mac_address") or _mac_address(record.properties.get("mac_address"), adapter)
    found = {"adapter_type": kind, "mac_address": address}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _mac_address(first: Any, adapter: int) -> str | None:
    """The MAC address of an adapter: each adapter has the next address."""
    if not isinstance(first, str) or not re.fullmatch("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", first):
        return None
    digits = f"{(int(first.replace(':', ''), 16) + adapter) % 2**48:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _formatted(record: NodeRecord, number: int) -> str:
    """A port name in the node's format. ``{0}`` is the number of the port, within its segment if there are segments;
    ``{1}`` is the number of the segment; ``port1`` and ``segment1`` count from one.
    """
    size = record.port_segment_size
    port, segment = (number % size, number // size) if size > 0 else (number, number)
    values = {
        **{"0": port, "port0": port, "port1": port + 1},
        **{"1": segment, "segment0": segment, "segment1": segment + 1},
    }
    pattern = record.port_name_format
    if len(pattern) > _LONGEST_FORMAT or "{" in _FIELD.sub("", pattern) or "}" in _FIELD.sub("", pattern):
        pattern = _DEFAULT_FORMAT  # GNS3 rejects the node
    return _FIELD.sub(lambda field: str(values[field[1]]), pattern)


def _shortened(name: str, *, with_number: bool = True) -> str:
    if "/" in name:
        return name.replace("Ethernet", "e")
    match = _SHORT.match(name) if with_number else None
    return f"e{match[1]}" if match is not None else name
