"""TAP devices and packet sockets: how a cloud reaches the networks of this host. Linux only.

Sources: Documentation/networking/tuntap.rst of Linux, packet(7), netdevice(7), and linux/sockios.h for bridges.
"""

import errno
import fcntl
import os
import socket
import struct
from contextlib import ExitStack, suppress

from gns3trio.compute.interfaces import driver_of
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, Port

TUN_DEVICE = "/dev/net/tun"
MAX_NAME_BYTES = 15  # IFNAMSIZ with its terminator

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCBRADDIF = 0x89A2
_IFF_UP = 0x1
_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_AUXDATA, _PACKET_IGNORE_OUTGOING = 1, 8, 23
_PACKET_MR_PROMISC = 1
_IFREQ = "16sh22x"


class Device:
    """A port of the forwarder on a network of this host. Use ``open_device`` or ``open_tap_on_bridge``."""

    def __init__(self, port: Port, held: ExitStack) -> None:
        self.port = port
        self._held = held

    def close(self) -> None:
        """Close the port; a TAP device that was made for it is gone then."""
        self.port.close()
        self._held.close()


def open_device(forwarder: Forwarder, kind: str, interface: str) -> Device:
    """A port on an interface: ``tap`` or ``ethernet``; a TAP device is made when there is none of that name.

    Frames of a bridge are reached through a TAP device that joins it. Raises Conflict, which names the privilege that
    is missing.
    """
    _check_name(interface)
    if kind == "tap":
        with ExitStack() as stack:
            is_new = not exists(interface)
            descriptor = _open_tap(stack, interface)
            if is_new:
                _set_up(interface)
            return Device(forwarder.open_interface(descriptor, "tap"), stack.pop_all())
    if not exists(interface):
        raise Conflict(f"Interface {interface!r} doesn't exist on this host")
    if driver_of(interface) == "bridge":
        return open_tap_on_bridge(forwarder, interface)
    with ExitStack() as stack:
        try:
            sock = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)))
            sock.bind((interface, _ETH_P_ALL))
            sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
            sock.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            membership = struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b"")
            sock.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        except OSError as error:
            raise _refusal(f"Interface {interface!r} cannot be used", error, "CAP_NET_RAW") from None
        return Device(forwarder.open_interface(sock.fileno(), "ethernet"), stack.pop_all())


def open_tap_on_bridge(forwarder: Forwarder, bridge: str) -> Device:
    """A port on a new TAP device that is a member of a Linux bridge. Raises Conflict."""
    with ExitStack() as stack:
        name = next(free for number in range(1 << 16) if not exists(free := f"gns3tap{number}"))
        descriptor = _open_tap(stack, name)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                index = struct.pack("16si20x", bridge.encode(), socket.if_nametoindex(name))
                fcntl.ioctl(control, _SIOCBRADDIF, index)
        except OSError as error:
            raise _refusal(f"Bridge {bridge!r} cannot be joined", error, "CAP_NET_ADMIN") from None
        _set_up(name)
        return Device(forwarder.open_interface(descriptor, "tap"), stack.pop_all())


def exists(interface: str) -> bool:
    """Whether this host has the interface."""
    with suppress(OSError):
        return socket.if_nametoindex(interface) > 0
    return False


def _check_name(interface: str) -> None:
    odd = any(character in interface for character in "/\0 ") or interface in (".", "..")
    if not interface or odd or len(interface.encode()) > MAX_NAME_BYTES:
        raise Conflict(f"{interface!r} cannot be the name of an interface")


def _open_tap(stack: ExitStack, name: str) -> int:
    try:
        descriptor = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(f"{TUN_DEVICE} cannot be opened", error, "CAP_NET_ADMIN") from None
    stack.callback(os.close, descriptor)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack(_IFREQ, name.encode(), _IFF_TAP | _IFF_NO_PI))
    except OSError as error:
        raise _refusal(f"TAP device {name!r} cannot be used", error, "CAP_NET_ADMIN") from None
    return descriptor


def _set_up(name: str) -> None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = struct.pack(_IFREQ, name.encode(), 0)
            _, flags = struct.unpack(_IFREQ, fcntl.ioctl(control, _SIOCGIFFLAGS, request))
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack(_IFREQ, name.encode(), flags | _IFF_UP))
    except OSError as error:
        raise _refusal(f"Interface {name!r} cannot be brought up", error, "CAP_NET_ADMIN") from None


def _refusal(what: str, error: OSError, capability: str) -> Conflict:
    if error.errno in (errno.EPERM, errno.EACCES):
        return Conflict(
            f"{what}: this server lacks the capability {capability}. Run it as root, or give it to the Python "
            f"that runs it: setcap {capability.lower()}+ep PATH_OF_PYTHON"
        )
    return Conflict(f"{what}: {error.strerror}")
