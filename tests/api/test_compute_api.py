"""The compute API, as a GNS3 controller on another host uses it."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import orjson
import pytest
import trio
from trio_websocket import ConnectionRejected, WebSocketConnection, open_websocket_url

from tests.pcap_reader import read_capture
from tests.support.server import Server
from tests.support.websockets import TIMED

Json = dict[str, Any]
PATIENCE = 60


@pytest.fixture
async def hosted(server: Server) -> AsyncIterator[str]:
    """The path of a hosted project."""
    project = await server.request("POST", "/v2/compute/projects", {"name": "far lab", "project_id": str(uuid4())}, 201)
    assert project == {"name": "far lab", "project_id": project["project_id"], "variables": None}
    yield f"/v2/compute/projects/{project['project_id']}"


async def make_pair(server: Server, hosted: str, **nio: Any) -> tuple[list[Json], list[str]]:
    """Two VPCS with a tunnel between them; the nodes and the paths of their ports."""
    nodes = [await server.request("POST", f"{hosted}/vpcs/nodes", {"name": f"v{n}"}, 201) for n in (1, 2)]
    near, far = [(await server.request("POST", f"{hosted}/ports/udp", {}, 201))["udp_port"] for _ in nodes]
    ports = [f"{hosted}/vpcs/nodes/{node['node_id']}/adapters/0/ports/0" for node in nodes]
    for port, lport, rport in ((ports[0], near, far), (ports[1], far, near)):
        body = {"type": "nio_udp", "lport": lport, "rhost": "127.0.0.1", "rport": rport}
        reply = await server.request("POST", f"{port}/nio", {**body, "filters": {}, "suspend": False, **nio}, 201)
        assert reply == body
    return nodes, ports


async def type_and_wait(node: Json, line: str, wanted: bytes) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", node["console"]) as console:
        await console.send_all(line.encode() + b"\r")
        seen = b""
        with trio.fail_after(PATIENCE):
            while wanted not in seen:
                data = await console.receive_some()
                assert data, seen
                seen += data


async def test_nodes_of_another_controller_ping(server: Server, hosted: str) -> None:
    nodes, ports = await make_pair(server, hosted)
    assert nodes[0] == {
        "command_line": "",
        "console": nodes[0]["console"],
        "console_type": "telnet",
        "name": "v1",
        "node_directory": nodes[0]["node_directory"],
        "node_id": nodes[0]["node_id"],
        "project_id": hosted.rpartition("/")[2],
        "status": "stopped",
    }
    file = await server.request("POST", f"{ports[0]}/start_capture", {"capture_file_name": "a.pcap"}, 200)
    await server.request("POST", f"{ports[0]}/start_capture", {"capture_file_name": "b.pcap"}, 409)
    for node in nodes:
        started = await server.request("POST", f"{hosted}/vpcs/nodes/{node['node_id']}/start", None, 200)
        assert started["status"] == "started"
    await type_and_wait(nodes[0], "ip 10.0.0.1 24", b"255.255.255.0")
    await type_and_wait(nodes[1], "ip 10.0.0.2 24", b"255.255.255.0")
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1", b"icmp_seq=1 ttl=64")
    nio = {"type": "nio_udp", "lport": 1, "rhost": "x", "rport": 1, "filters": {"frequency_drop": [-1]}}
    assert await server.request("PUT", f"{ports[0]}/nio", nio, 201) == nio
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1 -w 500", b"timeout")
    await server.request("PUT", f"{ports[0]}/nio", {**nio, "filters": {"packet_loss": [101]}}, 400)
    await server.request("PUT", f"{ports[0]}/nio", {**nio, "filters": {}}, 201)
    await type_and_wait(nodes[1], "ping 10.0.0.1 -c 1", b"icmp_seq=1 ttl=64")
    await server.request("POST", f"{ports[0]}/stop_capture", None, 204)
    packets = read_capture(Path(file["pcap_file_path"]).read_bytes()).packets
    assert any(packet.data[12:14] == b"\x08\x00" for packet in packets)
    await server.request("POST", f"{hosted}/close", None, 204)
    await server.request("POST", f"{hosted}/close", None, 404)
    assert Path(nodes[0]["node_directory"]).is_dir()


async def test_a_capture_stream(server: Server, hosted: str) -> None:
    _, ports = await make_pair(server, hosted)
    await server.request("GET", f"{ports[0]}/pcap", None, 409)
    await server.request("POST", f"{ports[0]}/start_capture", {"capture_file_name": "a.pcap"}, 200)
    with trio.fail_after(PATIENCE):
        async with server.http.stream("GET", f"{ports[0]}/pcap") as reply:
            assert reply.headers["x-accel-buffering"] == "no"  # a proxy sends on what comes
            pieces = reply.aiter_raw()
            assert (await anext(pieces))[:4] == b"\xd4\xc3\xb2\xa1"
            await server.request("POST", f"{ports[0]}/stop_capture", None, 204)
            assert [piece async for piece in pieces] == []
    for name in ("../x.pcap", "", ".x", "a/b"):
        await server.request("POST", f"{ports[0]}/start_capture", {"capture_file_name": name}, 400)


@pytest.mark.parametrize(
    ("node_type", "properties", "keys"),
    [
        ("ethernet_switch", {}, {"ports_mapping", "console", "console_type"}),
        ("ethernet_hub", {"ports_mapping": [{"name": "a", "port_number": 0}]}, {"ports_mapping"}),
    ],
)
async def test_bridges(server: Server, hosted: str, node_type: str, properties: Json, keys: set[str]) -> None:
    body = {"name": "B1", "node_id": str(uuid4()), **properties}
    node = await server.request("POST", f"{hosted}/{node_type}/nodes", body, 201)
    assert set(node) == {"name", "node_id", "project_id", "status"} | keys
    assert node["status"] == "started"
    assert await server.request("POST", f"{hosted}/{node_type}/nodes", {**body, "name": "other"}, 201) == node
    path = f"{hosted}/{node_type}/nodes/{node['node_id']}"
    changed = await server.request("PUT", path, {"name": "Core", "ports_mapping": node["ports_mapping"]}, 200)
    assert changed == {**node, "name": "Core"}
    await server.request("PUT", path, {"ports_mapping": [{"name": "a"}]}, 400)
    assert await server.request("GET", path, None, 200) == changed
    await server.request("GET", path.replace(node_type, "vpcs"), None, 404)
    await server.request("DELETE", path, None, 204)
    await server.request("GET", path, None, 404)


async def next_change(connection: WebSocketConnection) -> dict[str, Any]:
    """The next event that is not of the clock's."""
    while (event := orjson.loads(await connection.get_message()))["action"] in TIMED:
        pass
    return cast(dict[str, Any], event)


