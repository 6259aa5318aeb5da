"""Events in batches: arrays for the clients that ask for them, one by one for all others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import trio
from trio_websocket import HandshakeError, open_websocket_url

from gns3trio.api.event_batches import MAX_BATCH_MS
from tests.support.server import Server

HUBS = 300

Event = dict[str, Any]


@asynccontextmanager
async def over_http(server: Server, path: str) -> AsyncIterator[AsyncIterator[str]]:
    async with server.http.stream("GET", path) as reply:
        assert reply.status_code == 200, await reply.aread()
        yield reply.aiter_lines()


@asynccontextmanager
async def over_websocket(server: Server, path: str) -> AsyncIterator[AsyncIterator[str]]:
    where, _, query = path.partition("?")
    async with open_websocket_url(f"{server.url.replace('http:', 'ws:')}{where}/ws?{query}") as connection:

        async def messages() -> AsyncIterator[str]:
            while True:
                yield await connection.get_message()

        yield messages()


@pytest.fixture(params=[over_http, over_websocket], ids=["http", "ws"])
def open_lines(request: pytest.FixtureRequest) -> Any:
    return request.param


async def open_websocket_with(server: Server, path: str, batch: str) -> None:
    async with open_websocket_url(f"{server.url.replace('http:', 'ws:')}{path}/ws?batch={batch}"):
        pass


async def create_hubs(server: Server, project: dict[str, Any]) -> list[str]:
    """Create many nodes with one request; returns their ids."""
    nodes = [{"name": "hub", "node_type": "ethernet_hub", "compute_id": "local"} for _ in range(HUBS)]
    path = f"/v2/projects/{project['project_id']}/batch"
    return [node["node_id"] for node in (await server.request("POST", path, {"nodes": nodes}, 201))["nodes"]]


async def read_until_created(lines: AsyncIterator[str], count: int) -> tuple[list[list[Event]], list[str]]:
    """The batches until so many nodes were created, and the ids of these nodes."""
    batches: list[list[Event]] = []
    created: list[str] = []
    with trio.fail_after(30):
        while len(created) < count:
            line = (await anext(lines)).removeprefix("data: ")
            if not line.startswith("["):
                assert not line or line.startswith(("id: ", "retry: ")), line
                continue
            batches.append(orjson.loads(line))
            created += [event["event"]["node_id"] for event in batches[-1] if event["action"] == "node.created"]
    return batches, created


@pytest.mark.parametrize("path", ["/v2/projects/{}/notifications", "/notifications", "/v2/events"])
async def test_a_burst_comes_in_few_batches(
    server: Server, project: dict[str, Any], open_lines: Any, path: str
) -> None:
    async with open_lines(server, f"{path.format(project['project_id'])}?batch=1000") as lines:
        batches, _ = await read_until_created(lines, 0)
        ids = await create_hubs(server, project)
        batches, created = await read_until_created(lines, HUBS)
    assert sorted(created) == sorted(ids)
    assert len(batches) <= HUBS // 10
    assert all(event.keys() >= {"action", "event"} for batch in batches for event in batch)


async def test_others_get_one_event_at_a_time(server: Server, project: dict[str, Any], open_lines: Any) -> None:
    async with open_lines(server, f"/v2/projects/{project['project_id']}/notifications?unknown=1") as lines:
        await create_hubs(server, project)
        created = 0
        with trio.fail_after(30):
            while created < HUBS:
                created += orjson.loads(await anext(lines))["action"] == "node.created"


async def test_a_batch_can_be_resumed_after(server: Server, project: dict[str, Any]) -> None:
    ids = await create_hubs(server, project)
    path = f"/v2/events?project_id={project['project_id']}&batch=100"
    async with over_http(server, path) as lines:
        with trio.fail_after(30):
            while not (line := await anext(lines)).startswith("id: "):
                pass
        before = line.removeprefix("id: ")
        await server.request("DELETE", f"/v2/projects/{project['project_id']}/nodes/{ids[0]}", None, 204)
        await server.request("DELETE", f"/v2/projects/{project['project_id']}/nodes/{ids[1]}", None, 204)
    async with over_websocket(server, f"{path}&after={before}") as lines:
        deleted: list[str] = []
        seen: list[str] = []
        with trio.fail_after(30):
            while len(deleted) < 2:
                batch = orjson.loads(await anext(lines))
                deleted += [event["event"]["node_id"] for event in batch if event["action"] == "node.deleted"]
                seen += [event["id"] for event in batch if "id" in event]
    assert deleted == ids[:2]
    assert [int(each.rpartition("-")[2]) for each in seen] == sorted(int(each.rpartition("-")[2]) for each in seen)


@pytest.mark.parametrize("batch", ["0", "-1", "x", "", "1.5", str(MAX_BATCH_MS + 1), "9" * 4000, "²"])
@pytest.mark.parametrize("path", ["/v2/projects/{}/notifications", "/v2/notifications", "/notifications", "/v2/events"])
async def test_a_bad_time_is_named(server: Server, project: dict[str, Any], path: str, batch: str) -> None:
    reply = await server.http.get(path.format(project["project_id"]), params={"batch": batch})
    assert reply.status_code == 400
    assert reply.json()["message"].startswith("batch: ")
    with pytest.raises(HandshakeError):
        await open_websocket_with(server, path.format(project["project_id"]), "0")
