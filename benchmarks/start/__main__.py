"""``python -m benchmarks.start``: how long a hundred VPCS take to start and to stop, beside gns3-server.

The method is in ../README.md.
"""

import os
import selectors
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.servers import OURS, POLL_SECONDS, Candidate, create, gns3trio, link, request, server
from benchmarks.side_by_side import Samples, compare, make_parser
from benchmarks.stand_ins import candidate as with_stand_ins

# gns3-server starts three at a time.
PATIENCE_SECONDS = 600.0
STARTED, STOPPED = "start", "stop"
STAND_INS = """
gns3-server ran with stand-ins, because this machine has no ubridge and a VPCS older than it accepts: a ubridge that
answers and forwards nothing, and the real VPCS under another version number. They only make gns3-server faster."""


def measure(candidate: Candidate, port: int, count: int) -> Samples:
    """One round with one server: seconds."""
    samples: Samples = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        server(candidate, folder, port) as (process, _),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
    ):
        project = request(http, "POST", "/projects", {"name": "bench", "auto_close": False})["project_id"]
        nodes = [create(http, project) for _ in range(count)]
        for first in range(0, count, 2):
            link(http, project, nodes[first : first + 2])
        began = time.perf_counter()
        act(http, project, "start")
        for node in wait_until_started(http, project):
            greet(node["console"])
        samples[STARTED] = time.perf_counter() - began
        with ends(process.children(recursive=True)) as wait_for_ends:
            began = time.perf_counter()
            act(http, project, "stop")
            wait_for_ends()
            samples[STOPPED] = time.perf_counter() - began
    return samples


def act(http: httpx.Client, project: str, action: str) -> None:
    """Start or stop all nodes."""
    reply = http.post(f"/projects/{project}/nodes/{action}", json={})
    if reply.is_error:
        raise SystemExit(f"{action}: {reply.status_code} {reply.text}")


def wait_until_started(http: httpx.Client, project: str) -> list[dict[str, Any]]:
    """The nodes, once all are started by the API."""
    while True:
        nodes: list[dict[str, Any]] = http.get(f"/projects/{project}/nodes").json()
        if all(node["status"] == "started" for node in nodes):
            return nodes
        time.sleep(POLL_SECONDS)


def greet(port: int) -> None:
    """Connect to a console, and return when it has said something."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as console:
        if not console.recv(1):
            raise SystemExit(f"the console at port {port} closed the connection")


@contextmanager
def ends(processes: list[psutil.Process]) -> Iterator[Any]:
    """Gives a function that waits until all of the processes have ended."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for process in processes:
            descriptor = os.pidfd_open(process.pid)
            stack.callback(os.close, descriptor)
            selector.register(descriptor, selectors.EVENT_READ)

        def wait() -> None:
            while selector.get_map():
                ended = selector.select(PATIENCE_SECONDS)
                if not ended:
                    raise SystemExit(f"{len(selector.get_map())} processes do not end")
                for key, _ in ended:
                    selector.unregister(key.fileobj)

        yield wait


def main() -> None:
    """Measure and print."""
    parser = make_parser("python -m benchmarks.start", __doc__)
    parser.add_argument("--nodes", type=int, default=100, help="VPCS, an even number, linked in pairs (default 100)")
    parser.add_argument(
        "--gns3server", type=Path, metavar="PROGRAM", help="measure this too, such as .venv-peers/bin/gns3server"
    )
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="measure the server of another checkout, with its .venv, too"
    )
    options = parser.parse_args()
    if options.nodes < 2 or options.nodes % 2:
        parser.error("--nodes: an even number, 2 at least")
    with tempfile.TemporaryDirectory() as folder:
        servers = [OURS]
        if options.before:
            servers.append(gns3trio("before", str(options.before.absolute() / ".venv" / "bin" / "python")))
        if options.gns3server:
            servers.append(with_stand_ins(options.gns3server, Path(folder)))

        def measure_one(candidate: Candidate) -> Samples:
            return measure(candidate, options.port, options.nodes)

        lab = f"{options.nodes} VPCS linked in pairs"
        compare(servers, options, lab, measure_one, lambda _, seconds: f"{seconds:.3f} s")
    if options.gns3server:
        print(STAND_INS)


if __name__ == "__main__":
    main()
