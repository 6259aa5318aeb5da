"""``python -m benchmarks.session``: how long a lab takes to come up, and what its nodes cost.

Everything is measured from outside, over HTTP and telnet, on a server process of its own. The method is in README.md.
"""

import argparse
import json
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil

from benchmarks.session.console import first_ping

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.002


@attrs.frozen
class Candidate:
    """A server to measure: a command in which {port} and {projects} are filled in."""

    name: str
    command: str


@attrs.frozen(kw_only=True)
class Sample:
    """One run. Times in seconds, memory in bytes (PSS: shared pages count in proportion)."""

    cold_start: float
    first_ping: float
    start_all: float
    stop_all: float
    server_memory: float
    memory_per_node: float
    processes_per_node: float


OURS = Candidate(
    "gns3trio",
    f"{shlex.quote(sys.executable)} -m gns3trio serve --port {{port}} --projects-path {{projects}} --log-level error",
)


@contextmanager
def server(candidate: Candidate, folder: str, port: int) -> Iterator[tuple[psutil.Process, float]]:
    """A running server, and the seconds from its start to its first answer."""
    command = candidate.command.format(port=port, projects=f"{folder}/projects")
    began = time.perf_counter()
    process = subprocess.Popen(
        shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True
    )
    try:
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/v2/version", timeout=5).status_code == httpx.codes.OK:
                    break
            except httpx.HTTPError:
                if process.poll() is not None:
                    raise SystemExit(f"{candidate.name} ended with status {process.returncode}: {command}") from None
                time.sleep(POLL_SECONDS)
        yield psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def memory(processes: list[psutil.Process]) -> int:
    """The memory of processes in bytes, shared pages in proportion."""
    return sum(process.memory_full_info().pss for process in processes)


def measure(candidate: Candidate, nodes: int, port: int) -> Sample:
    """Start a server, make a lab of ``nodes`` linked in pairs, and take it down."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(candidate, folder, port) as (process, cold_start),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
    ):
        alone = memory([process])
        project = request(http, "POST", "/projects", {"name": "bench"})["project_id"]
        began = time.perf_counter()
        pair = [create(http, project) for _ in range(2)]
        link(http, project, pair)
        for node in pair:
            request(http, "POST", f"/projects/{project}/nodes/{node['node_id']}/start", {})
        first_ping(pair[0]["console"], pair[1]["console"])
        pinged = time.perf_counter() - began
        more = [create(http, project) for _ in range(nodes - 2)]
        for start in range(0, len(more), 2):
            link(http, project, more[start : start + 2])
        start_all = timed(http, f"/projects/{project}/nodes/start")
        children = process.children(recursive=True)
        cost = memory([process, *children]) - alone
        stop_all = timed(http, f"/projects/{project}/nodes/stop")
    return Sample(
        cold_start=cold_start,
        first_ping=pinged,
        start_all=start_all,
        stop_all=stop_all,
        server_memory=alone,
        memory_per_node=cost / nodes,
        processes_per_node=len(children) / nodes,
    )


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


def timed(http: httpx.Client, path: str) -> float:
    """The seconds that a project-wide action takes."""
    began = time.perf_counter()
    if http.post(path).is_error:
        raise SystemExit(f"POST {path} failed")
    return time.perf_counter() - began


ROWS = (
    ("cold start, process start to first answer", "cold_start", "s", 1.0),
    ("create two, link, start, first ping", "first_ping", "s", 1.0),
    ("start all the others", "start_all", "s", 1.0),
    ("stop all", "stop_all", "s", 1.0),
    ("server alone, memory (PSS)", "server_memory", "MiB", 2.0**20),
    ("memory per running node (PSS)", "memory_per_node", "MiB", 2.0**20),
    ("processes per running node", "processes_per_node", "", 1.0),
)


def table(samples: dict[str, list[Sample]]) -> str:
    """Medians, and their ratio to the last candidate when there are two."""
    names = list(samples)
    lines = [f"{'':44}" + "".join(f"{name:>20}" for name in names) + ("     ratio" if len(names) > 1 else "")]
    for title, field, unit, scale in ROWS:
        medians = [statistics.median(getattr(sample, field) for sample in samples[name]) / scale for name in names]
        line = f"{title:44}" + "".join(f"{value:14.3f} {unit:5}" for value in medians)
        if len(names) > 1 and medians[-1]:
            line += f"{medians[0] / medians[-1]:10.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.session", description=__doc__)
    parser.add_argument("--nodes", type=int, default=20, help="nodes of the lab, an even number (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server, in turn (default 3)")
    parser.add_argument("--port", type=int, default=3999, help="TCP port that the servers get (default 3999)")
    parser.add_argument(
        "--gns3server",
        metavar="COMMAND",
        help="measure this too; {port} and {projects} in it are filled in",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    options = parser.parse_args()
    if options.nodes < 2 or options.nodes % 2:
        parser.error("--nodes: an even number, 2 at least")
    candidates = [OURS, *([Candidate("gns3-server", options.gns3server)] if options.gns3server else [])]
    samples: dict[str, list[Sample]] = {candidate.name: [] for candidate in candidates}
    for _ in range(options.rounds):
        for candidate in candidates:
            samples[candidate.name].append(measure(candidate, options.nodes, options.port))
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"medians of {options.rounds} interleaved rounds, {options.nodes} VPCS linked in pairs\n")
    print(table(samples))
    if options.json is not None:
        options.json.write_text(json.dumps({name: [attrs.asdict(s) for s in runs] for name, runs in samples.items()}))


if __name__ == "__main__":
    main()
