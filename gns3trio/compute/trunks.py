"""The trunk of a compute: the one UDP port over which its links to other hosts run, and what is known of these hosts.
Values only.
"""

from collections.abc import Mapping
from typing import Literal

import attrs

from gns3trio.classes import frozen

PeerState = Literal["waiting", "up", "down"]

# Bytes of the headers around a frame in a trunk: IPv4, UDP, VXLAN.
TRUNK_HEADER_BYTES = 20 + 8 + 8


@frozen(kw_only=True)
class TrunkPeer:
    """Another host at the far end of a trunk.

    ``host`` is its name or address as the controller gave it, ``address`` the numeric one, ``port`` its trunk's UDP
    port. ``waiting``: it did not answer yet. ``reason`` says why it is not up. ``round_trip_ms`` is smoothed;
    ``loss_percent`` counts keepalives of the last half minute. ``mtu`` is the largest IP packet that comes through
    whole, in bytes; None until it is known. ``interface_mtu`` is that of this host's interface. Larger frames come
    through all the same: IP splits them, and they are counted as ``fragmented_frames``. Frames and bytes are those of
    all its links, without the headers of the trunk.
    """

    host: str
    address: str
    port: int
    state: PeerState
    reason: str | None = None
    round_trip_ms: float | None = None
    loss_percent: float = 0.0
    mtu: int | None = None
    interface_mtu: int = 0
    links: int = 0
    sent_frames: int = 0
    sent_bytes: int = 0
    received_frames: int = 0
    received_bytes: int = 0
    fragmented_frames: int = 0

    @property
    def largest_frame(self) -> int | None:
        """The largest frame that needs no splitting, in bytes with its Ethernet header; None until it is known."""
        return None if self.mtu is None else max(0, self.mtu - TRUNK_HEADER_BYTES)


@frozen(kw_only=True)
class Trunk:
    """The state of a compute's trunk. ``port`` is its UDP port; None if none is open, as long as none was needed, or
    because of ``trouble``. ``dropped`` counts datagrams by the reason why they did not come to a link.
    """

    port: int | None = None
    trouble: str | None = None
    peers: tuple[TrunkPeer, ...] = ()
    dropped: Mapping[str, int] = attrs.field(factory=dict)
