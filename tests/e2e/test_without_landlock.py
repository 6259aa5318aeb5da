"""A server on a kernel that cannot confine nodes fully: it says so, and refuses to start them if it is told to."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import PATIENCE, PORT_RANGES, VPCS

WITHOUT_LANDLOCK = (sys.executable, "-m", "tests.without_landlock")
GNS3TRIO = (sys.executable, "-m", "gns3trio")


@contextmanager
def a_server(tmp_path: Path, *options: str) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a server without Landlock, and the file with its log."""
    log = tmp_path / "log"
    words = [
        "serve",
        "--port",
        "0",
        "--projects-path",
        str(tmp_path / "projects"),
        "--vpcs-path",
        VPCS[0],
        *PORT_RANGES,
    ]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [*WITHOUT_LANDLOCK, *GNS3TRIO, *words, *options], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            ready = re.search(r"http://\S+", process.stdout.readline())
            assert ready is not None, log.read_text()
            with httpx.Client(base_url=f"{ready[0]}/v2", timeout=PATIENCE) as client:
                yield client, log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def make_node(client: httpx.Client) -> str:
    project = client.post("/projects", json={"name": "lab"}).json()["project_id"]
    body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
    return f"/projects/{project}/nodes/{client.post(f'/projects/{project}/nodes', json=body).json()['node_id']}"


def test_nodes_run_with_what_there_is_and_it_is_told_once(tmp_path: Path) -> None:
    with a_server(tmp_path) as (client, log):
        node = make_node(client)
        for _ in range(2):
            assert client.post(f"{node}/start", json={}).is_success
            assert client.post(f"{node}/stop", json={}).is_success
    lines = [line for line in log.read_text().splitlines() if "Landlock" in line]
    assert len(lines) == 1
    assert "seccomp" not in lines[0]


def test_nodes_are_not_started_if_it_must_confine_them(tmp_path: Path) -> None:
    with a_server(tmp_path, "--require-sandbox") as (client, log):
        node = make_node(client)
        reply = client.post(f"{node}/start", json={})
        assert reply.status_code == httpx.codes.CONFLICT
        assert re.search(r"'PC1' is not started.*Landlock.*require_sandbox", reply.json()["message"])
        assert client.get(node).json()["status"] == "stopped"
        assert "nodes are not started" in log.read_text()


@pytest.mark.parametrize(("required", "verdict"), [("false", "optional"), ("true", "missing")])
def test_doctor_knows(tmp_path: Path, required: str, verdict: str) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f"require_sandbox = {required}\nport = 0\nprojects_path = '{tmp_path}'\n")
    command = [*WITHOUT_LANDLOCK, *GNS3TRIO, "doctor", "--json", "--config", str(settings)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    (finding,) = [each for each in json.loads(result.stdout) if each["what"] == "sandbox"]
    assert finding["verdict"] == verdict
    assert "Landlock" in finding["tells"] and "lsm=" in finding["advice"]
    assert result.returncode == int(verdict == "missing")
