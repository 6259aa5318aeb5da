"""The benchmark of requests that do not concern a compute, while it is stopped."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from benchmarks.away.__main__ import report
from benchmarks.forwarding.programs import ROOT

PATIENCE = 60


def test_it_measures_with_and_without_the_compute(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
    options = ["--rounds", "1", "--seconds", "1", "--port", str(port), "--json", str(tmp_path / "times")]
    command = [sys.executable, "-m", "benchmarks.away", *options]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    ((with_it, without),) = json.loads((tmp_path / "times").read_text())
    assert {"GET nodes", "PUT link", "GET metrics"} <= with_it.keys() & without.keys()
    assert "GET computes" in output


def test_the_ratio_is_that_of_the_stopped_compute() -> None:
    with_it, without = {"GET x": [0.001] * 99 + [0.01]}, {"GET x": [0.001] * 99 + [0.02]}
    words = report([(with_it, without)]).splitlines()[-1].split()
    assert words == ["GET", "x", "200", "1.00", "1.00", "10.00", "20.00", "2.00"]
