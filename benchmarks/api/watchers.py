"""Many notification websockets that must see every update of a node, in order."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import trio
from trio_websocket import open_websocket_url

UPDATES = 20
PATIENCE_SECONDS = 120.0


async def update_watched(port: int, project: str, node: str, watchers: int, clock: Callable[[], float]) -> float:
    """Move a node ``UPDATES`` times while ``watchers`` websockets watch.

    Returns how far the server's CPU ``clock`` went for one update, without connecting and closing. Raises SystemExit
    when a watcher missed a step.
    """
    ready = trio.Event()
    connected = satisfied = 0
    all_satisfied = trio.Event()

    async def watch() -> None:
        nonlocal connected, satisfied
        url = f"ws://127.0.0.1:{port}/v2/projects/{project}/notifications/ws"
        async with open_websocket_url(url) as socket:
            await socket.get_message()  # the first ping
            connected += 1
            if connected == watchers:
                ready.set()
            seen: list[int] = []
            while len(seen) < UPDATES:
                event: dict[str, Any] = json.loads(await socket.get_message())
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
