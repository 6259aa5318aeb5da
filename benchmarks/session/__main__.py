"""``python -m benchmarks.session``: how long a lab takes to come up, and what its nodes cost.

Everything is measured from outside, over HTTP and telnet, on a server process of its own. The method is in README.md.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import attrs
import httpx
import psutil

from benchmarks.servers import OURS, PATIENCE_SECONDS, Candidate, create, link, request, server
from benchmarks.session.console import first_ping


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
