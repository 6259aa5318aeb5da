"""``python -m benchmarks.containers``: how long containers take to start, beside the engine alone and gns3-server.

The method is in ../README.md.
"""

import argparse
import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import httpx

from benchmarks.servers import OURS, Candidate, link, request, server, wait_until
from benchmarks.side_by_side import Samples, compare, make_parser
from benchmarks.stand_ins import IMAGE_FILES
from benchmarks.stand_ins import candidate as with_stand_ins
from benchmarks.stand_ins.engine_proxy import engine_proxy, with_own_run
from tests.support.docker_engine import DockerEngine, open_docker_engine

PATIENCE_SECONDS = 600.0
CREATED, ALONE, STARTED, DELETED = "create", "start: the engine alone", "start", "delete, running"
BEYOND = "start, beyond the engine, per container"
_POLL_SECONDS = 0.01
_IMAGE = "bench"
STAND_INS = """
gns3-server ran without the real ubridge. What stands in for it makes the interfaces of containers and forwards
nothing, which only makes gns3-server faster."""

T = TypeVar("T")


@attrs.frozen
class Bench:
    """What all measurements share."""

    engine: DockerEngine
    options: argparse.Namespace
    alone: list[float] = attrs.field(factory=list)  # the figures of the engine alone

    def running(self) -> int:
        """How many containers run."""
        return len(self.engine.request("GET", "/containers/json"))

    def require_running(self) -> None:
        """Ends the benchmark unless as many containers run as there should."""
        if (count := self.running()) != self.options.nodes:
            raise SystemExit(f"{count} containers run instead of {self.options.nodes}")

    def measure(self, candidate: Candidate) -> Samples:
        """One round with one server: seconds."""
        samples: Samples = {}
        with running(candidate, self.options.port) as http:
            if candidate.name == OURS.name:
                self.alone.append(self._start_by_engine(http))
            samples[ALONE] = self.alone[-1]
            began = time.perf_counter()
            project, made = self._create(http, adapters=1)
            samples[CREATED] = time.perf_counter() - began
            for first in range(0, len(made), 2):
                link(http, project, made[first : first + 2])
            began = time.perf_counter()
            http.post(f"/projects/{project}/nodes/start", json={}).raise_for_status()
            wait_until(lambda: _all_started(http, project), "the start of all nodes", pause=_POLL_SECONDS)
            samples[STARTED] = time.perf_counter() - began
            self.require_running()
            samples[DELETED] = self._delete(http, project)
        samples[BEYOND] = (samples[STARTED] - samples[ALONE]) / self.options.nodes
        return samples

    def _start_by_engine(self, http: httpx.Client) -> float:
        """Start containers of our server, which have no interfaces, by requests to the engine alone; seconds."""
        project, made = self._create(http, adapters=0)
        containers = [node["properties"]["container_id"] for node in made]
        began = time.perf_counter()
        _at_once(lambda each: self.engine.request("POST", f"/containers/{each}/start"), containers)
        seconds = time.perf_counter() - began
        self.require_running()
        self._delete(http, project)
        return seconds

    def _create(self, http: httpx.Client, adapters: int) -> tuple[str, list[dict[str, Any]]]:
        project = request(http, "POST", "/projects", {"name": f"bench{adapters}", "auto_close": False})["project_id"]
        body = {
            "name": "C1",
            "node_type": "docker",
            "compute_id": "local",
            "console_type": "telnet",
            "properties": {"image": _IMAGE, "adapters": adapters},
        }
        numbers = range(self.options.nodes)
        return project, _at_once(lambda _: request(http, "POST", f"/projects/{project}/nodes", body), numbers)

    def _delete(self, http: httpx.Client, project: str) -> float:
        began = time.perf_counter()
        http.delete(f"/projects/{project}").raise_for_status()
        wait_until(lambda: not self.running(), "the end of all containers", pause=_POLL_SECONDS)
        return time.perf_counter() - began


def _all_started(http: httpx.Client, project: str) -> bool:
    return all(node["status"] == "started" for node in http.get(f"/projects/{project}/nodes").json())


def _at_once(function: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
    """Call it for all items at the same time, as many clients would."""
    items = list(items)
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))


@contextmanager
def running(candidate: Candidate, port: int) -> Iterator[httpx.Client]:
    """A client of a server that runs."""
    url = f"http://127.0.0.1:{port}/v2"
    with (
        tempfile.TemporaryDirectory() as folder,
        server(candidate, folder, port),
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, limits=httpx.Limits()) as http,
    ):
        yield http


def shown(row: str, value: float) -> str:
    """A figure with its unit."""
    return f"{value * 1000:.1f} ms" if row == BEYOND else f"{value:.3f} s"


def main() -> None:
    """Measure and print."""
    parser = make_parser("python -m benchmarks.containers", __doc__)
    parser.add_argument(
        "--nodes", type=int, default=50, help="containers, an even number, linked in pairs (default 50)"
    )
    parser.add_argument(
        "--gns3server", type=Path, metavar="PROGRAM", help="measure this too, such as .venv-peers/bin/gns3server"
    )
    parser.add_argument("--ubridge", type=Path, metavar="PROGRAM", help="the ubridge that gns3-server uses")
    options = parser.parse_args()
    if options.nodes < 2 or options.nodes % 2:
        parser.error("--nodes: an even number, 2 at least")
    if os.geteuid() != 0:
        parser.error("a Docker engine needs root")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(open_docker_engine())
        engine.make_image(_IMAGE, files=IMAGE_FILES)
        servers = [attrs.evolve(OURS, command=f"{OURS.command} --docker-socket {engine.socket}")]
        if options.gns3server:
            proxy = folder / "engine"
            stack.enter_context(engine_proxy(engine.socket, proxy))
            gns3 = with_stand_ins(options.gns3server, folder, options.ubridge)
            servers.append(attrs.evolve(gns3, command=f"{shlex.join(with_own_run(proxy))} {gns3.command}"))
        lab = f"{options.nodes} containers linked in pairs"
        compare(servers, options, lab, Bench(engine, options).measure, shown)
    if options.gns3server and not options.ubridge:
        print(STAND_INS)


if __name__ == "__main__":
    main()
