"""A server that has used up its descriptors or its memory: every route says so with 503, and it recovers."""

import http.client
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer

# What needs a descriptor at least. {p} is a project, {n} a node of it that is stopped, {l} a link.
NEEDS_DESCRIPTORS = [
    ("POST", "/v2/projects", {"name": "another"}),
    ("PUT", "{p}", {"name": "renamed"}),
    ("POST", "{p}/nodes", {"name": "N", "node_type": "vpcs", "compute_id": "local"}),
    ("POST", "{p}/drawings", {"svg": f"<svg>{' ' * 2000}</svg>"}),
    ("POST", "{p}/snapshots", {"name": "now"}),
    ("GET", "{p}/snapshots", None),
    ("GET", "{p}/export", None),
    ("POST", "{p}/files/a.txt", {}),
    ("GET", "{p}/files/a.txt", None),
    ("POST", "{p}/duplicate", {"name": "copy"}),
    ("POST", "{l}/captures", {}),
    ("GET", "/v2/symbols/:/symbols/vpcs_guest.svg/raw", None),
    ("GET", "/v2/statistics", None),
    ("POST", "/v2/templates", {"name": "T", "template_type": "vpcs", "compute_id": "local"}),
    ("GET", "/metrics", None),
    ("POST", "/v1/projects", {}),
    ("POST", "{n}/start", {}),
    ("POST", "{p}/nodes/start", {}),
]


class Client:
    """A connection that is there before the descriptors are used up."""

    def __init__(self, server: ServerProcess) -> None:
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
        self._connection.connect()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        return reply.status, reply.read()

    def made(self, path: str, body: Any) -> Any:
        status, data = self.ask("POST", path, body)
        assert status == 201, data
        return json.loads(data)


@contextmanager
def limited(pid: int, kind: int, most: int) -> Iterator[None]:
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)


def lowest_free(pid: int) -> int:
    used = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return next(number for number in range(len(used) + 1) if number not in used)


@pytest.fixture
def lab(start_server: StartServer) -> tuple[ServerProcess, Client, dict[str, str]]:
    server = start_server()
    client = Client(server)
    project = f"/v2/projects/{client.made('/v2/projects', {'name': 'lab'})['project_id']}"
    nodes = [
        client.made(f"{project}/nodes", {"name": "PC", "node_type": "vpcs", "compute_id": "local"}) for _ in range(2)
    ]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    link = client.made(f"{project}/links", {"nodes": ends})
    assert client.ask("POST", f"{project}/files/a.txt", {})[0] == 201
    paths = {
        "p": project,
        "n": f"{project}/nodes/{nodes[0]['node_id']}",
        "l": f"{project}/links/{link['link_id']}",
    }
    return server, client, paths


def test_every_route_says_that_there_are_no_descriptors(
    lab: tuple[ServerProcess, Client, dict[str, str]],
) -> None:
    server, client, paths = lab
    pid = server.process.pid
    watcher = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    watcher.request("GET", "/v2/notifications")
    events = watcher.getresponse()
    events.readline()
    with limited(pid, resource.RLIMIT_NOFILE, lowest_free(pid)):
        for _ in range(2):  # the load of the machine, which is read from a file
            while json.loads(events.readline())["action"] != "compute.updated":
                pass
        for method, path, body in NEEDS_DESCRIPTORS:
            status, data = client.ask(method, path.format(**paths), body)
            assert status == 503, f"{method} {path}: {status} {data!r}"
            assert json.loads(data)["message"].startswith("The server has no file descriptors left"), data
        assert client.ask("GET", "/v2/version")[0] == 200  # what needs none goes on
        status, error = server.get("/v2/version")  # a new connection
        assert status == 503 and "too many connections and files open" in error["message"]
    for method, path, body in NEEDS_DESCRIPTORS:
        status, data = client.ask(method, path.format(**paths), body)
        assert status in (200, 201, 204), f"{method} {path}: {status} {data!r}"
    assert server.get("/health")[1]["problems"] == []
    watcher.close()
    assert server.stop() == 0


def test_what_finds_no_memory_is_told_and_the_server_goes_on(
    lab: tuple[ServerProcess, Client, dict[str, str]],
) -> None:
    server, client, paths = lab
    pid = server.process.pid
    clients = [Client(server) for _ in range(4)]
    large = {"svg": f"<svg>{' ' * 12_000_000}</svg>"}
    with limited(pid, resource.RLIMIT_AS, psutil.Process(pid).memory_info().vms + 4_000_000):
        for each in clients:
            with suppress(OSError):  # it may be cut off while it sends
                status, reply = each.ask("POST", f"{paths['p']}/drawings", large)
                assert status == 503, reply[-300:]
        assert client.ask("GET", "/v2/version")[0] == 200
    assert client.ask("POST", f"{paths['p']}/drawings", large)[0] == 201
    assert client.ask("POST", f"{paths['n']}/start", {})[0] == 200
    assert server.stop() == 0
