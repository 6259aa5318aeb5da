"""A lab on several hosts, for tests with our controller and with GNS3's."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.conftest import PATIENCE, Telnet
from tests.support.compute_process import ComputeProcess

Json = dict[str, Any]
OpenTelnet = Callable[..., Telnet]
REPLY, TIMEOUT = r"icmp_seq=1 ttl=64 time=", r"timeout|not reachable"


class Lab:
    """A project of a controller, ours or GNS3's, and requests to it."""

    def __init__(
        self,
        url: str,
        *computes: ComputeProcess,
        auth: tuple[str, str] | None = None,
        project_id: str | None = None,
    ) -> None:
        self.http = httpx.Client(base_url=url, auth=auth, timeout=60)
        for compute in computes:
            shown = self.request("POST", "/v2/computes", compute.body(), 201)
            assert shown["connected"] is True and shown["last_error"] is None
            assert "vpcs" in shown["capabilities"]["node_types"]
        body = {"name": "lab"} if project_id is None else {"name": "lab", "project_id": project_id}
        self.project_id = self.request("POST", "/v2/projects", body, 201)["project_id"]
        self.path = f"/v2/projects/{self.project_id}"

    def request(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Send a request; checks the status when given; returns the JSON reply, if any."""
        reply = self.http.request(method, path, json=body)
        if status is not None:
            assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def pc(self, name: str, compute_id: str, number: int) -> Json:
        """A VPCS with an address."""
        properties = {"startup_script": f"set pcname {name}\nip 10.0.0.{number}/24\n"}
        body = {"name": name, "node_type": "vpcs", "compute_id": compute_id, "properties": properties}
        made: Json = self.request("POST", f"{self.path}/nodes", body, 201)
        return made

    def pcs(self, *compute_ids: str) -> list[Json]:
        """One on each, with numbers from 1."""
        return [self.pc(f"N{number}", compute_id, number) for number, compute_id in enumerate(compute_ids, 1)]

    def switch(self, compute_id: str) -> Json:
        """A switch."""
        body = {"name": "SW", "node_type": "ethernet_switch", "compute_id": compute_id}
        made: Json = self.request("POST", f"{self.path}/nodes", body, 201)
        return made

    def link(self, *ends: tuple[Json, int]) -> str:
        """Join two ports; returns the path of the link."""
        nodes = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": port} for node, port in ends]
        return f"{self.path}/links/{self.request('POST', f'{self.path}/links', {'nodes': nodes}, 201)['link_id']}"

    def node(self, node: Json) -> Json:
        """A node as it is now."""
        shown: Json = self.request("GET", f"{self.path}/nodes/{node['node_id']}", None, 200)
        return shown

    def start(self, *nodes: Json) -> None:
        """Start nodes. GNS3's answer shows them as they were before."""
        for node in nodes:
            self.request("POST", f"{self.path}/nodes/{node['node_id']}/start", {}, 200)
            self.until(f"{self.path}/nodes/{node['node_id']}", lambda shown: bool(shown["status"] == "started"))

    def until(self, path: str, is_so: Callable[[Any], bool]) -> Any:
        """Ask until it is so."""
        deadline = time.monotonic() + 2 * PATIENCE
        while not is_so(reply := self.request("GET", path, None, 200)):
            assert time.monotonic() < deadline, reply
            time.sleep(0.05)
        return reply

    def until_in_order(self) -> None:
        """All works again."""
        self.until(f"{self.path}/problems", lambda found: found == {"file": [], "links": [], "nodes": []})


def ping(console: Telnet, number: int, outcome: str) -> None:
    """Ping until that comes: a node needs a while for its address after its start."""
    deadline = time.monotonic() + PATIENCE
    while True:
        console.type(f"ping 10.0.0.{number} -c 1 -w 500")
        said = console.until(rf"({REPLY}|{TIMEOUT})[^\n]*\n")
        if outcome == (REPLY if "icmp_seq=1 ttl" in said else TIMEOUT):
            return
        assert time.monotonic() < deadline, said
