"""Parameters and results of trials of the traffic generator. Sans-IO."""

from collections.abc import Sequence

from gns3trio.classes import frozen
from gns3trio.core_contract import TRIAL_BUCKETS, TRIAL_MAX_BYTES, TRIAL_MIN_BYTES, TRIAL_SUB_BUCKETS

NANOSECONDS = 1_000_000_000
# The limits of the frames of a trial, and the buckets of a histogram of their latencies.
MIN_FRAME_BYTES, MAX_FRAME_BYTES, BUCKETS = TRIAL_MIN_BYTES, TRIAL_MAX_BYTES, TRIAL_BUCKETS


@frozen(kw_only=True)
class TrialSpec:
    """Parameters of a trial: it sends frames of ``frame_bytes`` without checksum, for ``seconds`` or until ``frames``
    are sent.

    ``frames_per_second`` None: as fast as the window allows. ``window``: the most frames in flight, None for no limit.
    ``drain_seconds``: how long to wait for late frames at the end.
    """

    frame_bytes: int
    frames_per_second: int | None
    seconds: float
    frames: int | None = None
    window: int | None = None
    drain_seconds: float = 0.5


@frozen(kw_only=True)
class SentFrames:
    """What the sender of a trial did, whose receiver is on another host. ``seconds``: from the first frame to the
    last.
    """

    sent: int
    seconds: float


@frozen(kw_only=True)
class ClockReading:
    """A host's clock, by which frames get their times, at one moment. Readings with the same ``clock`` are of one."""

    clock: str
    nanoseconds: int


@frozen(kw_only=True)
class TrialResult:
    """The result of a trial.

    ``seconds``: from the first sent frame to the last; ``receive_seconds``: likewise for received frames. Latencies are
    in seconds; ``latency_error`` is how far they may be off, because sender and receiver have different clocks.
    ``histogram`` has the number of frames in each bucket of trial.h. ``foreign``: datagrams of no trial.
    """

    sent: int
    received: int
    duplicated: int
    reordered: int
    seconds: float
    receive_seconds: float
    latency_min: float
    latency_max: float
    latency_mean: float
    histogram: Sequence[int] = ()
    foreign: int = 0
    latency_error: float = 0.0

    @property
    def lost(self) -> int:
        """The number of frames that did not arrive."""
        return max(self.sent - self.received, 0)

    @property
    def loss_ratio(self) -> float:
        """The lost part of the frames, from 0 to 1."""
        return self.lost / self.sent if self.sent else 0.0

    def percentile(self, percent: float) -> float:
        """The latency in seconds that ``percent`` of the frames do not exceed, accurate to 0.1 %."""
        wanted, seen = self.received * percent / 100, 0
        for bucket, frames in enumerate(self.histogram):
            seen += frames
            if frames and seen >= wanted:
                return min(bucket_ns(bucket) / NANOSECONDS, self.latency_max)
        return self.latency_max


def combined(results: Sequence[TrialResult]) -> TrialResult:
    """Combine repeated trials into one result."""
    received = sum(result.received for result in results)
    answered = [result for result in results if result.received]
    return TrialResult(
        sent=sum(result.sent for result in results),
        received=received,
        duplicated=sum(result.duplicated for result in results),
        reordered=sum(result.reordered for result in results),
        seconds=sum(result.seconds for result in results),
        receive_seconds=sum(result.receive_seconds for result in results),
        latency_min=min((result.latency_min for result in answered), default=0.0),
        latency_max=max((result.latency_max for result in answered), default=0.0),
        latency_mean=sum(result.latency_mean * result.received for result in answered) / max(received, 1),
        histogram=[sum(bucket) for bucket in zip(*(result.histogram for result in results), strict=True)],
        foreign=sum(result.foreign for result in results),
        latency_error=max(result.latency_error for result in results),
    )


def bucket_ns(bucket: int) -> int:
    """The middle of a bucket in ns."""
    sub = TRIAL_SUB_BUCKETS
    if bucket < 2 * sub:
        return bucket
    shift = bucket // sub - 1
    return ((bucket % sub + sub) << shift) + (1 << shift >> 1)
