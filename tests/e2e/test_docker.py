"""Docker nodes of a real server with a real engine: a lab with other nodes, and that nothing is left of it."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, Telnet, wait_until
from tests.e2e.shell import Shell
from tests.support.docker_engine import BUSYBOX, DockerEngine, busybox_archive
from tests.support.image_registry import open_registry

Json = dict[str, Any]


@pytest.fixture
def server(start_server: StartServer, docker_engine: DockerEngine) -> ServerProcess:
    """A server whose containers are those of the tests' engine."""
    return start_server(env={"GNS3TRIO_DOCKER_SOCKET": str(docker_engine.socket)})


def request(server: ServerProcess, method: str, path: str, status: int, body: Any = None) -> Any:
    """The reply to a request, which has this status."""
    data = ["-d", json.dumps(body)] if body is not None else []
    answered, reply = server.curl("-X", method, "-H", "Content-Type: application/json", *data, server.url + path)
    assert answered == status, reply
    return reply


def make_lab(server: ServerProcess) -> tuple[str, Json]:
    """Two containers and a built-in PC at a switch; returns the path of the project and the nodes by name."""
    path = f"/v2/projects/{request(server, 'POST', '/v2/projects', 201, {'name': 'lab'})['project_id']}"
    nodes: Json = {}
    for number, name in enumerate(("A", "B"), 1):
        waits = "trap exit TERM; while :; do sleep 9999 & wait $!; done"
        command = f"sh -c 'ip address add 10.0.0.{number}/24 dev eth0; {waits}'"
        properties = {"image": BUSYBOX, "start_command": command}
        body = {"name": name, "node_type": "docker", "compute_id": "local", "properties": properties}
        nodes[name] = request(server, "POST", f"{path}/nodes", 201, body)
    for name, more in (("SW", {"node_type": "ethernet_switch"}), ("PC", {"node_type": "vpcs", "engine": "builtin"})):
        body = {"name": name, "compute_id": "local", "node_type": more["node_type"]}
        nodes[name] = request(server, "POST", f"{path}/nodes", 201, body)
        if "engine" in more:
            request(server, "PUT", f"{path}/nodes/{nodes[name]['node_id']}/engine", 200, {"engine": more["engine"]})
    for port, name in enumerate(("A", "B", "PC")):
        ends = [(nodes[name]["node_id"], 0), (nodes["SW"]["node_id"], port)]
        link = [{"node_id": node_id, "adapter_number": 0, "port_number": number} for node_id, number in ends]
        nodes[f"link {name}"] = request(server, "POST", f"{path}/links", 201, {"nodes": link})
    return path, nodes


def test_a_lab_with_containers(
    server: ServerProcess, docker_engine: DockerEngine, telnet: Callable[..., Telnet]
) -> None:
    path, nodes = make_lab(server)
    request(server, "POST", f"{path}/nodes/start", 204)
    pc = telnet(nodes["PC"]["console"])
    pc.type("ip 10.0.0.3/24")
    pc.until("PC : 10.0.0.3")
    for number in (1, 2):
        pc.type(f"ping 10.0.0.{number} -c 300 -i 100")
        pc.until("icmp_seq=")
        pc.type("\x03")

    # From one container to the other: captured, delayed, and interrupted.
    shell = telnet(nodes["A"]["properties"]["aux"])
    link = f"{path}/links/{nodes['link A']['link_id']}"
    request(server, "POST", f"{link}/start_capture", 201, {"capture_file_name": "a.pcap"})
    request(server, "PUT", link, 201, {"filters": {"delay": [150, 0]}})
    shell.type("ping -c 2 10.0.0.2 | sed -n 's/.*min.avg.max = /round trip /p'")
    least = float(shell.until(r"round trip [\d.]+").split()[-1])
    assert least >= 300
    request(server, "POST", f"{link}/stop_capture", 201)
    capture = server.projects / path.rpartition("/")[2] / "project-files" / "captures" / "a.pcap"
    wait_until(lambda: capture.stat().st_size > 4 * 98)
    statistics = request(server, "GET", f"{link}/statistics", 200)
    assert all(statistics[way]["frames"] >= 2 for way in ("a_to_b", "b_to_a")), statistics
    request(server, "PUT", link, 201, {"filters": {}, "suspend": True})
    shell.type("ping -c 1 -W 1 10.0.0.2 >/dev/null || echo no''where")
    shell.until("nowhere")
    request(server, "PUT", link, 201, {"suspend": False})

    one = f"{path}/nodes/{nodes['A']['node_id']}"
    request(server, "POST", f"{one}/stop", 200)
    request(server, "POST", f"{one}/start", 200)
    request(server, "POST", f"{one}/reload", 200)
    pc.type("ping 10.0.0.1 -c 300 -i 100")  # it configures itself after the start
    pc.until("icmp_seq=")
    request(server, "DELETE", one, 204)
    assert len(docker_engine.containers()) == 1
    request(server, "POST", f"{path}/close", 204)
    request(server, "POST", f"{path}/open", 201)
    assert len(docker_engine.containers()) == 1
    request(server, "DELETE", path, 204)
    assert docker_engine.containers() == []


