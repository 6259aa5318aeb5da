"""Benchmarks in version 2 of the API; an extension: bodies, the shapes of replies, and their views."""

from typing import Any, Literal

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.replies import Whole, shown_as
from gns3trio.classes import define
from gns3trio.compute.nio import UdpNio
from gns3trio.controller.links.benchmark import LinkBenchmark
from gns3trio.controller.links.udp_benchmark import UdpBenchmark
from gns3trio.measure import results
from gns3trio.measure.results import SizeResult, TestName, TrialReport
from gns3trio.measure.rfc2544 import BenchmarkSpec

MAX_REPETITIONS = 50


# --- bodies ---


@define(kw_only=True)
class BenchmarkRequest:
    """What to measure.

    ``trial_seconds``: duration of one trial. ``max_frames_per_second``: the rate at which the searches begin.
    ``resolution``: relative error at which the search for the throughput ends. ``max_loss_percent``: loss that counts
    as none; RFC 2544 allows 0, but a link with a loss filter has a throughput too. ``repetitions``: how often the
    latency trial runs (RFC 2544: 20 times); the result covers the frames of all trials. ``burst_repetitions``: how
    often the burst search runs (RFC 2544: 50 times); the result is the mean.
    """

    tests: list[TestName] = field(factory=lambda: ["throughput", "latency", "loss", "burst"])
    frame_sizes: list[int] = field(factory=lambda: [64, 512, 1518])
    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"
    trial_seconds: float = field(default=1.0, validator=v.and_(v.ge(0.05), v.le(60.0)))
    max_frames_per_second: int = field(default=200_000, validator=v.and_(v.ge(1), v.le(10_000_000)))
    resolution: float = field(default=0.02, validator=v.and_(v.ge(0.001), v.le(0.5)))
    max_loss_percent: float = field(default=0.0, validator=v.and_(v.ge(0.0), v.lt(100.0)))
    repetitions: int = field(default=1, validator=v.and_(v.ge(1), v.le(MAX_REPETITIONS)))
    burst_repetitions: int = field(default=1, validator=v.and_(v.ge(1), v.le(MAX_REPETITIONS)))
    drain_seconds: float = field(default=0.5, validator=v.and_(v.ge(0.01), v.le(60.0)))

    def spec(self) -> BenchmarkSpec:
        """What the benchmark takes."""
        return BenchmarkSpec(
            tests=tuple(self.tests),
            frame_sizes=tuple(self.frame_sizes),
            direction=self.direction,
            trial_seconds=self.trial_seconds,
            max_frames_per_second=self.max_frames_per_second,
            resolution=self.resolution,
            max_loss_percent=self.max_loss_percent,
            repetitions=self.repetitions,
            burst_repetitions=self.burst_repetitions,
            drain_seconds=self.drain_seconds,
        )


@define(kw_only=True)
class UdpEndpoint:
    """An endpoint: frames are sent from ``lport`` of this host to ``rhost``:``rport``; frames of the other end arrive
    at ``lport``.
    """

    lport: int = field(validator=v.PORT)
    rhost: str = field(validator=v.min_len(1))
    rport: int = field(validator=v.PORT)

    def nio(self) -> UdpNio:
        """The tunnel that it is an end of."""
        return UdpNio(self.lport, self.rhost, self.rport)


@define(kw_only=True)
class UdpBenchmarkRequest(BenchmarkRequest):
    """Parameters of a benchmark between two endpoints."""

    a: UdpEndpoint
    b: UdpEndpoint


# --- replies ---


@define(kw_only=True)
class Throughput(Whole):
    """The highest rate without loss, in frames per second. ``limited_by_request``: the search ended at the highest rate
    that the request allowed. ``loss_percent`` is the allowed loss of that trial; null if no rate passed.
    """

    frames_per_second: int
    bits_per_second: int
    limited_by_request: bool
    loss_percent: float | None


