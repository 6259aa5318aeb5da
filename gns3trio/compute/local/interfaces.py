"""The network interfaces of this host."""

import ctypes
import fcntl
import ipaddress
import re
import socket
import struct
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psutil

from gns3trio.compute.host import HostInterface

# Interfaces of virtual machines and of the system itself, which are not meant for clouds.
_SPECIAL = re.compile(
    r"(lo|vmnet\d+|vboxnet\d+|docker\d+|lxcbr\d+|virbr\d+(-nic)?|ovs-system|veth.*|fw.*|p2p.*|bridge\d+|br-[0-9a-f]{12}"
    r"|vmware.*|virtualbox.*|gns3.*)"
)
_SIOCETHTOOL, _ETHTOOL_GDRVINFO = 0x8946, 0x00000003
_DRVINFO_BYTES, _DRIVER = 196, slice(4, 36)
_SIOCGIFFLAGS, _IFF_UP = 0x8913, 0x1
# The size of the cache: more interfaces than most hosts have, with a few bytes each.
_KNOWN_DRIVERS = 1024


def list_interfaces() -> list[HostInterface]:
    """The interfaces, sorted by name."""
    return [_describe(name, addresses) for name, addresses in sorted(psutil.net_if_addrs().items())]


def _describe(name: str, addresses: list[Any]) -> HostInterface:
    ip_address = netmask = mac_address = ""
    for address in addresses:
        if address.family == socket.AF_INET and not ip_address:
            ip_address, netmask = address.address, address.netmask or ""
        elif address.family == psutil.AF_LINK:
            mac_address = address.address
    return HostInterface(
        name=name,
        ip_address=ip_address,
        mac_address=mac_address,
        netmask=netmask,
        special=is_special(name) or _is_loopback(ip_address),
        type="tap" if driver_of(name) == "tun" else "ethernet",
    )


def driver_of(name: str) -> str:
    """The driver of an interface, such as ``tun`` or ``bridge`` (ETHTOOL_GDRVINFO of linux/ethtool.h); empty if it is
    unknown.
    """
    index = index_of(name)
    return _driver_of(name, index) if index else ""


@lru_cache(_KNOWN_DRIVERS)
def _driver_of(name: str, index: int) -> str:
    # The query takes a lock that others hold for long. An interface keeps its driver, and its index is not reused.
    information = ctypes.create_string_buffer(struct.pack("I", _ETHTOOL_GDRVINFO), _DRVINFO_BYTES)
    request = struct.pack("16sP16x", name.encode(), ctypes.addressof(information))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, _SIOCETHTOOL, request)
    except OSError:
        return ""
    return information.raw[_DRIVER].rstrip(b"\0").decode(errors="replace")


def index_of(name: str) -> int:
    """The index of an interface, which does not change while it exists; 0 if there is no interface of that name."""
    with suppress(OSError):
        return socket.if_nametoindex(name)
    return 0


def exists(name: str) -> bool:
    """Whether this host has the interface."""
    return index_of(name) > 0


def is_up(name: str) -> bool:
    """Whether an interface exists and is not administratively down."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
    except OSError:
        return False
    flags: int = struct.unpack("16sh22x", answer)[1]
    return bool(flags & _IFF_UP)


def is_special(name: str) -> bool:
    """Whether the name belongs to one of the system's own interfaces; compares the whole name."""
    return _SPECIAL.fullmatch(name) is not None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
