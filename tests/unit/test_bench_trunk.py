"""The benchmark of links between two hosts."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.forwarding.programs import ROOT
from benchmarks.trunk.__main__ import report

PATIENCE = 120


def test_all_ways_between_two_hosts_carry_frames(tmp_path: Path) -> None:
    options = ["--rounds", "1", "--seconds", "0.2", "--links", "1,4", "--json", str(tmp_path / "figures")]
    command = [sys.executable, "-m", "benchmarks.trunk", *options]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    figures = json.loads((tmp_path / "figures").read_text())
    names = ["spliced, 1 links", "trunk, 1 links", "tunnel, 1 links", "vxlan, 1 links", "trunk, 4 links"]
    assert all(figures[f"{name}: frames/s"][0] > 0 and name in output for name in names)
    assert "frames in and out again, 4 links" in output


def test_ratios_are_taken_round_by_round() -> None:
    figures = {}
    for name, cpu in (("spliced", [100.0, 400.0]), ("trunk", [50.0, 200.0]), ("tunnel", [200.0, 800.0])):
        for what, values in (
            ("CPU of the busier host", cpu),
            ("CPU of both", cpu),
            ("frames/s", cpu),
            ("lost", [1, 2]),
        ):
            figures[f"{name}, 2 links: {what}"] = values
    figures |= {"reflect, 2 links: CPU": [10.0, 30.0], "reflect, 2 links: lost": [0.0, 0.0]}
    lines = [line.split() for line in report(figures, [2])]
    assert lines[2] == ["trunk,", "2", "links", "125", "125", "125", "200%", "3"]
    assert lines[3][-2:] == ["50%", "3"]
