"""Computes as the controller shows them, and the resources of the server itself."""

import socket
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from trio_websocket import open_websocket_url

from gns3trio.config import Config
from gns3trio.controller.storage.server_state import open_state
from gns3trio.server import RunningServer
from tests.support.fake_compute import CAPABILITIES, fake_compute, reply
from tests.support.lab import BASE as NAMELESS
from tests.support.server import Server

BASE = {**NAMELESS, "name": "PC1"}
OTHER = {"protocol": "http", "host": "192.0.2.1", "port": 3080, "user": "me", "password": "secret"}


async def test_the_local_compute(server: Server) -> None:
    local = await server.request("GET", "/v2/computes/local", None, 200)
    assert local["connected"] is True
    assert {"vpcs", "ethernet_switch", "ethernet_hub"} <= set(local["capabilities"]["node_types"])
    assert local["capabilities"]["version"] == "2.2.61"
    assert (local["name"], local["user"], local["last_error"]) == (socket.gethostname(), None, None)
    assert f"{local['protocol']}://{local['host']}:{local['port']}" == server.url
    assert (await server.request("GET", "/v2/computes", None, 200))[0]["compute_id"] == "local"
    for method in ("PUT", "DELETE"):
        await server.request(method, "/v2/computes/local", {}, 409)


