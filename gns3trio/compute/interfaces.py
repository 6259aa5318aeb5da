"""The network interfaces of this host."""

import ipaddress
import re
import socket
from pathlib import Path
from typing import Any

import psutil

# Interfaces of other virtual machines and of the system itself: nobody means them when he draws a cloud.
_SPECIAL = re.compile(
    r"(lo|vmnet\d+|vboxnet\d+|docker\d+|lxcbr\d+|virbr\d+(-nic)?|ovs-system|veth.*|fw.*|p2p.*|bridge\d+|br-[0-9a-f]{12}"
    r"|vmware.*|virtualbox.*|gns3.*)"
)
_TUN_FLAGS = "tun_flags"


def list_interfaces() -> list[dict[str, Any]]:
    """The interfaces in the shape of the API, sorted by name; addresses are empty when there are none.

    ``type`` is ``tap`` or ``ethernet``; ``special`` ones are not meant for labs.
    """
    return [_describe(name, addresses) for name, addresses in sorted(psutil.net_if_addrs().items())]


def _describe(name: str, addresses: list[Any]) -> dict[str, Any]:
    ip_address = netmask = mac_address = ""
    for address in addresses:
        if address.family == socket.AF_INET and not ip_address:
            ip_address, netmask = address.address, address.netmask or ""
        elif address.family == psutil.AF_LINK:
            mac_address = address.address
    return {
        "id": name,
        "name": name,
        "ip_address": ip_address,
        "mac_address": mac_address,
        "netmask": netmask,
        "special": is_special(name) or _is_loopback(ip_address),
        "type": "tap" if (Path("/sys/class/net") / name / _TUN_FLAGS).exists() else "ethernet",
    }


def is_special(name: str) -> bool:
    """Whether the name is one of the system's own interfaces; the whole name counts."""
    return _SPECIAL.fullmatch(name) is not None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
