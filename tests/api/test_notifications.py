"""Streams: chunked HTTP and websockets, what each carries, and how they end."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import trio
from trio_websocket import HandshakeError, open_websocket_url

from gns3trio.api import streams
from gns3trio.server import RunningServer
from tests.support.api_v1 import wire
from tests.support.lab import create
from tests.support.server import Server, node_path
from tests.support.websockets import TIMED, EventReader, console, read_until, ws_events

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PROJECT_KEYS = {"name", "path", "project_id", "status", "filename"}


@asynccontextmanager
async def http_events(server: Server, path: str) -> AsyncIterator[EventReader]:
    async with server.http.stream("GET", path) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-accel-buffering"] == "no"  # a proxy sends on what comes
        yield EventReader(reply.aiter_lines())


STREAMS = [(http_events, ""), (ws_events, "/ws")]


@pytest.mark.parametrize(("open_events", "suffix"), STREAMS, ids=["http", "ws"])
async def test_each_stream_carries_its_events(
    server: Server, project: dict[str, Any], open_events: Any, suffix: str
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    async with (
        open_events(server, f"/v2/notifications{suffix}") as controller,
        open_events(server, f"{path}/notifications{suffix}") as mine,
        open_events(server, f"/notifications{suffix}") as everything,
    ):
        for stream in (controller, mine, everything):
            ping = await stream.next()
            assert ping["action"] == "ping"
            assert ping["event"].keys() == {"cpu_usage_percent", "memory_usage_percent"}
        node = await create(server, project)
        assert (await mine.next_change()) == {"action": "node.created", "event": node}
        assert (await everything.next_change()) == {"action": "node.created", "event": node}
        started = await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        assert (await mine.next_change()) == {"action": "node.updated", "event": started}
        await server.request("DELETE", node_path(project, node), None, 204)
        deleted = await mine.next_change()
        assert (deleted["action"], deleted["event"]["node_id"]) == ("node.deleted", node["node_id"])
        await server.request("POST", f"{path}/close", None, 204)
        closed = await controller.until("project.closed")
        assert closed.keys() >= PROJECT_KEYS
        assert (await everything.until("project.closed")) == closed
        await server.request("POST", f"{path}/open", None, 201)  # streams outlive the closing
        await controller.until("project.opened")


async def test_version_1_has_its_own_events(server: Server, project: dict[str, Any]) -> None:
    p = project["project_id"]
    vms = [await server.request("POST", f"/v1/projects/{p}/vpcs/vms", {"name": n}, 201) for n in "ab"]
    await wire(server, vms)
    async with http_events(server, f"/v1/projects/{p}/notifications") as stream:
        assert (await stream.next())["action"] == "ping"
        path = f"/v1/projects/{p}/vpcs/vms/{vms[0]['vm_id']}"
        await server.request("POST", f"{path}/start", None, 200)
        started = await stream.next_change()
        assert (started["action"], started["event"]["status"]) == ("vm.started", "started")
        await server.request("POST", f"{path}/stop", None, 204)
        assert (await stream.next_change())["action"] == "vm.stopped"


async def test_a_crash_is_told_and_touches_nothing_else(server: Server, project: dict[str, Any]) -> None:
    crashing, other = await create(server, project), await create(server, project)
    for node in (crashing, other):
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    async with ws_events(server, f"/v2/projects/{project['project_id']}/notifications/ws") as stream:
        await stream.next()
        async with console(server, project, crashing) as connection:
            await connection.send_message(b"\x03")
            kill_vpcs(crashing)
            assert (await stream.until("node.updated"))["status"] == "stopped"
            assert "SIGKILL" in (await stream.until("log.error"))["message"]
    assert (await server.request("GET", node_path(project, other), None, 200))["status"] == "started"
    again = await server.request("POST", f"{node_path(project, crashing)}/start", None, 200)
    assert again["status"] == "started"


def kill_vpcs(node: dict[str, Any]) -> None:
    """Kill the VPCS that runs in the node's folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == node["node_directory"]:
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


