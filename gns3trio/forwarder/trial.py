"""Runs trials of the traffic generator, which sends frames between two UDP sockets and measures their arrival."""

import errno
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from gns3trio import threads
from gns3trio._udpfwd import ffi, lib
from gns3trio.traffic.trials import NANOSECONDS, SentFrames, TrialResult, TrialSpec

# How often the end of a trial that is sent elsewhere is looked for.
_LOOK_SECONDS = 0.01


async def run_trial(tx: socket.socket, rx: socket.socket, spec: TrialSpec, trial_id: int) -> TrialResult:
    """Run a trial from ``tx``, which is connected, to ``rx``. Cancelling ends it quickly. Raises OSError."""
    trial = _Trial(tx, rx, spec, trial_id)
    await trial.run()
    return trial.result()


async def send_frames(tx: socket.socket, spec: TrialSpec, trial_id: int) -> SentFrames:
    """Send the frames of a trial, which are received elsewhere. Cancelling ends it quickly. Raises OSError."""
    trial = _Trial(tx, None, spec, trial_id)
    await trial.run()
    result = trial.result()
    return SentFrames(sent=result.sent, seconds=result.seconds)


class ReceivedFrames:
    """The frames of a trial that is sent elsewhere. Use ``receive_frames``."""

    def __init__(self, trial: "_Trial") -> None:
        self._trial = trial
        self._ended = trio.Event()

    async def run(self) -> None:
        """For ``receive_frames``."""
        try:
            await self._trial.run()
        finally:
            self._ended.set()

    async def end(self, expected: int, seconds: float) -> TrialResult:
        """Wait until so many frames have come, at most so many seconds; returns what came, without what was sent."""
        latest = trio.current_time() + seconds
        while self._trial.received < expected and trio.current_time() < latest and not self._ended.is_set():
            with trio.move_on_after(_LOOK_SECONDS):
                await self._ended.wait()
        self._trial.stop()
        await self._ended.wait()
        return self._trial.result()


@asynccontextmanager
async def receive_frames(
    rx: socket.socket, spec: TrialSpec, trial_id: int, clock_offset_ns: int, most_seconds: float
) -> AsyncIterator[ReceivedFrames]:
    """Receive the frames of a trial while the ``async with`` lasts, at most so many seconds. ``clock_offset_ns`` is
    what this host's clock is ahead of the sender's. Raises OSError.
    """
    spec = attrs.evolve(spec, seconds=most_seconds, frames=None, frames_per_second=None, window=None)
    received = ReceivedFrames(_Trial(None, rx, spec, trial_id, clock_offset_ns))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(received.run)
        yield received
        nursery.cancel_scope.cancel()


class _Trial:
    """A call of the core's generator, with sockets or without one of them."""

    def __init__(
        self,
        tx: socket.socket | None,
        rx: socket.socket | None,
        spec: TrialSpec,
        trial_id: int,
        clock_offset_ns: int = 0,
    ) -> None:
        self._sockets = tx, rx
        self._options, self._result = ffi.new("udpfwd_trial_options *"), ffi.new("udpfwd_trial_result *")
        options = self._options
        options.frame_bytes, options.trial_id = spec.frame_bytes, trial_id
        options.frames_per_second, options.frames = spec.frames_per_second or 0, spec.frames or 0
        options.duration_ns = round(spec.seconds * NANOSECONDS)
        options.drain_ns = round(spec.drain_seconds * NANOSECONDS)
        options.window, options.clock_offset_ns = spec.window or 0, clock_offset_ns
        self._stop: int | None = None
        self._is_told_to_stop = False

    @property
    def received(self) -> int:
        """The frames that have come so far."""
        return int(self._result.received)

    def stop(self) -> None:
        """End it, also if it is about to begin."""
        self._is_told_to_stop = True
        if self._stop is not None:
            os.eventfd_write(self._stop, 1)

    async def run(self) -> None:
        """Run it in a thread. Raises OSError."""
        tx, rx = (sock.fileno() if sock is not None else -1 for sock in self._sockets)
        self._stop = stop = os.eventfd(0, os.EFD_CLOEXEC)
        if self._is_told_to_stop:
            self.stop()
        try:
            outcome = await _call(lambda: int(lib.udpfwd_trial(tx, rx, stop, self._options, self._result)), stop)
        finally:
            self._stop = None
            os.close(stop)
        if outcome < 0 and not (outcome == -errno.ECANCELED and self._is_told_to_stop):
            raise OSError(-outcome, os.strerror(-outcome))

    def result(self) -> TrialResult:
        """What became of it."""
        result = self._result
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
