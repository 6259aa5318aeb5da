"""What ``gns3trio doctor`` tells of containers."""

from pathlib import Path

import pytest

from gns3trio.commands import docker_findings as module
from gns3trio.commands.docker_findings import docker_findings
from gns3trio.commands.findings import Finding
from gns3trio.config import Config
from tests.support.docker_engine import DockerEngine


def findings(socket: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in docker_findings(Config(docker_socket=socket))}


def test_without_an_engine_nothing_else_matters(tmp_path: Path) -> None:
    found = findings(tmp_path / "none")
    assert set(found) == {"Docker"}
    assert found["Docker"].verdict == "optional" and "apt install docker.io" in found["Docker"].advice


def test_a_working_engine(docker_engine: DockerEngine) -> None:
    found = findings(docker_engine.socket)
    version = docker_engine.request("GET", "/version")["Version"]
    assert found["Docker"].tells == f"{version} at {docker_engine.socket}"
    assert {finding.verdict for finding in found.values()} == {"good"}


def test_what_containers_lack_is_told(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "has_capability", lambda number: number != 21)
    found = findings(docker_engine.socket)
    assert "apt install busybox-static" in found["busybox"].advice
    assert found["interfaces of containers"].tells == "without CAP_SYS_ADMIN"
    assert "setcap cap_sys_admin+ep" in found["interfaces of containers"].advice
