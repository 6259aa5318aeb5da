"""The benchmark procedures against a link that is only a formula, and the report."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import attrs
import pytest

from gns3trio.api.v2.benchmarks import size_view, trial_view
from gns3trio.errors import Invalid
from gns3trio.measure.report import nice_ticks, plot, table
from gns3trio.measure.results import TrialReport
from gns3trio.measure.rfc2544 import CHECKSUM_BYTES, FIRST_BURST_FRAMES, BenchmarkSpec, run_benchmark
from gns3trio.traffic.trials import TrialResult, TrialSpec, bucket_ns


class FormulaLink:
    """Passes ``capacity`` frames per second and ``queue`` frames of a burst, and loses the rest."""

    def __init__(self, capacity: int, queue: int) -> None:
        self.capacity = capacity
        self.queue = queue
        self.trials: list[TrialSpec] = []

    async def run(self, spec: TrialSpec) -> TrialResult:
        self.trials.append(spec)
        if spec.frames is not None:
            sent, received = spec.frames, min(spec.frames, self.queue)
        else:
            assert spec.frames_per_second is not None
            sent = round(spec.frames_per_second * spec.seconds)
            received = min(sent, round(self.capacity * spec.seconds))
        histogram = [0] * 32768
        histogram[200] = received  # 200 ns
        return TrialResult(
            sent=sent,
            received=received,
            duplicated=0,
            reordered=0,
            seconds=spec.seconds,
            receive_seconds=spec.seconds,
            latency_min=200e-9,
            latency_max=200e-9,
            latency_mean=200e-9,
            histogram=histogram,
        )


async def measure(link: FormulaLink, **fields: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The results and the trials as clients see them."""
    trials: list[TrialReport] = []
    request = BenchmarkSpec(**fields)
    request.check()
    results = await run_benchmark(request, link.run, trials.append)
    return list(map(size_view, results)), list(map(trial_view, trials))


async def test_every_figure_of_a_known_link() -> None:
    link = FormulaLink(capacity=30_000, queue=1000)
    (result,), events = await measure(link, frame_sizes=[512], max_frames_per_second=100_000)
    assert 30_000 * 0.98 <= result["throughput"]["frames_per_second"] <= 30_000
    assert result["throughput"]["limited_by_request"] is False
    assert result["latency"]["p99_us"] == 0.2 and result["latency"]["max_us"] == 0.2
    assert result["loss"][0] == {"frames_per_second": 100_000, "sent_per_second": 100_000.0, "loss_percent": 70.0}
    assert [p["loss_percent"] for p in result["loss"]][-2:] == [0.0, 0.0]
    assert [p["frames_per_second"] for p in result["loss"]] == list(range(100_000, 10_000, -10_000))
    assert 1000 * 0.98 <= result["burst"]["frames"] <= 1000
    assert all(spec.frame_bytes == 512 - CHECKSUM_BYTES for spec in link.trials)
    assert result["trials"] == len(link.trials) == len(events) - 1
    assert events[-1] == {**events[-2], "progress": 1.0}
    assert [event["progress"] for event in events] == sorted(event["progress"] for event in events)


@pytest.mark.parametrize("tests", [["throughput"], ["latency"], ["loss"], ["burst"], ["burst", "latency"]])
async def test_the_progress_moves_within_a_test(tests: list[str]) -> None:
    """So that a bar that shows it is not empty first, and then full."""
    link = FormulaLink(capacity=30_000, queue=1000)
    _, events = await measure(link, frame_sizes=[512], max_frames_per_second=100_000, tests=tests)
    told = [event["progress"] for event in events[:-1]]
    assert told == sorted(told) and 0 < told[0] < 0.5 and told[-1] <= 1
    assert max(b - a for a, b in itertools.pairwise([0.0, *told])) < 0.4
    assert len({*told}) >= min(len(told), 4)


async def test_repeated_trials_count_together() -> None:
    link = FormulaLink(capacity=10**9, queue=0)
    request: dict[str, Any] = {"tests": ["latency"], "frame_sizes": [64], "max_frames_per_second": 1000}
    (once,), _ = await measure(link, **request)
    (result,), _ = await measure(link, **request, repetitions=20)
    assert result["trials"] == once["trials"] + 19
    assert result["latency"] == {**once["latency"], "received": 20 * once["latency"]["received"], "repetitions": 20}


class FormulaQueues(FormulaLink):
    """A link whose queue is another one in each search for the burst."""

    def __init__(self, queues: list[int]) -> None:
        super().__init__(capacity=10**9, queue=0)
        self.queues = iter(queues)

    async def run(self, spec: TrialSpec) -> TrialResult:
        if spec.frames == FIRST_BURST_FRAMES:
            self.queue = next(self.queues)
        return await super().run(spec)


async def test_a_burst_is_the_mean_of_the_searches() -> None:
    request: dict[str, Any] = {"tests": ["burst"], "frame_sizes": [64], "resolution": 0.001, "burst_repetitions": 3}
    (result,), _ = await measure(FormulaQueues([100, 200, 600]), **request)
    assert result["burst"] == {"frames": 300, "limited_by_request": False, "repetitions": 3}
    (result,), _ = await measure(FormulaQueues([100, 10**9, 10**9]), **request)
    assert result["burst"] == {"frames": round((100 + 65536 * 2) / 3), "limited_by_request": True, "repetitions": 3}


async def test_a_link_that_is_faster_than_the_request() -> None:
    link = FormulaLink(capacity=10**9, queue=10**9)
    (result,), _ = await measure(link, frame_sizes=[64], max_frames_per_second=1000, tests=["throughput", "burst"])
    assert result["throughput"]["frames_per_second"] == 1000 and result["throughput"]["limited_by_request"] is True
    assert result["burst"] == {"frames": 65536, "limited_by_request": True, "repetitions": 1}
    assert "latency" not in result and "loss" not in result


