"""What a compute tells of its trunk, checked. Sans-IO. Whatever is missing or wrong there is empty or 0."""

from collections.abc import Mapping
from typing import Any, cast

from gns3trio.compute.remote.events import percent
from gns3trio.compute.remote.host_views import port_of, size_of, text_of
from gns3trio.compute.trunks import PeerState, Trunk, TrunkPeer
from gns3trio.limits import MAX_INTEGER

# A trunk leads to 256 hosts at most.
_MOST_PEERS = 256
_MOST_MS = 3_600_000.0
_MOST_MTU = 65_535
_REASONS = frozenset({"header", "vni", "peer", "lane", "queue", "probe"})


def read_trunk(value: Any) -> Trunk:
    """The state of its trunk."""
    told = value if isinstance(value, dict) else {}
    listed, dropped = told.get("peers"), told.get("dropped")
    peers = [each for each in listed[:_MOST_PEERS] if isinstance(each, dict)] if isinstance(listed, list) else []
    counts = dropped if isinstance(dropped, dict) else {}
    return Trunk(
        port=port_of(told.get("port")),
        trouble=text_of(told.get("trouble")) or None,
        peers=tuple(map(_peer, peers)),
        dropped={name: size_of(counts.get(name)) for name in sorted(counts.keys() & _REASONS)},
    )


def _peer(told: Mapping[str, Any]) -> TrunkPeer:
    state, took, mtu = told.get("state"), told.get("round_trip_ms"), size_of(told.get("mtu"))
    is_time = type(took) in (int, float) and 0 <= cast(float, took) <= _MOST_MS
    return TrunkPeer(
        host=text_of(told.get("host")),
        address=text_of(told.get("address")),
        port=port_of(told.get("port")) or 0,
        state=cast(PeerState, state) if state in ("waiting", "up", "down") else "waiting",
        reason=text_of(told.get("reason")) or None,
        round_trip_ms=float(cast(float, took)) if is_time else None,
        loss_percent=percent(told.get("loss_percent")),
        mtu=mtu if 0 < mtu <= _MOST_MTU else None,
        interface_mtu=min(size_of(told.get("interface_mtu")), _MOST_MTU),
        links=size_of(told.get("links")),
        **{name: min(size_of(told.get(name)), MAX_INTEGER) for name in _COUNTERS},
    )


_COUNTERS = ("sent_frames", "sent_bytes", "received_frames", "received_bytes", "fragmented_frames")
