"""From measurements to medians, ratios and a table. Sans-IO."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from typing import Any

import attrs

from benchmarks.forwarding.machine import Cpus, Placement
from benchmarks.forwarding.measure import Load, Measurement, Sample


@attrs.frozen
class Row:
    """One variant under one load and placement: medians over the rounds, and of the ratios within each round."""

    placement: Placement
    load: Load
    variant: str
    frames_per_second: float
    bits_per_second: float
    of_ceiling: float | None  # end to end: frames per second, of those without a forwarder
    of_ceiling_by_cpu: float | None  # end to end: frames per second of CPU time of both sides, likewise
    cpu_ns_per_frame: float
    cpu_spread: float  # largest less smallest of the rounds, of the median; 0 without a forwarder
    of_plain: float | None  # CPU per frame, of the plain forwarder's
    of_spliced: float | None  # CPU per frame, of our own link without anything
    speed_of_spliced: float | None  # frames per second, likewise
    forwarder_busy: float  # CPUs
    tool_busy: float  # CPUs
    latency_p50_us: float
    latency_p99_us: float
    lost: int  # in all rounds, warm-up included; with frames damaged
    dropped_records: int  # of captures, in all rounds, warm-up included
    others_busy: float  # CPUs that others kept busy


def rows(measurements: Sequence[Measurement]) -> list[Row]:
    """The rows of the table, in the order of measurement."""
    groups: dict[tuple[Placement, Load, str], dict[int, Sample]] = {}
    for one in measurements:
        groups.setdefault((one.placement, one.load, one.variant), {})[one.round] = one.sample
    return [
        _row(key, samples, *(groups.get((*key[:2], base)) for base in ("ceiling", "plain", "spliced")))
        for key, samples in sorted(groups.items(), key=lambda item: _order(item[0]))
    ]


def _order(key: tuple[Placement, Load, str]) -> tuple[object, ...]:
    placement, load, _ = key
    return (list(Placement).index(placement), load.links, load.window, load.size)


def _row(
    key: tuple[Placement, Load, str],
    samples: dict[int, Sample],
    ceiling: dict[int, Sample] | None,
    plain: dict[int, Sample] | None,
    spliced: dict[int, Sample] | None,
) -> Row:
    placement, load, variant = key

    def mid(value: Callable[[Sample], float]) -> float:
        return median(map(value, samples.values()))

    def ratio(value: Callable[[Sample], float], base: dict[int, Sample] | None) -> float | None:
        if base is None or any(value(base[number]) == 0 for number in samples):
            return None
        return median(value(sample) / value(base[number]) for number, sample in samples.items())

    cpu = [sample.cpu_ns_per_frame for sample in samples.values()]
    return Row(
        placement=placement,
        load=load,
        variant=variant,
        frames_per_second=mid(lambda s: s.frames_per_second),
        bits_per_second=mid(lambda s: s.frames_per_second) * load.size * 8,
        of_ceiling=ratio(lambda s: s.frames_per_second, ceiling),
        of_ceiling_by_cpu=ratio(lambda s: 1 / s.total_cpu_ns_per_frame, ceiling),
        cpu_ns_per_frame=median(cpu),
        cpu_spread=(max(cpu) - min(cpu)) / median(cpu) if median(cpu) else 0.0,
        of_plain=ratio(lambda s: s.cpu_ns_per_frame, plain) if variant != "ceiling" else None,
        of_spliced=ratio(lambda s: s.cpu_ns_per_frame, spliced) if variant != "ceiling" else None,
        speed_of_spliced=ratio(lambda s: s.frames_per_second, spliced) if variant != "ceiling" else None,
        forwarder_busy=mid(lambda s: s.watched_cpu_ns / s.seconds / 1e9),
        tool_busy=mid(lambda s: s.own_cpu_ns / s.seconds / 1e9),
        latency_p50_us=mid(lambda s: s.latency_p50_ns / 1000),
        latency_p99_us=mid(lambda s: s.latency_p99_ns / 1000),
        lost=sum(s.lost + s.damaged for s in samples.values()),
        dropped_records=sum(s.dropped_records for s in samples.values()),
        others_busy=mid(lambda s: s.others_busy),
    )


# Title, width and text of each column.
COLUMNS: tuple[tuple[str, int, Callable[[Row], str]], ...] = (
    ("links", 5, lambda row: str(row.load.links)),
    ("window", 6, lambda row: str(row.load.window)),
    ("bytes", 5, lambda row: str(row.load.size)),
    ("variant", -9, lambda row: row.variant),
    ("kframes/s", 9, lambda row: f"{row.frames_per_second / 1000:.1f}"),
    ("Gbit/s", 6, lambda row: f"{row.bits_per_second / 1e9:.2f}"),
    ("of ceiling", 10, lambda row: _percent(row.of_ceiling)),
    ("by CPU", 6, lambda row: _percent(row.of_ceiling_by_cpu)),
    ("CPU ns/frame", 12, lambda row: f"{row.cpu_ns_per_frame:.0f}" if row.forwarder_busy else "-"),
    ("spread", 6, lambda row: _percent(row.cpu_spread if row.forwarder_busy else None)),
    ("of plain", 8, lambda row: _ratio(row.of_plain)),
    ("of spliced", 10, lambda row: _ratio(row.of_spliced)),
    ("its speed", 9, lambda row: _ratio(row.speed_of_spliced)),
    ("fwd busy", 8, lambda row: _percent(row.forwarder_busy)),
    ("tool busy", 9, lambda row: _percent(row.tool_busy)),
    ("p50 us", 8, lambda row: f"{row.latency_p50_us:.1f}"),
    ("p99 us", 8, lambda row: f"{row.latency_p99_us:.1f}"),
    ("lost", 5, lambda row: str(row.lost)),
    ("not captured", 12, lambda row: str(row.dropped_records) if row.variant == "capture" else "-"),
    ("others", 6, lambda row: _percent(row.others_busy)),
)


def _cell(text: str, width: int) -> str:
    return text.rjust(width) if width > 0 else text.ljust(-width)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part * 100:.0f} %"


def table(found: Iterable[Row], cpus: Cpus) -> Iterator[str]:
    """The lines of the report."""
    placement: Placement | None = None
    load: Load | None = None
    for row in found:
        if row.placement is not placement:
            placement = row.placement
            yield f"\nplacement {placement}: {cpus.describe(placement)}"
            yield " ".join(_cell(title, width) for title, width, _ in COLUMNS)
        elif row.load != load:
            yield ""
        load = row.load
        yield " ".join(_cell(text(row), width) for _, width, text in COLUMNS)


def as_json(machine: str, cpus: Cpus, measurements: Sequence[Measurement], found: Sequence[Row]) -> dict[str, Any]:
    """Everything, for other programs: the medians and each single measurement."""
    return {
        "machine": machine,
        "cpus": attrs.asdict(cpus),
        "rows": [attrs.asdict(row) for row in found],
        "measurements": [attrs.asdict(one) for one in measurements],
    }
