"""Many notification streams, websockets or HTTP replies, that must see every update of a node, in order."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import trio
from trio_websocket import open_websocket_url

UPDATES = 20
PATIENCE_SECONDS = 120.0


async def _websocket_lines(port: int, project: str) -> AsyncGenerator[str | bytes]:
    async with open_websocket_url(f"ws://127.0.0.1:{port}/v2/projects/{project}/notifications/ws") as socket:
        while True:
            yield await socket.get_message()


async def _http_lines(port: int, project: str) -> AsyncGenerator[str]:
    """A client of its own for each stream, as different programs are."""
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
        http.stream("GET", f"/projects/{project}/notifications") as reply,
    ):
        async for line in reply.aiter_lines():
            yield line


async def update_watched(
    port: int, project: str, node: str, watchers: int, clock: Callable[[], float], *, over_http: bool = False
) -> float:
    """Move a node ``UPDATES`` times while ``watchers`` websockets watch, or HTTP streams.

    Returns how far the server's CPU ``clock`` went for one update, without connecting and closing. Raises SystemExit
    when a watcher missed a step.
    """
    ready = trio.Event()
    connected = satisfied = 0
    all_satisfied = trio.Event()

    async def watch() -> None:
        nonlocal connected, satisfied
        lines = (_http_lines if over_http else _websocket_lines)(port, project)
        async with aclosing(lines):
            await anext(lines)  # the first ping
            connected += 1
            if connected == watchers:
                ready.set()
            seen: list[int] = []
            while len(seen) < UPDATES:
                event: dict[str, Any] = json.loads(await anext(lines))
                if event["action"] == "node.updated":
                    seen.append(event["event"]["y"])
            if seen != list(range(1, UPDATES + 1)):
                raise SystemExit(f"a watcher saw {seen}")
            satisfied += 1
            if satisfied == watchers:
                all_satisfied.set()
            await all_satisfied.wait()

    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            for _ in range(watchers):
                nursery.start_soon(watch)
            await ready.wait()
            began = clock()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v2") as http:
                for step in range(1, UPDATES + 1):
                    (await http.put(node, json={"y": step})).raise_for_status()
            await all_satisfied.wait()
            used = clock() - began
    return used / UPDATES
