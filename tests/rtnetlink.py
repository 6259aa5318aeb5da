"""Interfaces of the network namespace of the test: made, moved, addressed and deleted. rtnetlink(7), netdevice(7)."""

import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

_RTM_NEWLINK, _RTM_DELLINK, _RTM_NEWADDR = 16, 17, 20
_IFA_ADDRESS, _IFA_LOCAL, _IFA_F_NODAD = 1, 2, 0x02
_REQUEST, _ACK, _CREATE_EXCL = 0x1, 0x4, 0x600
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 18, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA = 1, 2
_VETH_INFO_PEER = 1
_RTM_SETNEIGHTBL = 67
_NDTA_NAME, _NDTA_PARMS = 1, 6
_NDTPA_IFINDEX, _NDTPA_UCAST_PROBES, _NDTPA_MCAST_PROBES = 1, 10, 11
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFMTU, _SIOCBRADDIF = (
    0x8913,
    0x8914,
    0x8916,
    0x891C,
    0x8922,
    0x89A2,
)
_SIOCADDRT = 0x890B
_IFF_UP = 0x1
_RTF_UP, _RTF_GATEWAY = 0x1, 0x2
_CLONE_NEWNET = 0x40000000

T = TypeVar("T")


def _attribute(kind: int, data: bytes) -> bytes:
    size = 4 + len(data)
    return struct.pack("HH", size, kind) + data + bytes(-size % 4)


def _link(index: int = 0) -> bytes:
    return struct.pack("BxHiII", socket.AF_UNSPEC, 0, index, 0, 0)


def _named(name: str) -> bytes:
    return _attribute(_IFLA_IFNAME, name.encode() + b"\0")


def _ask(kind: int, flags: int, body: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(struct.pack("IHHII", 16 + len(body), kind, flags | _REQUEST | _ACK, 1, 0) + body)
        answer = netlink.recv(65536)
    (error,) = struct.unpack_from("i", answer, 16)
    if error:
        raise OSError(-error, os.strerror(-error))


def _add(name: str, kind: str, details: bytes = b"") -> None:
    information = _attribute(_IFLA_INFO_KIND, kind.encode())
    if details:
        information += _attribute(_IFLA_INFO_DATA, details)
    _ask(_RTM_NEWLINK, _CREATE_EXCL, _link() + _named(name) + _attribute(_IFLA_LINKINFO, information))


def add_veth(name: str, peer: str) -> None:
    """Two interfaces joined by a cable; both are down."""
    _add(name, "veth", _attribute(_VETH_INFO_PEER, _link() + _named(peer)))


def add_bridge(name: str, *members: str) -> None:
    """A bridge that is up."""
    _add(name, "bridge")
    for member in members:
        _control(_SIOCBRADDIF, struct.pack("16si20x", name.encode(), socket.if_nametoindex(member)))
    set_up(name)


def delete(name: str) -> None:
    """Remove an interface, and the other end of a cable with it."""
    _ask(_RTM_DELLINK, 0, _link(socket.if_nametoindex(name)))


def _control(request: int, argument: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        return fcntl.ioctl(control, request, argument)


def set_up(name: str, up: bool = True) -> None:
    """Bring an interface up or down."""
    request = struct.pack("16sh22x", name.encode(), 0)
    flags: int = struct.unpack("16sh22x", _control(_SIOCGIFFLAGS, request))[1]
    wanted = flags | _IFF_UP if up else flags & ~_IFF_UP
    _control(_SIOCSIFFLAGS, struct.pack("16sh22x", name.encode(), wanted))


def set_mtu(name: str, mtu: int) -> None:
    """The most bytes of a frame's content."""
    _control(_SIOCSIFMTU, struct.pack("16si20x", name.encode(), mtu))


def set_address(name: str, address: str) -> None:
    """An IPv4 address with a netmask of 24 bits; the interface is up then."""
    for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.0")):
        family = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
        _control(request, struct.pack("16s16s8x", name.encode(), family))
    set_up(name)


def add_default_route(gateway: str) -> None:
    """Packets for other networks go to this address (SIOCADDRT with a struct rtentry of 64 bits, route(8))."""

    def family(address: str) -> bytes:
        return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))

    anywhere = family("0.0.0.0")
    _control(_SIOCADDRT, struct.pack("8x16s16s16sH62x", anywhere, family(gateway), anywhere, _RTF_UP | _RTF_GATEWAY))


def ask_neighbours(name: str, times: int) -> None:
    """How often ARP asks, each second, before one is unreachable. (Its files are not in all user namespaces.)"""
    often = struct.pack("I", times)
    limits = _attribute(_NDTPA_UCAST_PROBES, often) + _attribute(_NDTPA_MCAST_PROBES, often)
    limits += _attribute(_NDTPA_IFINDEX, struct.pack("I", socket.if_nametoindex(name)))
    table = _attribute(_NDTA_NAME, b"arp_cache\0") + _attribute(_NDTA_PARMS, limits)
    _ask(_RTM_SETNEIGHTBL, 0, struct.pack("Bxxx", socket.AF_INET) + table)


def set_ipv6_address(name: str, address: str) -> None:
    """An IPv6 address with a prefix of 64 bits, which is used at once; the interface is up then."""
    set_up(name)
    packed = socket.inet_pton(socket.AF_INET6, address)
    body = struct.pack("BBBBI", socket.AF_INET6, 64, _IFA_F_NODAD, 0, socket.if_nametoindex(name))
    _ask(_RTM_NEWADDR, _CREATE_EXCL, body + _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed))


class Namespace:
    """Another network, as of another machine. Threads enter it, the test stays where it is."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _in_thread(self._make)

    def _make(self) -> int:
        assert self._libc.unshare(_CLONE_NEWNET) == 0
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def take(self, name: str) -> None:
        """Move an interface there; it is down then and has no address."""
        body = _link(socket.if_nametoindex(name)) + _attribute(_IFLA_NET_NS_FD, struct.pack("I", self._descriptor))
        _ask(_RTM_NEWLINK, 0, body)

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function there. Sockets that it makes stay there."""

        def enter() -> T:
            assert self._libc.setns(self._descriptor, _CLONE_NEWNET) == 0
            return function(*arguments)

        return _in_thread(enter)

    def processes(self) -> list[int]:
        """The processes that are there, whoever has started them."""
        here = os.fstat(self._descriptor).st_ino
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):  # it has ended, or is another user's
                if os.stat(f"/proc/{name}/ns/net").st_ino == here:
                    found.append(int(name))
        return found

    def close(self) -> None:
        """It ends with the last of its sockets."""
        os.close(self._descriptor)


def _in_thread(function: Callable[[], T]) -> T:
    """In a thread of its own, which takes the namespace with it when it ends."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    (result,) = results  # none when it failed, which the thread has printed
    return result
