"""Nodes move between hosts by command, and nothing is lost when the server is killed meanwhile."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer
from tests.e2e.shell import COMMAND, Shell

PASSWORD = "far secret"
DISK_BYTES = 300_000_000  # without blocks on the disk; to send them takes a second or more


@pytest.fixture
def far(start_server: StartServer, tmp_path: Path) -> ServerProcess:
    """Another host."""
    settings = {"GNS3TRIO_USER": "lab", "GNS3TRIO_PASSWORD": PASSWORD}
    ranges = ["--console-start-port-range", "56000", "--console-end-port-range", "57000"]
    ranges += ["--udp-start-port-range", "57001", "--udp-end-port-range", "58000"]
    return start_server("--projects-path", str(tmp_path / "far"), *ranges, env=settings)


@pytest.fixture
def shell(start_server: StartServer, far: ServerProcess) -> Shell:
    """A server with that host, and a project."""
    shell = Shell(start_server())
    shell.run(
        "compute", "add", far.url, "--name", "attic", "--compute-user", "lab", "--password-file", "-", text=PASSWORD
    )
    shell.run("project", "create", "lab")
    return shell


def until(is_so: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
    return found


def host_of(shell: Shell, name: str) -> str:
    """The host of a node, as people call it."""
    compute_id = shell.json("node", "show", "lab", name)["compute_id"]
    return str(compute_id if compute_id == "local" else shell.json("compute", "show", compute_id)["name"])


def test_a_node_moves_by_command(shell: Shell) -> None:
    made = {shell.json("node", "create", "lab", "vpcs", f"PC{number}")["compute_id"] for number in range(2)}
    assert len(made) == 2  # the server chooses
    shell.run("node", "create", "lab", "vpcs", "A", "--compute", "local")
    assert host_of(shell, "A") == "local"
    assert "attic" in shell.run("node", "move", "lab", "A", "attic")
    assert host_of(shell, "A") == "attic"
    shell.run("node", "start", "lab", "A")
    assert "stop it first" in shell.run("node", "move", "lab", "A", "local", status=1)
    shell.run("node", "stop", "lab", "A")
    assert shell.json("node", "move", "lab", "A", "local")["compute_id"] == "local"
    assert "no compute 'cellar'" in shell.run("node", "move", "lab", "A", "cellar", status=3)


@pytest.mark.parametrize("moment", ["it is created", "files come", "it is moved"])
def test_a_server_that_is_killed_meanwhile_loses_nothing(
    start_server: StartServer, shell: Shell, tmp_path: Path, moment: str
) -> None:
    node = shell.json("node", "create", "lab", "vpcs", "A", "--compute", "local")
    here = Path(node["node_directory"])
    there = tmp_path / "far" / node["project_id"] / "project-files" / "vpcs" / node["node_id"]
    (here / "notes.txt").write_text("kept")
    (here / "disk.bin").touch()
    os.truncate(here / "disk.bin", DISK_BYTES)
    moments: dict[str, Callable[[], Any]] = {
        "it is created": there.exists,
        "files come": lambda: there.exists() and any(there.iterdir()),
        "it is moved": lambda: not (here / "disk.bin").exists(),
    }
    with subprocess.Popen(
        [*COMMAND, "node", "move", "lab", "A", "attic"], env=shell.environment, stderr=subprocess.DEVNULL
    ) as command:
        until(moments[moment])
        shell.server.stop(signal.SIGKILL)
        command.wait(PATIENCE)

    again = Shell(start_server())
    again.run("project", "open", "lab")
    place = {"local": here, "attic": there}
    at = host_of(again, "A")
    assert at == ("attic" if moment == "it is moved" else "local")
    assert (place.pop(at) / "notes.txt").read_text() == "kept"
    assert ({"local": here, "attic": there}[at] / "disk.bin").stat().st_size == DISK_BYTES
    (other,) = place.values()
    until(lambda: not other.exists())
    to = "local" if at == "attic" else "attic"
    again.run("node", "move", "lab", "A", to)
    assert host_of(again, "A") == to
