"""gns3-server 3.0.6, unmodified, as the controller of nodes on our server, and as a compute of our controller."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, Telnet, wait_for_no_vpcs, wait_until
from tests.pcap_reader import read_capture
from tests.peers.conftest import Controller
from tests.peers.gns3_3 import COMPUTE_USER

Json = dict[str, Any]
OpenTelnet = Callable[[int], Telnet]
REPLY, TIMEOUT = r"icmp_seq=1 ttl=64 time=", "timeout"


def ends(*nodes: tuple[Json, int]) -> Json:
    """The body of a link between ports of nodes."""
    return {
        "nodes": [{"node_id": node["node_id"], "adapter_number": 0, "port_number": port} for node, port in nodes],
        "filters": {},
    }


def addressed(open_telnet: OpenTelnet, *nodes: Json) -> list[Telnet]:
    """Give PCs their addresses; returns their consoles."""
    consoles = []
    for number, node in enumerate(nodes, 1):
        consoles.append(open_telnet(node["console"]))
        consoles[-1].type(f"ip 10.0.0.{number} 24")
        consoles[-1].until("255.255.255.0")
    return consoles


def ping(console: Telnet, outcome: str) -> None:
    console.type("ping 10.0.0.2 -c 1 -w 500")
    console.until(outcome)


def has_ipv4(data: bytes) -> bool:
    """Whether a capture, of which something may have come, has an IPv4 packet."""
    return bool(data) and any(packet.data[12:14] == b"\x08\x00" for packet in read_capture(data).packets)


def register(server: ServerProcess, gns3: Controller) -> str:
    """Make our server a compute of gns3-server; returns its id."""
    address = urlsplit(server.url)
    body = {
        "compute_id": str(uuid4()),
        "name": "ours",
        "protocol": "http",
        "host": address.hostname,
        "port": address.port,
        "user": "lab",
        "password": "secret of the lab",
    }
    compute_id: str = gns3.request("POST", "/v3/computes", body, 201)["compute_id"]
    gns3.request("POST", f"/v3/computes/{compute_id}/connect", None, 204)
    return compute_id


def test_gns3_3_drives_our_server(gns3_3: Controller, start_server: StartServer, telnet: OpenTelnet) -> None:
    ours = start_server("--user", "lab", "--password", "secret of the lab")
    compute_id = register(ours, gns3_3)
    path = f"/v3/projects/{gns3_3.request('POST', '/v3/projects', {'name': 'lab'}, 201)['project_id']}"

    def create(name: str, node_type: str) -> Json:
        body = {"name": name, "node_type": node_type, "compute_id": compute_id}
        created: Json = gns3_3.request("POST", f"{path}/nodes", body, 201)
        return created

    def statuses() -> dict[str, str]:
        return {node["name"]: node["status"] for node in gns3_3.request("GET", f"{path}/nodes", None, 200)}

    one, other, switch = create("PC1", "vpcs"), create("PC2", "vpcs"), create("SW", "ethernet_switch")
    for name, node_type in (("HUB", "ethernet_hub"), ("CL", "cloud"), ("NAT", "nat")):
        create(name, node_type)
    assert {port["ethertype"] for port in switch["properties"]["ports_mapping"]} == {"0x8100"}
    first = gns3_3.request("POST", f"{path}/links", ends((one, 0), (switch, 0)), 201)["link_id"]
    gns3_3.request("POST", f"{path}/links", ends((other, 0), (switch, 1)), 201)
    gns3_3.request("POST", f"{path}/nodes/start", {}, 204)
    wait_until(lambda: statuses()["PC1"] == statuses()["PC2"] == "started")  # by our notifications
    console, _ = addressed(telnet, one, other)
    ping(console, REPLY)
    link = f"{path}/links/{first}"
    for change, outcome in (
        ({"filters": {"frequency_drop": [-1]}}, TIMEOUT),
        ({"filters": {"delay": [60, 0]}}, REPLY + r"1[2-9]\d\."),  # milliseconds, there and back
        ({"filters": {}}, REPLY),
        ({"suspend": True}, TIMEOUT),
        ({"suspend": False}, REPLY),
    ):
        gns3_3.request("PUT", link, change, 200)
        ping(console, outcome)
    capture = {"capture_file_name": "x.pcap", "data_link_type": "DLT_EN10MB"}
    gns3_3.request("POST", f"{link}/capture/start", capture, 201)
    ping(console, REPLY)
    data = b""
    with gns3_3.http.stream("GET", f"{link}/capture/stream") as stream:
        pieces = stream.iter_raw()
        while not has_ipv4(data):
            data += next(pieces)
            ping(console, REPLY)
    gns3_3.request("POST", f"{link}/capture/stop", {}, 204)
    gns3_3.request("POST", f"{link}/reset", None, 200)
    ping(console, REPLY)
    node = f"{path}/nodes/{one['node_id']}"
    gns3_3.request("POST", f"{node}/reload", {}, 204)
    gns3_3.request("POST", f"{node}/stop", {}, 204)
    wait_until(lambda: statuses()["PC1"] == "stopped")
    assert gns3_3.request("PUT", node, {"name": "Renamed"}, 200)["name"] == "Renamed"
    script = f"{node}/files/startup.vpc"
    assert gns3_3.http.post(script, content=b"set pcname Kept\n").status_code == 201
    gns3_3.request("POST", f"{path}/close", {}, 204)
    assert ours_get(ours, "/v3/compute/projects") == []
    gns3_3.request("POST", f"{path}/open", {}, 201)
    assert gns3_3.http.get(script).content == b"set pcname Kept\n"
    gns3_3.request("DELETE", node, None, 204)
    gns3_3.request("DELETE", path, None, 204)
    assert ours_get(ours, "/v3/compute/projects") == []
    wait_for_no_vpcs(ours.projects)


def ours_get(server: ServerProcess, path: str) -> Any:
    return httpx.get(server.url + path, auth=("lab", "secret of the lab"), timeout=PATIENCE).raise_for_status().json()


def test_our_controller_drives_a_compute_of_gns3_3(
    gns3_3: Controller, start_server: StartServer, telnet: OpenTelnet
) -> None:
    address = urlsplit(str(gns3_3.http.base_url))
    with httpx.Client(base_url=start_server().url, timeout=PATIENCE) as http:
        ours = Controller(http)
        compute = {
            "compute_id": "far",
            "name": "far",
            "protocol": "http",
            "host": address.hostname,
            "port": address.port,
            "user": COMPUTE_USER[0],
            "password": COMPUTE_USER[1],
        }
        registered = ours.request("POST", "/v2/computes", compute, 201)
        assert (registered["connected"], registered["capabilities"]["version"]) == (True, "3.0.6")
        project = ours.request("POST", "/v2/projects", {"name": "lab"}, 201)
        path = f"/v2/projects/{project['project_id']}"
        one, other = [
            ours.request("POST", f"{path}/nodes", {"name": name, "node_type": "vpcs", "compute_id": "far"}, 201)
            for name in ("PC1", "PC2")
        ]
        assert one["properties"] == {}
        link = f"{path}/links/{ours.request('POST', f'{path}/links', ends((one, 0), (other, 0)), 201)['link_id']}"
        ours.request("POST", f"{path}/nodes/start", {}, 204)
        console, _ = addressed(telnet, one, other)
        ping(console, REPLY)
        for change, outcome in (
            ({"filters": {"frequency_drop": [-1]}}, TIMEOUT),
            ({"filters": {}}, REPLY),  # which gns3-server's own controller does not achieve
            ({"suspend": True}, TIMEOUT),
            ({"suspend": False}, REPLY),
        ):
            ours.request("PUT", link, change, 201)
            ping(console, outcome)
        capture = ours.request("POST", f"{link}/start_capture", {"capture_file_name": "x.pcap"}, 201)
        file = Path(capture["capture_file_path"])
        deadline = time.monotonic() + PATIENCE
        while not has_ipv4(file.read_bytes()):
            assert time.monotonic() < deadline
            ping(console, REPLY)
        ours.request("POST", f"{link}/stop_capture", {}, 201)
        node = f"{path}/nodes/{one['node_id']}"
        for action, status in (("reload", "started"), ("stop", "stopped")):
            assert ours.request("POST", f"{node}/{action}", {}, 200)["status"] == status
        assert ours.http.post(f"{node}/files/startup.vpc", content=b"set pcname Kept\n").status_code == 201
        refused = ours.request("PUT", node, {"console_type": "vnc"}, 400)
        assert "console_type" in refused["message"]
        ours.request("POST", f"{path}/close", {}, 204)
        ours.request("POST", f"{path}/open", {}, 201)
        assert ours.http.get(f"{node}/files/startup.vpc").content == b"set pcname Kept\n"
        ours.request("DELETE", path, None, 204)
    gone = httpx.get(f"{gns3_3.http.base_url}/v3/compute/projects", auth=COMPUTE_USER, timeout=PATIENCE)
    assert gone.json() == []
