"""The benchmark of starting containers, and what stands in for an engine that gives away all capabilities."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from benchmarks.containers.__main__ import ALONE, BEYOND, CREATED, DELETED, STARTED
from benchmarks.forwarding.programs import ROOT
from benchmarks.forwarding.ubridge import free_ports, running_ubridge
from benchmarks.stand_ins import build
from benchmarks.stand_ins.engine_proxy import capabilities_here, engine_proxy
from tests.support.docker_engine import BUSYBOX, DockerEngine

PATIENCE = 240


def test_it_measures_our_server(docker_engine: DockerEngine, tmp_path: Path) -> None:
    (port,) = free_ports(1, socket.SOCK_STREAM)
    options = ["--nodes", "2", "--rounds", "1", "--port", str(port), "--json", str(tmp_path / "samples")]
    command = [sys.executable, "-m", "benchmarks.containers", *options]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    ((name, (sample,)),) = json.loads((tmp_path / "samples").read_text()).items()
    assert name == "gns3trio"
    assert sample.keys() == {ALONE, CREATED, STARTED, DELETED, BEYOND}
    assert f"{sample[STARTED]:.3f} s" in output
    assert "stand" not in output


def test_the_proxy_takes_privileges_from_new_containers_only(docker_engine: DockerEngine, tmp_path: Path) -> None:
    proxied = DockerEngine(tmp_path / "engine", 0, docker_engine.busybox)
    host = {"Privileged": True, "CapAdd": ["ALL"], "NetworkMode": "none"}
    with engine_proxy(docker_engine.socket, proxied.socket):
        with proxied.container("sh", "-c", "grep CapEff /proc/self/status", host_config=host) as container:
            shown = docker_engine.request("GET", f"/containers/{container.id}/json")["HostConfig"]
            assert "CapEff:" in container.printed()
        with proxied.container("true", host_config={"NetworkMode": "none"}) as container:
            plain = proxied.request("GET", f"/containers/{container.id}/json")["HostConfig"]
        assert BUSYBOX in str(proxied.request("GET", "/images/json"))
    assert not shown["Privileged"]
    assert {name.removeprefix("CAP_") for name in shown["CapAdd"]} == set(capabilities_here())
    assert plain["CapAdd"] is None
    assert not proxied.socket.exists()


def test_ubridge_makes_the_interfaces_of_containers(docker_engine: DockerEngine, tmp_path: Path) -> None:
    ubridge, _ = build(tmp_path)
    with docker_engine.container("sleep", "1000") as container, running_ubridge(ubridge) as (_, hypervisor):
        assert "eth7" not in container.run("cat", "/proc/net/dev")
        hypervisor.command("docker", "move_to_ns", "tap-gns3-e0", str(container.pid), "eth7")
        assert "eth7:" in container.run("cat", "/proc/net/dev")
        assert hypervisor.command("hypervisor", "stop") == []
