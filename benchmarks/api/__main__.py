"""``python -m benchmarks.api``: what requests cost a server, in CPU time of its process.

The method is in ../README.md.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import trio

from benchmarks.api.watchers import update_watched
from benchmarks.meter import Meter
from benchmarks.servers import PATIENCE_SECONDS, Candidate, create, link, request, server
from benchmarks.side_by_side import Samples, add_other_server, candidates, compare, make_parser

NODES = 100
FEW_NODES = 25
COLD_STARTS = 9  # each differs a lot from the next
SVG = '<svg width="100" height="50"><rect width="100" height="50" fill="#fff"/></svg>'


@contextmanager
def wall(samples: Samples, name: str) -> Iterator[None]:
    """Seconds that the block takes."""
    began = time.perf_counter()
    yield
    samples[name] = time.perf_counter() - began


def ask(http: httpx.Client, method: str, path: str, body: Any = None) -> None:
    """A request that must succeed."""
    reply = http.request(method, path, json=body)
    if reply.is_error:
        raise SystemExit(f"{method} {path}: {reply.status_code} {reply.text}")


def cold_start(candidate: Candidate, port: int) -> float:
    """Seconds from the start of a server's process to its first answer."""
    with tempfile.TemporaryDirectory() as folder, server(candidate, folder, port) as (_, seconds):
        return seconds


def measure(candidate: Candidate, port: int, many_nodes: int, watchers: int) -> Samples:
    """One round with one server. CPU figures in seconds for one request, wall figures in seconds."""
    samples: Samples = {"cold start": statistics.median(cold_start(candidate, port) for _ in range(COLD_STARTS))}
    with (
        tempfile.TemporaryDirectory() as folder,
        server(candidate, folder, port) as (process, _),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
    ):
        project = request(http, "POST", "/projects", {"name": "bench", "auto_close": False})["project_id"]
        path = f"/projects/{project}"
        meter = Meter(process)
        samples["memory at idle"] = process.memory_full_info().pss
        make_node = partial(create, http, project)
        few = [make_node() for _ in range(FEW_NODES + 1)]
        samples[f"POST link at {FEW_NODES} nodes"] = links_cost(http, meter, project, few)
        samples["POST node"] = meter.cost(NODES - len(few), make_node)
        nodes = http.get(f"{path}/nodes").json()
        one = f"{path}/nodes/{nodes[0]['node_id']}"
        samples["GET node"] = meter.cost(300, partial(ask, http, "GET", one))
        samples["GET nodes"] = meter.cost(300, partial(ask, http, "GET", f"{path}/nodes"))
        samples["GET version"] = meter.cost(500, partial(ask, http, "GET", "/version"))
        steps = iter(range(1, 10_000))
        samples["PUT position"] = meter.cost(100, lambda: ask(http, "PUT", one, {"x": next(steps)}))
        samples["POST and DELETE drawing"] = meter.cost(60, partial(draw_and_delete, http, path))
        if watchers:
            for name, over_http in (
                (f"PUT watched by {watchers}", False),
                (f"PUT watched by {watchers} over HTTP", True),
            ):
                watch = partial(update_watched, port, project, one, watchers, meter.read, over_http=over_http)
                samples[name] = trio.run(watch)
        if many_nodes:
            more = [make_node() for _ in range(many_nodes - len(nodes))]
            samples[f"POST link at {many_nodes} nodes"] = links_cost(http, meter, project, more)
        ask(http, "POST", f"{path}/close", {})
        with wall(samples, "open the project"):
            ask(http, "POST", f"{path}/open", {})
        with wall(samples, "delete the project"):
            ask(http, "DELETE", path)
    return samples


def links_cost(http: httpx.Client, meter: Meter, project: str, nodes: list[dict[str, Any]]) -> float:
    """CPU of making one link, over twelve of them."""
    pairs = iter(zip(nodes[0:24:2], nodes[1:24:2], strict=True))
    return meter.cost(12, lambda: link(http, project, list(next(pairs))))


def draw_and_delete(http: httpx.Client, path: str) -> None:
    """A drawing comes and goes."""
    drawing = str(uuid4())
    ask(http, "POST", f"{path}/drawings", {"drawing_id": drawing, "svg": SVG, "x": 1, "y": 2, "z": 1})
    ask(http, "DELETE", f"{path}/drawings/{drawing}")


def shown(name: str, value: float) -> str:
    """A figure with its unit."""
    if name == "memory at idle":
        return f"{value / 2**20:.1f} MiB"
    if name.startswith(("cold", "open", "delete")):
        return f"{value:.3f} s"
    return f"{value * 1e3:.3f} ms CPU"


def main() -> None:
    """Measure and print."""
    parser = make_parser("python -m benchmarks.api", __doc__)
    add_other_server(parser)
    parser.add_argument(
        "--many-nodes", type=int, default=250, help="nodes of the large project, 255 at most; 0 leaves it out"
    )
    parser.add_argument(
        "--watchers", type=int, default=500, help="websockets, and HTTP streams, that watch; 0 leaves them out"
    )
    options = parser.parse_args()

    def measure_one(candidate: Candidate) -> Samples:
        return measure(candidate, options.port, options.many_nodes, options.watchers)

    compare(candidates(options), options, f"a project of {NODES} VPCS", measure_one, shown)


if __name__ == "__main__":
    main()
