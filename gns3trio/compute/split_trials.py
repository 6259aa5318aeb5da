"""Trials of the traffic generator whose sender and receiver know nothing of each other: they may be on two hosts.

The clocks of two hosts differ. They are compared before each trial: the latencies are known as exactly as that, and the
error is told with them.
"""

import secrets
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import attrs

from gns3trio.traffic.trials import NANOSECONDS, ClockReading, SentFrames, TrialResult, TrialSpec

# The comparison with the shortest way there and back counts.
_COMPARISONS = 8
# What may pass between the beginning of the receiver and that of the sender, and between their ends.
SPARE_SECONDS = 60.0


class ReceivingTrial(Protocol):
    """A trial that is being received."""

    async def end(self, expected: int, seconds: float) -> TrialResult:
        """Wait until so many frames have come, at most so many seconds; returns what came, without what was sent."""


class HasClock(Protocol):
    """Something on a host with a clock."""

    async def read_clock(self) -> ClockReading:
        """The clock of its host."""


class TrialEnd(HasClock, Protocol):
    """Where frames of trials can be sent or received."""

    async def send(self, spec: TrialSpec, trial_id: int) -> SentFrames:
        """Send the frames of a trial. Raises Conflict if sending fails."""

    def receive(
        self, spec: TrialSpec, trial_id: int, clock_offset_ns: int
    ) -> AbstractAsyncContextManager[ReceivingTrial]:
        """Receive the frames of a trial while the ``async with`` lasts, at most for the trial and SPARE_SECONDS.
        ``clock_offset_ns`` is what its clock is ahead of the sender's.
        """


class ProbeEnd(TrialEnd, Protocol):
    """The source or the sink of a benchmark, at one end of a link, whose node is not affected."""

    async def foreign_frames(self) -> int:
        """The number of frames that the node sent into the link since the probe exists."""

    async def held_frames(self) -> int:
        """The number of frames that filters here currently hold on the way to the sink."""


async def compare_clocks(end: HasClock) -> tuple[str, int, int]:
    """A host's clock, what it is ahead of this one, and how far that may be off, in ns."""
    best: tuple[str, int, int] | None = None
    for _ in range(_COMPARISONS):
        begun = time.monotonic_ns()
        reading = await end.read_clock()
        passed = time.monotonic_ns() - begun
        if best is None or passed // 2 < best[2]:
            best = reading.clock, reading.nanoseconds - (begun + passed // 2), passed // 2
    assert best is not None
    return best


async def run_split_trial(source: TrialEnd, sink: TrialEnd, spec: TrialSpec) -> TrialResult:
    """Run a trial from one end to the other, perhaps on another host. Raises what the ends raise."""
    (source_clock, source_ahead, source_error), (sink_clock, sink_ahead, sink_error) = [
        await compare_clocks(end) for end in (source, sink)
    ]
    is_one = source_clock == sink_clock
    offset, error = (0, 0) if is_one else (sink_ahead - source_ahead, source_error + sink_error)
    trial_id = secrets.randbits(32)
    async with sink.receive(spec, trial_id, offset) as receiving:
        sent = await source.send(spec, trial_id)
        received = await receiving.end(sent.sent, spec.drain_seconds)
    return attrs.evolve(received, sent=sent.sent, seconds=sent.seconds, latency_error=error / NANOSECONDS)