async def test_link_statistics_count_the_frames(server: Server, project: dict[str, Any]) -> None:
    p = project["project_id"]
    vms = [await server.request("POST", f"/v1/projects/{p}/vpcs/vms", {"name": n}, 201) for n in "ab"]
    await wire(server, vms)
    nodes = await server.request("GET", f"/v2/projects/{p}/nodes", None, 200)
    async with ws_events(server, f"/v2/projects/{p}/notifications/ws") as stream:
        for vm in vms:
            await server.request("POST", f"/v1/projects/{p}/vpcs/vms/{vm['vm_id']}/start", None, 200)
        async with console(server, project, nodes[0]) as a, console(server, project, nodes[1]) as b:
            for number, connection in enumerate((a, b), 1):
                await read_until(connection, b"> ")
                await connection.send_message(f"ip 10.0.0.{number} 24\r".encode())
                await read_until(connection, b"255.255.255.0")
            await b.send_message(b"ping 10.0.0.1 -c 3\r")
            await read_until(b, b"icmp_seq=3")
        (link,) = await server.request("GET", f"/v2/projects/{p}/links", None, 200)
        while True:
            stats = await stream.until("link.stats")
            assert stats["link_id"] == link["link_id"]
            if stats["a_to_b"]["frames"] >= 4 and stats["b_to_a"]["frames"] >= 4:
                break
    for direction in ("a_to_b", "b_to_a"):
        assert stats[direction].keys() == {
            "frames",
            "bytes",
            "drops",
            "duplicated",
            "held",
            "node_drops",
            "offloaded",
            "refused",
            "frames_per_second",
            "bits_per_second",
        }
        assert stats[direction]["bytes"] > stats[direction]["frames"] * 40


@pytest.mark.parametrize("path", [f"/v2/projects/{UNKNOWN}/notifications", "/v2/nothing"])
async def test_an_unknown_stream_is_404(server: Server, path: str) -> None:
    await server.request("GET", path, None, 404)
    with pytest.raises(HandshakeError):
        async with ws_events(server, f"{path}/ws"):
            pass


async def test_an_idle_stream_pings(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_AFTER_SECONDS", 0.05)
    async with http_events(server, "/v2/notifications") as stream:
        for _ in range(3):
            await stream.until("ping")


async def test_a_client_that_leaves_is_forgotten(
    server: Server, running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PING_AFTER_SECONDS", 0.05)
    hub = running.events.v2
    async with http_events(server, "/v2/notifications") as one, ws_events(server, "/v2/notifications/ws") as two:
        await one.next()
        await two.next()
        assert hub.count() == 2
    with trio.fail_after(30):
        while hub.count():
            await trio.sleep(0.01)


async def test_streams_end_properly_when_the_server_closes(server: Server, running: RunningServer) -> None:
    async with (
        server.http.stream("GET", "/v2/notifications") as reply,
        open_websocket_url(server.url.replace("http:", "ws:") + "/v2/notifications/ws") as connection,
    ):
        lines = reply.aiter_lines()
        await lines.__anext__()
        await connection.get_message()
        running.closing.set()
        with trio.fail_after(30):
            # A proper last chunk, or httpx would raise.
            assert [line async for line in lines if orjson.loads(line)["action"] not in TIMED] == []
            with pytest.raises(Exception, match="1001"):
                while orjson.loads(await connection.get_message())["action"] in TIMED:
                    pass


async def test_consoles_over_websockets(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    async with console(server, project, node) as connection:
        with pytest.raises(Exception, match=r"1000.*the node is stopped"):
            await connection.get_message()  # closed at once
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    async with console(server, project, node) as first, console(server, project, node) as second:
        for connection in (first, second):
            assert (await read_until(connection, b"> ")).startswith(b"\xff\xfb\x01\xff\xfb\x03")
        await first.send_message("echo hello\r")
        for connection in (first, second):
            await read_until(connection, b"hello\r\n")
        await first.send_message(b"disconnect\r")
        with pytest.raises(Exception, match=r"1000.*the client said good-bye"):
            await read_until(first, b"never")
        await second.send_message(b"echo alive\r")
        await read_until(second, b"alive\r\n")
        await server.request("POST", f"{node_path(project, node)}/console/reset", None, 204)
        with pytest.raises(Exception, match=r"1000.*the console was reset"):
            await read_until(second, b"never")


async def test_a_console_that_is_not_there_says_why(server: Server, project: dict[str, Any]) -> None:
    hub = await create(server, project, node_type="ethernet_hub", name="Hub")
    async with console(server, project, hub) as connection:
        with pytest.raises(Exception, match=r"1000.*the node has no console"):
            await connection.get_message()


async def test_a_console_says_that_its_node_was_stopped(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    async with console(server, project, node) as connection:
        await server.request("POST", f"{node_path(project, node)}/stop", None, 200)
        with pytest.raises(Exception, match=r"1000.*the node is stopped"):
            await read_until(connection, b"never")
