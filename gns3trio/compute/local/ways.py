"""How packets leave this host for an address: through which interface, of which kind, and in which sizes.

Sources: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h; IP_MTU is in ip(7). Nothing is sent.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from gns3trio.classes import frozen

# A program that is a WireGuard interface in user space listens here, by the name of its TUN device.
_USER_SPACE_SOCKETS = Path("/var/run/wireguard")

_NLMSG_ERROR, _RTM_NEWLINK, _RTM_GETLINK, _RTM_NEWROUTE, _RTM_GETROUTE = 2, 16, 18, 24, 26
_NLM_F_REQUEST = 1
_HEADER = struct.Struct("IHHII")  # struct nlmsghdr
_ROUTE = struct.Struct("BBBBBBBBI")  # struct rtmsg
_LINK = struct.Struct("BxHiII")  # struct ifinfomsg
_ATTRIBUTE = struct.Struct("HH")
_RTA_DST, _RTA_OIF, _RTN_LOCAL = 1, 4, 2
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_INFO_KIND = 3, 4, 18, 1
_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_MOST = 65536
_SECONDS = 2.0


@frozen
class Way:
    """The way to an address. ``mtu`` is that of the interface, or a smaller one that the kernel has learned on the way.

    ``kind`` is what the kernel calls the interface, such as ``wireguard`` or ``veth``; most real ones have none.
    """

    address: str
    interface: str
    kind: str
    mtu: int
    is_here: bool

    @property
    def is_wireguard(self) -> bool:
        """Whether everything that leaves there is encrypted and authenticated by WireGuard."""
        return self.kind == "wireguard" or (self.kind == "tun" and _is_user_space(self.interface))


def way_to(address: str) -> Way:
    """The way to an IPv4 or IPv6 address. Raises OSError if there is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    request = _ROUTE.pack(family, 8 * len(packed), 0, 0, 0, 0, 0, 0, 0) + _pack(_RTA_DST, packed)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.settimeout(_SECONDS)
        route = _ask(netlink, _RTM_GETROUTE, request, _RTM_NEWROUTE)
        is_here = _ROUTE.unpack_from(route)[7] == _RTN_LOCAL
        interface = dict(_attributes(route[_ROUTE.size :])).get(_RTA_OIF)
        if interface is None:  # a route that leads nowhere
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        index = struct.unpack("I", interface)[0]
        link = _ask(netlink, _RTM_GETLINK, _LINK.pack(socket.AF_UNSPEC, 0, index, 0, 0), _RTM_NEWLINK)
    found = dict(_attributes(link[_LINK.size :]))
    kind = dict(_attributes(found.get(_IFLA_LINKINFO, b""))).get(_IFLA_INFO_KIND, b"")
    return Way(
        address=address,
        interface=_text(found[_IFLA_IFNAME]),
        kind=_text(kind),
        mtu=_mtu(family, address) or struct.unpack("I", found[_IFLA_MTU])[0],
        is_here=is_here,
    )


def _ask(netlink: socket.socket, kind: int, body: bytes, wanted: int) -> bytes:
    """The body of the answer."""
    netlink.send(_HEADER.pack(_HEADER.size + len(body), kind, _NLM_F_REQUEST, 1, 0) + body)
    answer = netlink.recv(_MOST)
    size, got, _, _, _ = _HEADER.unpack_from(answer)
    if got == _NLMSG_ERROR:
        number = -struct.unpack_from("i", answer, _HEADER.size)[0]
        raise OSError(number, os.strerror(number))
    if got != wanted:
        raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
    return answer[_HEADER.size : size]


def _pack(kind: int, data: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(data), kind) + data + bytes(-len(data) % 4)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind & _TYPE_MASK, data[at + _ATTRIBUTE.size : at + size]
        at += size + -size % 4


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode(errors="replace")


def _mtu(family: int, address: str) -> int:
    """The MTU of the way as far as the kernel knows it; 0 if it does not."""
    level, option = (socket.IPPROTO_IPV6, 24) if family == socket.AF_INET6 else (socket.IPPROTO_IP, 14)  # IP(V6)_MTU
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))  # discard; nothing is sent
            return probe.getsockopt(level, option)
        except OSError:
            return 0


def _is_user_space(interface: str) -> bool:
    return (_USER_SPACE_SOCKETS / f"{interface}.sock").is_socket()
