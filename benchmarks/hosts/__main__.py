"""``python -m benchmarks.hosts``: how long a lab on several hosts takes to open, and links between hosts to be made.

The method is in ../README.md.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import httpx

from benchmarks.forwarding.machine import describe
from benchmarks.hosts.relay import Relay, relays
from benchmarks.servers import OURS, PATIENCE_SECONDS, Candidate, request, server, wait_until
from benchmarks.stand_ins import candidate as with_stand_ins

# Requests at a time of a client that makes nodes and links one by one.
_CLIENTS = 16
_PORTS_OF_A_HOST = 4000
_FIRST_PORT = 40000
_BESIDE_THE_LAB = ("/statistics", "/network", "/capabilities", "/version", "/extensions", "notifications", "reports")

Figures = dict[str, float]


@attrs.frozen
class Hosts:
    """A controller, and the computes that it has, each with the relay that counts its requests."""

    http: httpx.Client
    relays: list[Relay]
    is_ours: bool

    def compute(self, number: int) -> str:
        """The id of a compute."""
        return f"host{number % len(self.relays)}"

    def most_asked(self) -> dict[str, int]:
        """The requests about projects that came to one compute since the last call: to that which got most."""
        asked = []
        for relay in self.relays:
            counted = dict(relay.asked)
            relay.asked.clear()
            asked.append({name: times for name, times in counted.items() if not _is_beside(name)})
        return max(asked, key=lambda each: sum(each.values()))


def _is_beside(name: str) -> bool:
    return any(part in name for part in _BESIDE_THE_LAB)


@contextmanager
def hosts(options: argparse.Namespace, gns3server: Path | None) -> Iterator[Hosts]:
    """Servers that run: a controller and its computes."""
    with ExitStack() as stack:
        ports = list(range(options.port, options.port + options.hosts + 1))
        for each in ports:
            place = stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder))
            stack.enter_context(server(_candidate(each - options.port, place, gns3server), place, each))
        counting = stack.enter_context(relays(options.address, ports[1:]))
        http = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{options.port}/v2", timeout=PATIENCE_SECONDS)
        )
        for number, relay in enumerate(counting):
            address = {"compute_id": f"host{number}", "name": f"host{number}", "protocol": "http"}
            request(http, "POST", "/computes", {**address, "host": options.address, "port": relay.port})
        wait_until(lambda: _all_connected(http), "the connections", pause=0.05)
        yield Hosts(http, counting, gns3server is None)


def _all_connected(http: httpx.Client) -> bool:
    return all(each["connected"] for each in http.get("/computes").json() if each["compute_id"] != "local")


def _candidate(number: int, folder: str, gns3server: Path | None) -> Candidate:
    if gns3server is not None:
        return with_stand_ins(gns3server, Path(folder))
    first = _FIRST_PORT + number * _PORTS_OF_A_HOST
    options = (
        f"--vpcs-engine builtin --console-start-port-range {first} --console-end-port-range {first + 1999} "
        f"--udp-start-port-range {first + 2000} --udp-end-port-range {first + _PORTS_OF_A_HOST - 2} "
        f"--trunk-port {first + _PORTS_OF_A_HOST - 1}"
    )
    return Candidate(f"host {number}", f"{OURS.command} {options}")


# --- labs ---


def node(hosts: Hosts, number: int) -> dict[str, Any]:
    """A PC."""
    fields = {"name": f"PC{number + 1}", "node_type": "vpcs", "compute_id": hosts.compute(number)}
    return {**fields, "node_id": str(uuid4())}


def link(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A link between the first ports of two PCs."""
    return {"nodes": [{"node_id": each["node_id"], "adapter_number": 0, "port_number": 0} for each in nodes]}


def make(hosts: Hosts, project: str, nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
    """Make them: by one request of ours, or by GNS3's, many at a time."""
    path = f"/projects/{project}"
    if hosts.is_ours:
        request(hosts.http, "POST", f"{path}/batch", {"nodes": nodes, "links": links})
        return
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(lambda each: request(hosts.http, "POST", f"{path}/nodes", each), nodes))
        list(pool.map(lambda each: request(hosts.http, "POST", f"{path}/links", each), links))


def new_project(hosts: Hosts) -> str:
    """The id of an empty project."""
    body = {"name": f"lab {uuid4()}", "auto_close": False}
    return str(request(hosts.http, "POST", "/projects", body)["project_id"])


def timed(step: Callable[[], object]) -> float:
    """The seconds that a step takes."""
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def measure_opening(hosts: Hosts, number: int) -> Figures:
    """A lab of so many PCs on all hosts, each linked to one of the next host: made, closed, and opened."""
    project = new_project(hosts)
    nodes = [node(hosts, each) for each in range(number)]
    links = [link(*nodes[each : each + 2]) for each in range(0, number - 1, 2)]
    made = timed(lambda: make(hosts, project, nodes, links))
    closed = timed(lambda: hosts.http.post(f"/projects/{project}/close"))
    hosts.most_asked()
    opened = timed(lambda: request(hosts.http, "POST", f"/projects/{project}/open", {}))
    asked = hosts.most_asked()
    _require_works(hosts, project, number, len(links))
    hosts.http.delete(f"/projects/{project}")
    return {"made": made, "closed": closed, "opened": opened, "requests": sum(asked.values())}


