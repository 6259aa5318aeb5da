"""One trial of the traffic generator, which sends frames between two UDP sockets and measures their arrival."""

import errno
import os
import socket
from collections.abc import Callable, Sequence

import attrs
import trio

from gns3trio import threads
from gns3trio._udpfwd import ffi, lib

NANOSECONDS = 1_000_000_000
MIN_FRAME_BYTES: int = lib.UDPFWD_TRIAL_MIN_BYTES
MAX_FRAME_BYTES: int = lib.UDPFWD_TRIAL_MAX_BYTES


@attrs.frozen(kw_only=True)
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


@attrs.frozen(kw_only=True)
class TrialResult:
    """The result of a trial.

    ``seconds``: from the first sent frame to the last; ``receive_seconds``: likewise for received frames. Latencies are
    in seconds. ``histogram`` has the number of frames in each bucket of trial.h. ``foreign``: datagrams of no trial.
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

    @property
    def lost(self) -> int:
        """The number of frames that did not arrive."""
        return self.sent - self.received

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
    )


def bucket_ns(bucket: int) -> int:
    """The middle of a bucket in ns."""
    sub: int = lib.UDPFWD_TRIAL_SUB_BUCKETS
    if bucket < 2 * sub:
        return bucket
    shift = bucket // sub - 1
    return ((bucket % sub + sub) << shift) + (1 << shift >> 1)


async def run_trial(tx: socket.socket, rx: socket.socket, spec: TrialSpec, trial_id: int) -> TrialResult:
    """Run a trial from ``tx``, which is connected, to ``rx``. Cancelling ends it quickly. Raises OSError."""
    options, result = ffi.new("udpfwd_trial_options *"), ffi.new("udpfwd_trial_result *")
    options.frame_bytes, options.trial_id = spec.frame_bytes, trial_id
    options.frames_per_second, options.frames = spec.frames_per_second or 0, spec.frames or 0
    options.duration_ns, options.drain_ns = round(spec.seconds * NANOSECONDS), round(spec.drain_seconds * NANOSECONDS)
    options.window = spec.window or 0
    stop = os.eventfd(0, os.EFD_CLOEXEC)
    try:
        outcome = await _call(lambda: int(lib.udpfwd_trial(tx.fileno(), rx.fileno(), stop, options, result)), stop)
    finally:
        os.close(stop)
    if outcome < 0:
        raise OSError(-outcome, os.strerror(-outcome))
    return TrialResult(
        sent=result.sent,
        received=result.received,
        duplicated=result.duplicated,
        reordered=result.reordered,
        seconds=result.elapsed_ns / NANOSECONDS,
        receive_seconds=(result.last_rx_ns - result.first_rx_ns) / NANOSECONDS,
        latency_min=result.latency_min_ns / NANOSECONDS,
        latency_max=result.latency_max_ns / NANOSECONDS,
        latency_mean=result.latency_sum_ns / max(result.received, 1) / NANOSECONDS,
        histogram=list(result.latency),
        foreign=result.foreign,
    )


async def _call(function: Callable[[], int], stop: int) -> int:
    """Run the trial in a thread. At a cancellation, tell the thread to stop and wait for it, as it uses the sockets.

    It does not use a shared pool of threads, because it may last for minutes.
    """
    outcome = -errno.ECANCELED
    async with trio.open_nursery() as nursery:

        async def work() -> None:
            nonlocal outcome
            with trio.CancelScope(shield=True):
                outcome = await threads.trials.run(function)
            nursery.cancel_scope.cancel()

        async def stop_when_cancelled() -> None:
            try:
                await trio.sleep_forever()
            finally:
                os.eventfd_write(stop, 1)

        nursery.start_soon(work)
        nursery.start_soon(stop_when_cancelled)
    await trio.lowlevel.checkpoint_if_cancelled()
    return outcome
