"""The report of a benchmark: a text table, and a plot as SVG. Sans-IO."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from gns3trio.classes import frozen

Report = Mapping[str, Any]


# Column title, width, and the text for one frame size.
_COLUMNS: tuple[tuple[str, int, Callable[[Mapping[str, Any]], str]], ...] = (
    ("bytes", 5, lambda r: str(r["frame_size"])),
    ("frames/s", 10, lambda r: _throughput(r, "frames_per_second", 1)),
    ("Mbit/s", 9, lambda r: _throughput(r, "bits_per_second", 1e6)),
    ("p50 us", 9, lambda r: _latency(r, "p50_us")),
    ("p99 us", 9, lambda r: _latency(r, "p99_us")),
    ("max us", 9, lambda r: _latency(r, "max_us")),
    ("loss at most", 12, lambda r: f"{max(p['loss_percent'] for p in r['loss']):.2f} %" if r.get("loss") else "-"),
    ("burst", 7, lambda r: str(r["burst"]["frames"]) if "burst" in r else "-"),
)


def _throughput(result: Mapping[str, Any], key: str, unit: float) -> str:
    if "throughput" not in result:
        return "-"
    value = result["throughput"][key] / unit
    limit = ">=" if result["throughput"]["limited_by_request"] else ""
    return f"{limit}{value:.0f}" if unit == 1 else f"{limit}{value:.1f}"


def _latency(result: Mapping[str, Any], key: str) -> str:
    return f"{result['latency'][key]:.1f}" if result.get("latency") else "-"


def table(report: Report) -> Iterator[str]:
    """The lines of the table. ``>=`` means that the search ended at the highest rate that the request allowed."""
    yield " ".join(title.rjust(width) for title, width, _ in _COLUMNS)
    for result in report["results"]:
        yield " ".join(text(result).rjust(width) for _, width, text in _COLUMNS)
    if report["foreign_frames"]:
        who = "The nodes" if report.get("nodes_were_sending") else "Others"
        yield f"{who} sent {report['foreign_frames']} frames meanwhile: measure again when they are silent."


# --- the plot ---

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _GAP = 420, 240, 84, 40, 30, 20
_DIGIT, _SPACE = 7, 6  # width of a digit of a label, and space between two labels
_COLORS = ("#1b6ca8", "#c4501b", "#2b8a3e", "#7b3fa0", "#946c00", "#a61e4d", "#0b7285")


@frozen
class _Series:
    name: str
    points: Sequence[tuple[float, float]]


@frozen
class _Chart:
    title: str
    x_title: str
    y_title: str
    series: Sequence[_Series]
    x_is_size: bool  # then the axis has a tick for each size


def plot(report: Report) -> str:
    """A standalone SVG picture: throughput and latency by frame size, loss by rate."""
    charts = [chart for chart in _charts(report["results"]) if any(series.points for series in chart.series)]
    height = len(charts) * (_HEIGHT + _GAP) + _GAP
    body = "".join(_draw(chart, number * (_HEIGHT + _GAP) + _GAP) for number, chart in enumerate(charts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 150} {height + _GAP}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>{body}</svg>\n'
    )


def _charts(results: Sequence[Mapping[str, Any]]) -> list[_Chart]:
    throughput = [(r["frame_size"], r["throughput"]["bits_per_second"] / 1e6) for r in results if "throughput" in r]
    latencies = [
        _Series(key.removesuffix("_us"), [(r["frame_size"], r["latency"][key]) for r in results if r.get("latency")])
        for key in ("p50_us", "p99_us", "p99.9_us")
    ]
    losses = [
        _Series(f"{r['frame_size']} bytes", sorted((p["sent_per_second"] / 1000, p["loss_percent"]) for p in r["loss"]))
        for r in results
        if "loss" in r
    ]
    return [
        _Chart("Throughput without loss", "frame size, bytes", "Mbit/s", [_Series("throughput", throughput)], True),
        _Chart("Latency at that rate", "frame size, bytes", "us", latencies, True),
        _Chart("Loss", "rate, thousand frames per second", "%", losses, False),
    ]


def _draw(chart: _Chart, top: int) -> str:
    points = [point for series in chart.series for point in series.points]
    x_max = max(x for x, _ in points) * 1.05 or 1.0
    y_ticks = nice_ticks(max(y for _, y in points))
    y_max = y_ticks[-1]
    floor, ceiling = top + _HEIGHT - _BOTTOM, top + _TOP

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x / x_max * _WIDTH, floor - y / y_max * (floor - ceiling)

    parts = [f'<text x="{_LEFT}" y="{top + 16}" font-weight="bold">{escape(chart.title)}</text>']
    for value, label in zip(y_ticks, _labels(y_ticks), strict=True):
        y = place(0, value)[1]
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + _WIDTH}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    x_ticks = sorted({x for x, _ in points}) if chart.x_is_size else [x for x in nice_ticks(x_max) if x <= x_max]
    free = -math.inf  # where the next label may begin
    for value, label in zip(x_ticks, map(str, x_ticks) if chart.x_is_size else _labels(x_ticks), strict=True):
        x, half = place(value, 0)[0], len(label) * _DIGIT / 2
        if x - half >= free:
            free = x + half + _SPACE
            parts.append(f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{label}</text>')
    parts.append(f'<text x="{_LEFT + _WIDTH / 2}" y="{floor + 32}" text-anchor="middle">{escape(chart.x_title)}</text>')
    turned = f'transform="rotate(-90 16 {(floor + ceiling) / 2})"'
    parts.append(
        f'<text x="16" y="{(floor + ceiling) / 2}" text-anchor="middle" {turned}>{escape(chart.y_title)}</text>'
    )
    for number, series in enumerate(chart.series):
        color = _COLORS[number % len(_COLORS)]
        placed = [place(x, y) for x, y in series.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in placed]
        label_y = ceiling + 16 * number + 8
        parts.append(f'<text x="{_LEFT + _WIDTH + 10}" y="{label_y}" fill="{color}">{escape(series.name)}</text>')
    return "".join(parts)


def nice_ticks(most: float) -> list[float]:
    """Axis ticks from 0 to ``most`` or a little more, in four to ten steps of 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(most / 4))
    step = next(factor * power for factor in (5, 2, 1) if factor * power <= most / 4 * (1 + 1e-9))
    return [number * step for number in range(math.ceil(most / step - 1e-9) + 1)]


def _labels(ticks: Sequence[float]) -> list[str]:
    """The ticks as texts, with enough decimals to distinguish them."""
    step = min((b - a for a, b in pairwise(ticks)), default=1.0)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{value:,.{decimals}f}" for value in ticks]
