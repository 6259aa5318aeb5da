"""Our controller is killed while it uses a compute on another host, and is started again."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import httpx

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, vpcs_processes, wait_until
from tests.support.compute_process import ComputeProcess
from tests.support.relay import Relay

Json = dict[str, Any]


def running(folder: Path) -> set[Path]:
    """The folders of the nodes below a folder that run: of gns3-server's, each has two processes."""
    found = set()
    for process in vpcs_processes(folder):
        with suppress(OSError):
            found.add(Path(f"/proc/{process}/cwd").readlink())
    return found


IN_ORDER = {"file": [], "links": [], "nodes": []}


@attrs.define
class Killed:
    """A lab with two PCs on the compute, one of which runs. The requests to the compute pass the relay."""

    start_server: StartServer
    compute: ComputeProcess
    relay: Relay
    server: ServerProcess = attrs.field(init=False)
    project: Json = attrs.field(init=False)
    nodes: list[Json] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.server = self.start_server()
        with self.http() as http:
            body = {**self.compute.body(), "port": self.relay.port}
            assert http.post("/v2/computes", json=body).json()["connected"] is True
            self.project = http.post("/v2/projects", json={"name": "lab"}).json()
            self.nodes = [self.create(http, f"PC{number}") for number in (1, 2)]
            self.link(http)
            assert http.post(f"{self.path}/nodes/{self.nodes[0]['node_id']}/start").status_code == 200

    @property
    def path(self) -> str:
        """The project in the API."""
        return f"/v2/projects/{self.project['project_id']}"

    def http(self) -> httpx.Client:
        """A client of the server that runs now."""
        return httpx.Client(base_url=self.server.url, timeout=2 * PATIENCE)

    def create(self, http: httpx.Client, name: str) -> Json:
        """Create a PC there."""
        properties = {"startup_script": f"set pcname {name}\n"}
        body = {"name": name, "node_type": "vpcs", "compute_id": self.compute.name, "properties": properties}
        reply = http.post(f"{self.path}/nodes", json=body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    def link(self, http: httpx.Client) -> None:
        """Join the two."""
        ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in self.nodes]
        assert http.post(f"{self.path}/links", json={"nodes": ends}).status_code == 201

    def folder(self) -> Path:
        """The project's folder at the compute."""
        return self.compute.home / "projects" / self.project["project_id"]

    def scripts(self) -> int:
        """How many nodes have files there. Folders may go meanwhile, which ``Path.rglob`` does not bear."""
        return sum("startup.vpc" in files for _, _, files in os.walk(self.folder()))

    def kill_while(self, method: str, path: str, body: Any, asked: bytes, is_done: Callable[[], bool]) -> None:
        """Kill the controller when the compute has done what it was asked, before its answer is there. ``asked`` is
        in the head of the request to the compute.
        """
        self.relay.hold_after(asked)

        def ask() -> None:
            with self.http() as http, suppress(httpx.TransportError):
                http.request(method, f"{self.path}{path}", json=body)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(is_done)
        self.server.stop(signal.SIGKILL)
        asking.join(PATIENCE)
        self.relay.release()

    def start_again(self) -> None:
        """Start the controller again."""
        self.server = self.start_server()

    def until(self, is_so: Callable[[], bool]) -> None:
        """Ask until it is so, with a pause: each question is a request."""
        deadline = time.monotonic() + 2 * PATIENCE
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def until_nothing_runs(self) -> None:
        """The compute has the project no longer, and none of its nodes runs."""
        self.until(lambda: self.project["project_id"] not in self.compute.open_ids())
        self.until(lambda: not vpcs_processes(self.folder()))

    def open(self) -> None:
        """Open the project again."""
        with self.http() as http:
            assert http.post(f"{self.path}/open").status_code == 201
            self.until(lambda: bool(http.get(f"{self.path}/problems").json() == IN_ORDER))

    def check_that_it_works(self) -> None:
        """The project opens, all its nodes run and none else, and it leaves nothing when it closes."""
        self.open()
        with self.http() as http:
            assert http.post(f"{self.path}/nodes/start").status_code == 204
            nodes = http.get(f"{self.path}/nodes").json()
            assert {node["status"] for node in nodes} == {"started"}
            assert len(running(self.folder())) == len(nodes)
            assert http.post(f"{self.path}/close").status_code == 204
        self.until_nothing_runs()


@attrs.frozen
class OtherLab:
    """A project of another controller at the compute, with a node that runs."""

    compute: ComputeProcess
    project_id: str = attrs.field(factory=lambda: str(uuid4()))

    def __attrs_post_init__(self) -> None:
        with self._http() as http:
            made = http.post("/projects", json={"name": "other", "project_id": self.project_id})
            assert made.status_code == 201
            body = {"name": "theirs", "node_id": str(uuid4())}
            node = http.post(f"/projects/{self.project_id}/vpcs/nodes", json=body).json()
            path = f"/projects/{self.project_id}/vpcs/nodes/{node['node_id']}/start"
            assert http.post(path).status_code == 200

    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self.compute.url, auth=self.compute.auth, timeout=PATIENCE)

    def check_that_it_runs(self) -> None:
        """It is still there, and its node runs."""
        assert self.project_id in self.compute.open_ids()
        folder = self.compute.home / "projects" / self.project_id
        assert len(running(folder)) == 1
