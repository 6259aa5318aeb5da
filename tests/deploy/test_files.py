"""What is not run here is checked by the tools' own checks."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

DEPLOY = ROOT / "docs" / "deploy"
UNIT = DEPLOY / "systemd" / "gns3trio.service"
CLOUDS = DEPLOY / "systemd" / "gns3trio.service.d" / "clouds.conf"
# systemd rates from 0 (confined) to 10. The unit has 2.5: the server needs the network, and addresses are not limited.
MOST_EXPOSED = 30
PATIENCE = 120


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """What a command prints, which must succeed."""
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.mark.parametrize("has_clouds", [False, True], ids=["plain", "clouds"])
def test_systemd_accepts_the_unit(tmp_path: Path, has_clouds: bool) -> None:
    """The program is not installed here, so another stands for it."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/gns3trio/bin/gns3trio", "/bin/true"))
    if has_clouds:
        (tmp_path / CLOUDS.parent.name).mkdir()
        (tmp_path / CLOUDS.parent.name / CLOUDS.name).write_text(CLOUDS.read_text())
    assert run("systemd-analyze", "verify", "--man=no", unit) == ""


def test_systemd_finds_the_unit_confined() -> None:
    run("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT)


def test_kubernetes_accepts_the_manifests() -> None:
    run("kubernetes-validate", "--strict", *sorted((DEPLOY / "kubernetes").glob("*.yaml")))


def test_ansible_accepts_the_playbook() -> None:
    run("ansible-playbook", "--syntax-check", "-i", "inventory.ini", "playbook.yml", folder=DEPLOY / "ansible")
    run("ansible-lint", "--offline", "--strict", "playbook.yml", folder=DEPLOY / "ansible")


def test_compose_demands_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["docker-compose", "--file", str(DEPLOY / "compose" / "compose.yaml"), "config", "--quiet"]
    monkeypatch.delenv("GNS3TRIO_PASSWORD", raising=False)
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert refused.returncode != 0 and "write it into the file .env" in refused.stderr
    monkeypatch.setenv("GNS3TRIO_PASSWORD", "secret")
    run(*command)
