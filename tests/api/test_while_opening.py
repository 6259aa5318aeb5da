"""Requests to a project that is just being opened wait until it is, as they do in GNS3."""

from typing import Any

import pytest
import trio
import trio.testing
from trio_websocket import open_websocket_url

from gns3trio.controller.storage.project_file import ProjectFile
from tests.support.server import Server, node_path

Json = dict[str, Any]
PATIENCE = 60
BODY = {"name": "PC{0}", "node_type": "vpcs", "compute_id": "local"}


class SlowFile:
    """Keeps projects from being read until ``go`` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = trio.Event()
        self.reached = trio.Event()
        read = ProjectFile.read

        async def wait_and_read(file: ProjectFile) -> Any:
            self.reached.set()
            await self.go.wait()
            return await read(file)

        monkeypatch.setattr(ProjectFile, "read", wait_and_read)


@pytest.fixture
async def closed(server: Server, project: Json) -> tuple[str, Json]:
    """The path of a closed project with a node, and the node."""
    path = f"/v2/projects/{project['project_id']}"
    node = await server.request("POST", f"{path}/nodes", BODY, 201)
    await server.request("POST", f"{path}/close", None, 204)
    return path, node


async def while_opening(server: Server, path: str, slow: SlowFile, *requests: tuple[str, str, Any]) -> list[Any]:
    """Open a project, and send requests before it is; their replies, which must not come before."""
    replies: list[Any] = [None] * len(requests)

    async def send(number: int, method: str, where: str, body: Any) -> None:
        reply = await server.http.request(method, where, json=body)
        replies[number] = (reply.status_code, reply.json() if reply.content else None)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.http.post, f"{path}/open")
            await slow.reached.wait()
            for number, (method, where, body) in enumerate(requests):
                nursery.start_soon(send, number, method, where, body)
            for _ in range(3):
                await server.http.get("/v2/version")
            assert replies == [None] * len(requests)
            slow.go.set()
    return replies


async def test_reading_and_changing(
    server: Server, project: Json, closed: tuple[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, node = closed
    listed, created, shown, drawing, stats, compute = await while_opening(
        server,
        path,
        SlowFile(monkeypatch),
        ("GET", f"{path}/nodes", None),
        ("POST", f"{path}/nodes", BODY),
        ("GET", node_path(project, node), None),
        ("POST", f"{path}/drawings", {}),
        ("GET", f"{path}/stats", None),
        ("GET", f"/v2/compute/projects/{project['project_id']}/vpcs/nodes/{node['node_id']}", None),
    )
    assert listed[0] == 200 and all(each["status"] == "stopped" for each in listed[1])
    assert (created[0], created[1]["name"]) == (201, "PC2")
    assert shown == (200, node)
    assert (drawing[0], stats[1]["nodes"] >= 1, compute[1]["name"]) == (201, True, "PC1")


async def test_ending_copying_and_keeping(
    server: Server, closed: tuple[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = closed
    slow = SlowFile(monkeypatch)
    copied, snapshot, exported = await while_opening(
        server,
        path,
        slow,
        ("POST", f"{path}/duplicate", {"name": "copy"}),
        ("POST", f"{path}/snapshots", {"name": "s"}),
        ("PUT", path, {"zoom": 50}),
    )
    assert (copied[0], snapshot[0], exported[1]["zoom"]) == (201, 201, 50)
    nodes = await server.request("GET", f"/v2/projects/{copied[1]['project_id']}/nodes", None, 200)
    assert [node["name"] for node in nodes] == ["PC1"]
    await server.request("POST", f"{path}/close", None, 204)
    slow.go, slow.reached = trio.Event(), trio.Event()
    (ended,) = await while_opening(server, path, slow, ("POST", f"{path}/close", None))
    assert ended == (204, None)
    assert (await server.request("GET", path, None, 200))["status"] == "closed"
    slow.go, slow.reached = trio.Event(), trio.Event()
    (deleted,) = await while_opening(server, path, slow, ("DELETE", path, None))
    assert deleted == (204, None)
    await server.request("GET", path, None, 404)
    assert (await server.request("GET", "/v2/compute/network/ports", None, 200))["console_ports"] == []


async def test_a_project_that_cannot_be_opened_lets_go(
    server: Server, project: Json, closed: tuple[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = closed
    slow = SlowFile(monkeypatch)
    (server.config.projects_path / project["project_id"] / project["filename"]).write_text("{}")
    (created,) = await while_opening(server, path, slow, ("POST", f"{path}/nodes", BODY))
    assert created[0] == 403


async def test_who_watches_sees_it_open(
    server: Server, closed: tuple[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = closed
    slow = SlowFile(monkeypatch)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.http.post, f"{path}/open")
            await slow.reached.wait()
            assert (await server.request("GET", path, None, 200))["status"] == "closed"
            url = f"{server.url.replace('http', 'ws')}{path}/notifications/ws"
            async with open_websocket_url(url) as events:
                assert "ping" in await events.get_message()
                slow.go.set()
                while "node.created" not in await events.get_message():
                    pass


async def test_a_snapshot_that_is_restored(server: Server, project: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/nodes", BODY, 201)
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
    slow = SlowFile(monkeypatch)
    replies: list[Any] = []

    async def list_nodes() -> None:
        replies.append(await server.request("GET", f"{path}/nodes", None, 200))

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.http.post, f"{path}/snapshots/{snapshot['snapshot_id']}/restore")
            await slow.reached.wait()
            nursery.start_soon(list_nodes)
            await server.http.get("/v2/version")
            slow.go.set()
    assert [node["status"] for node in replies[0]] == ["stopped"]
