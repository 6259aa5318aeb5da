"""From measurements to medians, ratios and a table. Sans-IO."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from typing import Any

import attrs

from benchmarks.forwarding.measure import Load, Measurement, Sample
from benchmarks.forwarding.machine import Cpus, Placement

# More than this much of a CPU used by others is worth a word.
NOTABLE_OTHERS = 0.1


@attrs.frozen
class Row:
    """One variant under one load and placement: medians over the rounds. Ratios are medians of the ratios within a round."""

    placement: Placement
    load: Load
    variant: str
    frames_per_second: float
    bits_per_second: float
    of_ceiling: float | None  # end to end: frames per second, of those without a forwarder
    cpu_ns_per_frame: float
    cpu_spread: float  # largest less smallest of the rounds, of the median; 0 without a forwarder
    of_plain: float | None  # CPU per frame, of the plain forwarder's
    forwarder_busy: float  # CPUs
    tool_busy: float  # CPUs
    latency_p50_us: float
    latency_p99_us: float
    lost: int  # in all rounds, warm-up included; with frames reordered or damaged
    others_busy: float  # CPUs, the worst round


def rows(measurements: Sequence[Measurement]) -> list[Row]:
    """The rows of the table, in the order of measurement."""
    groups: dict[tuple[Placement, Load, str], dict[int, Sample]] = {}
    for one in measurements:
        groups.setdefault((one.placement, one.load, one.variant), {})[one.round] = one.sample
    return [
        _row(key, samples, groups.get((*key[:2], "ceiling")), groups.get((*key[:2], "plain")))
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
        cpu_ns_per_frame=median(cpu),
        cpu_spread=(max(cpu) - min(cpu)) / median(cpu) if median(cpu) else 0.0,
        of_plain=ratio(lambda s: s.cpu_ns_per_frame, plain) if variant != "ceiling" else None,
        forwarder_busy=mid(lambda s: s.watched_cpu_ns / s.seconds / 1e9),
        tool_busy=mid(lambda s: s.own_cpu_ns / s.seconds / 1e9),
        latency_p50_us=mid(lambda s: s.latency_p50_ns / 1000),
        latency_p99_us=mid(lambda s: s.latency_p99_ns / 1000),
        lost=sum(s.lost + s.reordered + s.damaged for s in samples.values()),
        others_busy=max(s.others_busy for s in samples.values()),
    )


HEADER = (
    f"{'links':>5} {'window':>6} {'bytes':>5} {'variant':<9} {'kframes/s':>9} {'Gbit/s':>6} {'of ceiling':>10} "
    f"{'CPU ns/frame':>12} {'spread':>6} {'of plain':>8} {'fwd busy':>8} {'tool busy':>9} {'p50 us':>8} {'p99 us':>8} {'lost':>5}"
)


def table(found: Iterable[Row], cpus: Cpus) -> Iterator[str]:
    """The lines of the report."""
    placement: Placement | None = None
    load: Load | None = None
    for row in found:
        if row.placement is not placement:
            placement = row.placement
            yield f"\nplacement {placement}: {cpus.describe(placement)}"
            yield HEADER
        elif row.load != load:
            yield ""
        load = row.load
        yield _line(row)
        if row.others_busy > NOTABLE_OTHERS:
            yield f"      (others kept up to {row.others_busy:.2f} CPUs busy meanwhile)"


def _line(row: Row) -> str:
    load = row.load
    cpu = f"{row.cpu_ns_per_frame:.0f}" if row.forwarder_busy else "-"
    spread = _percent(row.cpu_spread) if row.forwarder_busy else "-"
    return (
        f"{load.links:>5} {load.window:>6} {load.size:>5} {row.variant:<9} {row.frames_per_second / 1000:>9.1f} "
        f"{row.bits_per_second / 1e9:>6.2f} {_percent(row.of_ceiling):>10} {cpu:>12} {spread:>6} {_ratio(row.of_plain):>8} "
        f"{_percent(row.forwarder_busy):>8} {_percent(row.tool_busy):>9} {row.latency_p50_us:>8.1f} {row.latency_p99_us:>8.1f} "
        f"{row.lost:>5}"
    )


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part * 100:.0f} %"


def _ratio(part: float | None) -> str:
    return "-" if part is None else f"{part:.2f}"


def as_json(machine: str, cpus: Cpus, measurements: Sequence[Measurement], found: Sequence[Row]) -> dict[str, Any]:
    """Everything, for other programs: the medians and each single measurement."""
    return {
        "machine": machine,
        "cpus": attrs.asdict(cpus),
        "rows": [attrs.asdict(row) for row in found],
        "measurements": [attrs.asdict(one) for one in measurements],
    }
