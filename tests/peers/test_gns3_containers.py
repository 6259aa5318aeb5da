"""Docker nodes with gns3-server 2.2, unmodified, as the controller of ours."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import ServerProcess, StartServer, Telnet, wait_until
from tests.peers.conftest import Controller
from tests.support.docker_engine import BUSYBOX, DockerEngine


@pytest.fixture
def ours(start_server: StartServer, gns3_controller: Controller, docker_engine: DockerEngine) -> ServerProcess:
    """Our server with the engine of the tests, registered as a compute of the controller."""
    server = start_server(env={"GNS3TRIO_DOCKER_SOCKET": str(docker_engine.socket)})
    address = urlsplit(server.url)
    body = {"compute_id": "ours", "name": "ours", "protocol": "http", "host": address.hostname, "port": address.port}
    compute = gns3_controller.request("POST", "/v2/computes", body, 201)
    assert "docker" in compute["capabilities"]["node_types"]
    return server


def test_gns3_makes_containers_here(
    gns3_controller: Controller,
    ours: ServerProcess,
    docker_engine: DockerEngine,
    telnet: Callable[..., Telnet],
) -> None:
    gns3 = gns3_controller
    images = gns3.request("GET", "/v2/computes/ours/docker/images", None, 200)
    assert {"image": "busybox:latest"} in images
    command = "sh -c 'trap exit TERM; echo he''llo; while :; do sleep 9999 & wait $!; done'"
    template = {
        "name": "D",
        "template_type": "docker",
        "compute_id": "ours",
        "image": BUSYBOX,
        "adapters": 2,
        "start_command": command,
    }
    template_id = gns3.request("POST", "/v2/templates", template, 201)["template_id"]
    path = f"/v2/projects/{gns3.request('POST', '/v2/projects', {'name': 'lab'}, 201)['project_id']}"
    gns3.request("POST", f"{path}/templates/{template_id}", {"x": 0, "y": 0, "compute_id": "ours"}, 201)
    (node,) = gns3.request("GET", f"{path}/nodes", None, 200)
    own = f"{path}/nodes/{node['node_id']}"
    assert [port["name"] for port in node["ports"]] == ["eth0", "eth1"] and node["properties"]["aux"]
    switch = gns3.request("POST", f"{path}/nodes", {"name": "SW", "node_type": "ethernet_switch", "compute_id": "ours"})
    ends = [(node["node_id"], 1), (switch["node_id"], 0)]
    link = {"nodes": [{"node_id": each, "adapter_number": adapter, "port_number": 0} for each, adapter in ends]}
    gns3.request("POST", f"{path}/links", link, 201)

    def is_now(status: str) -> bool:
        return bool(gns3.request("GET", own, None, 200)["status"] == status)

    for action, status in (("start", "started"), ("suspend", "suspended"), ("start", "started"), ("reload", "started")):
        gns3.request("POST", f"{own}/{action}", {}, 200)
        wait_until(partial(is_now, status))
    shell = telnet(node["properties"]["aux"])
    shell.type("cat /sys/class/net/eth1/carrier /sys/class/net/eth0/carrier")
    shell.until("1\n0")
    gns3.request("POST", f"{own}/stop", {}, 200)
    changed = gns3.request("PUT", own, {"properties": {"environment": "X=1"}, "name": "E"}, 200)
    assert (changed["properties"]["environment"], changed["name"]) == ("X=1", "E")
    copy = gns3.request("POST", f"{own}/duplicate", {"x": 1, "y": 1}, 201)
    assert copy["properties"]["mac_address"] != node["properties"]["mac_address"]
    assert len(docker_engine.containers()) == 2
    gns3.request("POST", f"{path}/close", {}, 204)
    wait_until(lambda: docker_engine.containers() == [])
    gns3.request("POST", f"{path}/open", {}, 201)
    assert len(gns3.request("GET", f"{path}/nodes", None, 200)) == 3
    gns3.request("DELETE", path, None, 204)
    assert docker_engine.containers() == []
