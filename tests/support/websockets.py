"""What comes over websockets: events, and what consoles show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.support.server import Server, node_path

TIMED = {"ping", "compute.updated"}  # they come when the clock or the machine's load says


class EventReader:
    """Reads events from a stream: the first, the next that a change caused, or all until the wanted one."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next_change(self) -> dict[str, Any]:
        while (event := await self.next())["action"] in TIMED:
            pass
        return event

    async def next(self) -> dict[str, Any]:
        with trio.fail_after(60):
            event: dict[str, Any] = orjson.loads(await self._lines.__anext__())
        assert event.keys() == {"action", "event"}
        return event

    async def until(self, action: str) -> dict[str, Any]:
        while (event := await self.next())["action"] != action:
            pass
        payload: dict[str, Any] = event["event"]
        return payload


async def messages(connection: WebSocketConnection) -> AsyncIterator[str]:
    while True:
        yield await connection.get_message()


@asynccontextmanager
async def ws_events(server: Server, path: str) -> AsyncIterator[EventReader]:
    async with open_websocket_url(server.url.replace("http:", "ws:") + path) as connection:
        yield EventReader(messages(connection))


@asynccontextmanager
async def console(server: Server, project: dict[str, Any], node: dict[str, Any]) -> AsyncIterator[WebSocketConnection]:
    """The node's console as a websocket."""
    url = server.url.replace("http:", "ws:") + node_path(project, node) + "/console/ws"
    async with open_websocket_url(url) as connection:
        yield connection


async def read_until(connection: WebSocketConnection, wanted: bytes) -> bytes:
    """What the console shows up to ``wanted``."""
    seen = b""
    with trio.fail_after(60):
        while wanted not in seen:
            seen += await connection.get_message()
    return seen
