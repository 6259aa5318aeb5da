"""Bodies of requests have a total over all clients, and nobody keeps one after it has been answered."""

from typing import Any

import httpx
import orjson
import pytest
import trio

from gns3trio.memory import FREE_BYTES
from gns3trio.server import RunningServer
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

LARGE = 512 * 1024


async def unfinished(server: Server, path: str, size: int) -> trio.SocketStream:
    """A client that has sent so much of a body, and not its end."""
    client = await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {2 * size}\r\n\r\n"
    await client.send_all(head.encode() + b'{"svg":"' + bytes(size))
    return client


async def until_held(running: RunningServer, least: int) -> None:
    with trio.fail_after(30):
        while running.memory.bodies.held < least:
            await trio.sleep(0.01)


@pytest.mark.parametrize("what", ["drawings", "nodes", "topology"])
async def test_over_the_total_the_newest_is_refused(
    server: Server, project: dict[str, Any], running: RunningServer, what: str
) -> None:
    total = running.memory.bodies
    total.most = LARGE
    path = f"/v2/projects/{project['project_id']}"
    method = "PUT" if what == "topology" else "POST"
    svg = f"<svg>{' ' * (2 * FREE_BYTES)}</svg>"
    body = {"svg": svg} if what == "drawings" else {"name": "N", "node_type": "vpcs", "properties": {"a": svg}}
    async with await unfinished(server, f"{path}/drawings", LARGE - 1000):
        await until_held(running, LARGE - 1000)
        error = await server.request(method, f"{path}/{what}", body, 503)
        assert error["message"] == "body: the server is busy with other large requests; send it again in a moment"
        assert total.refused == 1
        await server.request("POST", f"{path}/drawings", {"svg": "<svg></svg>"}, 201)  # others go on working
        await server.request("PUT", path, {"name": "renamed"}, 200)
    with trio.fail_after(30):
        while total.held:
            await trio.sleep(0.01)
    await server.request("POST", f"{path}/drawings", {"svg": svg}, 201)
    assert (total.held, total.holders) == (0, 0)
    metrics = (await server.http.get("/metrics")).text
    assert 'gns3trio_memory_refused_total{kind="bodies"} 1' in metrics
    assert f'gns3trio_memory_limit_bytes{{kind="bodies"}} {LARGE}' in metrics


async def test_a_stream_does_not_keep_the_body_that_came_with_its_request(
    server: Server, running: RunningServer
) -> None:
    total = running.memory.bodies
    request = server.http.build_request("GET", "/v2/notifications", content=b" " * LARGE)
    reply = await server.http.send(request, stream=True)
    try:
        assert orjson.loads(await anext(reply.aiter_lines()))["action"] == "ping"
        assert (total.held, total.holders) == (0, 0)
    finally:
        await reply.aclose()


async def test_a_connection_that_idles_does_not_keep_the_last_body(
    server: Server, project: dict[str, Any], running: RunningServer
) -> None:
    path = f"/v2/projects/{project['project_id']}/drawings"
    async with httpx.AsyncClient(base_url=server.url, verify=NO_TLS) as http:
        assert (await http.post(path, json={"svg": "<svg>" + " " * LARGE + "</svg>"})).status_code == 201
        assert (running.memory.bodies.held, running.memory.bodies.holders) == (0, 0)
