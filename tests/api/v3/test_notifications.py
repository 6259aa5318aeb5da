"""``/v3/notifications``: events as GNS3 3 tells them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from gns3trio.api import streams
from gns3trio.server import RunningServer
from tests.support.lab import create
from tests.support.people import PASSWORD, add_user
from tests.support.server import Server, node_path
from tests.support.v3 import DEFAULT_USER, V3, logged_in
from tests.support.websockets import EventReader

PING = {"cpu_usage_percent", "memory_usage_percent", "disk_usage_percent"}
COMPUTE = {*PING, "compute_id", "name", "host", "port", "protocol", "user", "connected", "last_error", "capabilities"}
CAPABILITIES = {"version", "node_types", "platform", "cpus", "memory", "disk_size"}


@asynccontextmanager
async def by_http(v3: V3, path: str) -> AsyncIterator[EventReader]:
    async with v3.server.http.stream("GET", path, headers=v3.headers) as reply:
        assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
        yield EventReader(reply.aiter_lines())


@asynccontextmanager
async def by_websocket(v3: V3, path: str) -> AsyncIterator[EventReader]:
    async with v3.events(f"{path}/ws") as events:
        yield events


STREAMS = pytest.mark.parametrize("open_events", [by_http, by_websocket], ids=["http", "ws"])


@STREAMS
async def test_the_stream_of_the_server_begins_with_the_computes(v3: V3, open_events: Any) -> None:
    other = {"protocol": "http", "host": "192.0.2.1", "port": 3080, "name": "far"}
    await v3.request("POST", "/v3/computes", other, 201)
    async with open_events(v3, "/v3/notifications") as events:
        ping = await events.next()
        assert (ping["action"], ping["event"].keys()) == ("ping", PING)
        local = await events.next()
        assert (local["action"], local["event"]["compute_id"]) == ("compute.updated", "local")
        assert local["event"].keys() == COMPUTE
        assert local["event"]["capabilities"].keys() == CAPABILITIES
        assert (local["event"]["connected"], local["event"]["capabilities"]["version"]) == (True, "3.0.6")
        far = await events.next()
        assert (far["action"], far["event"]["name"]) == ("compute.updated", "far")
        assert far["event"].keys() == COMPUTE


@STREAMS
async def test_events_of_the_server(v3: V3, open_events: Any) -> None:
    async with open_events(v3, "/v3/notifications") as events:
        await events.until("ping")
        template = await v3.request("POST", "/v3/templates", {"name": "t", "template_type": "vpcs", "usage": "x"}, 201)
        assert await events.until("template.created") == template
        path = f"/v3/templates/{template['template_id']}"
        changed = await v3.request("PUT", path, {"name": "u", "version": "2"}, 200)
        assert await events.until("template.updated") == changed
        await v3.request("DELETE", path, None, 204)
        assert await events.until("template.deleted") == {"template_id": template["template_id"]}
        created = await v3.request("POST", "/v2/projects", {"name": "other"}, 201)
        assert (await events.until("project.created"))["project_id"] == created["project_id"]


@STREAMS
async def test_events_of_a_project(
    v3: V3, server: Server, project: dict[str, Any], path: str, open_events: Any
) -> None:
    async with open_events(v3, f"{path}/notifications") as events:
        ping = await events.next()
        assert (ping["action"], ping["event"].keys()) == ("ping", PING)
        node = await create(server, project)
        assert (await events.until("node.created"))["node_id"] == node["node_id"]
        await server.request("DELETE", node_path(project, node), None, 204)
        assert (await events.until("node.deleted"))["node_id"] == node["node_id"]


async def test_a_quiet_stream_pings(v3: V3, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_AFTER_SECONDS", 0.1)
    async with v3.events(f"{path}/notifications/ws") as events:
        for _ in range(3):
            assert (await events.until("ping")).keys() == PING


async def test_lines_are_sorted_and_the_same_for_all(v3: V3, path: str) -> None:
    async with v3.websocket("/v3/notifications/ws") as one, v3.websocket("/v3/notifications/ws") as other:
        created = await v3.request("POST", "/v3/templates", {"name": "t", "template_type": "vpcs"}, 201)
        lines = []
        for connection in (one, other):
            with trio.fail_after(60):
                while b"template.created" not in (line := (await connection.get_message()).encode()):
                    pass
            lines.append(line)
        assert lines[0] == lines[1]
        assert orjson.dumps(orjson.loads(lines[0]), option=orjson.OPT_SORT_KEYS) == lines[0]
        assert orjson.loads(lines[0])["event"] == created


async def test_a_closed_project_has_a_stream_and_an_unknown_one_has_none(v3: V3, path: str) -> None:
    await v3.request("POST", path.replace("v3", "v2") + "/close", None, 204)
    async with v3.events(f"{path}/notifications/ws") as events:
        await events.until("ping")
    await v3.refused("GET", f"/v3/projects/{uuid4()}/notifications", None, 404)
    await v3.refused("GET", "/v3/projects/nonsense/notifications", None, 422)
    for unknown in (str(uuid4()), "nonsense"):
        with pytest.raises(HandshakeError):
            async with v3.websocket(f"/v3/projects/{unknown}/notifications/ws"):
                pass


@STREAMS
async def test_a_user_is_told_of_no_project_of_others(
    v3: V3, running: RunningServer, server: Server, path: str, project: dict[str, Any], open_events: Any
) -> None:
    await v3.request("PUT", "/v3/access/users/me", {"password": PASSWORD}, 200)  # so that users can be added
    v3 = await logged_in(server, DEFAULT_USER, PASSWORD)
    ann = await (await add_user(running, server, "ann", User=f"/projects/{project['project_id']}")).log_in()
    async with open_events(ann, "/v3/notifications") as events:
        await events.until("compute.updated")
        await v3.request("POST", "/v3/projects", {"name": "other"}, 201)
        await v3.request("PUT", path, {"name": "mine"}, 200)
        seen = []
        while (event := await events.next_change())["action"] != "project.updated":
            seen.append(event["action"])
        assert seen == []
        assert event["event"]["name"] == "mine"


async def test_streams_end_with_the_server(v3: V3, running: RunningServer) -> None:
    async with v3.events("/v3/notifications/ws") as events:
        await events.until("compute.updated")
        running.closing.set()
        with pytest.raises(ConnectionClosed), trio.fail_after(30):
            while True:
                await events.next()
