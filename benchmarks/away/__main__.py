"""``python -m benchmarks.away``: how long requests take that do not concern a compute, while that compute is stopped.

The method is in ../README.md.
"""

import argparse
import http.client
import json
import os
import platform
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, cycle
from pathlib import Path
from typing import Any

import psutil

from benchmarks.servers import OURS, PATIENCE_SECONDS, Candidate, server, wait_until

NEAR_PCS, FAR_PCS = 20, 6
# Somebody goes on to ask for the compute: so often, in seconds.
ASKED_EVERY = 0.25
_PORTS = {
    "console_start_port_range": 31000,
    "console_end_port_range": 32000,
    "udp_start_port_range": 32001,
    "udp_end_port_range": 33000,
}
Latencies = dict[str, list[float]]


class Client:
    """A connection to a server that stays open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def ask(self, method: str, path: str, body: Any = None, *, may_fail: bool = False) -> Any:
        """Send a request; returns its JSON reply."""
        content = json.dumps(body) if body is not None else None
        self._connection.request(method, path, content, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        text = reply.read()
        if reply.status >= 400 and not may_fail:
            raise SystemExit(f"{method} {path}: {reply.status} {text.decode()}")
        return json.loads(text) if text.startswith((b"{", b"[")) else None


class Lab:
    """A project with PCs on both hosts, in pairs: on this one, on the other, and across."""

    def __init__(self, client: Client) -> None:
        self.path = (
            f"/v2/projects/{client.ask('POST', '/v2/projects', {'name': 'lab', 'auto_close': False})['project_id']}"
        )
        self.near = [self._pc(client, "local") for _ in range(NEAR_PCS)]
        self.far = [self._pc(client, "far") for _ in range(FAR_PCS)]
        self.link = self._link(client, self.near[0], self.near[1])
        for pair in zip(self.near[2:-2:2], self.near[3:-2:2], strict=True):
            self._link(client, *pair)
        self._link(client, self.far[0], self.far[1])
        self._link(client, self.near[-1], self.far[2])
        client.ask("POST", f"{self.path}/nodes/start", {})

    def _pc(self, client: Client, compute: str) -> str:
        body = {"name": "PC{0}", "node_type": "vpcs", "compute_id": compute}
        return str(client.ask("POST", f"{self.path}/nodes", body)["node_id"])

    def _link(self, client: Client, *node_ids: str) -> str:
        ends = [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in node_ids]
        return str(client.ask("POST", f"{self.path}/links", {"nodes": ends})["link_id"])

    def operations(self, client: Client) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Requests that do not concern the other host, in turn, without end."""
        numbers = count()
        node, link = f"{self.path}/nodes/{self.near[0]}", f"{self.path}/links/{self.link}"
        hub = {"name": "HUB{0}", "node_type": "ethernet_hub", "compute_id": "local"}

        def create_and_delete() -> None:
            made = client.ask("POST", f"{self.path}/nodes", hub)
            client.ask("DELETE", f"{self.path}/nodes/{made['node_id']}")

        def filters() -> None:
            client.ask("PUT", link, {"filters": {"delay": [1 + next(numbers) % 10, 0]}})

        requests: list[tuple[str, Callable[[], Any]]] = [
            ("GET projects", lambda: client.ask("GET", "/v2/projects")),
            ("GET nodes", lambda: client.ask("GET", f"{self.path}/nodes")),
            ("GET node", lambda: client.ask("GET", node)),
            ("PUT node", lambda: client.ask("PUT", node, {"x": next(numbers) % 1000})),
            ("POST and DELETE node", create_and_delete),
            ("reload node", lambda: client.ask("POST", f"{node}/reload", {})),
            ("GET links", lambda: client.ask("GET", f"{self.path}/links")),
            ("PUT link", filters),
            ("GET statistics of a link", lambda: client.ask("GET", f"{link}/statistics")),
            ("GET problems", lambda: client.ask("GET", f"{self.path}/problems")),
            ("GET computes", lambda: client.ask("GET", "/v2/computes")),
            ("GET metrics", lambda: client.ask("GET", "/metrics")),
        ]
        return cycle(requests)


def measure(lab: Lab, client: Client, seconds: float) -> Latencies:
    """The times of requests, one after the other, by what they were."""
    found: Latencies = {}
    ends = time.perf_counter() + seconds
    for name, request in lab.operations(client):
        began = time.perf_counter()
        if began > ends:
            return found
        request()
        found.setdefault(name, []).append(time.perf_counter() - began)
    raise AssertionError("the operations have no end")


