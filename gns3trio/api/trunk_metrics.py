"""Metrics of the trunk of this host."""

from collections.abc import Callable

from gns3trio.api.metric import Metric, Sample
from gns3trio.compute.trunks import Trunk, TrunkPeer


def trunk_metrics(trunk: Trunk) -> list[Metric]:
    """The hosts at the other ends of the trunk, and datagrams that came to no link."""

    def samples(value: Callable[[TrunkPeer], float | None]) -> list[Sample]:
        values = ((peer, value(peer)) for peer in trunk.peers)
        return [
            Sample(found, {"host": peer.host, "address": peer.address, "port": str(peer.port)})
            for peer, found in values
            if found is not None
        ]

    def directions(sent: Callable[[TrunkPeer], int], received: Callable[[TrunkPeer], int]) -> list[Sample]:
        return [
            Sample(sample.value, {**sample.labels, "direction": direction})
            for direction, value in (("out", sent), ("in", received))
            for sample in samples(value)
        ]

    return [
        Metric(
            "gns3trio_trunk_up",
            "gauge",
            "1 if the host at the other end answers.",
            samples(lambda p: int(p.state == "up")),
        ),
        Metric("gns3trio_trunk_links", "gauge", "Links over the trunk to a host.", samples(lambda p: p.links)),
        Metric(
            "gns3trio_trunk_round_trip_seconds",
            "gauge",
            "Round-trip time of keepalives, smoothed.",
            samples(lambda p: None if p.round_trip_ms is None else p.round_trip_ms / 1000),
        ),
        Metric(
            "gns3trio_trunk_loss_ratio",
            "gauge",
            "Keepalives without an answer in the last half minute.",
            samples(lambda p: p.loss_percent / 100),
        ),
        Metric(
            "gns3trio_trunk_mtu_bytes",
            "gauge",
            "The largest IP packet that comes through whole.",
            samples(lambda p: p.mtu),
        ),
        Metric(
            "gns3trio_trunk_frames_total",
            "counter",
            "Frames of links over the trunk.",
            directions(lambda p: p.sent_frames, lambda p: p.received_frames),
        ),
        Metric(
            "gns3trio_trunk_bytes_total",
            "counter",
            "Bytes of these frames.",
            directions(lambda p: p.sent_bytes, lambda p: p.received_bytes),
        ),
        Metric(
            "gns3trio_trunk_fragmented_frames_total",
            "counter",
            "Frames that were larger than the MTU, so that IP split them.",
            samples(lambda p: p.fragmented_frames),
        ),
        Metric(
            "gns3trio_trunk_dropped_datagrams_total",
            "counter",
            "Datagrams that came to the trunk and to no link, by reason (GET /v2/compute/trunks).",
            [Sample(count, {"reason": reason}) for reason, count in trunk.dropped.items()],
        ),
    ]
