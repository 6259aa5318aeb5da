"""Counters of ports and captures, and the rates between two readings. Sans-IO."""

import attrs

from gns3trio.classes import frozen
from gns3trio.core_contract import DROP_REASONS


def _no_drops() -> dict[str, int]:
    return dict.fromkeys(DROP_REASONS, 0)


@frozen
class PortCounters:
    """Counters of a port since it was opened. ``rx`` came in from outside, ``tx`` left.

    ``drops`` are dropped frames by reason. ``held`` frames are currently delayed by a filter. ``duplicated`` are extra
    frames that a filter created. ``refused`` counts ICMP port unreachable messages; their frames count as sent.
    ``rx_offloaded`` is a state, not a counter: whether the kernel forwards incoming frames now.
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
        """The sum of all drops, whatever the reason."""
        return sum(self.rx_drops.values()) + sum(self.tx_drops.values())


@frozen
class Rates:
    """The rates of a pair of counters."""

    frames_per_second: float
    bits_per_second: float


def receive_rates(before: PortCounters, after: PortCounters, seconds: float) -> Rates:
    """The rates at which frames came in between two readings ``seconds`` apart."""
    return _rates(after.rx_frames - before.rx_frames, after.rx_bytes - before.rx_bytes, seconds)


def send_rates(before: PortCounters, after: PortCounters, seconds: float) -> Rates:
    """The rates at which frames left between two readings ``seconds`` apart."""
    return _rates(after.tx_frames - before.tx_frames, after.tx_bytes - before.tx_bytes, seconds)


def _rates(frames: int, size: int, seconds: float) -> Rates:
    """0 if the counters have begun anew."""
    return Rates(
        frames_per_second=round(max(frames, 0) / seconds, 1), bits_per_second=round(max(size, 0) * 8 / seconds, 1)
    )


@frozen
class CaptureCounters:
    """Counters of a capture. ``bytes`` are those of whole frames; ``dropped`` frames were lost because the reader was
    too slow. ``out_...`` count frames that left at the port, which is interface 0 of a pcapng file.
    """

    frames: int = 0
    bytes: int = 0
    dropped: int = 0
    out_frames: int = 0
    out_dropped: int = 0
