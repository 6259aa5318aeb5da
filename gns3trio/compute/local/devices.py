"""TAP devices and packet sockets, which connect clouds to the networks of this host. Linux only.

Everything that is opened here disappears when it is closed or the process ends, in whatever way: TAP devices are not
persistent, and promiscuous mode belongs to the socket.

Sources: Documentation/networking/tuntap.rst of Linux, packet(7), netdevice(7), and linux/sockios.h for bridges.
"""

import errno
import fcntl
import os
import socket
import struct
import sys
from contextlib import ExitStack

import trio

from gns3trio import threads
from gns3trio.compute.local.interfaces import driver_of, exists, index_of, is_up
from gns3trio.errors import Conflict, NoThread
from gns3trio.forwarder.forwarder import Forwarder, Port

TUN_DEVICE = "/dev/net/tun"
MAX_NAME_BYTES = 15  # IFNAMSIZ with its terminator

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCBRADDIF = 0x89A2
_IFF_UP = 0x1
_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_AUXDATA, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 1, 8, 15, 23
_PACKET_MR_PROMISC = 1
_IFREQ = "16sh22x"
_OWN_TAP = "gns3tap%d"  # the kernel replaces %d by a number


class DevicePort:
    """A forwarder port on a device of the kernel, and what else it holds."""

    def __init__(self, port: Port, held: ExitStack) -> None:
        self.port = port
        self._held = held

    def close(self) -> None:
        """Close the port. A TAP device that was created for it disappears. The kernel needs about 20 ms for this, so
        call it in a thread.
        """
        self.port.close()
        self._held.close()

    async def aclose(self) -> None:
        """Close it in a thread, if there is one. Cannot be cancelled."""
        with trio.CancelScope(shield=True):
            try:
                await threads.devices.run(self.close)
            except NoThread:
                self.close()


class Device(DevicePort):
    """A forwarder port on a network of this host. Use ``open_device``."""

    def __init__(self, port: Port, held: ExitStack, *interfaces: str) -> None:
        super().__init__(port, held)
        self._indexes = {name: index_of(name) for name in interfaces}

    def trouble(self) -> str | None:
        """The reason why no frame passes now; None if frames pass."""
        for name, index in self._indexes.items():
            if index_of(name) != index:
                return f"interface {name!r} is gone"
            if not is_up(name):
                return f"interface {name!r} is down"
        return None

    @property
    def is_lost(self) -> bool:
        """Whether its interface has disappeared, even if there is a new one of the same name."""
        return any(index_of(name) != index for name, index in self._indexes.items())


def open_device(forwarder: Forwarder, kind: str, interface: str) -> Device:
    """Open a port on an interface: ``tap`` or ``ethernet``. If a TAP device does not exist, it is created.

    A bridge is reached through a TAP device that joins it. The kernel needs about 20 ms for an interface. Raises
    Conflict with the name of the missing interface, or with the missing privilege and how to grant it.
    """
    _check_name(interface)
    if kind == "tap":
        return _open_named_tap(forwarder, interface)
    if not exists(interface):
        raise Conflict(f"Interface {interface!r} doesn't exist on this host")
    if driver_of(interface) == "bridge":
        return _open_tap_on_bridge(forwarder, interface)
    with ExitStack() as stack:
        try:
            sock = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
            for option in (_PACKET_AUXDATA, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING):
                sock.setsockopt(_SOL_PACKET, option, 1)
            sock.bind((interface, _ETH_P_ALL))  # from now on it receives frames
            membership = struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b"")
            sock.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        except OSError as error:
            raise refusal(f"Interface {interface!r} cannot be used", error, "CAP_NET_RAW") from None
        port = forwarder.open_interface(sock.fileno(), "ethernet")
        return Device(port, stack.pop_all(), interface)


def _open_named_tap(forwarder: Forwarder, name: str) -> Device:
    with ExitStack() as stack:
        is_new = not exists(name)
        descriptor, _ = open_tap(stack, name)
        if is_new:
            _set_up(name)
        return Device(forwarder.open_interface(descriptor, "tap"), stack.pop_all(), name)


def _open_tap_on_bridge(forwarder: Forwarder, bridge: str) -> Device:
    with ExitStack() as stack:
        descriptor, name = open_tap(stack, _OWN_TAP)
        try:
            _join_bridge(name, bridge)
        except OSError as error:
            raise refusal(f"Bridge {bridge!r} cannot be joined", error, "CAP_NET_ADMIN") from None
        _set_up(name)
        return Device(forwarder.open_interface(descriptor, "tap"), stack.pop_all(), bridge, name)


def _join_bridge(name: str, bridge: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16si20x", bridge.encode(), socket.if_nametoindex(name))
        fcntl.ioctl(control, _SIOCBRADDIF, request)


def _check_name(interface: str) -> None:
    odd = any(character in interface for character in "/\0 %") or interface in (".", "..")
    if not interface or odd or len(interface.encode()) > MAX_NAME_BYTES:
        raise Conflict(f"{interface!r} cannot be the name of an interface")


def open_tap(stack: ExitStack, name: str) -> tuple[int, str]:
    """Open a TAP device in the network namespace of this thread; returns its descriptor and its name.

    ``%d`` in ``name`` is replaced by a free number. Each frame has a virtio_net_hdr of 10 bytes before it
    (IFF_VNET_HDR), with which the core passes large TCP segments. The device goes when ``stack`` is closed. Raises
    Conflict.
    """
    try:
        descriptor = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            raise Conflict(f"{TUN_DEVICE} is not there, so this host cannot have TAP devices: modprobe tun") from None
        raise refusal(f"{TUN_DEVICE} cannot be opened", error, "CAP_NET_ADMIN") from None
    stack.callback(os.close, descriptor)
    try:
        request = struct.pack(_IFREQ, name.encode(), _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR)
        given, _ = struct.unpack(_IFREQ, fcntl.ioctl(descriptor, _TUNSETIFF, request))
    except OSError as error:
        raise refusal(f"TAP device {name!r} cannot be used", error, "CAP_NET_ADMIN") from None
    return descriptor, given.rstrip(b"\0").decode()


def _set_up(name: str) -> None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = struct.pack(_IFREQ, name.encode(), 0)
            _, flags = struct.unpack(_IFREQ, fcntl.ioctl(control, _SIOCGIFFLAGS, request))
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack(_IFREQ, name.encode(), flags | _IFF_UP))
    except OSError as error:
        raise refusal(f"Interface {name!r} cannot be brought up", error, "CAP_NET_ADMIN") from None


def refusal(what: str, error: OSError, capability: str) -> Conflict:
    """The error for clients: what cannot be done, why, and how ``capability`` is granted if that is the reason."""
    if error.errno in (errno.EPERM, errno.EACCES):
        python = os.path.realpath(sys.executable)
        file = f"; {TUN_DEVICE} itself must be open to its user" if error.filename == TUN_DEVICE else ""
        return Conflict(
            f"{what}: this server lacks the capability {capability}. Run it as root, or give it to the Python that "
            f"runs it: setcap {capability.lower()}+ep {python}{file}"
        )
    if error.errno == errno.EBUSY:
        return Conflict(f"{what}: another program or node uses it")
    return Conflict(f"{what}: {error.strerror}")
