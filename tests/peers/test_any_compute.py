"""Nodes of every type on a compute that takes them all, as gns3-server does where the emulators are installed."""

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import StartServer

Json = dict[str, Any]
TYPES: dict[str, Json] = {
    "atm_switch": {"mappings": {"1:0:100": "10:0:200"}},
    "cloud": {"ports_mapping": [{"name": "eth0", "interface": "eth0", "type": "ethernet", "port_number": 0}]},
    "docker": {"image": "alpine", "adapters": 2},
    "dynamips": {"platform": "c7200", "image": "x.bin", "slot0": "C7200-IO-FE", "slot1": "PA-4T+"},
    "ethernet_hub": {"ports_mapping": [{"name": f"e{port}", "port_number": port} for port in range(8)]},
    "ethernet_switch": {
        "ports_mapping": [{"name": f"e{port}", "port_number": port, "type": "access", "vlan": 1} for port in range(8)]
    },
    "frame_relay_switch": {"mappings": {"1:101": "10:202"}},
    "iou": {"path": "x.bin", "ethernet_adapters": 2, "serial_adapters": 1},
    "qemu": {"qemu_path": "/usr/bin/qemu-system-x86_64", "adapters": 3, "hda_disk_image": "x.img"},
    "traceng": {},
    "virtualbox": {"vmname": "x", "adapters": 2},
    "vmware": {"vmx_path": "/x.vmx", "adapters": 2},
    "vpcs": {},
}
CAN_SUSPEND = ("docker", "dynamips", "qemu", "virtualbox", "vmware")
RUNS_ALWAYS = ("atm_switch", "cloud", "ethernet_hub", "ethernet_switch", "frame_relay_switch")


@pytest.fixture
def http(start_server: StartServer, any_compute: Json) -> httpx.Client:
    client = httpx.Client(base_url=start_server().url, timeout=60)
    assert client.post("/v2/computes", json=any_compute).json()["connected"] is True
    return client


def request(http: httpx.Client, method: str, path: str, body: Any, status: int) -> Any:
    reply = http.request(method, path, json=body)
    assert reply.status_code == status, reply.text
    return reply.json() if reply.content else None


def test_every_type_is_created_changed_and_used(http: httpx.Client) -> None:
    project = request(http, "POST", "/v2/projects", {"name": "lab"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    made = {}
    for node_type, properties in TYPES.items():
        body = {"name": node_type, "node_type": node_type, "compute_id": "any", "properties": properties}
        node = made[node_type] = request(http, "POST", f"{path}/nodes", body, 201)
        assert properties.items() <= node["properties"].items()
        here = f"{path}/nodes/{node['node_id']}"
        assert node["status"] == ("started" if node_type in RUNS_ALWAYS else "stopped")
        for action, status in (
            ("start", "started"),
            ("suspend", "suspended"),
            ("reload", "started"),
            ("stop", "stopped"),
        ):
            shown = request(http, "POST", f"{here}/{action}", {}, 200)
            if node_type in RUNS_ALWAYS or (action == "suspend" and node_type not in CAN_SUSPEND):
                status = "started"
            assert shown["status"] == status, (node_type, action)
    assert made["iou"]["properties"]["application_id"] == 1
    changed = request(
        http,
        "PUT",
        f"{path}/nodes/{made['qemu']['node_id']}",
        {"properties": {"ram": 512, "odd": [1, {"a": None}]}},
        200,
    )
    assert changed["properties"]["ram"] == 512 and changed["properties"]["odd"] == [1, {"a": None}]
    names = {name: [port["short_name"] for port in node["ports"]] for name, node in made.items()}
    assert names["dynamips"][:2] == ["f0/0", "s1/0"] and names["docker"] == ["eth0", "eth1"]
    assert len(names["iou"]) == 12 and len(names["ethernet_switch"]) == 8

    def end(node_type: str, adapter: int, port: int) -> Json:
        return {"node_id": made[node_type]["node_id"], "adapter_number": adapter, "port_number": port}

    links = f"{path}/links"
    serial = request(http, "POST", links, {"nodes": [end("dynamips", 1, 0), end("iou", 2, 0)]}, 201)
    assert serial["link_type"] == "serial"
    request(http, "POST", links, {"nodes": [end("dynamips", 1, 1), end("qemu", 0, 0)]}, 409)
    ethernet = request(http, "POST", links, {"nodes": [end("ethernet_switch", 0, 0), end("qemu", 0, 0)]}, 201)
    filtered = request(http, "PUT", f"{links}/{ethernet['link_id']}", {"filters": {"delay": [10, 0]}}, 201)
    assert filtered["filters"] == {"delay": [10, 0]}  # at the end that has filters
    switches = request(http, "POST", links, {"nodes": [end("ethernet_switch", 0, 1), end("ethernet_hub", 0, 0)]}, 201)
    error = request(http, "PUT", f"{links}/{switches['link_id']}", {"filters": {"delay": [10, 0]}}, 409)
    assert "filters" in error["message"]
    request(http, "POST", f"{path}/close", {}, 204)
    request(http, "POST", f"{path}/open", {}, 201)
    assert request(http, "GET", f"{path}/problems", None, 200) == {"file": [], "links": [], "nodes": []}
