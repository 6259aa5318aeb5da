"""gns3-server 2.2, unmodified, as the controller of nodes that run on our server."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.conftest import PATIENCE, ServerProcess, Telnet, wait_for_no_vpcs
from tests.pcap_reader import read_capture
from tests.peers.conftest import Controller

Json = dict[str, Any]
OpenTelnet = Callable[[int], Telnet]


class Lab:
    """A project of two VPCS on a switch, all of them on our server."""

    def __init__(self, gns3: Controller) -> None:
        self._gns3 = gns3
        self.project_id = gns3.request("POST", "/v2/projects", {"name": "lab"}, 201)["project_id"]
        self.path = f"/v2/projects/{self.project_id}"
        for name, node_type in (("PC1", "vpcs"), ("PC2", "vpcs"), ("SW", "ethernet_switch")):
            body = {"name": name, "node_type": node_type, "compute_id": "ours"}
            gns3.request("POST", f"{self.path}/nodes", body, 201)
        self.links = [self._link("PC1", 0), self._link("PC2", 1)]

    def _link(self, name: str, switch_port: int) -> str:
        """Join a PC to a port of the switch; returns the path of the link."""
        ends = [(self.node(name)["node_id"], 0), (self.node("SW")["node_id"], switch_port)]
        body = {"nodes": [{"node_id": node, "adapter_number": 0, "port_number": port} for node, port in ends]}
        return f"{self.path}/links/{self._gns3.request('POST', f'{self.path}/links', body, 201)['link_id']}"

    def node(self, name: str) -> Json:
        """A node as the controller shows it."""
        nodes: list[Json] = self._gns3.request("GET", f"{self.path}/nodes", None, 200)
        return next(node for node in nodes if node["name"] == name)

    def start(self, open_telnet: OpenTelnet) -> Telnet:
        """Start all nodes and give the PCs their addresses; returns the console of PC1."""
        self._gns3.request("POST", f"{self.path}/nodes/start", {}, 204)
        consoles = []
        for number, name in enumerate(("PC1", "PC2"), 1):
            node = self.node(name)
            assert node["status"] == "started"
            consoles.append(open_telnet(node["console"]))
            consoles[-1].type(f"ip 10.0.0.{number} 24")
            consoles[-1].until("255.255.255.0")
        return consoles[0]


def ping(console: Telnet, outcome: str) -> None:
    console.type("ping 10.0.0.2 -c 1 -w 500")
    console.until(outcome)


REPLY, TIMEOUT = r"icmp_seq=1 ttl=64 time=", "timeout"


def test_nodes_links_filters_and_captures(gns3_controller: Controller, ours: ServerProcess, telnet: OpenTelnet) -> None:
    lab = Lab(gns3_controller)
    console = lab.start(telnet)
    ping(console, REPLY)
    link = lab.links[0]
    for change, outcome in (
        ({"filters": {"frequency_drop": [-1]}}, TIMEOUT),
        ({"filters": {"delay": [60, 0]}}, REPLY + r"1[2-9]\d\."),  # milliseconds, there and back
        ({"filters": {}}, REPLY),
        ({"suspend": True}, TIMEOUT),
        ({"suspend": False}, REPLY),
    ):
        gns3_controller.request("PUT", link, change, 201)
        ping(console, outcome)
    error = gns3_controller.request("PUT", link, {"filters": {"packet_loss": [300]}}, 400)
    assert "packet_loss" in error["message"]

    capture = gns3_controller.request("POST", f"{link}/start_capture", {}, 201)
    assert (capture["capturing"], capture["capture_compute_id"]) == (True, "ours")
    ping(console, REPLY)
    with gns3_controller.http.stream("GET", f"{link}/pcap") as stream:  # late: it begins where the capture began
        pieces, data = stream.iter_raw(), b""
        while not any(packet.data[12:14] == b"\x08\x00" for packet in (read_capture(data).packets if data else [])):
            data += next(pieces)
    gns3_controller.request("POST", f"{link}/stop_capture", {}, 201)
    folder = ours.projects / lab.project_id / "project-files" / "captures"
    packets = read_capture((folder / capture["capture_file_name"]).read_bytes()).packets
    assert any(packet.data[12:14] == b"\x08\x00" for packet in packets)

    gns3_controller.request("DELETE", link, None, 204)
    ping(console, f"not reachable|{TIMEOUT}")
    gns3_controller.request("DELETE", f"{lab.path}/nodes/{lab.node('PC2')['node_id']}", None, 204)
    gns3_controller.request("POST", f"{lab.path}/nodes/stop", {}, 204)
    wait_for_no_vpcs(ours.projects)


def test_a_project_comes_back_and_goes(gns3_controller: Controller, ours: ServerProcess, telnet: OpenTelnet) -> None:
    lab = Lab(gns3_controller)
    script = f"{lab.path}/nodes/{lab.node('PC1')['node_id']}/files/startup.vpc"
    assert gns3_controller.http.post(script, content=b"set pcname Kept\n").status_code == 201
    ping(lab.start(telnet), REPLY)
    gns3_controller.request("POST", f"{lab.path}/close", {}, 204)
    assert ours.get("/v2/compute/projects") == (200, [])
    ports = ours.get("/v2/compute/network/ports")[1]
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])
    gns3_controller.request("POST", f"{lab.path}/open", {}, 201)
    assert gns3_controller.http.get(script).content == b"set pcname Kept\n"
    ping(lab.start(telnet), REPLY)
    gns3_controller.request("POST", f"{lab.path}/nodes/stop", {}, 204)

    copy = gns3_controller.request("POST", f"{lab.path}/duplicate", {"name": "copy"}, 201)
    copied = (ours.projects / copy["project_id"]).rglob("startup.vpc")
    assert [path.read_text() for path in copied] == ["set pcname Kept\n"]
    for project_id in (copy["project_id"], lab.project_id):
        gns3_controller.request("DELETE", f"/v2/projects/{project_id}", None, 204)
        assert not (ours.projects / project_id).exists()
    assert ours.get("/v2/compute/projects") == (200, [])


def test_events_of_our_nodes_reach_the_controller(
    gns3_controller: Controller, ours: ServerProcess, telnet: OpenTelnet
) -> None:
    lab = Lab(gns3_controller)
    console = lab.start(telnet)
    console.type("quit")
    deadline = time.monotonic() + PATIENCE
    while lab.node("PC1")["status"] != "stopped":  # known from our notifications alone
        assert time.monotonic() < deadline
        time.sleep(0.02)
    computes = gns3_controller.request("GET", "/v2/computes", None, 200)
    assert next(each for each in computes if each["compute_id"] == "ours")["connected"] is True
    assert httpx.get(f"{ours.url}/v2/compute/projects").json()[0]["project_id"] == lab.project_id