@contextmanager
def asking_for(lab: Lab, port: int) -> Iterator[None]:
    """Meanwhile others ask for the compute, and wait for it in vain."""
    ended = threading.Event()

    def ask(number: int) -> None:
        node = f"{lab.path}/nodes/{lab.far[number % FAR_PCS]}"
        method, path = (("POST", f"{node}/reload"), ("GET", "/v2/computes/far/ports"))[number % 2]
        with suppress(OSError, http.client.HTTPException):
            Client(port).ask(method, path, {} if method == "POST" else None, may_fail=True)

    def ask_often() -> None:
        for number in count():
            if ended.wait(ASKED_EVERY):
                return
            threading.Thread(target=ask, args=(number,), daemon=True).start()

    asking = threading.Thread(target=ask_often)
    asking.start()
    try:
        yield
    finally:
        ended.set()
        asking.join()


def until_connected(client: Client) -> None:
    """Wait for the compute."""
    wait_until(lambda: bool(client.ask("GET", "/v2/computes/far")["connected"]), "the connection", pause=0.1)


def percentile(values: list[float], share: float) -> float:
    """The value that so many are not above."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def in_all(latencies: Latencies) -> list[float]:
    """The times of all requests."""
    return [each for values in latencies.values() for each in values]


def run(port: int, rounds: int, seconds: float, folder: Path | None) -> list[tuple[Latencies, Latencies]]:
    """For each round the times while the compute answers, and while it is stopped."""
    options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in _PORTS.items())
    with (
        tempfile.TemporaryDirectory(dir=folder) as near_folder,
        tempfile.TemporaryDirectory(dir=folder) as far_folder,
        server(Candidate("near", f"{OURS.command} --vpcs-engine builtin"), near_folder, port),
        server(Candidate("far", f"{OURS.command} --vpcs-engine builtin {options}"), far_folder, port + 1) as (far, _),
    ):
        client = Client(port)
        address = {"compute_id": "far", "protocol": "http", "host": "127.0.0.1", "port": port + 1}
        client.ask("POST", "/v2/computes", address)
        until_connected(client)
        lab = Lab(client)
        measure(lab, client, min(seconds, 2))
        found = []
        for _ in range(rounds):
            with_it = measure(lab, client, seconds)
            with stopped(far), asking_for(lab, port):
                without = measure(lab, client, seconds)
            until_connected(client)
            found.append((with_it, without))
        return found


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """A process that does nothing meanwhile. Its kernel goes on to accept connections for it."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def report(found: list[tuple[Latencies, Latencies]]) -> str:
    """A table with the medians of the rounds; the ratios are those within a round."""
    ms = 1000
    lines = [
        f"{'':28}{'requests':>10}{'median, ms':>22}{'99th percentile, ms':>24}",
        f"{'':28}{'':>10}{'answers':>11}{'stopped':>11}{'answers':>12}{'stopped':>12}{'ratio':>9}",
    ]
    names = ["all", *found[0][0]]
    for name in names:
        pairs = [
            (in_all(with_it), in_all(without)) if name == "all" else (with_it[name], without[name])
            for with_it, without in found
        ]
        figures = [
            statistics.median(percentile(pair[side], share) for pair in pairs) * ms
            for share in (0.5, 0.99)
            for side in (0, 1)
        ]
        ratio = statistics.median(percentile(pair[1], 0.99) / percentile(pair[0], 0.99) for pair in pairs)
        requests = sum(len(values) for pair in pairs for values in pair)
        lines.append(
            f"{name:28}{requests:>10}{figures[0]:>11.2f}{figures[1]:>11.2f}{figures[2]:>12.2f}{figures[3]:>12.2f}{ratio:>9.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print its report."""
    parser = argparse.ArgumentParser(prog="./dev bench away", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="with and without the compute, in turn (default 3)")
    parser.add_argument("--seconds", type=float, default=25, help="how long each lasts (default 25)")
    parser.add_argument("--port", type=int, default=3997, help="TCP port of the controller; the next is the compute's")
    memory = Path("/dev/shm")  # the disk's time would be in every figure, and differs from second to second
    parser.add_argument(
        "--folder",
        type=Path,
        default=memory if memory.is_dir() else None,
        help="where the projects are (default /dev/shm, which is memory)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time there, in seconds")
    options = parser.parse_args()
    found = run(options.port, options.rounds, options.seconds, options.folder)
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{options.rounds} rounds of {options.seconds:g} s while the compute answers, and while it is stopped\n")
    print(report(found))
    if options.json is not None:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
