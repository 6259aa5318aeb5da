"""The benchmark of TAP devices beside veth and ubridge measures what it says, briefly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.forwarding.programs import ROOT
from benchmarks.trains.__main__ import FIGURES, OWN_CPU, PING, TCP, report
from tests.own_network import WAYS, probe

PATIENCE = 120


def test_every_way_is_measured(tmp_path: Path) -> None:
    if shutil.which("iperf3") is None or all(probe(*way).returncode for way in WAYS):
        pytest.skip("this needs iperf3, and network namespaces with TAP devices")
    figures = tmp_path / "figures"
    command = [sys.executable, "-m", "benchmarks.trains", "--rounds", "1", "--seconds", "1", "--pings", "20"]
    done = subprocess.run(
        [*command, "--json", str(figures)], cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    samples = json.loads(figures.read_text())
    assert set(samples) == {"ours", "veth", "stand-in"}
    for name, (sample,) in samples.items():
        assert all(sample[figure.name] > 0 for figure in FIGURES if figure != OWN_CPU)
        assert (sample[OWN_CPU.name] > 0) == (name != "veth")
    assert "whose path was not given" in done.stdout


def test_ratios_are_those_within_a_round() -> None:
    def sample(value: float) -> dict[str, float]:
        others = {figure.name: value for figure in FIGURES}
        return {**others, TCP.name: value * 1e9, PING.name: value * 1e3, OWN_CPU.name: 0}

    slow_and_fast = [sample(1), sample(10), sample(2)]
    lines = report({"ours": slow_and_fast, "veth": [sample(2), sample(20), sample(4)], "ubridge": slow_and_fast})
    assert lines[0].split() == ["ours", "veth", "ubridge", "of", "veth", "of", "ubridge"]
    assert lines[1].split()[-5:] == ["2.0", "4.0", "2.0", "0.50", "1.00"]
    assert lines[1 + FIGURES.index(OWN_CPU)].split()[-2:] == ["-", "-"]
    assert len(lines) == 1 + len(FIGURES)
