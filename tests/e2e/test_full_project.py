"""The largest project is made, opened and shown, and keeps no other client waiting.

The server is a process of its own: in that of the tests, a search for garbage goes through the objects of all tests.
"""

import re
from uuid import UUID

import httpx

from gns3trio.limits import MAX_DRAWINGS, MAX_NODES, MAX_VALUES
from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer
from tests.loop import MOST_WORK_SECONDS
from tests.support.plain_http import NO_TLS

HUB = {"name": "hub", "node_type": "ethernet_hub", "compute_id": "local"}


def client(server: ServerProcess) -> httpx.Client:
    """A client of the server."""
    return httpx.Client(base_url=server.url, timeout=PATIENCE, verify=NO_TLS)


def most_work(http: httpx.Client) -> float:
    """The most CPU time for which the server's loop worked at one go, in the last one or two minutes, in seconds."""
    found = re.search(r"^gns3trio_loop_longest_work_seconds (\S+)$", http.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_full_project_is_made_opened_and_shown(start_server: StartServer) -> None:
    server = start_server()
    with client(server) as http:
        project = http.post("/v2/projects", json={"name": "lab", "auto_close": False}).json()
        path = f"/v2/projects/{project['project_id']}"
        nodes = [{**HUB, "node_id": str(UUID(int=n))} for n in range(MAX_NODES)]
        drawings = [{"svg": "<svg/>", "x": n} for n in range(MAX_DRAWINGS)]
        request = http.build_request("POST", f"{path}/batch", json={"nodes": nodes, "drawings": drawings})
        assert request.content.count(b",") < MAX_VALUES
        reply = http.send(request)
        assert reply.status_code == 201, reply.text[:500]
        assert {node["name"] for node in reply.json()["nodes"]} == {"hub", *(f"hub{n}" for n in range(1, MAX_NODES))}
        reply = http.post(f"{path}/nodes", json=HUB)
        assert reply.status_code == 409
        assert f"{MAX_NODES} nodes, and can have no more" in reply.json()["message"]
        reply = http.post(f"{path}/drawings", json={"svg": "<svg/>"})
        assert reply.status_code == 409
        assert f"{MAX_DRAWINGS} drawings, and can have no more" in reply.json()["message"]
        assert most_work(http) <= MOST_WORK_SECONDS
        # What a closed lab leaves is found by one search for garbage, during which nothing else runs.
        assert http.post(f"{path}/close").status_code == 204
    server.stop()
    with client(start_server()) as http:
        assert http.post(f"{path}/open").status_code == 201
        assert len(http.get(f"{path}/nodes").json()) == MAX_NODES
        assert most_work(http) <= MOST_WORK_SECONDS
