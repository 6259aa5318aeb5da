"""``python -m benchmarks.session``: how long a lab takes to come up, and what its nodes cost.

Everything is measured from outside, over HTTP and telnet, on a server process of its own. The method is in README.md.
"""

import tempfile
import time

import httpx
import psutil

from benchmarks.servers import PATIENCE_SECONDS, Candidate, create, link, request, server
from benchmarks.session.console import first_ping
from benchmarks.side_by_side import Samples, add_other_server, candidates, compare, make_parser

PROCESSES = "processes per running node"


def memory(processes: list[psutil.Process]) -> int:
    """The memory of processes in bytes, shared pages in proportion."""
    return sum(process.memory_full_info().pss for process in processes)


def measure(candidate: Candidate, nodes: int, port: int) -> Samples:
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
    return {
        "cold start, process start to first answer": cold_start,
        "create two, link, start, first ping": pinged,
        "start all the others": start_all,
        "stop all": stop_all,
        "server alone, memory (PSS)": alone,
        "memory per running node (PSS)": cost / nodes,
        PROCESSES: len(children) / nodes,
    }


def timed(http: httpx.Client, path: str) -> float:
    """The seconds that a project-wide action takes."""
    began = time.perf_counter()
    if http.post(path).is_error:
        raise SystemExit(f"POST {path} failed")
    return time.perf_counter() - began


def shown(row: str, value: float) -> str:
    """A figure with its unit."""
    if row == PROCESSES:
        return f"{value:.3f}"
    return f"{value / 2**20:.3f} MiB" if "memory" in row else f"{value:.3f} s"


def main() -> None:
    """Measure and print."""
    parser = make_parser("python -m benchmarks.session", __doc__)
    add_other_server(parser)
    parser.add_argument("--nodes", type=int, default=20, help="nodes of the lab, an even number (default 20)")
    options = parser.parse_args()
    if options.nodes < 2 or options.nodes % 2:
        parser.error("--nodes: an even number, 2 at least")

    def measure_one(candidate: Candidate) -> Samples:
        return measure(candidate, options.nodes, options.port)

    compare(candidates(options), options, f"{options.nodes} VPCS linked in pairs", measure_one, shown)


if __name__ == "__main__":
    main()
