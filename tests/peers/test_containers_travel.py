"""Labs with containers and machines travel between gns3-server 2.2, unmodified, and ours, and back."""

import json
import shutil
from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import StartServer, Telnet
from tests.peers.conftest import Controller
from tests.peers.machines import DISK, PROPERTIES, without_folder
from tests.support.docker_engine import DockerEngine
from tests.support.machines import needs_qemu

OpenTelnet = Callable[..., Telnet]
# In the file of a node, and of its replies, there is nothing else.
PROPERTIES_OF_GNS3 = {
    *("adapters", "aux", "console_http_path", "console_http_port", "console_resolution", "container_id"),
    *("environment", "extra_hosts", "extra_volumes", "image", "mac_address", "start_command", "usage"),
}


@needs_qemu
def test_a_lab_with_a_container_and_a_machine_travels_both_ways(
    gns3_with_engine: Controller, start_server: StartServer, docker_engine: DockerEngine, telnet: OpenTelnet
) -> None:
    gns3 = gns3_with_engine
    gns3.request("POST", "/v2/compute/qemu/img", DISK, 201)
    project = gns3.request("POST", "/v2/projects", {"name": "theirs"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    machine = {"name": "Q", "node_type": "qemu", "compute_id": "local"}
    machine["properties"] = {**PROPERTIES, "hda_disk_image": "disk.qcow2"}
    container = {"name": "C", "node_type": "docker", "compute_id": "local", "console_type": "telnet"}
    container["properties"] = {
        "image": "lab",
        "adapters": 2,
        "extra_volumes": ["/data"],
        "environment": "LAB=%vm-name%",
    }
    made = [gns3.request("POST", f"{path}/nodes", body, 201) for body in (machine, container)]
    link = {"nodes": [{"node_id": each["node_id"], "adapter_number": 0, "port_number": 0} for each in made]}
    gns3.request("POST", f"{path}/links", link, 201)
    theirs = nodes_of(gns3, path)
    own = f"{path}/nodes/{theirs['C']['node_id']}"
    network = "auto eth0\niface eth0 inet static\n address 10.0.0.7\n netmask 255.255.255.0\n"
    gns3.http.post(f"{own}/files/etc/network/interfaces", content=network).raise_for_status()
    gns3.request("POST", f"{own}/start", {}, 200)
    console = telnet(theirs["C"]["console"])
    assert "10.0.0.7/24" in ask(console, "ip address show dev eth0")
    ask(console, "echo of GNS3 >/data/kept; chown 7:8 /data/kept; chmod 600 /data/kept; mkdir -m 1777 /data/open")
    gns3.request("POST", f"{own}/stop", {}, 200)
    gns3.request("POST", f"{path}/close", {}, 204)
    assert docker_engine.containers() == []

    ours = start_server("--docker-socket", str(docker_engine.socket))
    here = ours.projects / project["project_id"]
    shutil.move(project["path"], here)
    assert ours.post("/v2/compute/qemu/img", json.dumps(DISK))[0] == 201
    assert ours.post("/v2/reload")[0] == 200
    assert ours.post(f"{path}/open")[0] == 201
    assert not any(ours.get(f"{path}/problems")[1].values())
    mine = {node["name"]: node for node in ours.get(f"{path}/nodes")[1]}
    for name in ("C", "Q"):
        assert comparable(mine[name]) == comparable(theirs[name])
        status, started = ours.post(f"{path}/nodes/{mine[name]['node_id']}/start")
        assert (status, started["status"]) == (200, "started"), started
    console = telnet(mine["C"]["console"])
    assert "10.0.0.7/24" in ask(console, "ip address show dev eth0")
    assert "7 8 600 of GNS3" in ask(console, 'stat -c "%u %g %a" /data/kept | tr "\\n" " "; cat /data/kept')
    assert "1777" in ask(console, "stat -c %a /data/open")
    assert '"C"' in ask(console, "env | grep LAB")
    ask(console, "echo of ours >/data/kept; chown 9:9 /data/kept; ip link set eth1 down")
    assert ours.post(f"{own}/stop")[0] == 200
    assert ours.post(f"{path}/close")[0] == 204
    assert docker_engine.containers() == []

    shutil.move(here, project["path"])
    gns3.request("POST", f"{path}/open", {}, 201)
    again = nodes_of(gns3, path)
    assert {name: comparable(node) for name, node in again.items()} == {
        name: comparable(node) for name, node in theirs.items()
    }
    gns3.request("POST", f"{own}/start", {}, 200)
    console = telnet(again["C"]["console"])
    assert "9 9 600 of ours" in ask(console, 'stat -c "%u %g %a" /data/kept | tr "\\n" " "; cat /data/kept')
    assert "10.0.0.7/24" in ask(console, "ip address show dev eth0")
    gns3.request("DELETE", path, None, 204)
    assert docker_engine.containers() == []


def ask(console: Telnet, command: str) -> str:
    """What a shell answers."""
    console.type(f"{command}; echo do''ne")
    return console.until("done")


def nodes_of(gns3: Controller, path: str) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in gns3.request("GET", f"{path}/nodes", None, 200)}


def comparable(node: dict[str, Any]) -> dict[str, Any]:
    """What has to stay the same, wherever the node is."""
    if node["node_type"] == "qemu":
        node = without_folder(node)
    else:  # our own limits are not in GNS3's file; the others are the server's
        assert set(node["properties"]) <= PROPERTIES_OF_GNS3 | {"memory", "cpus"}
    its_own = ("container_id", "aux", "memory", "cpus")
    properties = {key: value for key, value in node["properties"].items() if key not in its_own}
    kept = ("name", "ports", "console_type", "custom_adapters", "first_port_name", "symbol", "x", "y")
    return {**{key: node[key] for key in kept}, "properties": properties}
