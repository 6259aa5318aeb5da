"""Names of hosts that no server answers keep nothing else waiting."""

import socket
import threading
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.local import tunnel_nio
from tests.support.server import Server

real_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Names under ``.unanswered`` are not answered before the end of the test."""
    ended = threading.Event()

    def getaddrinfo(host: Any, port: Any, family: int = 0, kind: int = 0, protocol: int = 0, flags: int = 0) -> Any:
        if not flags & socket.AI_NUMERICHOST and ".unanswered" in str(host):
            ended.wait()
        return real_getaddrinfo(host, port, family, kind, protocol, flags)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    ended.set()


async def test_sixty_of_them_leave_saving_and_files(
    server: Server, project: dict[str, Any], unanswered: None, nursery: trio.Nursery
) -> None:
    hosted = await server.request("POST", "/v2/compute/projects", {"name": "far lab", "project_id": str(uuid4())}, 201)
    nodes = f"/v2/compute/projects/{hosted['project_id']}/vpcs/nodes"
    for number in range(60):
        node = await server.request("POST", nodes, {"name": f"v{number}"}, 201)
        nio = {"type": "nio_udp", "lport": 24100 + number, "rport": 9, "rhost": f"host-{number}.unanswered"}
        nursery.start_soon(partial(server.http.post, f"{nodes}/{node['node_id']}/adapters/0/ports/0/nio", json=nio))
    path = f"/v2/projects/{project['project_id']}"
    with trio.fail_after(30):
        await server.request("PUT", path, {"name": "saved"}, 200)
        assert (await server.http.post(f"{path}/files/a.txt", content=b"text")).is_success
        assert (await server.http.get(f"{path}/files/a.txt")).content == b"text"
        await server.request("POST", f"{path}/snapshots", {"name": "now"}, 201)
    nursery.cancel_scope.cancel()


async def test_a_name_that_is_not_answered_in_time_is_told(
    server: Server, unanswered: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel_nio, "LOOKUP_SECONDS", 0.05)
    far = {"lport": 24100, "rhost": "host.unanswered", "rport": 9}
    ends = {"a": {**far, "rhost": "127.0.0.1"}, "b": {**far, "lport": 24101}}
    error = await server.request("POST", "/v2/computes/local/benchmark", ends, 503)
    assert error["message"].startswith("b.rhost: nobody has answered for the name 'host.unanswered'")
