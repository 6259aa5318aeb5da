"""The trunk of this host: its UDP port, the VNIs that are leased for links, and the hosts at the other ends.

The trunk is opened with the first lease, and stays open. The receiver of a direction leases its VNI, as it leases UDP
ports, so that many controllers can use the same hosts.
"""

import errno
import heapq
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

import trio

from gns3trio.classes import define, frozen
from gns3trio.compute.local.reservations import Reservations
from gns3trio.compute.nio import TrunkLease
from gns3trio.compute.trunks import PeerState, Trunk, TrunkPeer
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Address, Forwarder, Port
from gns3trio.forwarder.trunk import PLACES, CoreTrunk, Peer, PeerCounters

_EVERYWHERE = "0.0.0.0"
# The bits of a VNI above its place. They are random, so that a host that still sends to an earlier link of the same
# place is not heard.
_PLACE_BITS = PLACES.bit_length() - 1
_RANDOM_BITS = 24 - _PLACE_BITS
_STATES: tuple[PeerState, ...] = ("waiting", "up", "down")
_OFF = "trunk_port is 0: each link to another host has a UDP port of its own"


@define(eq=False)
class _SharedPeer:
    """A peer, which is open as long as links use it. ``host`` is its name as the first of them gave it. ``trouble`` and
    ``narrow_mtu`` are what its links were told last: why no frame passes, and the MTU of a way that is narrower than
    this host's interface.
    """

    host: str
    address: Address
    core: Peer
    uses: int = 0
    trouble: str | None = None
    narrow_mtu: int | None = None


@frozen
class PeerChange:
    """A message about a peer, for those with links to it."""

    peer: _SharedPeer
    level: Literal["warning", "info"]
    message: str


class VniLease:
    """A VNI, and the peer of its link once there is one. ``release`` frees both, and does nothing the second time."""

    __slots__ = ("_on_release", "_peer", "_trunk", "is_first", "vni")

    def __init__(self, trunk: "LocalTrunk", vni: int, on_release: Callable[[int], None]) -> None:
        self.vni = vni
        self.is_first = True  # whether its end is the first of the link
        self._trunk = trunk
        self._on_release: Callable[[int], None] | None = on_release
        self._peer: _SharedPeer | None = None

    def open_link(self, host: str, address: Address, vni_out: int) -> Port:
        """Open the port of a link to a peer. An earlier one of this lease must be closed. Raises Conflict or
        Unavailable.
        """
        self._leave_peer()
        peer = self._trunk.use_peer(host, address)
        try:
            port = peer.core.open_link(vni_out, self.vni)
        except BaseException:
            self._trunk.leave_peer(peer)
            raise
        self._peer = peer
        return port

    @property
    def peer(self) -> _SharedPeer | None:
        """The peer of its link."""
        return self._peer

    @property
    def trouble(self) -> str | None:
        """Why no frame of its link passes now; None if nothing is known to be wrong."""
        return self._peer.trouble if self._peer is not None else None

    def release(self) -> None:
        """Free the VNI. The port of its link must be closed."""
        if self._on_release is not None:
            self._leave_peer()
            self._on_release(self.vni)
            self._on_release = None

    def _leave_peer(self) -> None:
        if self._peer is not None:
            self._trunk.leave_peer(self._peer)
            self._peer = None


