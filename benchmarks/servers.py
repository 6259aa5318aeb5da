"""Servers to measure: started, asked, and ended, ours and others that speak version 2."""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import attrs
import httpx
import psutil

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.002
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@attrs.frozen
class Candidate:
    """A server to measure: a command in which {port} and {projects} are filled in."""

    name: str
    command: str
    # The version of its API that it is asked for, to see whether it is up.
    api: str = "v2"


def gns3trio(name: str, python: str) -> Candidate:
    """This server, as the given Python has it installed."""
    options = "--port {port} --projects-path {projects} --log-level error"
    return Candidate(name, f"{shlex.quote(python)} -m gns3trio serve {options}")


OURS = gns3trio("gns3trio", sys.executable)


def wait_until(happened: Callable[[], bool], what: str, *, pause: float) -> None:
    """Ask again after ``pause`` seconds. Raises TimeoutError after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen in {PATIENCE_SECONDS:g} s")
        time.sleep(pause)


@contextmanager
def server(candidate: Candidate, folder: str, port: int) -> Iterator[tuple[psutil.Process, float]]:
    """A running server, and the seconds from its start to its first answer."""
    command = candidate.command.format(port=port, projects=f"{folder}/projects")
    # An installed program is compiled; one in a checkout is after its first start, unless this forbids it.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(
        shlex.split(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environ,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    try:
        while True:
            try:
                if (
                    httpx.get(f"http://127.0.0.1:{port}/{candidate.api}/version", timeout=5).status_code
                    == httpx.codes.OK
                ):
                    break
            except httpx.HTTPError:
                if process.poll() is not None:
                    raise SystemExit(f"{candidate.name} ended with status {process.returncode}: {command}") from None
                time.sleep(POLL_SECONDS)
        yield psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        # gns3-server that is ended early leaves a process behind, which keeps its port.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """The server ends when a benchmark is killed; PR_SET_PDEATHSIG of prctl(2)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def request(http: httpx.Client, method: str, path: str, body: Any) -> dict[str, Any]:
    """Send a request that must succeed; returns its JSON reply."""
    reply = http.request(method, path, json=body)
    if reply.is_error:
        raise SystemExit(f"{method} {path}: {reply.status_code} {reply.text}")
    result: dict[str, Any] = reply.json()
    return result


def create(http: httpx.Client, project: str) -> dict[str, Any]:
    """A VPCS."""
    body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
    return request(http, "POST", f"/projects/{project}/nodes", body)


def link(http: httpx.Client, project: str, pair: list[dict[str, Any]]) -> None:
    """Join two VPCS."""
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in pair]
    request(http, "POST", f"/projects/{project}/links", {"nodes": ends})
