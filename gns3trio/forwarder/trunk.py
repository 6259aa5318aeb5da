"""The Python interface of the core's trunk (native/trunk.h): links to other hosts over one UDP port."""

import errno
import os
from typing import Any

import attrs

from gns3trio._udpfwd import ffi, lib
from gns3trio.classes import frozen
from gns3trio.core_contract import names_of
from gns3trio.errors import Conflict, Unavailable
from gns3trio.forwarder.forwarder import Address, Forwarder, Port, numeric_ipv4, wait_signal
from gns3trio.forwarder.results import check_result

# Places of links in a trunk. Place 0 has none.
PLACES: int = lib.UDPFWD_TRUNK_PLACES
MAX_VNI: int = lib.UDPFWD_MAX_VNI
DROP_REASONS = tuple(names_of("udpfwd_trunk_drop", "UDPFWD_TRUNK_DROP_", "reasons"))


@frozen
class PeerCounters:
    """What the core knows of a peer, in its units.

    ``state`` is 0 (it did not answer yet), 1 (up) or 2 (down). ``error`` is the errno of the last keepalive, or 0;
    ``loss`` is in millionths. ``mtu`` and ``round_trip_us`` are 0 if not known.
    """

    state: int
    error: int
    round_trip_us: int
    loss: int
    mtu: int
    interface_mtu: int
    changes: int
    links: int
    tx_frames: int
    tx_bytes: int
    rx_frames: int
    rx_bytes: int
    fragmented: int


class Peer:
    """The trunk of another host, to which keepalives are sent as long as it is open."""

    def __init__(self, forwarder: Forwarder, address: Address) -> None:
        self._core = forwarder.core
        self._forwarder = forwarder
        result = lib.udpfwd_peer_open(self._core, *numeric_ipv4(address))
        if result == -errno.ENOSPC:
            raise Conflict(f"a trunk leads to {lib.UDPFWD_MAX_PEERS} hosts at most")
        if result < 0 and result != -errno.EEXIST:
            raise Unavailable(f"there is no way to {address[0]}: {os.strerror(-result)}")
        self._id = check_result(result)

    def open_link(self, vni_out: int, vni_in: int) -> Port:
        """Open the port of a link: frames leave with ``vni_out``, and those with ``vni_in`` come in.

        Raises Conflict if the place of ``vni_in`` has a link.
        """
        result = lib.udpfwd_trunk_link(self._core, self._id, vni_out, vni_in)
        if result == -errno.EBUSY:
            raise Conflict(f"VNI {vni_in} is in use")
        return Port(self._forwarder, check_result(result))

    def read(self) -> PeerCounters:
        """Its state and counters."""
        told = ffi.new("udpfwd_peer *")
        check_result(lib.udpfwd_peer_read(self._core, self._id, told))
        return PeerCounters(**{field.name: getattr(told, field.name) for field in attrs.fields(PeerCounters)})

    def close(self) -> None:
        """End it. Its links must be closed."""
        check_result(lib.udpfwd_peer_close(self._core, self._id))


class CoreTrunk:
    """The open trunk of the forwarder, which has at most one."""

    def __init__(self, forwarder: Forwarder, address: Address) -> None:
        """Open it at a UDP port of an IPv4 address of this host. Raises Conflict if that is in use or not possible."""
        self._forwarder = forwarder
        self._core: Any = forwarder.core
        result = lib.udpfwd_trunk_open(self._core, *numeric_ipv4(address))
        if result < 0:
            raise Conflict(f"UDP port {address[1]} cannot be used: {os.strerror(-result)}")
        self.port = address[1]

    def open_peer(self, address: Address) -> Peer:
        """Open a peer. Raises Conflict (too many) or Unavailable (no way leads there)."""
        return Peer(self._forwarder, address)

    def dropped(self) -> dict[str, int]:
        """Datagrams that came to no link, by reason."""
        told = ffi.new("udpfwd_trunk_counters *")
        check_result(lib.udpfwd_trunk_read(self._core, told))
        return dict(zip(DROP_REASONS, told.drops, strict=True))

    async def wait_changed(self) -> None:
        """Wait until the state or the MTU of a peer has changed since the last call."""
        await wait_signal(check_result(lib.udpfwd_trunk_fd(self._core)))

    def close(self) -> None:
        """Close it, with its peers and links."""
        check_result(lib.udpfwd_trunk_close(self._core))
