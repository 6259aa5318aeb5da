"""``python -m benchmarks.v3``: what requests of version 3 cost, beside those of version 2 and those of gns3-server 3.

Each client is logged in: version 2 with a password, version 3 with a token. Servers and versions are measured in turn;
the method is in ../README.md.
"""

import base64
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import httpx

from benchmarks.meter import Meter
from benchmarks.servers import OURS, PATIENCE_SECONDS, Candidate, create, request, server
from benchmarks.side_by_side import make_parser
from benchmarks.stand_ins import candidate
from benchmarks.v3.load import encode, send_all
from gns3trio.classes import frozen

NODES = 20
REQUESTS = 200
USER, PASSWORD = "admin", "admin"
# The version of version 2 is told to users only.
OUR_CANDIDATE = attrs.evolve(OURS, command=f"{OURS.command} --user {USER} --password {PASSWORD}", api="v3")


@frozen
class Target:
    """A version of the API of a running server, and a node to ask for."""

    name: str
    port: int
    authorization: str
    path: str
    meter: Meter


@contextmanager
def running(which: Candidate, port: int) -> Iterator[tuple[int, str, str, Meter]]:
    """A server with a project: its port, a token, the path of a node without the version, and its meter."""
    with tempfile.TemporaryDirectory() as folder, server(which, folder, port) as (process, _):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/v3", timeout=PATIENCE_SECONDS) as http:
            login = {"username": USER, "password": PASSWORD}
            token = f"Bearer {request(http, 'POST', '/access/users/authenticate', login)['access_token']}"
            http.headers["Authorization"] = token
            project = request(http, "POST", "/projects", {"name": "bench", "auto_close": False})["project_id"]
            nodes = [create(http, project) for _ in range(NODES)]
        yield port, token, f"/projects/{project}/nodes/{nodes[0]['node_id']}", Meter(process)


def measure(target: Target, method: str, body: Callable[[int], bytes]) -> tuple[float, float]:
    """Seconds of CPU for a request, and requests per second."""
    took = 0.0

    def send() -> None:
        nonlocal took
        began = time.perf_counter()
        send_all(target.port, REQUESTS, lambda number: encode(method, target.path, target.authorization, body(number)))
        took = time.perf_counter() - began

    used = target.meter.cost(1, send) / REQUESTS
    return used, REQUESTS / took


def main() -> None:
    """Measure and print."""
    parser = make_parser("python -m benchmarks.v3", __doc__)
    parser.add_argument(
        "--gns3server", type=Path, metavar="PROGRAM", help="measure this too, such as .venv-peers-3/bin/gns3server"
    )
    options = parser.parse_args()
    steps = iter(range(1, 1_000_000))
    kinds: dict[str, tuple[str, Callable[[int], bytes]]] = {
        "GET node": ("GET", lambda number: b""),
        "PUT position": ("PUT", lambda number: b'{"x": %d}' % next(steps)),
    }
    with ExitStack() as stack:
        port, token, path, meter = stack.enter_context(running(OUR_CANDIDATE, options.port))
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        targets = [
            Target("gns3trio v2", port, basic, f"/v2{path}", meter),
            Target("gns3trio v3", port, token, f"/v3{path}", meter),
        ]
        if options.gns3server is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            other = candidate(options.gns3server, folder, api="v3")
            port, token, path, meter = stack.enter_context(running(other, options.port + 1))
            targets.append(Target("gns3-server 3", port, token, f"/v3{path}", meter))
        used: dict[str, dict[str, list[float]]] = {}
        rate: dict[str, dict[str, list[float]]] = {}
        for _ in range(options.rounds):
            for kind, (method, body) in kinds.items():
                for target in targets:
                    cpu, per_second = measure(target, method, body)
                    used.setdefault(kind, {}).setdefault(target.name, []).append(cpu * 1e3)
                    rate.setdefault(kind, {}).setdefault(target.name, []).append(1e3 / per_second)
    print(f"medians of {options.rounds} interleaved rounds of {REQUESTS} requests, {NODES} VPCS\n")
    print(f"{'':24}" + "".join(f"{target.name:>16}" for target in targets) + "     v3 / v2   v3 / gns3-server 3")
    for what, samples in (("ms of CPU", used), ("ms for one", rate)):
        for kind, of in samples.items():
            medians = [statistics.median(of[target.name]) for target in targets]
            line = f"{kind + ', ' + what:24}" + "".join(f"{value:16.3f}" for value in medians)
            print(line + "".join(f"{medians[1] / value:12.2f}" for value in (medians[0], *medians[2:])))


if __name__ == "__main__":
    main()
