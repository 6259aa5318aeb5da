"""What several versions of the API tell of a host: its load, ports and network interfaces."""

from typing import Any, Literal

from gns3trio import machine
from gns3trio.api.replies import Whole, reply_shape, shown_as
from gns3trio.compute import host


@reply_shape
class MachineStatistics(Whole):
    """The load of a machine; memory and swap in bytes."""

    memory_total: int
    memory_free: int
    memory_used: int
    swap_total: int
    swap_free: int
    swap_used: int
    cpu_usage_percent: int
    memory_usage_percent: int
    swap_usage_percent: int
    disk_usage_percent: int
    load_average_percent: list[int]


@reply_shape
class ComputeStatistics(Whole):
    """The load of a compute's machine."""

    compute_id: str
    compute_name: str
    statistics: MachineStatistics


@reply_shape
class PortUsage(Whole):
    """The ports in use, and the first and last of the range."""

    console_port_range: list[int]
    console_ports: list[int]
    udp_port_range: list[int]
    udp_ports: list[int]


@reply_shape
class NamedInterface(Whole):
    """A network interface of the host. A ``special`` interface is not meant for labs."""

    name: str
    ip_address: str
    mac_address: str
    netmask: str
    special: bool
    type: Literal["ethernet", "tap"]


@reply_shape
class Interface(NamedInterface):
    """A network interface of the host. A ``special`` interface is not meant for labs."""

    id: str


def port_usage_view(usage: host.PortUsage) -> dict[str, Any]:
    """The console and UDP ports in use, and their ranges."""
    return shown_as(PortUsage, usage)


def statistics_view(statistics: machine.MachineStatistics) -> dict[str, Any]:
    """How busy a host is."""
    return shown_as(MachineStatistics, statistics)


def interface_view(interface: host.HostInterface) -> dict[str, Any]:
    """A network interface of a host."""
    return {"id": interface.name, **shown_as(NamedInterface, interface)}
