"""Numbered events: a client that comes back gets what it missed, or is told to read the state anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import orjson
import pytest
import trio
from trio_websocket import open_websocket_url

from gns3trio.api import streams
from gns3trio.notifications.events import Event
from gns3trio.server import RunningServer
from tests.support.lab import create
from tests.support.server import Server

UNKNOWN = "00000000-0000-4000-8000-000000000000"
Received = tuple[str | None, str, dict[str, Any]]


@attrs.define
class Stream:
    """Reads (id, action, event) until the wanted one."""

    events: AsyncIterator[Received]

    async def next(self) -> Received:
        """The next but for the one that comes every second, whatever happens."""
        with trio.fail_after(30):
            while (received := await anext(self.events))[1] == "compute.updated":
                pass
            return received

    async def until(self, action: str) -> Received:
        while (received := await self.next())[1] != action:
            pass
        return received


async def server_sent(lines: AsyncIterator[str]) -> AsyncIterator[Received]:
    event_id = None
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            event_id = value
        elif name == "data":
            event = orjson.loads(value)
            assert event.keys() == {"action", "event"}
            yield event_id, event["action"], event["event"]
        elif not line:
            event_id = None


@asynccontextmanager
async def over_http(server: Server, query: str = "") -> AsyncIterator[Stream]:
    async with server.http.stream("GET", f"/v2/events{query}") as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.headers["x-accel-buffering"] == "no"  # a proxy sends on what comes
        yield Stream(server_sent(reply.aiter_lines()))


@asynccontextmanager
async def over_websocket(server: Server, query: str = "") -> AsyncIterator[Stream]:
    async with open_websocket_url(server.url.replace("http:", "ws:") + f"/v2/events/ws{query}") as connection:

        async def messages() -> AsyncIterator[Received]:
            while True:
                event = orjson.loads(await connection.get_message())
                yield event.get("id"), event["action"], event["event"]

        yield Stream(messages())


@pytest.fixture(params=[over_http, over_websocket], ids=["http", "ws"])
def open_stream(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_a_client_that_comes_back_gets_what_it_missed(
    server: Server, project: dict[str, Any], open_stream: Any
) -> None:
    async with open_stream(server) as stream:
        event_id, action, begin = await stream.next()
        assert (action, begin) == ("events.begin", {"resumed": False})
        first = await create(server, project)
        event_id, action, event = await stream.next()
        assert (action, event) == ("node.created", first)
    missed = [await create(server, project) for _ in range(3)]
    async with open_stream(server, f"?after={event_id}") as stream:
        assert await stream.next() == (event_id, "events.begin", {"resumed": True})
        received = [await stream.next() for _ in missed]
        assert [(action, event) for _, action, event in received] == [("node.created", node) for node in missed]
        assert len({event_id for event_id, _, _ in received}) == 3
        await server.request("PUT", f"/v2/projects/{project['project_id']}", {"name": "other"}, 200)
        assert (await stream.next())[1] == "project.updated"


async def test_a_browser_comes_back_with_a_header(server: Server, project: dict[str, Any]) -> None:
    async with over_http(server, "?after=older") as stream:
        event_id, _, begin = await stream.next()
        assert begin == {"resumed": False} and event_id is not None
    node = await create(server, project)
    headers = {"Last-Event-ID": event_id}
    async with server.http.stream("GET", "/v2/events?after=older", headers=headers) as reply:
        stream = Stream(server_sent(reply.aiter_lines()))
        assert (await stream.next())[2] == {"resumed": True}
        assert (await stream.next())[1:] == ("node.created", node)


async def test_an_id_of_another_run_means_reading_anew(server: Server, open_stream: Any) -> None:
    async with open_stream(server, "?after=0badf00d-17") as stream:
        event_id, action, begin = await stream.next()
        assert (action, begin) == ("events.begin", {"resumed": False})
        assert event_id not in (None, "0badf00d-17")


async def test_events_of_one_project(server: Server, project: dict[str, Any], open_stream: Any) -> None:
    other = await server.request("POST", "/v2/projects", {"name": "other"}, 201)
    async with open_stream(server, f"?project_id={project['project_id']}") as stream:
        assert (await stream.next())[1] == "events.begin"
        await create(server, other)
        node = await create(server, project)
        assert (await stream.next())[1:] == ("node.created", node)
        for each in (other, project):
            await server.request("POST", f"/v2/projects/{each['project_id']}/close", None, 204)
        _, action, closed = await stream.next()
        assert (action, closed["project_id"]) == ("project.closed", project["project_id"])


async def test_load_passes_without_an_id(server: Server, project: dict[str, Any], open_stream: Any) -> None:
    # VPCS asks at once whether its address is in use: frames that cross the link.
    scripts = [{"startup_script": f"ip 10.0.0.{number}/24\n"} for number in (1, 2)]
    nodes = [await create(server, project, properties=script) for script in scripts]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    async with open_stream(server) as stream:
        await server.request("POST", f"/v2/projects/{project['project_id']}/links", {"nodes": ends}, 201)
        assert (await stream.until("link.created"))[0] is not None
        for node in nodes:
            await server.request(
                "POST", f"/v2/projects/{project['project_id']}/nodes/{node['node_id']}/start", None, 200
            )
        assert (await stream.until("link.stats"))[0] is None


async def test_a_quiet_stream_pings(server: Server, open_stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_AFTER_SECONDS", 0.05)
    async with open_stream(server) as stream:
        event_id, _, event = await stream.until("ping")
        assert event_id is None
        assert event.keys() == {"cpu_usage_percent", "memory_usage_percent"}


async def test_a_reconnect_in_the_middle_of_10000_events_loses_none(
    server: Server, running: RunningServer, open_stream: Any
) -> None:
    total, numbers, event_id = 10_000, list[str](), None

    async def publish() -> None:
        for number in range(total):
            running.events.v2.publish(Event("log.info", {"message": str(number)}))
            if number % 100 == 0:
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        async with open_stream(server) as stream:
            event_id, _, _ = await stream.next()
            nursery.start_soon(publish)
            for _ in range(total // 3):
                event_id, _, event = await stream.next()
                numbers.append(event["message"])
        async with open_stream(server, f"?after={event_id}") as stream:
            assert (await stream.next())[2] == {"resumed": True}
            while len(numbers) < total:
                numbers.append((await stream.next())[2]["message"])
    assert numbers == [str(number) for number in range(total)]


async def test_a_client_that_falls_behind_is_told(
    server: Server, running: RunningServer, open_stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = running.events.v2.journal
    monkeypatch.setattr(journal, "_max_events", 10)
    async with open_stream(server) as stream:
        await stream.next()
        for number in range(50):
            running.events.v2.publish(Event("log.info", {"message": str(number)}))
        event_id, action, begin = await stream.next()
        assert (event_id, action, begin) == (journal.id_of(50), "events.begin", {"resumed": False})


async def test_events_of_the_server_only(server: Server, project: dict[str, Any], open_stream: Any) -> None:
    async with open_stream(server, "?only=server") as stream:
        await stream.next()
        await create(server, project)
        await server.request("PUT", f"/v2/projects/{project['project_id']}", {"name": "renamed"}, 200)
        _, action, event = await stream.next()
        assert (action, event["name"]) == ("project.updated", "renamed")


async def test_who_looks_on_does_not_hold_a_project_open(
    server: Server, project: dict[str, Any], running: RunningServer, open_stream: Any
) -> None:
    present = running.controller.attendance.present
    async with open_stream(server, f"?attend=false&project_id={project['project_id']}") as stream:
        await stream.next()
        assert sum(present.values()) == 0
        async with open_stream(server, f"?project_id={project['project_id']}") as attending:
            await attending.next()
            assert sum(present.values()) == 1


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("?project_id=nonsense", 400, "project_id: 'nonsense' is not a UUID"),
        (f"?project_id={UNKNOWN}", 404, f"Project ID {UNKNOWN} doesn't exist"),
        ("?attend=maybe", 400, "attend: is true or false"),
        ("?only=all", 400, "only: is server"),
        (f"?only=server&project_id={UNKNOWN}", 400, "only, project_id: one of them"),
        ("?since=3", 400, "since: unknown parameter; there are after, attend, only, project_id, batch"),
    ],
)
async def test_bad_parameters(server: Server, query: str, status: int, reason: str) -> None:
    reply = await server.request("GET", f"/v2/events{query}", None, status)
    assert reply["message"] == reason