def test_no_container_outlives_its_server(
    start_server: StartServer, server: ServerProcess, docker_engine: DockerEngine
) -> None:
    """A killed server's containers go when it is started again, those of others stay."""
    path, _ = make_lab(server)
    request(server, "POST", f"{path}/nodes/start", 204)
    with docker_engine.container("sleep", "9999") as other:
        server.stop(signal.SIGKILL)
        assert len(docker_engine.containers()) == 3
        again = start_server(env={"GNS3TRIO_DOCKER_SOCKET": str(docker_engine.socket)})
        wait_until(lambda: len(docker_engine.containers()) == 1)
        request(again, "POST", f"{path}/open", 201)
        request(again, "POST", f"{path}/nodes/start", 204)
        assert len(docker_engine.containers()) == 3
        again.stop(signal.SIGTERM)
        assert len(docker_engine.containers()) == 1
        assert other.state["Running"]


def test_a_server_ends_while_an_image_is_pulled(server: ServerProcess, docker_engine: DockerEngine) -> None:
    with open_registry(busybox_archive(docker_engine.busybox, {"mark": "e2e"})) as registry:
        registry.go_on.clear()
        project = request(server, "POST", "/v2/projects", 201, {"name": "lab"})
        image = f"{registry.address}/lab/slow:1"
        body = {"name": "A", "node_type": "docker", "compute_id": "local", "properties": {"image": image}}
        command = ["curl", "-s", "-d", json.dumps(body), f"{server.url}/v2/projects/{project['project_id']}/nodes"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
            wait_until(lambda: registry.sent_layers == 1)
            assert server.stop() == 0
            client.wait(PATIENCE)
    assert docker_engine.containers() == []


def test_a_file_of_containerlab_runs(server: ServerProcess, telnet: Callable[..., Telnet], tmp_path: Path) -> None:
    """Its containers have the addresses that their exec commands set, on interfaces of the names in the file."""
    nodes = {
        f"h{number}": {"exec": ["ip nonsense", f"ip address add 10.0.0.{number}/24 dev eth1"]} for number in (1, 2)
    }
    links = [{"endpoints": [f"h{number}:eth1", f"br:p{number}"]} for number in (1, 2)]
    waits = "sh -c 'trap exit TERM; while :; do sleep 9999 & wait $!; done'"
    topology = {
        "defaults": {"kind": "linux", "image": BUSYBOX, "cmd": waits},
        "nodes": {**nodes, "br": {"kind": "bridge"}},
        "links": links,
    }
    file = tmp_path / "lab.clab.yml"
    file.write_text(json.dumps({"name": "lab", "topology": topology}))
    shell = Shell(server)
    shell.run("topology", "import", str(file), "--apply", "lab", "--create")
    shell.run("node", "start", "lab", "--all")
    aux = telnet(shell.json("node", "show", "lab", "h1")["properties"]["aux"])
    aux.type("ping -c 300 10.0.0.2")
    aux.until("seq=1 ")
