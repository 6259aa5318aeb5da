"""A server of its own process that serves GNS3's compute API, and can be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from tests.e2e.conftest import PATIENCE, PORT_RANGES, VPCS

Json = dict[str, Any]


@attrs.define
class ComputeProcess:
    """A program that serves GNS3's compute API at ``port``, and can be killed and started again."""

    command: list[str]
    home: Path
    port: int
    name: str
    user: str | None = None
    host: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its API."""
        return f"http://{self.host}:{self.port}/v2/compute"

    @property
    def auth(self) -> tuple[str, str] | None:
        """Its credentials."""
        return (self.user, "secret") if self.user else None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.home / "log").open("ab") as log:
            environment = {**os.environ, "HOME": str(self.home)}
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.home, env=environment)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{self.url}/version", auth=self.auth, timeout=PATIENCE).raise_for_status()
                return
            except httpx.TransportError:
                assert self.process.poll() is None, (self.home / "log").read_text()
                assert time.monotonic() < deadline, (self.home / "log").read_text()
                time.sleep(0.05)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut does, with what it had started."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE)
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if entry.name.isdigit() and (
                    str(self.home) in line or Path(os.readlink(entry / "cwd")).is_relative_to(self.home)
                ):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue

    def body(self) -> Json:
        """What registers it as a compute."""
        address = {"protocol": "http", "host": self.host, "port": self.port}
        credentials = {"user": self.user, "password": "secret"} if self.user else {}
        return {"compute_id": self.name, "name": self.name, **address, **credentials}

    def projects(self) -> list[Json]:
        """Those that are open there."""
        found: list[Json] = httpx.get(f"{self.url}/projects", auth=self.auth, timeout=PATIENCE).json()
        return found

    def open_ids(self) -> list[str]:
        """The ids of the projects that are open there."""
        return [project["project_id"] for project in self.projects()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def our_server(
    home: Path, name: str, host: str = "127.0.0.1", *options: str, user: str | None = None
) -> Iterator[ComputeProcess]:
    """A server of ours, with a password where its address needs one; ``user`` is the user among the options. Its ports
    are not those of ``start_server``.
    """
    port = free_port()
    (home / "projects").mkdir(parents=True)
    ranges = [str(int(each) + 7000) if each.isdigit() else each for each in PORT_RANGES]
    command = [sys.executable, "-m", "gns3trio", "serve", "--host", host, "--port", str(port), *ranges, *options]
    command += ["--projects-path", str(home / "projects"), "--vpcs-path", VPCS[0]]
    if host != "127.0.0.1":
        user = "lab"
        command += ["--user", user, "--password", "secret", "--console-host", host]
    server = ComputeProcess(command, home, port, name, user, host)
    server.start()
    try:
        yield server
    finally:
        server.kill()