async def test_a_link_that_loses_everything() -> None:
    results, _ = await measure(FormulaLink(0, 0), frame_sizes=[64])
    (result,) = results
    assert result["throughput"]["frames_per_second"] <= 20
    assert result["latency"] is None  # and not 0 us
    report = {"results": results, "nodes_were_sending": False, "foreign_frames": 0}
    assert list(table(report))[1].split()[3:6] == ["-", "-", "-"]
    ElementTree.fromstring(plot(report))
    assert result["burst"]["frames"] == 0
    assert len(result["loss"]) == 10 and all(point["loss_percent"] == 100 for point in result["loss"])


class SlowSender(FormulaLink):
    """Sends ``most`` frames in a trial at most, whatever was asked for."""

    def __init__(self, most: int) -> None:
        super().__init__(capacity=10**9, queue=10**9)
        self.most = most

    async def run(self, spec: TrialSpec) -> TrialResult:
        result = await super().run(spec)
        sent = min(result.sent, self.most)
        return attrs.evolve(result, sent=sent, received=sent)


async def test_what_was_not_sent_is_not_counted_as_passed() -> None:
    (result,), _ = await measure(SlowSender(500), frame_sizes=[64], max_frames_per_second=1000)
    assert 500 * 0.98 <= result["throughput"]["frames_per_second"] <= 500 / 0.98
    assert 500 * 0.98 <= result["burst"]["frames"] <= 500 and result["burst"]["limited_by_request"] is False
    assert result["loss"][0]["sent_per_second"] == 500


@pytest.mark.parametrize("tests", [["throughput"], ["latency"], ["loss"], ["burst"], ["loss", "burst", "latency"]])
@pytest.mark.parametrize("capacity", [0, 1, 30_000, 10**9])
async def test_no_benchmark_takes_longer_than_it_says(tests: list[str], capacity: int) -> None:
    link = FormulaLink(capacity, capacity)
    request: dict[str, Any] = {"tests": tests, "frame_sizes": [64, 512], "trial_seconds": 10.0}
    request |= {"repetitions": 5, "burst_repetitions": 3}
    await measure(link, **request)
    longest = sum(spec.seconds + spec.drain_seconds for spec in link.trials)
    assert longest <= BenchmarkSpec(**request).longest_seconds()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tests": []}, "tests"),
        ({"tests": ["loss", "loss"]}, "tests: names one twice"),
        ({"frame_sizes": []}, "frame_sizes"),
        ({"frame_sizes": [64, 64]}, "frame_sizes: names one twice"),
        ({"frame_sizes": [64, 20]}, r"frame_sizes\[1\]: 20"),
        ({"frame_sizes": [64, 128, 256, 512], "trial_seconds": 60.0}, "trial_seconds: this may take"),
        ({"tests": ["burst"], "burst_repetitions": 50}, "burst_repetitions: this may take"),
    ],
)
def test_wrong_requests(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        BenchmarkSpec(**fields).check()


def test_buckets_are_within_a_thousandth() -> None:
    values = [bucket_ns(bucket) for bucket in range(32768)]
    assert values[:1024] == list(range(1024))
    assert all(0 < b - a <= max(1, a * 0.0011) for a, b in itertools.pairwise(values))


async def test_the_table_and_the_plot() -> None:
    results, _ = await measure(FormulaLink(30_000, 1000), frame_sizes=[64, 1518])
    report = {"results": results, "nodes_were_sending": True, "foreign_frames": 12}
    lines = list(table(report))
    assert lines[0].split() == [
        "bytes",
        "frames/s",
        "Mbit/s",
        "p50",
        "us",
        "p99",
        "us",
        "max",
        "us",
        "loss",
        "at",
        "most",
        "burst",
    ]
    assert lines[1].split()[0] == "64" and lines[2].split()[0] == "1518"
    assert "12 frames meanwhile" in lines[3]
    drawn = ElementTree.fromstring(plot(report))
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "Throughput without loss" in texts and "1518 bytes" in texts and "p99.9" in texts
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 6


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (84.48, [0, 20, 40, 60, 80, 100]),
        (100, [0, 20, 40, 60, 80, 100]),
        (18_000, [0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000, 18_000]),
        (0.003, [0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003]),
    ],
)
def test_ticks_are_round(most: float, ticks: list[float]) -> None:
    assert nice_ticks(most) == pytest.approx(ticks)


async def test_labels_of_a_plot_are_apart_and_round() -> None:
    results, _ = await measure(FormulaLink(30_000, 1000), frame_sizes=[64, 68, 72, 1518], max_frames_per_second=84_480)
    drawn = ElementTree.fromstring(plot({"results": results, "nodes_were_sending": False, "foreign_frames": 0}))
    texts = list(drawn.iter("{http://www.w3.org/2000/svg}text"))
    assert not [text.text for text in texts if re.fullmatch(r"[\d.]+e.*|\d\d+\.\d\d", text.text or "")]
    rows: dict[str, list[float]] = {}
    for text in texts:
        if text.get("text-anchor") == "middle":
            rows.setdefault(text.attrib["y"], []).append(float(text.attrib["x"]))
    assert all(b - a > 12 for places in rows.values() for a, b in itertools.pairwise(places))


async def test_a_report_of_one_test_has_gaps() -> None:
    results, _ = await measure(FormulaLink(30_000, 1000), frame_sizes=[64], tests=["burst"])
    report = {"results": results, "nodes_were_sending": False, "foreign_frames": 0}
    assert list(table(report))[1].split()[:3] == ["64", "-", "-"]
    ElementTree.fromstring(plot(report))