def measure_links(hosts: Hosts, number: int) -> Figures:
    """So many links between two of the hosts."""
    project = new_project(hosts)
    nodes = [node(hosts, each % 2) | {"name": f"PC{each + 1}"} for each in range(2 * number)]
    make(hosts, project, nodes, [])
    hosts.most_asked()
    links = [link(*nodes[each : each + 2]) for each in range(0, 2 * number, 2)]
    seconds = timed(lambda: make(hosts, project, [], links))
    asked = hosts.most_asked()
    _require_works(hosts, project, 2 * number, number)
    hosts.http.delete(f"/projects/{project}")
    return {"linked": seconds, "requests": sum(asked.values())}


def _require_works(hosts: Hosts, project: str, nodes: int, links: int) -> None:
    path = f"/projects/{project}"
    there = len(hosts.http.get(f"{path}/nodes").json()), len(hosts.http.get(f"{path}/links").json())
    if there != (nodes, links):
        raise SystemExit(f"there are {there} nodes and links, not {(nodes, links)}")
    if hosts.is_ours and any((problems := hosts.http.get(f"{path}/problems").json()).values()):
        raise SystemExit(f"not all works: {str(problems)[:500]}")


# --- the report ---


def medians(rounds: list[Figures]) -> Figures:
    """Of each figure."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def report(opening: Figures, links: Figures, options: argparse.Namespace, peer: tuple[Figures, Figures] | None) -> str:
    """A table, with the ratios to gns3-server per node and link if that was measured."""
    lines = [f"{'':58}{'seconds':>9}{'requests':>10}{'gns3-server':>13}{'ratio':>8}"]

    def line(name: str, seconds: float, number: int, requests: float | None, their: float | None) -> None:
        """``their`` is the time of gns3-server for ``gns3_nodes`` nodes, or their links."""
        scaled = their * number / options.gns3_nodes if their is not None else None
        told = f"{scaled:>13.2f}{scaled / seconds:>8.1f}" if scaled is not None else ""
        lines.append(f"{name:58}{seconds:>9.2f}{requests if requests is not None else '':>10}{told}")

    theirs = peer if peer is not None else (None, None)
    lab = f"{options.nodes} nodes on {options.hosts} hosts"
    for name, requests in (("made", None), ("opened", opening["requests"]), ("closed", None)):
        line(f"{lab}, {name}", opening[name], options.nodes, requests, theirs[0][name] if theirs[0] else None)
    linked = f"{options.links} links between two hosts"
    line(linked, links["linked"], options.links, links["requests"], theirs[1]["linked"] if theirs[1] else None)
    lines.append("requests: those to one compute. gns3-server: its time for fewer, times their ratio")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print its report."""
    parser = argparse.ArgumentParser(prog="./dev bench hosts", description=__doc__)
    parser.add_argument("--hosts", type=int, default=4, help="computes beside the controller (default 4)")
    parser.add_argument("--nodes", type=int, default=1000, help="nodes of the lab that is opened (default 1000)")
    parser.add_argument("--links", type=int, default=1000, help="links that are made between two hosts (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--port", type=int, default=3901, help="TCP port of the controller; the next are the computes'")
    address = (
        "of this machine, at which the hosts find each other (default 127.0.0.1, which gns3-server takes for none)"
    )
    parser.add_argument("--address", default="127.0.0.1", help=address)
    parser.add_argument(
        "--gns3server", type=Path, help="gns3-server 2.2, to measure as controller and computes beside ours"
    )
    parser.add_argument("--gns3-nodes", type=int, default=100, help="nodes and links for gns3-server (default 100)")
    memory = Path("/dev/shm")  # the disk's time would be in every figure, and differs from second to second
    parser.add_argument("--folder", type=Path, default=memory if memory.is_dir() else None, help="for projects")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of every round there")
    options = parser.parse_args()
    print(describe())
    with hosts(options, None) as ours:
        opening = [measure_opening(ours, options.nodes) for _ in range(options.rounds)]
        links = [measure_links(ours, options.links) for _ in range(options.rounds)]
    peer = None
    if options.gns3server:
        with hosts(options, options.gns3server) as theirs:
            number = options.gns3_nodes
            peer = measure_opening(theirs, number), measure_links(theirs, number)
    print(report(medians(opening), medians(links), options, peer))
    if options.json:
        options.json.write_text(json.dumps({"opening": opening, "links": links, "gns3": peer}))


if __name__ == "__main__":
    main()
