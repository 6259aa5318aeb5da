"""Benchmarks per RFC 2544: throughput (26.1), latency (26.2), loss (26.3), back-to-back frames (26.4).

Sans-IO: each procedure requests trials and gets their results. Frame sizes are those of the RFC, which include 4 bytes
of checksum that frames in a lab do not have.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import attrs

from gns3trio.classes import frozen
from gns3trio.core_contract import TRIAL_MAX_BYTES, TRIAL_MIN_BYTES
from gns3trio.errors import Invalid
from gns3trio.measure.results import Burst, Latency, LossPoint, SizeResult, TestName, Throughput, TrialReport
from gns3trio.traffic.trials import TrialResult, TrialSpec, combined

CHECKSUM_BYTES = 4
MIN_SIZE = TRIAL_MIN_BYTES + CHECKSUM_BYTES
MAX_SIZE = TRIAL_MAX_BYTES + CHECKSUM_BYTES
# A benchmark that takes longer is a mistake.
MAX_SECONDS = 3600.0
MAX_SEARCH_TRIALS = 20
FIRST_BURST_FRAMES = 64
MAX_BURST_FRAMES = 65536
# A sender that needs longer than this for its frames does not send a burst.
BURST_SECONDS = 2.0
LOSS_STEP_PERCENT = 10


@frozen(kw_only=True)
class BenchmarkSpec:
    """Parameters of a benchmark.

    ``trial_seconds``: duration of one trial. ``max_frames_per_second``: the rate at which the searches begin.
    ``resolution``: relative error at which the search for the throughput ends. ``max_loss_percent``: loss that counts
    as none; RFC 2544 allows 0, but a link with a loss filter has a throughput too. ``repetitions``: how often the
    latency trial runs (RFC 2544: 20 times); the result covers the frames of all trials. ``burst_repetitions``: how
    often the burst search runs (RFC 2544: 50 times); the result is the mean.
    """

    tests: Sequence[TestName] = ("throughput", "latency", "loss", "burst")
    frame_sizes: Sequence[int] = (64, 512, 1518)
    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"
    trial_seconds: float = 1.0
    max_frames_per_second: int = 200_000
    resolution: float = 0.02
    max_loss_percent: float = 0.0
    repetitions: int = 1
    burst_repetitions: int = 1
    drain_seconds: float = 0.5

    def check(self) -> None:
        """Check lists and the time that they take. Raises Invalid with the name of the field."""
        if not self.tests:
            raise Invalid("tests: name at least one")
        if len(set(self.tests)) < len(self.tests):
            raise Invalid("tests: names one twice")
        if not self.frame_sizes:
            raise Invalid("frame_sizes: name at least one")
        if len(set(self.frame_sizes)) < len(self.frame_sizes):
            raise Invalid("frame_sizes: names one twice")
        for index, size in enumerate(self.frame_sizes):
            if not MIN_SIZE <= size <= MAX_SIZE:
                raise Invalid(f"frame_sizes[{index}]: {size} is not from {MIN_SIZE} to {MAX_SIZE} bytes")
        longest = self.longest_seconds()
        if longest > MAX_SECONDS:
            trials, bursts = self._longest()
            field = "trial_seconds" if trials > bursts else "burst_repetitions"
            raise Invalid(f"{field}: this may take {longest:.0f} s, more than {MAX_SECONDS:.0f}")

    def longest_seconds(self) -> float:
        """The longest time that the benchmark can take, in seconds."""
        return sum(self._longest())

    def _longest(self) -> tuple[float, float]:
        trials, bursts = 0, 0
        if {"throughput", "latency"} & set(self.tests):
            trials += MAX_SEARCH_TRIALS
        if "latency" in self.tests:
            trials += self.repetitions
        if "loss" in self.tests:
            trials += 100 // LOSS_STEP_PERCENT
        if "burst" in self.tests:
            bursts += MAX_SEARCH_TRIALS * self.burst_repetitions
        sizes = len(self.frame_sizes)
        trial, burst = self.trial_seconds + self.drain_seconds, BURST_SECONDS + self.drain_seconds
        return trials * trial * sizes, bursts * burst * sizes


RunTrial = Callable[[TrialSpec], Awaitable[TrialResult]]
Progress = Callable[[TrialReport], None]


# All is done only when the results are there.
_ALMOST = 0.999


class _Bench:
    """The trials of one frame size."""

    def __init__(self, request: BenchmarkSpec, size: int, run: RunTrial, progress: Progress) -> None:
        self._request = request
        self._size = size
        self._run = run
        self._progress = progress
        self.trials = 0
        self.part = (0.0, 0.0)  # of the benchmark: what is done before the present test, and after it

    async def trial(self, test: TestName, done: float, rate: int | None, frames: int | None = None) -> TrialResult:
        """Run a trial, after which the part ``done`` of the test is complete, as far as that is known."""
        request = self._request
        result = await self._run(
            TrialSpec(
                frame_bytes=self._size - CHECKSUM_BYTES,
                frames_per_second=rate,
                seconds=request.trial_seconds if frames is None else BURST_SECONDS,
                frames=frames,
                drain_seconds=request.drain_seconds,
            )
        )
        self.trials += 1
        begin, end = self.part
        self._progress(
            TrialReport(
                test=test,
                frame_size=self._size,
                trial=self.trials,
                frames_per_second=rate,
                frames=frames,
                sent=result.sent,
                lost=result.lost,
                progress=min(round(begin + (end - begin) * min(done, 1.0), 3), _ALMOST),
            )
        )
        return result

    def passes(self, result: TrialResult, frames: float) -> bool:
        """Whether all ``frames`` were sent, and no more than the allowed part of them was lost."""
        return 0 < result.sent >= frames and result.loss_ratio * 100 <= self._request.max_loss_percent

    async def throughput(self) -> Throughput:
        """The highest rate without loss, by bisection (26.1)."""
        low, high, best = 0, self._request.max_frames_per_second, None
        rate = high
        expected = _search_trials(self._request.resolution)
        for number in range(1, MAX_SEARCH_TRIALS + 1):
            result = await self.trial("throughput", number / expected, rate)
            if self.passes(result, 0.98 * rate * self._request.trial_seconds):
                low, best = rate, result
            else:
                high = rate
            if low == self._request.max_frames_per_second or high - low <= max(high * self._request.resolution, 1):
                break
            rate = (low + high) // 2
        return Throughput(
            frames_per_second=low,
            bits_per_second=low * self._size * 8,
            limited_by_request=low == self._request.max_frames_per_second,
            loss_percent=best.loss_ratio * 100 if best is not None else None,
        )

    async def latency(self, rate: int) -> Latency | None:
        """Latencies at the throughput (26.2); None if no frame arrived."""
        count = self._request.repetitions
        result = combined([await self.trial("latency", (each + 1) / count, rate) for each in range(count)])
        if result.received == 0:
            return None
        return Latency(
            frames_per_second=rate,
            repetitions=self._request.repetitions,
            received=result.received,
            min_us=_microseconds(result.latency_min),
            mean_us=_microseconds(result.latency_mean),
            max_us=_microseconds(result.latency_max),
            p50_us=_microseconds(result.percentile(50.0)),
            p90_us=_microseconds(result.percentile(90.0)),
            p99_us=_microseconds(result.percentile(99.0)),
            p99_9_us=_microseconds(result.percentile(99.9)),
            reordered=result.reordered,
            duplicated=result.duplicated,
        )

    async def loss(self) -> list[LossPoint]:
        """Loss at falling rates, until two trials lose nothing (26.3)."""
        points: list[LossPoint] = []
        clean = 0
        for percent in range(100, 0, -LOSS_STEP_PERCENT):
            rate = max(self._request.max_frames_per_second * percent // 100, 1)
            result = await self.trial("loss", 1 - (percent - LOSS_STEP_PERCENT) / 100, rate)
            points.append(
                LossPoint(
                    frames_per_second=rate,
                    sent_per_second=round(result.sent / self._request.trial_seconds, 1),
                    loss_percent=round(result.loss_ratio * 100, 3),
                )
            )
            clean = clean + 1 if result.lost == 0 else 0
            if clean == 2:
                break
        return points

    async def burst(self) -> Burst:
        """The longest burst at full speed without loss (26.4): the mean of the searches."""
        count = self._request.burst_repetitions
        bursts = [await self._longest_burst(each / count, 1 / count) for each in range(count)]
        return Burst(
            frames=round(sum(bursts) / len(bursts)),
            limited_by_request=max(bursts) == MAX_BURST_FRAMES,
            repetitions=len(bursts),
        )

    async def _longest_burst(self, done: float, part: float) -> int:
        """The longest burst without loss of one search, found by doubling and bisection. ``done`` of the test is
        complete before, and ``part`` of it is this search.
        """
        low, high, frames = 0, MAX_BURST_FRAMES + 1, FIRST_BURST_FRAMES
        expected = math.log2(MAX_BURST_FRAMES / FIRST_BURST_FRAMES) + 1
        for number in range(1, MAX_SEARCH_TRIALS + 1):
            after = done + part * min(number / expected, 1.0)
            if self.passes(await self.trial("burst", after, None, frames), frames):
                low = frames
            else:
                high = frames
            if low == MAX_BURST_FRAMES or high - low <= max(1, int(high * self._request.resolution)):
                break
            frames = min(low * 2, MAX_BURST_FRAMES) if high > MAX_BURST_FRAMES else (low + high) // 2
        return low


def _search_trials(resolution: float) -> float:
    """The number of trials of a bisection that ends somewhere between its bounds."""
    return 1 + math.ceil(math.log2(1 / max(resolution, 2.0**-MAX_SEARCH_TRIALS)))


def _microseconds(seconds: float) -> float:
    return round(seconds * 1e6, 1)


async def run_benchmark(request: BenchmarkSpec, run: RunTrial, progress: Progress) -> list[SizeResult]:
    """Run all requested tests; returns the results by frame size.

    ``progress`` is called after every trial. Its ``progress`` estimates how much of a search is done, because the
    number of its trials depends on their results. At the end it is called again with the last trial.
    """
    results: list[SizeResult] = []
    steps, done = len(request.frame_sizes) * len(request.tests), 0
    last: TrialReport | None = None

    def report(trial: TrialReport) -> None:
        nonlocal last
        last = trial
        progress(trial)

    for size in request.frame_sizes:
        bench = _Bench(request, size, run, report)
        # The search for the throughput is a test, or most of the test of latency, which needs its result.
        expected = _search_trials(request.resolution)
        first = 1.0 if "throughput" in request.tests else expected / (expected + request.repetitions)
        bench.part = done / steps, (done + first) / steps
        throughput = await bench.throughput() if {"throughput", "latency"} & set(request.tests) else None
        latency, loss, burst = None, None, None
        for test in ("throughput", "latency", "loss", "burst"):
            if test not in request.tests:
                continue
            if test != "throughput":
                begin = done + first if test == "latency" and "throughput" not in request.tests else done
                bench.part = begin / steps, (done + 1) / steps
            if test == "latency" and throughput is not None:
                latency = await bench.latency(max(throughput.frames_per_second, 1))
            elif test == "loss":
                loss = await bench.loss()
            elif test == "burst":
                burst = await bench.burst()
            done += 1
        results.append(
            SizeResult(
                frame_size=size,
                tests=request.tests,
                throughput=throughput if "throughput" in request.tests else None,
                latency=latency,
                loss=loss,
                burst=burst,
                trials=bench.trials,
            )
        )
    if last is not None:
        progress(attrs.evolve(last, progress=round(done / steps, 3)))
    return results
