"""The compute API on projects of this server's own controller: a compute of GNS3 does not ask who made one."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio
from trio_websocket import ConnectionRejected, open_websocket_url

from tests.pcap_reader import read_capture
from tests.support.server import Server, node_path

Json = dict[str, Any]
PATIENCE = 60


@pytest.fixture
def own(project: Json) -> str:
    """The path of the project in the compute API."""
    return f"/v2/compute/projects/{project['project_id']}"


async def make_node(server: Server, project: Json, name: str = "PC1", node_type: str = "vpcs") -> Json:
    body = {"name": name, "node_type": node_type, "compute_id": "local"}
    node: Json = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)
    return node


def compute_path(own: str, node: Json) -> str:
    return f"{own}/{node['node_type']}/nodes/{node['node_id']}"


async def make_link(server: Server, project: Json, *nodes: Json) -> str:
    """Join the first ports of two nodes; the path of the link."""
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    links = f"/v2/projects/{project['project_id']}/links"
    return f"{links}/{(await server.request('POST', links, {'nodes': ends}, 201))['link_id']}"


async def test_a_project_is_shown(server: Server, own: str, project: Json) -> None:
    shown = {"name": project["name"], "project_id": project["project_id"], "variables": None}
    assert await server.request("GET", "/v2/compute/projects", None, 200) == [shown]
    assert await server.request("GET", own, None, 200) == shown
    variables = [{"name": "a", "value": "b"}]
    changed = await server.request("PUT", own, {"name": "other", "variables": variables}, 200)
    assert changed == {**shown, "variables": variables}
    assert (await server.request("GET", f"/v2/projects/{project['project_id']}", None, 200))["variables"] == variables
    error = await server.request("PUT", own, {"variables": [{"value": "b"}]}, 400)
    assert "variables[0].name" in error["message"]


async def test_a_node_lives_as_its_controller_shows_it(server: Server, own: str, project: Json) -> None:
    node = await make_node(server, project)
    path = compute_path(own, node)
    started = await server.request("POST", f"{path}/start", None, 200)
    assert (started["name"], started["console"], started["status"]) == ("PC1", node["console"], "started")
    assert await server.request("GET", path, None, 200) == started
    assert (await server.request("GET", node_path(project, node), None, 200))["status"] == "started"
    with trio.fail_after(PATIENCE):
        async with open_websocket_url(f"{server.url.replace('http', 'ws')}{path}/console/ws") as console:
            assert await console.get_message()
            await server.request("POST", f"{path}/stop", None, 204)
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(f"{server.url.replace('http', 'ws')}{path}/console/ws"):
            pass
    assert rejected.value.status_code == 409
    for action in ("suspend", "reload", "console/reset", "stop"):
        await server.request("POST", f"{path}/{action}", None, 204)
    renamed = await server.request("PUT", path, {"name": "R2", "startup_script": "set pcname %h\n"}, 200)
    assert renamed["name"] == "R2"
    assert "startup_script" not in renamed
    shown = await server.request("GET", node_path(project, node), None, 200)
    assert (shown["name"], shown["label"]["text"], shown["status"]) == ("R2", "R2", "stopped")
    assert (await server.http.get(f"{node_path(project, node)}/files/startup.vpc")).text == "set pcname R2\n"
    await server.request("GET", path.replace("/vpcs/", "/ethernet_hub/"), None, 404)
    await server.request("POST", f"{own}/vpcs/nodes/{uuid4()}/start", None, 404)
    again = {"name": "other", "node_id": node["node_id"]}
    assert await server.request("POST", f"{own}/vpcs/nodes", again, 201) == renamed
    await server.request("DELETE", path, None, 204)
    await server.request("GET", node_path(project, node), None, 404)


async def test_links_and_captures_change_as_their_controller_shows_them(
    server: Server, own: str, project: Json
) -> None:
    nodes = [await make_node(server, project, name) for name in ("PC1", "PC2")]
    link = await make_link(server, project, *nodes)
    port = f"{compute_path(own, nodes[0])}/adapters/0/ports/0"
    nio = {"type": "nio_udp", "lport": 24500, "rhost": "127.0.0.1", "rport": 24501}
    await server.request("PUT", f"{port}/nio", {**nio, "filters": {"delay": [5, 0]}, "suspend": True}, 201)
    shown = await server.request("GET", link, None, 200)
    assert (shown["filters"], shown["suspend"]) == ({"delay": [5, 0]}, True)
    capture = {"capture_file_name": "a.pcap"}
    await server.request("POST", f"{port}/start_capture", capture, 409)  # neither end runs
    await server.request("POST", f"{compute_path(own, nodes[0])}/start", None, 200)
    path = (await server.request("POST", f"{port}/start_capture", capture, 200))["pcap_file_path"]
    assert (await server.request("GET", link, None, 200))["capture_file_path"] == path
    with trio.fail_after(PATIENCE):
        async with server.http.stream("GET", f"{port}/pcap") as stream:
            assert stream.status_code == 200
            await server.request("POST", f"{port}/stop_capture", None, 204)
            assert read_capture(await stream.aread()).packets == []
    await server.request("GET", f"{port}/pcap", None, 409)
    await server.request("DELETE", f"{port}/nio", None, 204)
    await server.request("GET", link, None, 404)
    for method, body in (("DELETE", None), ("PUT", nio)):
        await server.request(method, f"{port}/nio", body, 409)
    lport = (await server.request("POST", f"{own}/ports/udp", {}, 201))["udp_port"]
    await server.request("POST", f"{port}/nio", {**nio, "lport": lport}, 201)
    await server.request("PUT", f"{port}/nio", {**nio, "lport": lport, "filters": {"delay": [5, 0]}}, 201)
    await server.request("POST", f"{port}/start_capture", capture, 409)  # a tunnel to elsewhere is no link of it


async def test_files(server: Server, own: str, project: Json) -> None:
    await server.http.post(f"{own}/files/project-files/new/a.txt", content=b"kept")
    assert "project-files/new/a.txt" in [
        file["path"] for file in await server.request("GET", f"{own}/files", None, 200)
    ]
    assert (await server.http.get(f"/v2/projects/{project['project_id']}/files/project-files/new/a.txt")).text == "kept"
    assert (await server.http.get(f"{own}/files/project-files/new/a.txt")).text == "kept"
    refused = await server.http.post(f"{own}/files/{project['filename']}", content=b"{}")
    assert refused.status_code == 409


async def test_close_ends_the_project_for_its_controller_too(server: Server, own: str, project: Json) -> None:
    node = await make_node(server, project)
    hidden = await server.request("POST", f"{own}/vpcs/nodes", {"name": "hidden"}, 201)
    assert hidden["node_directory"].startswith(project["path"])
    await server.request("POST", f"{own}/vpcs/nodes/{hidden['node_id']}/start", None, 200)
    listed = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200)
    assert [each["node_id"] for each in listed] == [node["node_id"]]
    async with server.http.stream("GET", f"{own}/notifications") as stream:
        assert orjson.loads(await anext(stream.aiter_lines()))["action"] == "ping"
    await server.request("POST", f"{own}/close", None, 204)
    await server.request("GET", own, None, 404)
    await server.request("POST", f"{own}/close", None, 404)
    assert (await server.request("GET", f"/v2/projects/{project['project_id']}", None, 200))["status"] == "closed"
    ports = await server.request("GET", "/v2/compute/network/ports", None, 200)
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])


async def test_a_whole_lab_is_deleted_by_its_controller_only(server: Server, own: str, project: Json) -> None:
    for action in ("close", "open"):
        await server.request("DELETE", own, None, 409)
        await server.request("POST", f"/v2/projects/{project['project_id']}/{action}", None)
    await server.request("POST", "/v2/compute/projects", {"name": "x", "project_id": project["project_id"]}, 201)
    await server.request("DELETE", own, None, 409)
    assert Path(project["path"], project["filename"]).is_file()
    await server.request("DELETE", f"/v2/projects/{project['project_id']}", None, 204)
    await server.request("GET", own, None, 404)


async def test_both_kinds_of_project_may_have_one_id(server: Server, own: str, project: Json) -> None:
    body = {"name": "lab", "project_id": project["project_id"]}
    shown = {**body, "variables": None}
    assert await server.request("POST", "/v2/compute/projects", body, 201) == shown  # as Terraform's provider does
    node = await make_node(server, project)
    assert await server.request("POST", "/v2/compute/projects", body, 201) == shown
    assert await server.request("GET", "/v2/compute/projects", None, 200) == [shown]
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    await server.request("POST", "/v2/compute/projects", {**body, "name": "far"}, 201)
    known = await server.request("POST", f"{own}/vpcs/nodes", {"name": "PC1", "node_id": node["node_id"]}, 201)
    assert known["node_directory"] == node["node_directory"]
    await server.request("POST", f"{own}/close", None, 204)
    assert (await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200))[0]["name"] == "PC1"


async def test_a_controller_s_project_may_follow_one_of_the_compute(server: Server) -> None:
    project_id = str(uuid4())
    body = {"name": "lab", "project_id": project_id}
    await server.request("POST", "/v2/compute/projects", body, 201)
    path = f"/v2/compute/projects/{project_id}"
    script = {"startup_script": "set pcname kept\n"}
    hidden = await server.request("POST", f"{path}/vpcs/nodes", {"name": "hidden", **script}, 201)
    project = await server.request("POST", "/v2/projects", body, 201)
    assert (project["project_id"], project["status"]) == (project_id, "opened")
    assert (Path(hidden["node_directory"]) / "startup.vpc").read_text() == "set pcname kept\n"
    await server.request("POST", f"{path}/vpcs/nodes/{hidden['node_id']}/start", None, 200)
    await make_node(server, project)
    await server.request("DELETE", f"/v2/projects/{project_id}", None, 204)
    await server.request("GET", path, None, 404)
    assert not Path(project["path"]).exists()
    ports = await server.request("GET", "/v2/compute/network/ports", None, 200)
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])


async def test_a_project_takes_over_what_one_of_the_compute_left(server: Server) -> None:
    project_id = str(uuid4())
    body = {"name": "lab", "project_id": project_id}
    await server.request("POST", "/v2/compute/projects", body, 201)
    path = f"/v2/compute/projects/{project_id}"
    node = await server.request("POST", f"{path}/vpcs/nodes", {"name": "n", "startup_script": "echo\n"}, 201)
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", "/v2/projects", body, 201)
    assert (Path(node["node_directory"]) / "startup.vpc").is_file()
    await server.request("POST", f"/v2/projects/{project_id}/close", None, 204)
    await server.request("DELETE", path, None, 409)
