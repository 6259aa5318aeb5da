"""Programs of others that drive our server. They run only where ./dev peers has installed them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import attrs
import httpx
import pytest

from benchmarks.stand_ins import IMAGE_FILES, build
from benchmarks.stand_ins.engine_proxy import engine_proxy, with_own_run
from tests.browser.conftest import browser
from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, start_server, telnet
from tests.peers.gns3_3 import running_gns3_3
from tests.support.docker_engine import DockerEngine

__all__ = ["browser", "start_server", "telnet"]  # fixtures

GNS3SERVER = os.environ.get("GNS3SERVER")
_VERSION = "2.2.61"  # that a compute must tell
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


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What gns3-server takes for ubridge and VPCS."""
    return build(tmp_path_factory.mktemp("stand_ins"))


@pytest.fixture
def gns3_controller(tmp_path: Path, stand_ins: tuple[Path, Path]) -> Iterator[Controller]:
    """gns3-server 2.2, with a home of its own. The VPCS that it runs itself reach nobody."""
    with running_controller(tmp_path / "gns3", stand_ins) as controller:
        yield controller


@pytest.fixture
def gns3_with_engine(tmp_path: Path, stand_ins: tuple[Path, Path], docker_engine: DockerEngine) -> Iterator[Controller]:
    """As ``gns3_controller``, with the engine of the tests, and the image ``lab`` there."""
    docker_engine.make_image("lab", files=IMAGE_FILES)
    # The path of a socket may have 107 bytes.
    with (
        TemporaryDirectory() as folder,
        engine_proxy(docker_engine.socket, Path(folder, "engine")),
        running_controller(tmp_path / "gns3", stand_ins, with_own_run(Path(folder, "engine"))) as controller,
    ):
        yield controller


@contextmanager
def running_controller(home: Path, stand_ins: tuple[Path, Path], prefix: Sequence[str] = ()) -> Iterator[Controller]:
    """gns3-server while the ``with`` lasts. The prefix is a command that becomes the one after it."""
    assert GNS3SERVER is not None
    (home / "projects").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ubridge, vpcs = stand_ins
    settings = home / "gns3_server.conf"
    settings.write_text(
        f"[Server]\nhost = 127.0.0.1\nport = {port}\nprojects_path = {home}/projects\n"
        f"ubridge_path = {ubridge}\nreport_errors = False\ninstall_builtin_appliances = False\n"
        f"[VPCS]\nvpcs_path = {vpcs}\n"
    )
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, GNS3SERVER, "--config", str(settings)],
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


@pytest.fixture
def ours(start_server: StartServer, gns3_controller: Controller) -> ServerProcess:
    """Our server, registered as a compute of the controller."""
    server = start_server()
    register(server, gns3_controller)
    return server


def register(server: ServerProcess, controller: Controller) -> None:
    """Make our server the compute ``ours`` of a controller."""
    address = urlsplit(server.url)
    body = {"compute_id": "ours", "name": "ours", "protocol": "http", "host": address.hostname, "port": address.port}
    compute = controller.request("POST", "/v2/computes", body, 201)
    assert compute["connected"] is True
    assert "vpcs" in compute["capabilities"]["node_types"]


@pytest.fixture
def any_compute() -> Iterator[dict[str, Any]]:
    """A compute that takes every node, as GNS3 registers it: the emulators are not installed here."""
    assert GNS3SERVER is not None
    program = Path(__file__).with_name("any_compute.py")
    command = [str(Path(GNS3SERVER).with_name("python")), str(program), _VERSION]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield {"compute_id": "any", "host": "127.0.0.1", "name": "any", "port": port, "protocol": "http"}
        process.terminate()


@pytest.fixture
def gns3_3(tmp_path: Path, stand_ins: tuple[Path, Path]) -> Iterator[Controller]:
    """gns3-server 3.0.6 with a ubridge that passes frames, and a client that has logged in."""
    ubridge = tmp_path / "ubridge"
    program = Path(__file__).with_name("forwarding_ubridge.py")
    ubridge.write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n')
    ubridge.chmod(0o755)
    with (
        running_gns3_3(tmp_path / "gns3", (ubridge, stand_ins[1])) as url,
        httpx.Client(base_url=url, timeout=PATIENCE) as http,
    ):
        login = {"username": "admin", "password": "admin"}
        token = http.post("/v3/access/users/authenticate", json=login).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield Controller(http)
