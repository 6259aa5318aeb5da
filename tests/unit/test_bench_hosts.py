"""The benchmark of labs on several hosts."""

import argparse
import json
import socket
import subprocess
import sys
from pathlib import Path

from benchmarks.forwarding.programs import ROOT
from benchmarks.hosts.__main__ import report
from benchmarks.hosts.relay import Relay

PATIENCE = 90


def test_it_measures_a_small_lab(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
    options = ["--rounds", "1", "--hosts", "2", "--nodes", "8", "--links", "4", "--port", str(port)]
    command = [sys.executable, "-m", "benchmarks.hosts", *options, "--json", str(tmp_path / "figures")]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    figures = json.loads((tmp_path / "figures").read_text())
    assert figures["links"][0]["requests"] == 2 and figures["opening"][0]["requests"] <= 5
    assert "8 nodes on 2 hosts, opened" in output and "4 links between two hosts" in output


def test_requests_are_counted_wherever_they_are_cut() -> None:
    relay = Relay("127.0.0.1", 1)
    project = "/v2/compute/projects/3fc95dfc-dc49-4a41-9d7e-148957344e8f"
    text = f"POST {project}/batch/join HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}GET {project} HTTP/1.1\r\n\r\n".encode()
    for cut in range(len(text)):
        relay.asked.clear()
        rest = relay._count(text[:cut])
        relay._count(rest + text[cut:])
        assert relay.asked == {"POST /v2/compute/projects/batch/join": 1, "GET /v2/compute/projects": 1}


def test_the_times_of_gns3_are_scaled() -> None:
    options = argparse.Namespace(nodes=1000, hosts=4, links=500, gns3_nodes=100)
    opening = {"made": 1.0, "opened": 2.0, "closed": 1.0, "requests": 5}
    theirs = {"made": 3.0, "opened": 4.0, "closed": 1.0, "requests": 99}
    lines = report(opening, {"linked": 0.5, "requests": 2}, options, (theirs, {"linked": 2.0})).splitlines()
    assert lines[2].split()[-4:] == ["2.00", "5", "40.00", "20.0"]
    assert lines[4].split()[-4:] == ["0.50", "2", "10.00", "20.0"]
