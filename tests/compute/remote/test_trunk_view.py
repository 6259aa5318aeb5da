"""What a compute tells of its trunk, as values: whatever is wrong there is empty or 0."""

from typing import Any

import pytest

from gns3trio.compute.remote.trunk_view import read_trunk
from gns3trio.compute.trunks import Trunk, TrunkPeer

PEER: dict[str, Any] = {
    "host": "b.example",
    "address": "192.0.2.2",
    "port": 3080,
    "state": "up",
    "reason": None,
    "round_trip_ms": 0.25,
    "loss_percent": 12.5,
    "mtu": 1400,
    "interface_mtu": 1500,
    "largest_frame": 1364,
    "links": 3,
    "sent_frames": 5,
    "sent_bytes": 6,
    "received_frames": 7,
    "received_bytes": 8,
    "fragmented_frames": 9,
}


def test_all_of_it() -> None:
    trunk = read_trunk({"port": 3080, "trouble": None, "peers": [PEER], "dropped": {"vni": 4, "unknown": 1}})
    read = TrunkPeer(**{name: value for name, value in PEER.items() if name != "largest_frame"})
    assert trunk == Trunk(port=3080, peers=(read,), dropped={"vni": 4})
    assert trunk.peers[0].largest_frame == PEER["largest_frame"]


@pytest.mark.parametrize("value", [None, 7, [], "x", {}, {"peers": 7}, {"peers": [7, None]}, {"dropped": []}])
def test_nothing_of_it(value: Any) -> None:
    assert read_trunk(value) == Trunk()


@pytest.mark.parametrize("wrong", [None, [], {}, "x" * 1000, -1, 10**30, True, 1.5])
def test_wrong_fields(wrong: Any) -> None:
    peer = read_trunk({"peers": [dict.fromkeys(PEER, wrong)] * 1000, "port": wrong, "trouble": wrong}).peers[0]
    assert peer.state == "waiting" and peer.port == 0 and 0 <= peer.loss_percent <= 100
    assert len(peer.host) <= 200 and (peer.mtu is None or 0 < peer.mtu <= 65_535)
    assert len(read_trunk({"peers": [PEER] * 1000}).peers) == 256