async def test_a_host_whose_name_is_not_ascii(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    compute = await server.request("POST", "/v2/computes", {**OTHER, "host": "dach\u4e2d.invalid"}, 201)
    assert not compute["connected"] and compute["last_error"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_ports(server: Server, project: dict[str, Any]) -> None:
    node = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", BASE, 201)
    ports = await server.request("GET", "/v2/computes/local/ports", None, 200)
    assert ports == {
        "console_port_range": [22000, 24000],
        "console_ports": [node["console"]],
        "udp_port_range": [24001, 28000],
        "udp_ports": [],
    }


async def test_another_compute_is_kept_and_shown_without_its_password(server: Server, project: dict[str, Any]) -> None:
    created = await server.request("POST", "/v2/computes", OTHER, 201)
    compute_id = created["compute_id"]
    assert created["name"] == "http://me@192.0.2.1:3080"
    assert (created["connected"], created["capabilities"]) == (False, {"node_types": [], "version": None})
    assert "password" not in created
    assert created["last_error"]
    assert await server.request("POST", "/v2/computes", {**OTHER, "compute_id": compute_id, "port": 1}, 201) == created
    await server.request("POST", "/v2/computes", OTHER, 409)  # the name is in use
    await server.request("POST", "/v2/computes", {**OTHER, "compute_id": "vm"}, 400)
    for unnameable in ("", "..", "a/b"):  # no route could name them
        error = await server.request("POST", "/v2/computes", {**OTHER, "compute_id": unnameable, "name": "x"}, 400)
        assert "compute_id" in error["message"]
    for field, value in (("port", 0), ("protocol", "ftp"), ("host", ""), ("colour", "red")):
        error = await server.request("POST", "/v2/computes", {**OTHER, "name": "x", field: value}, 400)
        assert field in error["message"]
    changed = await server.request("PUT", f"/v2/computes/{compute_id}", {"name": "far", "port": 3081}, 200)
    assert (changed["name"], changed["port"], changed["host"]) == ("far", 3081, "192.0.2.1")

    body = {**BASE, "compute_id": compute_id}
    error = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 409)
    assert "compute 'far' cannot be reached" in error["message"]
    await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", {**BASE, "compute_id": "nowhere"}, 404)
    for what in ("ports", "network/interfaces", "network/ports"):
        assert "far" in (await server.request("GET", f"/v2/computes/{compute_id}/{what}", None, 409))["message"]
    (own,) = await server.request("GET", "/v2/statistics", None, 200)  # of those that can be reached
    assert own["compute_id"] == "local"
    endpoint = await server.request("GET", f"/v2/computes/endpoint/{compute_id}/qemu/images", None, 200)
    assert endpoint == {"endpoint": "http://192.0.2.1:3081/v2/compute/qemu/images"}
    await server.request("DELETE", f"/v2/computes/{compute_id}", None, 204)
    await server.request("DELETE", f"/v2/computes/{compute_id}", None, 204)  # unknown is fine, as in GNS3
    await server.request("GET", f"/v2/computes/{compute_id}", None, 404)


async def test_the_network_of_a_compute_is_told_as_by_itself(server: Server) -> None:
    for what in ("interfaces", "ports"):
        told = await server.request("GET", f"/v2/computes/local/network/{what}", None, 200)
        assert told == await server.request("GET", f"/v2/compute/network/{what}", None, 200)
    await server.request("GET", "/v2/computes/nowhere/network/interfaces", None, 404)


async def test_what_was_stored_is_there_after_a_restart(config: Config, server: Server, running: RunningServer) -> None:
    await server.request("POST", "/v2/computes", {**OTHER, "compute_id": "far"}, 201)
    vm = await server.request("PUT", "/v2/gns3vm", {"enable": True, "vmname": "lab", "unknown": 1}, 201)
    assert (vm["enable"], vm["vmname"], vm["ram"]) == (True, "lab", 2048)
    assert "unknown" not in vm
    await server.request("PUT", "/v2/iou_license", {"iourc_content": "abc", "license_check": False}, 201)
    state = config.state_folder / "controller.json"
    assert state.parent.stat().st_mode & 0o077 == 0  # it holds passwords
    text = state.read_bytes()
    again = await open_state(config.state_folder)
    assert again.get("computes", [])[0]["password"] == "secret"
    assert again.get("gns3vm", {}) == vm
    assert again.get("iou_license", {})["iourc_content"] == "abc"
    state.write_bytes(text[:-10])
    damaged = await open_state(config.state_folder)
    assert damaged.get("computes", []) == []
    (aside,) = config.state_folder.glob("*.damaged-*")
    assert aside.read_bytes() == text[:-10]


async def test_each_reply_waits_for_the_first_answer_of_a_compute(server: Server) -> None:
    """That of a client too that registers or changes it while it is already asked."""
    answers = trio.Event()

    async def greet(stream: trio.SocketStream, head: str) -> None:
        await answers.wait()
        await stream.send_all(reply(CAPABILITIES))

    async with fake_compute(capabilities=greet) as fake, trio.open_nursery() as nursery:
        body = {"compute_id": "far", "protocol": "http", "host": "127.0.0.1", "port": fake.port}
        replies: list[dict[str, Any]] = []

        async def send(method: str, path: str, status: int) -> None:
            replies.append(await server.request(method, path, body, status))

        nursery.start_soon(send, "POST", "/v2/computes", 201)
        while "GET capabilities" not in fake.asked:
            await trio.sleep(0.01)
        nursery.start_soon(send, "POST", "/v2/computes", 201)
        nursery.start_soon(send, "PUT", "/v2/computes/far", 200)
        with trio.move_on_after(0.3):  # in which a reply would come that does not wait
            while not replies:
                await trio.sleep(0.01)
        answers.set()
        with trio.fail_after(30):
            while len(replies) < 3:
                await trio.sleep(0.01)
        assert all(shown["connected"] for shown in replies), replies


async def test_wrong_settings_are_refused(server: Server) -> None:
    for path, field, value in (
        ("gns3vm", "ram", "much"),
        ("gns3vm", "port", 70000),
        ("gns3vm", "when_exit", "explode"),
        ("iou_license", "license_check", "no"),
    ):
        error = await server.request("PUT", f"/v2/{path}", {field: value}, 400)
        assert field in error["message"]
    assert (await server.request("GET", "/v2/gns3vm", None, 200))["ram"] == 2048
    assert (await server.request("GET", "/v2/iou_license", None, 200))["license_check"] is True
    engines = await server.request("GET", "/v2/gns3vm/engines", None, 200)
    assert [engine["engine_id"] for engine in engines] == ["vmware", "virtualbox", "remote"]
    assert await server.request("GET", "/v2/gns3vm/engines/vmware/vms", None, 200) == []
    await server.request("GET", "/v2/gns3vm/engines/nothing/vms", None, 404)


async def test_statistics(server: Server) -> None:
    (entry,) = await server.request("GET", "/v2/statistics", None, 200)
    assert entry["compute_id"] == "local"
    statistics = entry["statistics"]
    assert statistics["memory_total"] == statistics["memory_used"] + statistics["memory_free"]
    assert len(statistics["load_average_percent"]) == 3
    assert all(0 <= statistics[f"{what}_usage_percent"] <= 100 for what in ("cpu", "memory", "swap", "disk"))


async def test_the_local_compute_is_announced_each_second(server: Server) -> None:
    with trio.fail_after(30):
        async with open_websocket_url(server.url.replace("http", "ws") + "/v2/notifications/ws") as socket:
            for _ in range(2):
                while '"compute.updated"' not in await socket.get_message():
                    pass


async def test_shutdown_and_debug_are_for_local_servers(server: Server, running: RunningServer) -> None:
    for action in ("shutdown", "debug"):
        error = await server.request("POST", f"/v2/{action}", None, 403)
        assert "local" in error["message"]
    assert not running.closing.is_set()


async def test_projects_that_appear_and_vanish_on_the_disk(server: Server, project: dict[str, Any]) -> None:
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    folder = Path(project["path"])
    away = folder.parent.parent / "away"
    folder.rename(away)
    await server.request("POST", "/v2/reload", None, 200)
    assert await server.request("GET", "/v2/projects", None, 200) == []
    away.rename(folder)
    await server.request("POST", "/v2/reload", None, 200)
    (back,) = await server.request("GET", "/v2/projects", None, 200)
    assert (back["project_id"], back["status"]) == (project["project_id"], "closed")


async def test_pages(server: Server, project: dict[str, Any]) -> None:
    await server.request("PUT", f"/v2/projects/{project['project_id']}", {"name": "<b>lab</b>"}, 409)
    await server.request("PUT", f"/v2/projects/{project['project_id']}", {"name": "R&D <lab>"}, 200)
    await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", {**BASE, "name": "<i>PC"}, 201)
    for path in ("/", "/controller", "/compute", "/debug", "/upload", f"/projects/{project['project_id']}"):
        reply = await server.http.get(path)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "<lab>" not in reply.text
        assert "<i>" not in reply.text
    assert (await server.http.get("/projects/00000000-0000-0000-0000-000000000000")).status_code == 404


class TestLocalServer:
    """A server whose clients share its file system."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return attrs.evolve(config, local=True)

    async def test_debug_and_shutdown(self, server: Server, running: RunningServer, project: dict[str, Any]) -> None:
        await server.request("POST", "/v2/debug", None, 201)
        assert project["project_id"] in (server.config.state_folder / "debug" / "controller.txt").read_text()
        await server.request("POST", "/v2/shutdown", None, 201)
        with trio.fail_after(30):
            await running.closing.wait()
