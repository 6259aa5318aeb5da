"""The forwarding benchmark measures what it says, briefly."""

import json
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from benchmarks.forwarding.machine import Cpus, Placement
from benchmarks.forwarding.measure import Load, Measurement, Sample
from benchmarks.forwarding.programs import ROOT, Program, compiled
from benchmarks.forwarding.report import rows, table

LOAD = Load(links=2, size=500, window=32, burst=64)


def sample(frames: int, forwarder_cpu_ns: int, *, lost: int = 0) -> Sample:
    """One second with so many frames."""
    return Sample(
        frames=frames,
        seconds=1.0,
        lost=lost,
        late=0,
        damaged=0,
        own_cpu_ns=500_000_000,
        watched_cpu_ns=forwarder_cpu_ns,
        latency_p50_ns=1000,
        latency_p90_ns=2000,
        latency_p99_ns=3000,
        latency_max_ns=4000,
        others_busy=0.0,
    )


def run_benchmark(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "benchmarks.forwarding", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout


def test_every_variant_forwards_everything(tmp_path: Path) -> None:
    """The tool's own smoke test: no frame is lost, and CPU time is found for everything that forwards."""
    report = tmp_path / "report.json"
    output = run_benchmark(
        "--links", "2", "--sizes", "64,1400", "--windows", "8", "--seconds", "0.05", "--warm-up", "0.02",
        "--rounds", "1", "--placement", "same,free", "--json", report,
    )  # fmt: skip
    assert "placement same: forwarder and tool share CPU" in output
    data = json.loads(report.read_text())
    assert {row["variant"] for row in data["rows"]} == {"ceiling", "plain", "drain", "patch", "spliced"}
    assert len(data["rows"]) == len(data["measurements"]) == 2 * 2 * 5
    for measurement in data["measurements"]:
        found = measurement["sample"]
        assert found["frames"] > 0
        assert (found["lost"], found["late"], found["damaged"]) == (0, 0, 0)
        assert (found["watched_cpu_ns"] > 0) == (measurement["variant"] != "ceiling")


def test_idle_ports_are_measured(tmp_path: Path) -> None:
    report = tmp_path / "idle.json"
    output = run_benchmark("--idle", "--idle-ports", "20", "--idle-seconds", "0.1", "--json", report)
    assert re.search(r"20 silent ports, 0\.1 s: worker \d+ ns of CPU time and \d+ wake-ups", output)
    assert json.loads(report.read_text())["ports"] == 20


def test_the_tool_counts_what_a_forwarder_swallows() -> None:
    """Frames sent to where nobody answers are lost, not waited for."""
    with Program(compiled("traffic"), 1) as hole, Program(compiled("traffic"), 1) as traffic:
        (_, deaf), (_, unused) = hole.read_ports(), traffic.read_ports()
        assert traffic.ask(f"connect {deaf} {unused}") == "ok"
        found = json.loads(traffic.ask("run 64 4 4 0 50"))
    assert found["frames"] == 0
    assert found["lost"] == 4, "the window"


def test_medians_and_ratios_are_taken_round_by_round() -> None:
    """A round in which the machine was slow for everybody does not move the ratios."""
    rounds = [(1000, 400, 800_000, 100_000), (100, 40, 80_000, 10_000), (1000, 600, 900_000, 300_000)]
    measurements = [
        Measurement(variant, Placement.SAME, LOAD, number, sample(frames, cpu_ns))
        for number, (ceiling, ours, plain_cpu, our_cpu) in enumerate(rounds)
        for variant, frames, cpu_ns in (
            ("ceiling", ceiling, 0), ("plain", 200, plain_cpu), ("patch", ours, our_cpu),
        )
    ]  # fmt: skip
    ceiling, plain, ours = rows(measurements)
    assert (ceiling.variant, plain.variant, ours.variant) == ("ceiling", "plain", "patch")
    assert ours.frames_per_second == 400
    assert ours.bits_per_second == 400 * 500 * 8
    assert ours.of_ceiling == pytest.approx(0.4)
    # The forwarder's CPU time is small beside the tool's, which is the same for all.
    assert ours.of_ceiling_by_cpu == pytest.approx(0.4, rel=0.001)
    assert ours.cpu_ns_per_frame == 250
    # CPU per frame, ours and plain's, in the three rounds: 250/4000, 250/400, 500/4500.
    assert ours.of_plain == pytest.approx(500 / 4500)
    assert ceiling.of_plain is None


def test_losses_are_summed_and_shown() -> None:
    measurements = [Measurement("plain", Placement.SAME, LOAD, n, sample(10, 10, lost=n)) for n in range(3)]
    (row,) = rows(measurements)
    assert row.lost == 3
    assert row.of_ceiling is None
    lines = list(table([row], Cpus(forwarder=0, traffic=1)))
    assert lines[0].strip() == "placement same: forwarder and tool share CPU 0"
    assert lines[1].split()[-4:] == ["lost", "not", "captured", "others"]
    assert lines[2].split()[-4:-2] == ["3", "-"]


def test_records_that_a_capture_dropped_are_shown() -> None:
    one = attrs.evolve(sample(10, 10), dropped_records=5)
    measurements = [Measurement("capture", Placement.SAME, LOAD, number, one) for number in range(2)]
    lines = list(table(rows(measurements), Cpus(forwarder=0, traffic=1)))
    assert lines[2].split()[-4:-2] == ["0", "10"]


def test_cpus_are_read_from_the_command_line() -> None:
    here = Cpus.default()
    assert Cpus.parse(f"forwarder={here.forwarder},traffic={here.traffic}") == here
    for wrong in ("", "0,1", "forwarder=0", "forwarder=0,traffic=x", "forwarder=0,traffic=99999"):
        with pytest.raises(ValueError):
            Cpus.parse(wrong)
