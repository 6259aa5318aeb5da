"""The benchmark of built-in PCs beside VPCS measures what it says, briefly."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.forwarding.programs import ROOT
from benchmarks.pcs.__main__ import VPCS, Figure, table
from benchmarks.pcs.lab import BUILTIN

PATIENCE = 120


def test_both_engines_answer_everything(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    brief = ["--rounds", "1", "--pings", "20", "--milliseconds", "40", "--pcs", "20", "--idle", "0.1"]
    brief += ["--traffic-pcs", "5", "--traffic", "0.2"]
    command = [sys.executable, "-m", "benchmarks.pcs", *brief, "--json", str(report)]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    (figures,) = json.loads(report.read_text())
    found = {(figure["name"], figure["engine"]): figure["value"] for figure in figures}
    for engine in BUILTIN, VPCS:
        assert found["a ping each ms, 56 bytes: CPU per frame", engine] > 0
        assert found["echoes of 1400 bytes, 32 at once: CPU of an answer", engine] > 0
        assert found["echoes of 1400 bytes, 32 at once: missing or wrong", engine] == 0
    assert found["20 PCs a ping of each: not answered", BUILTIN] == 0
    assert found["20 PCs memory of each, as the core counts", BUILTIN] > 0
    assert (
        found["traffic of 5 PCs, all pairs: lost", BUILTIN] == found["traffic of 5 PCs, one flow: lost", BUILTIN] == 0
    )
    assert found["traffic of 5 PCs, one flow: CPU per packet", BUILTIN] > 0
    assert "pings without pause: median round trip" in output


def test_ratios_are_those_within_a_round_and_above_1_in_our_favour() -> None:
    rounds = [
        [
            *(Figure("cost", engine, value, "us") for engine, value in ((BUILTIN, ours), (VPCS, theirs))),
            *(Figure("rate", engine, value, "/s") for engine, value in ((BUILTIN, theirs), (VPCS, ours))),
            Figure("alone", BUILTIN, ours, "us"),
        ]
        for ours, theirs in ((1.0, 5.0), (2.0, 20.0), (4.0, 24.0))
    ]
    lines = {line.split()[0]: line.split()[1:] for line in list(table(rounds))[1:]}
    assert lines["cost"] == ["2.00", "20.00", "us", "6.0", "5.0", "to", "10.0"]
    assert lines["rate"] == ["20.00", "2.00", "/s", "6.0", "5.0", "to", "10.0"]
    assert lines["alone"] == ["2.00", "us", "1.00", "to", "4.00"]
