"""The benchmark of starting and stopping, and what stands in for the programs that gns3-server needs."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.forwarding.programs import ROOT
from benchmarks.forwarding.ubridge import free_ports, running_ubridge
from benchmarks.side_by_side import table
from benchmarks.stand_ins import build
from benchmarks.start.__main__ import STARTED, STOPPED

PATIENCE = 60


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("stand_ins"))


def test_it_measures_our_server(tmp_path: Path) -> None:
    (port,) = free_ports(1, socket.SOCK_STREAM)
    options = ["--nodes", "2", "--rounds", "1", "--port", str(port), "--json", str(tmp_path / "samples")]
    command = [sys.executable, "-m", "benchmarks.start", *options]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    ((name, (sample,)),) = json.loads((tmp_path / "samples").read_text()).items()
    assert name == "gns3trio"
    assert sample.keys() == {STARTED, STOPPED}
    assert f"{sample[STARTED]:.3f} s" in output
    assert "stand-ins" not in output


def test_the_ratio_is_ours_to_theirs() -> None:
    ours, theirs = [{STARTED: 1.0, STOPPED: 0.5}], [{STARTED: 8.0, STOPPED: 5.0}]
    lines = table({"gns3trio": ours, "gns3-server": theirs}, lambda _, value: f"{value} s").splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["0.125", "0.100"]


def test_ubridge_says_yes(stand_ins: tuple[Path, Path]) -> None:
    ubridge, _ = stand_ins
    told = subprocess.run([ubridge, "-v"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    with running_ubridge(ubridge) as (_, hypervisor):
        version = hypervisor.command("hypervisor", "version")
        assert told.split() == ["ubridge", "version", *version]
        hypervisor.add_bridge("VPCS-1", (20000, 20001), (20002, 20003))
        assert hypervisor.command("hypervisor", "stop") == []


def test_vpcs_stays_in_the_foreground_and_ends_with_its_process(stand_ins: tuple[Path, Path], tmp_path: Path) -> None:
    _, vpcs = stand_ins
    told = subprocess.run([vpcs, "-v"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    assert told.endswith("version 0.8.3\n")
    console, own, remote = (str(port) for port in free_ports(3, socket.SOCK_STREAM))
    command = [vpcs, "-p", console, "-m", "0", "-i", "1", "-F", "-R", "-s", own, "-c", remote, "-t", "127.0.0.1"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            with _connected(int(console), process) as client:
                seen = b""
                while b"Virtual PC Simulator" not in seen:
                    data = client.recv(4096)
                    assert data, seen
                    seen += data
            process.terminate()
            process.wait(PATIENCE)
        finally:
            process.kill()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(console)))


def _connected(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:  # it has no other way to say that it is ready
            assert process.poll() is None, "it left the foreground"
            assert time.monotonic() < deadline
            time.sleep(0.02)
