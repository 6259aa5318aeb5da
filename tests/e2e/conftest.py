"""A real server process with real clients of it: curl, telnet, websockets."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.e2e.terminal import PATIENCE, Terminal

__all__ = ["PATIENCE"]

VPCS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")

# Away from the ports of the other tests, which may run at the same time.
PORT_RANGES = [
    *("--console-start-port-range", "49000", "--console-end-port-range", "51000"),
    *("--udp-start-port-range", "51001", "--udp-end-port-range", "55000"),
]


@attrs.define
class ServerProcess:
    """A ``gns3trio serve`` of its own process."""

    process: subprocess.Popen[str]
    url: str
    projects: Path
    curl_options: tuple[str, ...] = ()

    def curl(self, *arguments: str) -> tuple[int, Any]:
        """Run curl as the document does; returns the status and the JSON reply, None when it is empty."""
        command = ["curl", "-s", "-w", "\n%{http_code}", *self.curl_options, *arguments]
        output = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
        body, _, status = output.rpartition("\n")
        return int(status), json.loads(body) if body else None

    def post(self, path: str, data: str | None = None) -> tuple[int, Any]:
        """``curl -X POST``."""
        return self.curl("-X", "POST", self.url + path, *(["-d", data] if data is not None else []))

    def get(self, path: str) -> tuple[int, Any]:
        """``curl``."""
        return self.curl(self.url + path)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


StartServer = Callable[..., ServerProcess]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers on one projects folder; ends those that still run."""
    started: list[ServerProcess] = []

    def start(
        *options: str,
        ranges: bool = True,
        port: str = "0",
        env: dict[str, str] | None = None,
        log: Path | None = None,
        program: str = "gns3trio",
    ) -> ServerProcess:
        projects = tmp_path / "projects"
        command = [sys.executable, "-m", program, "serve", "--port", port, "--projects-path", str(projects)]
        command += ["--vpcs-path", VPCS[0], "--log-level", "warning", *(PORT_RANGES if ranges else []), *options]
        with log.open("a") if log else nullcontext() as stderr:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **(env or {})}
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = re.fullmatch(r"gns3trio \S+ ready on (\S+)\n", line)
        assert ready is not None, f"no server: {line!r}"
        server = ServerProcess(process, ready.group(1), projects)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        if server.process.stdout is not None:
            server.process.stdout.close()


class Telnet:
    """The telnet program, typing and reading through pipes."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._process = subprocess.Popen(
            ["telnet", host, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.seen = ""
        self.transcript = ""  # all that came

    def type(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def until(self, pattern: str) -> str:
        """Read until ``pattern`` has come; returns what came up to its end."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while (match := re.search(pattern, self.seen)) is None:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self._process.stdout], [], [], max(left, 0))
            data = os.read(self._process.stdout.fileno(), 4096) if readable else b""
            assert data, f"{pattern!r} did not come, but {self.seen!r}"
            self._take(data)
        text, self.seen = self.seen[: match.end()], self.seen[match.end() :]
        return text

    def wait_closed(self) -> str:
        """Read until the program ends."""
        assert self._process.stdout is not None
        self._take(self._process.stdout.read())
        self._process.wait(PATIENCE)
        return self.seen

    def _take(self, data: bytes) -> None:
        text = data.decode(errors="replace").replace("\r", "")
        self.seen += text
        self.transcript += text

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def telnet() -> Iterator[Callable[..., Telnet]]:
    """Starts telnet programs; ends those that still run."""
    started: list[Telnet] = []

    def start(port: int, host: str = "127.0.0.1") -> Telnet:
        started.append(Telnet(port, host))
        return started[-1]

    yield start
    for client in started:
        client.close()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def vpcs_processes(projects: Path) -> list[int]:
    """The VPCS that run in folders below ``projects``. A zombie is not one: it has no folder any more."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if Path(os.readlink(entry / "cwd")).is_relative_to(projects):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask again and again until it is so. Each question takes its time, as one that a command answers."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline


def wait_for_no_vpcs(projects: Path) -> None:
    """Wait until none runs."""
    deadline = time.monotonic() + PATIENCE
    while left := vpcs_processes(projects):
        assert time.monotonic() < deadline, f"VPCS left behind: {left}"
        time.sleep(0.01)
