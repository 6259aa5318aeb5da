"""What a compute tells of its host, checked. Sans-IO. Whatever is missing or wrong there is empty or 0."""

from typing import Any

from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.remote.events import percent
from gns3trio.limits import MAX_INTEGER, MAX_ITEMS, MAX_PORT
from gns3trio.machine import MachineStatistics
from gns3trio.printable import without_hidden

_SIZES = ("memory_total", "memory_free", "memory_used", "swap_total", "swap_free", "swap_used")
_PERCENTS = ("cpu_usage_percent", "memory_usage_percent", "swap_usage_percent", "disk_usage_percent")


def read_ports(value: Any) -> PortUsage:
    """Its ports in use, and their ranges."""
    told = value if isinstance(value, dict) else {}
    return PortUsage(
        console_port_range=_range(told.get("console_port_range")),
        console_ports=_ports(told.get("console_ports")),
        udp_port_range=_range(told.get("udp_port_range")),
        udp_ports=_ports(told.get("udp_ports")),
    )


def read_interfaces(value: Any) -> list[HostInterface]:
    """Its network interfaces."""
    listed = value if isinstance(value, list) else []
    return [
        HostInterface(
            name=text_of(each.get("name")),
            ip_address=text_of(each.get("ip_address")),
            mac_address=text_of(each.get("mac_address")),
            netmask=text_of(each.get("netmask")),
            special=each.get("special") is True,
            type="tap" if each.get("type") == "tap" else "ethernet",
        )
        for each in listed[:MAX_ITEMS]
        if isinstance(each, dict)
    ]


def read_statistics(value: Any) -> MachineStatistics:
    """Its memory, CPU, load and disk."""
    told = value if isinstance(value, dict) else {}
    averages = told.get("load_average_percent")
    return MachineStatistics(
        **{name: size_of(told.get(name)) for name in _SIZES},
        **{name: int(percent(told.get(name))) for name in _PERCENTS},
        load_average_percent=[size_of(each) for each in averages[:3]] if isinstance(averages, list) else [],
    )


def _range(value: Any) -> tuple[int, int]:
    ports = _ports(value)
    return (ports[0], ports[1]) if len(ports) == 2 else (1, MAX_PORT)


def _ports(value: Any) -> list[int]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed[:MAX_PORT] if type(each) is int and 1 <= each <= MAX_PORT]


def size_of(value: Any) -> int:
    """A whole number from 0; 0 for what is none."""
    return int(min(max(value, 0), MAX_INTEGER)) if type(value) in (int, float) else 0


def text_of(value: Any) -> str:
    """A short text without characters that hide others; empty for what is none."""
    return without_hidden(value[:200]) if isinstance(value, str) else ""


def port_of(value: Any) -> int | None:
    """A TCP or UDP port; None for what is none."""
    return value if type(value) is int and 1 <= value <= MAX_PORT else None
