"""The results of a benchmark. Rates are in frames per second, sizes in bytes, latencies in microseconds. Sans-IO."""

from collections.abc import Sequence
from typing import Literal

from gns3trio.classes import frozen

TestName = Literal["throughput", "latency", "loss", "burst"]


@frozen(kw_only=True)
class Throughput:
    """The highest rate without loss. ``limited_by_request``: the search ended at the highest rate that the request
    allowed. ``loss_percent`` is the allowed loss that the trial had; None if no rate passed.
    """

    frames_per_second: int
    bits_per_second: int
    limited_by_request: bool
    loss_percent: float | None


@frozen(kw_only=True)
class Latency:
    """The latencies of the ``received`` frames of all ``repetitions``. That of ``p99`` is exceeded by 1 % of them."""

    frames_per_second: int
    repetitions: int
    received: int
    min_us: float
    mean_us: float
    max_us: float
    p50_us: float
    p90_us: float
    p99_us: float
    p99_9_us: float
    reordered: int
    duplicated: int


@frozen(kw_only=True)
class LossPoint:
    """The loss at a rate. ``sent_per_second`` is the rate that the sender reached."""

    frames_per_second: int
    sent_per_second: float
    loss_percent: float


@frozen(kw_only=True)
class Burst:
    """The longest burst without loss. ``limited_by_request``: no longer one was tried."""

    frames: int
    limited_by_request: bool
    repetitions: int


@frozen(kw_only=True)
class SizeResult:
    """The results for one frame size. Those of tests that are not in ``tests`` are None; the latency is None also if no
    frame arrived. ``trials`` counts the trials.
    """

    frame_size: int
    tests: Sequence[TestName]
    throughput: Throughput | None
    latency: Latency | None
    loss: Sequence[LossPoint] | None
    burst: Burst | None
    trials: int


@frozen(kw_only=True)
class TrialReport:
    """A trial that is done, the ``trial``-th of its frame size. ``frames_per_second`` is None if it sent a burst of
    ``frames``. ``progress`` of the benchmark: from 0 to 1.
    """

    test: TestName
    frame_size: int
    trial: int
    frames_per_second: int | None
    frames: int | None
    sent: int
    lost: int
    progress: float
