"""The counters of a port, and the rates between two readings. Sans-IO."""

import attrs

# In the order of the UDPFWD_DROP_* constants of native/udpfwd.h, which says what each means.
DROP_REASONS = ("empty", "oversize", "unlinked", "queue", "error", "loop")


@attrs.frozen
class PortCounters:
    """What passed a port since it was opened. ``rx`` came in from outside, ``tx`` left; ``drops`` are frames by reason.

    ``refused`` counts notices that nobody listens at the remote; the frames that caused them count as sent.
    """

    rx_frames: int = 0
    rx_bytes: int = 0
    tx_frames: int = 0
    tx_bytes: int = 0
    refused: int = 0
    drops: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(DROP_REASONS, 0))

    @property
    def dropped(self) -> int:
        """All drops together."""
        return sum(self.drops.values())


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
