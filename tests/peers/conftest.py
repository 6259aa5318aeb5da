"""Programs of others that drive our server. They run only where ./dev peers has installed them."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.e2e.conftest import PATIENCE, start_server, telnet

__all__ = ["start_server", "telnet"]  # fixtures

GNS3SERVER = os.environ.get("GNS3SERVER")
collect_ignore_glob = [] if GNS3SERVER else ["test_*.py"]


@attrs.frozen
class Controller:
    """A running gns3-server and a client of it."""

    http: httpx.Client

    def request(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Send a request; checks the status when given; returns the JSON reply, if any."""
        reply = self.http.request(method, path, json=body)
        if status is not None:
            assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None


@pytest.fixture
def gns3_controller(tmp_path: Path) -> Iterator[Controller]:
    """gns3-server 2.2, with a home of its own; it runs no node itself."""
    assert GNS3SERVER is not None
    home = tmp_path / "gns3"
    (home / "projects").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = home / "gns3_server.conf"
    settings.write_text(
        f"[Server]\nhost = 127.0.0.1\nport = {port}\nprojects_path = {home}/projects\n"
        "report_errors = False\ninstall_builtin_appliances = False\n"
    )
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [GNS3SERVER, "--config", str(settings)],
            stdout=log,
            stderr=log,
            cwd=home,
            env={**os.environ, "HOME": str(home)},
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
            _wait_until_up(http, process, home / "log")
            yield Controller(http)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_until_up(http: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            http.get("/v2/version").raise_for_status()
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
