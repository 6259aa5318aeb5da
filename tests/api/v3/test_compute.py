"""The compute API of version 3, as a controller of GNS3 3 on another host uses it.

The requests are those that gns3-server 3.0.6 was seen to send; ``tests/peers`` lets it send them itself.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio
from trio_websocket import open_websocket_url

from gns3trio.api.v3.compute_api_views import FIELDS
from tests.gns3_3.recording import read_recording
from tests.pcap_reader import read_capture
from tests.support.machines import needs_qemu
from tests.support.server import Server

Json = dict[str, Any]
PATIENCE = 60


@pytest.fixture
async def hosted(server: Server) -> str:
    """The path of a hosted project."""
    body = {"name": "far lab", "project_id": str(uuid4()), "auto_close": True}
    project = await server.request("POST", "/v3/compute/projects", body, 201)
    assert project["variables"] is None and project["zoom"] is None
    return f"/v3/compute/projects/{project['project_id']}"


async def make_pc(server: Server, hosted: str, name: str) -> Json:
    body = {"name": name, "node_id": str(uuid4()), "builtin": True, "startup_script": None, "usage": None}
    node: Json = await server.request("POST", f"{hosted}/vpcs/nodes", body, 201)
    return node


async def type_and_wait(node: Json, line: str, wanted: bytes) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", node["console"]) as console:
        await console.send_all(line.encode() + b"\r")
        seen = b""
        with trio.fail_after(PATIENCE):
            while wanted not in seen:
                data = await console.receive_some()
                assert data, seen
                seen += data


async def test_a_lab_of_a_controller_of_gns3_3(server: Server, hosted: str) -> None:
    nodes = [await make_pc(server, hosted, name) for name in ("PC1", "PC2")]
    leased = [(await server.request("POST", f"{hosted}/ports/udp", None, 201))["udp_port"] for _ in nodes]
    paths = [f"{hosted}/vpcs/nodes/{node['node_id']}" for node in nodes]
    ports = [f"{path}/adapters/0/ports/0" for path in paths]
    tunnels = [
        {"type": "nio_udp", "lport": lport, "rhost": "127.0.0.1", "rport": rport}
        for lport, rport in (leased, leased[::-1])
    ]
    for port, tunnel in zip(ports, tunnels, strict=True):
        assert await server.request("POST", f"{port}/nio", tunnel, 201) == {**tunnel, "suspend": None, "filters": None}
    for path in paths:
        await server.request("POST", f"{path}/start", None, 204)
    for number, node in enumerate(nodes, 1):
        await type_and_wait(node, f"ip 10.0.0.{number} 24", b"255.255.255.0")
    capture = {"capture_file_name": "x.pcap", "data_link_type": "DLT_EN10MB"}
    file = (await server.request("POST", f"{ports[0]}/capture/start", capture, 200))["pcap_file_path"]
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1", b"icmp_seq=1 ttl=64")
    cut = {**tunnels[0], "filters": {"frequency_drop": [-1]}, "suspend": True}
    assert await server.request("PUT", f"{ports[0]}/nio", cut, 201) == cut
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1 -w 500", b"timeout")
    await server.request("PUT", f"{ports[0]}/nio", {**tunnels[0], "filters": {}, "suspend": False}, 201)
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1", b"icmp_seq=1 ttl=64")
    await server.request("POST", f"{ports[0]}/capture/stop", None, 204)
    assert read_capture(Path(file).read_bytes()).packets
    for path in paths:
        await server.request("POST", f"{path}/stop", None, 204)
    await server.request("DELETE", f"{ports[0]}/nio", None, 204)
    await server.request("DELETE", f"{ports[0]}/nio", None, 409)
    await server.request("POST", f"{hosted}/files/project-files/vpcs/{nodes[0]['node_id']}/startup.vpc", None, 204)
    assert [each["path"] for each in await server.request("GET", f"{hosted}/files", None, 200)] != []
    await server.request("DELETE", paths[0], None, 204)
    await server.request("POST", f"{hosted}/close", None, 204)
    await server.request("POST", f"{hosted}/close", None, 404)


async def test_events_are_those_of_version_3(server: Server, hosted: str) -> None:
    node = await make_pc(server, hosted, "PC1")
    url = server.url.replace("http:", "ws:") + "/v3/compute/notifications/ws"
    async with open_websocket_url(url) as events:
        with trio.fail_after(PATIENCE):
            ping = orjson.loads(await events.get_message())
            assert ping["action"] == "ping"
            assert ping["event"].keys() == {"cpu_usage_percent", "memory_usage_percent", "disk_usage_percent"}
            assert ping["event"]["disk_usage_percent"] > 0
            await server.request("POST", f"{hosted}/vpcs/nodes/{node['node_id']}/start", {}, 204)
            while (event := orjson.loads(await events.get_message()))["action"] == "ping":
                pass
    assert event["event"].keys() == node.keys()
    assert event["event"]["status"] == "started"


@pytest.mark.parametrize(
    ("node_type", "step"),
    [("vpcs", "create node"), ("ethernet_switch", "create switch"), ("ethernet_hub", "create hub")],
)
async def test_a_node_has_the_keys_of_gns3(server: Server, hosted: str, node_type: str, step: str) -> None:
    recorded = {key for key in read_recording()[f"controller: {step}"].keys if "." not in key}
    body = {"name": "N", "colour": "unknown keys are ignored", "ports_mapping": None}
    node = await server.request("POST", f"{hosted}/{node_type}/nodes", body, 201)
    assert node.keys() == recorded
    again = await server.request("PUT", f"{hosted}/{node_type}/nodes/{node['node_id']}", {**node, "name": "M"}, 200)
    assert again == {**node, "name": "M"}


async def test_a_switch_tells_the_ethertype_of_every_port(server: Server, hosted: str) -> None:
    ports = [
        {"name": "Ethernet0", "port_number": 0, "type": "access", "vlan": 1, "ethertype": "0x8100"},
        {"name": "Ethernet1", "port_number": 1, "type": "qinq", "vlan": 7, "ethertype": "0x88A8"},
    ]
    body = {"name": "SW", "ports_mapping": ports}
    node = await server.request("POST", f"{hosted}/ethernet_switch/nodes", body, 201)
    assert node["ports_mapping"] == ports


async def test_a_copy_of_a_node(server: Server, hosted: str) -> None:
    one, other = [await make_pc(server, hosted, name) for name in ("PC1", "PC2")]
    path = f"{hosted}/files/project-files/vpcs/%s/startup.vpc"
    reply = await server.http.post(path % one["node_id"], content=b"set pcname PC1\n")
    assert reply.status_code == 204
    body = {"destination_node_id": other["node_id"]}
    copy = await server.request("POST", f"{hosted}/vpcs/nodes/{one['node_id']}/duplicate", body, 201)
    assert copy["node_id"] == other["node_id"]
    assert (await server.http.get(path % other["node_id"])).content == b"set pcname PC2\n"  # as GNS3 does


async def test_wrong_requests_are_told_with_their_place(server: Server, hosted: str) -> None:
    wrong = await server.request("POST", f"{hosted}/vpcs/nodes", {}, 422)
    assert wrong["detail"][0]["loc"] == ["body", "name"]
    wrong = await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "a", "console": "many"}, 422)
    assert wrong["detail"][0]["loc"] == ["body", "console"]
    wrong = await server.request("POST", f"{hosted}/ethernet_switch/nodes", {"name": "a", "ports_mapping": [1]}, 422)
    assert "ports_mapping" in str(wrong["detail"][0]["loc"])
    node = await make_pc(server, hosted, "PC1")
    port = f"{hosted}/vpcs/nodes/{node['node_id']}/adapters/0/ports/0/nio"
    await server.request("POST", port, {"type": "nio_toy"}, 422)
    await server.request("POST", port, {"type": "nio_udp", "lport": 0, "rhost": "x", "rport": 7}, 422)
    assert "message" in await server.request("GET", f"{hosted}/vpcs/nodes/{uuid4()}", None, 404)
    assert "message" in await server.request("GET", f"/v3/compute/projects/{uuid4()}", None, 404)
    await server.request("GET", "/v3/compute/projects/not-an-id", None, 422)


@needs_qemu
async def test_disks_of_a_machine(server: Server, hosted: str) -> None:
    body = {"name": "R1", "platform": "x86_64", "console_type": "none"}
    node = await server.request("POST", f"{hosted}/qemu/nodes", body, 201)
    path = f"{hosted}/qemu/nodes/{node['node_id']}/disk_image"
    disk = Path(node["node_directory"], "data.qcow2")
    await server.request("POST", f"{path}/data.qcow2", {"format": "qcow2", "size": 10}, 204)
    assert disk.read_bytes().startswith(b"QFI\xfb")
    refused = await server.request("POST", f"{path}/data.qcow2", {"format": "qcow2", "size": 10}, 409)
    assert "data.qcow2" in refused["message"]
    await server.request("PUT", f"{path}/data.qcow2", {"extend": 5}, 204)
    assert int.from_bytes(disk.read_bytes()[24:32], "big") == 15 << 20
    wrong = await server.request("POST", f"{path}/x", {"format": "iso", "size": 1}, 422)
    assert wrong["detail"][0]["loc"] == ["body", "format"]
    await server.request("DELETE", f"{path}/data.qcow2", None, 204)
    assert not disk.exists()
    pc = await make_pc(server, hosted, "PC1")
    await server.request("DELETE", f"{hosted}/qemu/nodes/{pc['node_id']}/disk_image/x", None, 404)


async def test_the_host(server: Server) -> None:
    told = await server.request("GET", "/v3/compute/capabilities", None, 200)
    assert told["version"] == "3.0.6" and told["cpus"] > 0 and told["memory"] > 0 and told["disk_size"] > 0
    assert set(told["node_types"]) <= FIELDS.keys()
    assert await server.request("GET", "/v3/compute/version", None, 200) == {"version": "3.0.6"}
    for path in ("statistics", "network/interfaces", "network/ports", "qemu/images", "projects"):
        await server.request("GET", f"/v3/compute/{path}", None, 200)


async def test_what_describes_a_node_is_told_again(server: Server, hosted: str) -> None:
    """The controller takes for the node's properties what its compute answers: otherwise the text would be gone."""
    node = await make_pc(server, hosted, "PC1")
    path = f"{hosted}/vpcs/nodes/{node['node_id']}"
    changed = await server.request("PUT", path, {"usage": "the PC of the lab"}, 200)
    assert changed == {**node, "usage": "the PC of the lab"}
    assert await server.request("PUT", path, {"usage": None, "name": "PC2"}, 200) == {**changed, "name": "PC2"}
    assert (await server.request("GET", path, None, 200))["usage"] == "the PC of the lab"
    wrong = await server.request("PUT", path, {"usage": ["no text"]}, 422)
    assert wrong["detail"][0]["loc"] == ["body", "usage"]
    hub = await server.request("POST", f"{hosted}/ethernet_hub/nodes", {"name": "H", "usage": "spare"}, 201)
    assert hub["usage"] == "spare"