@define(kw_only=True)
class Latency(Whole):
    """Latencies in microseconds, of the ``received`` frames of all ``repetitions``."""

    frames_per_second: int
    repetitions: int
    received: int
    min_us: float
    mean_us: float
    max_us: float
    p50_us: float
    p90_us: float
    p99_us: float
    p99_9_us: float = field(metadata={"key": "p99.9_us"})
    reordered: int
    duplicated: int


@define(kw_only=True)
class LossPoint(Whole):
    """The loss at a rate. ``sent_per_second`` is the rate that the sender reached."""

    frames_per_second: int
    sent_per_second: float
    loss_percent: float


@define(kw_only=True)
class Burst(Whole):
    """The longest burst without loss. ``limited_by_request``: no longer one was tried."""

    frames: int
    limited_by_request: bool
    repetitions: int


@define(kw_only=True)
class FrameSizeResult:
    """The results for one frame size, with the requested tests. ``latency`` is null if no frame arrived."""

    frame_size: int
    trials: int
    # A key without a value is left out, not null.
    throughput: Throughput = field(default=None)
    latency: Latency | None = None
    loss: list[LossPoint] = field(factory=list)
    burst: Burst = field(default=None)


@define(kw_only=True)
class LinkBenchmarkReport(Whole):
    """The report of a link. ``foreign_frames`` are frames that its nodes sent meanwhile, which worsen the results.
    ``latency_error_us``: how far latencies between two hosts may be off, because their clocks differ.
    """

    link_id: str
    direction: Literal["a_to_b", "b_to_a"]
    trial_seconds: float
    foreign_frames: int
    nodes_were_sending: bool
    latency_error_us: float
    results: list[FrameSizeResult]


@define(kw_only=True)
class UdpBenchmarkReport(Whole):
    """The report of a path between two endpoints. ``foreign_frames`` are datagrams of others that arrived."""

    a: UdpEndpoint
    b: UdpEndpoint
    direction: Literal["a_to_b", "b_to_a"]
    trial_seconds: float
    foreign_frames: int
    results: list[FrameSizeResult]


@define(kw_only=True)
class Trial(Whole):
    """A trial that is done, the ``trial``-th of its frame size, in the events of benchmarks. ``progress`` of the
    benchmark goes from 0 to 1.
    """

    test: TestName
    frame_size: int
    trial: int
    frames_per_second: int | None
    frames: int | None
    sent: int
    lost: int
    progress: float


# --- views ---


def trial_view(trial: TrialReport) -> dict[str, Any]:
    """A trial that is done."""
    return shown_as(Trial, trial)


def endpoint_view(nio: UdpNio) -> dict[str, Any]:
    """An endpoint of a measured path."""
    return shown_as(UdpEndpoint, nio)


def size_view(result: SizeResult) -> dict[str, Any]:
    """The results for one frame size: a key for each test that was requested."""
    view: dict[str, Any] = {"frame_size": result.frame_size, "trials": result.trials}
    for test in result.tests:
        match test:
            case "throughput":
                view[test] = _part(Throughput, result.throughput)
            case "latency":
                view[test] = _part(Latency, result.latency)
            case "loss":
                view[test] = [shown_as(LossPoint, point) for point in result.loss or ()]
            case "burst":
                view[test] = _part(Burst, result.burst)
    return view


def _part(reply: type, part: results.Throughput | results.Latency | results.Burst | None) -> dict[str, Any] | None:
    return shown_as(reply, part) if part is not None else None


def link_benchmark_view(report: LinkBenchmark) -> dict[str, Any]:
    """The report of a link."""
    told = {"link_id": str(report.link_id), "results": list(map(size_view, report.results))}
    return {**shown_as(LinkBenchmarkReport, report), **told}


def udp_benchmark_view(report: UdpBenchmark) -> dict[str, Any]:
    """The report of a path between two endpoints."""
    ends = {"a": endpoint_view(report.a), "b": endpoint_view(report.b)}
    return {**shown_as(UdpBenchmarkReport, report), **ends, "results": list(map(size_view, report.results))}
