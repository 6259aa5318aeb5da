"""The counters of a port, and the rates between two readings. Sans-IO."""

from typing import Any

import attrs

from gns3trio.forwarder.contract import DROP_REASONS, RX, Layout


def _no_drops() -> dict[str, int]:
    return dict.fromkeys(DROP_REASONS, 0)


@attrs.frozen(kw_only=True)
class PortCounters:
    """What passed a port since it was opened. ``rx`` came in from outside, ``tx`` left.

    ``drops`` are frames by reason; ``held`` frames are delayed by a filter at this moment; ``duplicated`` are extra
    ones that a filter made. ``refused`` counts notices that nobody listens at the remote; their frames count as sent.
    ``rx_offloaded`` says whether the kernel moves what comes in at this moment; it is no part of what has passed.
    """

    rx_held: int = 0
    tx_held: int = 0
    rx_frames: int = 0
    rx_bytes: int = 0
    tx_frames: int = 0
    tx_bytes: int = 0
    refused: int = 0
    rx_duplicated: int = 0
    tx_duplicated: int = 0
    rx_drops: dict[str, int] = attrs.field(factory=_no_drops)
    tx_drops: dict[str, int] = attrs.field(factory=_no_drops)
    rx_offloaded: bool = attrs.field(default=False, eq=False)

    @property
    def dropped(self) -> int:
        """All drops together."""
        return sum(self.rx_drops.values()) + sum(self.tx_drops.values())


_LAYOUT = Layout("udpfwd_counters")
COUNTERS_BYTES = _LAYOUT.size
_PORT_ID, _OFFLOADED = _LAYOUT.places["port_id"], _LAYOUT.places["offloaded"]
_RX_DROPS, _TX_DROPS = _LAYOUT.arrays["rx_drops"], _LAYOUT.arrays["tx_drops"]
# The fields that are called the same here.
_PLAIN = {field.name: _LAYOUT.places[field.name] for field in attrs.fields(PortCounters) if field.type is int}


def unpack_counters(data: Any) -> dict[int, PortCounters]:
    """The counters by port id, from an array of udpfwd_counters."""
    counters = {}
    for values in _LAYOUT.values(data):
        counters[values[_PORT_ID]] = PortCounters(
            **{name: values[place] for name, place in _PLAIN.items()},
            rx_drops=dict(zip(DROP_REASONS, values[_RX_DROPS], strict=True)),
            tx_drops=dict(zip(DROP_REASONS, values[_TX_DROPS], strict=True)),
            rx_offloaded=bool(values[_OFFLOADED] & RX),
        )
    return counters


@attrs.frozen
class Rates:
    """How fast a counter pair grew."""

    frames_per_second: float
    bits_per_second: float


def receive_rates(before: PortCounters, after: PortCounters, seconds: float) -> Rates:
    """The rates at which frames came in between two readings ``seconds`` apart."""
    return Rates(
        frames_per_second=round((after.rx_frames - before.rx_frames) / seconds, 1),
        bits_per_second=round((after.rx_bytes - before.rx_bytes) * 8 / seconds, 1),
    )


def send_rates(before: PortCounters, after: PortCounters, seconds: float) -> Rates:
    """The same for frames that left."""
    return Rates(
        frames_per_second=round((after.tx_frames - before.tx_frames) / seconds, 1),
        bits_per_second=round((after.tx_bytes - before.tx_bytes) * 8 / seconds, 1),
    )


@attrs.frozen
class CaptureCounters:
    """What a capture took. ``bytes`` are those of whole frames; ``dropped`` frames found the reader too slow.
    ``out_...`` are those that left at the port, as interface 0 of a pcapng file.
    """

    frames: int = 0
    bytes: int = 0
    dropped: int = 0
    out_frames: int = 0
    out_dropped: int = 0