async def test_events_name_their_project(server: Server, hosted: str) -> None:
    url = server.url.replace("http", "ws")
    with trio.fail_after(PATIENCE):
        async with (
            open_websocket_url(f"{url}/v2/compute/notifications/ws") as events,
            open_websocket_url(f"{url}/notifications/ws") as ours,
        ):
            assert orjson.loads(await events.get_message())["action"] == "ping"
            node = await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "v1"}, 201)
            path = f"{hosted}/vpcs/nodes/{node['node_id']}"
            renamed = await server.request("PUT", path, {"name": "v2"}, 200)
            event = await next_change(events)  # a compute of GNS3 does not tell of the creation either
            assert event == {"action": "node.updated", "event": renamed, "project_id": node["project_id"]}
            await server.request("POST", f"{path}/start", None, 200)
            assert (await next_change(events))["event"]["status"] == "started"
            async with open_websocket_url(f"{url}{path}/console/ws") as console:
                assert await console.get_message()
                await server.request("POST", f"{path}/stop", None, 204)
            assert (await next_change(events))["event"]["status"] == "stopped"
            assert orjson.loads(await events.get_message())["action"] == "ping"  # after a second without an event
            await server.request("DELETE", path, None, 204)
            assert (await next_change(events))["action"] == "node.deleted"
            assert orjson.loads(await ours.get_message())["action"] == "ping"
            await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
            # Nothing of the other controller's came before it.
            assert (await next_change(ours))["action"] == "project.created"


