"""Nodes over the API of version 2, on real VPCS."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio

from tests.support.lab import BASE, create
from tests.support.server import Server, node_path

NODE_KEYS = {
    *("command_line", "compute_id", "console", "console_auto_start", "console_host", "console_type", "custom_adapters"),
    *("first_port_name", "height", "label", "locked", "name", "node_directory", "node_id", "node_type", "ports"),
    *("port_name_format", "port_segment_size", "project_id", "properties", "status", "symbol", "template_id", "width"),
    *("x", "y", "z"),
}


@pytest.mark.parametrize("change", [{"name": "other"}, {"locked": True}, {"port_name_format": "e{0}"}])
async def test_a_change_that_is_no_look_is_on_the_disk_when_it_is_answered(
    server: Server, project: dict[str, Any], change: dict[str, Any]
) -> None:
    node = await create(server, project)
    await server.request("PUT", node_path(project, node), {"x": 7}, 200)  # saved a moment later, but not lost
    await server.request("PUT", node_path(project, node), change, 200)
    saved = orjson.loads((Path(project["path"]) / project["filename"]).read_bytes())["topology"]["nodes"]
    assert [{"x": each["x"], **{name: each[name] for name in change}} for each in saved] == [{"x": 7, **change}]


async def test_a_node_has_exactly_the_keys_of_gns3(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    assert node.keys() == NODE_KEYS
    assert (node["status"], node["command_line"], node["console_type"]) == ("stopped", "", "telnet")
    assert node["console"] == 22000
    assert node["label"] == {"rotation": 0, "style": None, "text": "PC1", "x": None, "y": -40}
    assert node["ports"][0]["name"] == "Ethernet0"
    assert await server.request("GET", node_path(project, node), None, 200) == node


async def test_names_follow_the_rules_of_gns3(server: Server, project: dict[str, Any]) -> None:
    assert [(await create(server, project, name=name))["name"] for name in ("PC 9", "PC9", "PC{0}", "pc")] == [
        "PC9",
        "PC1",
        "PC2",
        "pc",
    ]


async def test_a_known_id_gives_the_node_that_has_it(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project, node_id=str(uuid4()))
    assert await create(server, project, node_id=node["node_id"], name="other") == node


@pytest.mark.parametrize(
    ("fields", "status", "complaint"),
    [
        ({"name": ""}, 400, "name"),
        ({"node_type": "toaster"}, 400, "node_type"),
        ({"node_type": None}, 400, "node_type"),
        ({"compute_id": "elsewhere"}, 404, "elsewhere"),
        ({"console": 70000}, 400, "console"),
        ({"console": "2000"}, 400, "console"),
        ({"console_type": "vnc"}, 400, "console_type"),
        ({"x": 1.5}, 400, "x"),
        ({"label": {"x": "left"}}, 400, "label.x"),
        ({"properties": {"ram": 5}}, 400, "properties.ram"),
        ({"properties": {"startup_script": 5}}, 400, "startup_script"),
        ({"surprise": 1}, 400, "surprise"),
        ({"name": "a\nb"}, 400, "name: 'a\\nb' has the character U+000A, which no name may have"),
        ({"node_type": "virtualbox"}, 409, "virtualbox"),
    ],
)
async def test_a_refused_node_leaves_nothing(
    server: Server, project: dict[str, Any], fields: dict[str, Any], status: int, complaint: str
) -> None:
    path = f"/v2/projects/{project['project_id']}/nodes"
    error = await server.request("POST", path, {**BASE, "name": "PC1", **fields}, status)
    assert complaint in error["message"]
    assert await server.request("GET", path, None, 200) == []
    assert not list(Path(project["path"]).glob("project-files/*/*"))
    assert (await create(server, project))["name"] == "PC1"  # the name was not kept


async def test_start_stop_reload_and_delete(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    path = node_path(project, node)
    started = await server.request("POST", f"{path}/start", None, 200)
    assert started["status"] == "started"
    assert "-i 1" in started["command_line"]
    assert (await server.request("POST", f"{path}/start", None, 200))["status"] == "started"
    assert (await server.request("POST", f"{path}/suspend", None, 200))["status"] == "started"
    assert (await server.request("POST", f"{path}/reload", None, 200))["status"] == "started"
    assert (await server.request("POST", f"{path}/stop", None, 200))["status"] == "stopped"
    await server.request("DELETE", path, None, 204)
    await server.request("GET", path, None, 404)
    assert not Path(node["node_directory"]).exists()
    assert (await create(server, project))["console"] == node["console"]


async def test_the_list_follows_every_change(server: Server, project: dict[str, Any]) -> None:
    """It is asked for before and after each: what was encoded for the first answer must not be the second."""
    base = f"/v2/projects/{project['project_id']}"

    async def listed() -> list[dict[str, Any]]:
        await server.request("GET", f"{base}/nodes", None, 200)
        nodes: list[dict[str, Any]] = await server.request("GET", f"{base}/nodes", None, 200)
        for node in nodes:
            assert node == await server.request("GET", f"{base}/nodes/{node['node_id']}", None, 200)
        return nodes

    assert await listed() == []
    first, second = await create(server, project), await create(server, project)
    assert await listed() == [first, second]
    await server.request("PUT", node_path(project, second), {"x": 9}, 200)
    assert [node["x"] for node in await listed()] == [first["x"], 9]
    await server.request("POST", f"{base}/nodes/start", None, 204)
    assert [node["status"] for node in await listed()] == ["started", "started"]
    await server.request("POST", f"{node_path(project, first)}/stop", None, 200)
    assert [node["status"] for node in await listed()] == ["stopped", "started"]
    await server.request("DELETE", node_path(project, first), None, 204)
    assert [node["node_id"] for node in await listed()] == [second["node_id"]]
    await server.request("POST", f"{base}/close", None, 204)
    await server.request("POST", f"{base}/open", None, 201)
    assert [(node["node_id"], node["x"], node["status"]) for node in await listed()] == [
        (second["node_id"], 9, "stopped")
    ]


async def test_a_client_may_send_the_whole_object_back(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    changed = await server.request("PUT", node_path(project, node), {**node, "x": 7, "name": "PC5"}, 200)
    assert (changed["x"], changed["name"], changed["label"]["text"]) == (7, "PC5", "PC5")


@pytest.mark.parametrize("change", [{"x": "1"}, {"name": ""}, {"console": 1 << 20}, {"nothing": 1}, {"locked": "no"}])
async def test_a_refused_change_changes_nothing(
    server: Server, project: dict[str, Any], change: dict[str, Any]
) -> None:
    node = await create(server, project)
    error = await server.request("PUT", node_path(project, node), {"y": 9, **change}, 400)
    assert next(iter(change)) in error["message"]
    assert await server.request("GET", node_path(project, node), None, 200) == node


async def test_a_change_that_the_compute_refuses_changes_nothing(server: Server, project: dict[str, Any]) -> None:
    first, second = await create(server, project), await create(server, project)
    body = {"name": "renamed", "console": first["console"], "x": 5}
    await server.request("PUT", node_path(project, second), body, 409)
    assert await server.request("GET", node_path(project, second), None, 200) == second


async def test_a_start_script_is_a_file_and_follows_the_name(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project, properties={"startup_script": "set pcname %h\nip 10.0.0.1 24\n"})
    script = Path(node["node_directory"]) / "startup.vpc"
    assert script.read_text() == "set pcname PC1\nip 10.0.0.1 24\n"
    await server.request("PUT", node_path(project, node), {"name": "host"}, 200)
    assert script.read_text().startswith("set pcname host\n")


async def test_requests_to_one_node_keep_their_order(server: Server, project: dict[str, Any]) -> None:
    """Sent at the same moment over one connection each: they are answered in the order in which they arrived."""
    path = node_path(project, await create(server, project))
    finished: list[str] = []

    async def act(action: str) -> None:
        reply = await server.request("POST", f"{path}/{action}", None, 200)
        assert reply["status"] == {"start": "started", "stop": "stopped"}[action]
        finished.append(action)

    actions = ["start", "stop", "start", "stop", "start"]
    async with trio.open_nursery() as nursery:
        for action in actions:
            nursery.start_soon(act, action)
            await trio.sleep(0.02)  # so that they arrive in this order; a start takes far longer
    assert finished == actions


async def test_a_node_that_waits_for_a_deletion_is_gone(server: Server, project: dict[str, Any]) -> None:
    path = node_path(project, await create(server, project))
    statuses: dict[str, int] = {}

    async def request(name: str, method: str, suffix: str) -> None:
        statuses[name] = (await server.http.request(method, path + suffix)).status_code

    async with trio.open_nursery() as nursery:
        nursery.start_soon(request, "first", "POST", "/start")
        await trio.sleep(0.02)  # so that they arrive in this order; a start takes far longer
        nursery.start_soon(request, "deletion", "DELETE", "")
        await trio.sleep(0.02)
        nursery.start_soon(request, "late", "POST", "/start")
    assert statuses == {"first": 200, "deletion": 204, "late": 404}


async def test_a_locked_node_is_not_deleted(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    await server.request("PUT", node_path(project, node), {"locked": True}, 200)
    await server.request("DELETE", node_path(project, node), None, 409)


async def test_a_closed_project_shows_its_nodes_and_refuses_the_rest(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project, x=5)
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/close", None, 204)
    (saved,) = await server.request("GET", f"{path}/nodes", None, 200)
    assert (saved["name"], saved["x"]) == ("PC1", 5)
    assert not saved.keys() & {"status", "ports", "project_id", "command_line", "console_host", "node_directory"}
    await server.request("GET", node_path(project, node), None, 403)
    await server.request("POST", f"{path}/nodes", {**BASE, "name": "x"}, 403)
    await server.request("POST", f"{path}/nodes/start", None, 403)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", node_path(project, node), None, 200) == node


async def test_all_nodes_start_and_stop_together(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/nodes"
    for _ in range(4):
        await create(server, project)
    for action, status in [("start", "started"), ("reload", "started"), ("stop", "stopped")]:
        await server.request("POST", f"{path}/{action}", None, 204)
        assert {node["status"] for node in await server.request("GET", path, None, 200)} == {status}


async def test_a_start_up_script_stays_among_the_properties(server: Server, project: dict[str, Any]) -> None:
    """As in GNS3, whose clients look there. The file is what counts: what is sent back does not undo what it became."""
    given = {"startup_script": "set pcname %h\n"}
    node = await create(server, project, properties=given)
    path = node_path(project, node)
    assert node["properties"] == given
    assert await server.request("GET", path, None, 200) == node
    assert (await server.http.get(f"{path}/files/startup.vpc")).text == "set pcname PC1\n"
    await server.http.post(f"{path}/files/startup.vpc", content=b"ip 10.0.0.1/24\n")
    echoed = await server.request("PUT", path, {"x": 5, "properties": given}, 200)
    assert (echoed["x"], echoed["properties"]) == (5, given)
    assert (await server.http.get(f"{path}/files/startup.vpc")).text == "ip 10.0.0.1/24\n"
    renamed = await server.request("PUT", path, {"name": "R1", "properties": given}, 200)  # GNS3 cannot rename it
    assert (renamed["name"], renamed["properties"]) == ("R1", given)
    changed = {"startup_script": "echo new\n"}
    assert (await server.request("PUT", path, {"properties": changed}, 200))["properties"] == changed
    assert (await server.http.get(f"{path}/files/startup.vpc")).text == "echo new\n"
    for action in ("close", "open"):
        await server.request("POST", f"/v2/projects/{project['project_id']}/{action}", {})
        (listed,) = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200)
        assert listed["properties"] == changed
    assert (await server.http.get(f"{path}/files/startup.vpc")).text == "echo new\n"


async def test_a_script_of_a_file_is_written_where_the_node_has_none(server: Server, project: dict[str, Any]) -> None:
    """So GNS3 does with the property of a project that came without its folders."""
    given = {"startup_script": "set pcname %h\n"}
    node = await create(server, project, properties=given)
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", {}, 204)
    (Path(node["node_directory"]) / "startup.vpc").unlink()
    await server.request("POST", f"/v2/projects/{project['project_id']}/open", {}, 201)
    assert (await server.http.get(f"{node_path(project, node)}/files/startup.vpc")).text == "set pcname PC1\n"


async def test_a_document_gives_back_a_script_that_was_changed_in_its_file(
    server: Server, project: dict[str, Any]
) -> None:
    given = {"startup_script": "echo wanted\n"}
    node = await create(server, project, properties=given)
    script = f"{node_path(project, node)}/files/startup.vpc"
    await server.http.post(script, content=b"echo changed\n")
    document = {"nodes": {"PC1": {"node_type": "vpcs", "properties": given}}}
    await server.request("PUT", f"/v2/projects/{project['project_id']}/topology", document, 200)
    assert (await server.http.get(script)).text == "echo wanted\n"
