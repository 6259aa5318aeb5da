"""Runs trials of the traffic generator, which sends frames between two UDP sockets and measures their arrival."""

import errno
import os
import socket
from collections.abc import Callable

import trio

from gns3trio import threads
from gns3trio._udpfwd import ffi, lib
from gns3trio.traffic.trials import NANOSECONDS, TrialResult, TrialSpec


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