async def test_wrong_requests(server: Server, hosted: str) -> None:
    await server.request("GET", "/v2/compute/projects/nonsense", None, 400)
    await server.request("GET", f"/v2/compute/projects/{uuid4()}", None, 404)
    await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "v", "ram": 5}, 400)
    await server.request("POST", f"{hosted}/vpcs/nodes", {}, 400)
    node = await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "v"}, 201)
    port = f"{hosted}/vpcs/nodes/{node['node_id']}/adapters/0/ports/0"
    good = {"type": "nio_udp", "lport": 24500, "rhost": "127.0.0.1", "rport": 24501}
    for change in ({"lport": 0}, {"rport": "a"}, {"rhost": ""}, {"type": "nio_x"}, {"filters": {"delay": ["x"]}}):
        error = await server.request("POST", f"{port}/nio", {**good, **change}, 400)
        assert next(iter(change)) in error["message"] or "delay" in error["message"]
    await server.request("POST", f"{port}/nio", {"type": "nio_tap", "tap_device": "tap0"}, 409)
    await server.request("DELETE", f"{port}/nio", None, 409)
    await server.request("POST", f"{port}/start_capture", {"capture_file_name": "a.pcap"}, 409)
    await server.request("POST", port.replace("ports/0", "ports/1") + "/nio", good, 409)
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(f"{server.url.replace('http', 'ws')}{port.partition('/adapters')[0]}/console/ws"):
            pass
    assert rejected.value.status_code == 409
    ports = await server.request("GET", "/v2/compute/network/ports", None, 200)
    assert ports["udp_ports"] == []


async def test_the_resources_of_the_compute(server: Server, hosted: str) -> None:
    capabilities = await server.request("GET", "/v2/compute/capabilities", None, 200)
    assert capabilities["version"] == "2.2.61"
    assert "vpcs" in capabilities["node_types"]
    assert (await server.request("GET", "/v2/compute/version", None, 200))["version"] == "2.2.61"
    assert (await server.request("GET", "/v2/compute/statistics", None, 200))["memory_total"] > 0
    interfaces = await server.request("GET", "/v2/compute/network/interfaces", None, 200)
    (loopback,) = [interface for interface in interfaces if interface["name"] == "lo"]
    assert (loopback["special"], loopback["type"]) == (True, "ethernet")
    assert (await server.http.get("/v2/compute/debug")).headers["content-type"].startswith("text/plain")
    project_id = hosted.rpartition("/")[2]
    assert [p["project_id"] for p in await server.request("GET", "/v2/compute/projects", None, 200)] == [project_id]
    variables = [{"name": "a", "value": "b"}]
    assert (await server.request("PUT", hosted, {"variables": variables}, 200))["variables"] == variables
    await server.request("POST", f"{hosted}/vpcs/nodes", {"name": "v", "startup_script": "set pcname %h\n"}, 201)
    folder = server.config.projects_path / project_id
    assert [path.read_text() for path in folder.rglob("startup.vpc")] == ["set pcname v\n"]
    (listed,) = await server.request("GET", f"{hosted}/files", None, 200)
    assert listed["md5sum"] == hashlib.md5(b"set pcname v\n").hexdigest()
    reply = await server.http.post(f"{hosted}/files/{listed['path']}", content=b"ip 10.0.0.1\n")
    assert (reply.status_code, reply.content) == (201, b"")
    assert (await server.http.get(f"{hosted}/files/{listed['path']}")).content == b"ip 10.0.0.1\n"
    assert (await server.http.post(f"{hosted}/files/a/b.txt", content=b"x")).status_code == 201
    assert (await server.http.get(f"{hosted}/files/..%2F..%2Fetc/passwd")).status_code == 403
    assert (await server.http.get(f"{hosted}/files/absent")).status_code == 404
    await server.request("DELETE", hosted, None, 204)
    assert not folder.exists()
    assert await server.request("GET", "/v2/compute/projects", None, 200) == []


async def test_a_key_that_a_type_does_not_have_is_named_as_it_was_sent(server: Server, hosted: str) -> None:
    body = {"name": "H", "node_id": str(uuid4()), "zz": 1}
    error = await server.request("POST", f"{hosted}/ethernet_hub/nodes", body, 400)
    assert error["message"].startswith("zz: unknown")
    assert error["path"] == "/v2/compute/projects/{project_id}/{node_type}/nodes"
    del body["zz"]
    node = await server.request("POST", f"{hosted}/ethernet_hub/nodes", body, 201)
    error = await server.request("PUT", f"{hosted}/ethernet_hub/nodes/{node['node_id']}", {"zz": 1}, 400)
    assert error["message"].startswith("zz: unknown")