class LocalTrunk:
    """The trunk of the forwarder at a UDP port. Use ``open_trunk``."""

    def __init__(self, forwarder: Forwarder, udp_port: int) -> None:
        self._forwarder = forwarder
        self._udp_port = udp_port
        self._core: CoreTrunk | None = None
        self._trouble: str | None = None if udp_port else _OFF
        self._opened = trio.Event()
        self._peers: dict[Address, _SharedPeer] = {}
        self._reserved = Reservations[VniLease]()
        self._next_place = 1
        self._free_places: list[int] = []  # lower ones, as a heap

    # --- leases ---

    @property
    def is_wanted(self) -> bool:
        """Whether the settings allow a trunk."""
        return self._udp_port != 0

    def reserve(self, project_id: UUID) -> TrunkLease:
        """Lease a VNI to a project.

        Raises Conflict if there is no trunk, because the settings say so or its UDP port is in use.
        """
        port = self._open()
        place = self._take_place()
        vni = secrets.randbits(_RANDOM_BITS) << _PLACE_BITS | place
        self._reserved.add(project_id, vni, VniLease(self, vni, self._released))
        return TrunkLease(port, vni)

    def claim(self, project_id: UUID, vni: int) -> VniLease:
        """Hand the project's lease of a VNI to the caller. Raises Conflict if the project has none."""
        lease = self._reserved.claim(project_id, vni)
        if lease is None:
            raise Conflict(f"vni: {vni} is not leased to the project, or is in use")
        return lease

    def release_project(self, project_id: UUID) -> None:
        """Release the VNIs that the project reserved and no link has claimed."""
        self._reserved.release_project(project_id)

    def release_all(self) -> None:
        """Release the reserved VNIs of all projects."""
        self._reserved.release_all()

    def _open(self) -> int:
        if self._core is None:
            if not self._udp_port:
                raise Conflict(_OFF)
            try:
                self._core = CoreTrunk(self._forwarder, (_EVERYWHERE, self._udp_port))
            except Conflict as error:
                self._trouble = f"trunk_port: {error}"
                raise Conflict(self._trouble) from None
            self._trouble = None
            self._opened.set()
        return self._core.port

    def _take_place(self) -> int:
        if self._free_places:
            return heapq.heappop(self._free_places)
        if self._next_place == PLACES:
            raise Conflict(f"the trunk has {PLACES - 1} links, which is the most")
        self._next_place += 1
        return self._next_place - 1

    def _released(self, vni: int) -> None:
        heapq.heappush(self._free_places, vni & (PLACES - 1))

    # --- peers ---

    def use_peer(self, host: str, address: Address) -> _SharedPeer:
        """The peer at an address, for one more link. Raises Conflict or Unavailable."""
        if self._core is None:
            raise Conflict("the trunk is not open")
        peer = self._peers.get(address)
        if peer is None:
            peer = self._peers[address] = _SharedPeer(host, address, self._core.open_peer(address))
        peer.uses += 1
        return peer

    def leave_peer(self, peer: _SharedPeer) -> None:
        """One link less. Without links the peer is closed."""
        peer.uses -= 1
        if not peer.uses:
            del self._peers[peer.address]
            peer.core.close()

    # --- what is known of them ---

    def state(self) -> Trunk:
        """The trunk and its peers, in the order in which they were used first."""
        if self._core is None:
            return Trunk(trouble=self._trouble)
        peers = tuple(_told(peer) for peer in self._peers.values())
        return Trunk(port=self._core.port, trouble=self._trouble, peers=peers, dropped=self._core.dropped())

    async def wait_changed(self) -> None:
        """Wait until the state or the MTU of a peer has changed since the last call."""
        await self._opened.wait()
        if self._core is not None:
            await self._core.wait_changed()

    def take_changes(self) -> list[PeerChange]:
        """What the links of peers have not been told yet."""
        return [change for peer in self._peers.values() for change in _changes(peer)]

    def close(self) -> None:
        """Close the trunk with all its links."""
        if self._core is not None:
            self._core.close()
            self._core = None


@contextmanager
def open_trunk(forwarder: Forwarder, udp_port: int) -> Iterator[LocalTrunk]:
    """The trunk of a host, for as long as the ``with`` lasts. ``udp_port`` 0: there is none."""
    trunk = LocalTrunk(forwarder, udp_port)
    try:
        yield trunk
    finally:
        trunk.close()


def _changes(peer: _SharedPeer) -> Iterator[PeerChange]:
    told = _told(peer)
    trouble = told.reason if told.state == "down" else None
    if trouble != peer.trouble:
        was_down, peer.trouble = peer.trouble is not None, trouble
        if trouble is None:
            yield PeerChange(peer, "info", f"the trunk to {_name(peer)} works again")
        elif not was_down:  # else it is down for another reason now
            yield PeerChange(peer, "warning", f"no frame passes the trunk to {_name(peer)}: {trouble}")
    if told.state != "up" or told.mtu is None:
        return
    narrow = told.mtu if told.mtu < told.interface_mtu else None
    if narrow != peer.narrow_mtu:
        peer.narrow_mtu = narrow
        if narrow is not None:
            yield PeerChange(
                peer,
                "warning",
                f"packets of more than {narrow} bytes do not come through whole on the way to {_name(peer)}, but here "
                f"the interface has an MTU of {told.interface_mtu}: frames of more than {told.largest_frame} bytes are "
                "split",
            )


def _name(peer: _SharedPeer) -> str:
    address = peer.address[0]
    return address if peer.host == address else f"{peer.host} ({address})"


def _told(peer: _SharedPeer) -> TrunkPeer:
    counters = peer.core.read()
    state = _STATES[counters.state]
    return TrunkPeer(
        host=peer.host,
        address=peer.address[0],
        port=peer.address[1],
        state=state,
        reason=_reason(state, peer, counters),
        round_trip_ms=counters.round_trip_us / 1000 if counters.round_trip_us else None,
        loss_percent=counters.loss / 10_000,
        mtu=counters.mtu or None,
        interface_mtu=counters.interface_mtu,
        links=counters.links,
        sent_frames=counters.tx_frames,
        sent_bytes=counters.tx_bytes,
        received_frames=counters.rx_frames,
        received_bytes=counters.rx_bytes,
        fragmented_frames=counters.fragmented,
    )


def _reason(state: PeerState, peer: _SharedPeer, counters: PeerCounters) -> str | None:
    host, port = peer.address
    if state == "up":
        return None
    if counters.error == errno.ECONNREFUSED:
        return f"nothing listens at UDP port {port} of {host}"
    if counters.error:
        return f"nothing can be sent to {host}: {os.strerror(counters.error)}"
    if state == "waiting":
        return f"{host} did not answer yet"
    return f"{host} does not answer at UDP port {port}: it is away, or something on the way drops its datagrams"
