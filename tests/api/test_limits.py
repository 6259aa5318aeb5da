"""The largest and the most hostile requests that are taken keep no other client waiting."""

from typing import Any

import orjson
import pytest
import trio

from gns3trio.limits import MAX_NODES, MAX_SVG
from gns3trio.server import RunningServer
from tests.loop import loop_goes_on
from tests.support.server import Server

HUB = {"name": "hub", "node_type": "ethernet_hub", "compute_id": "local"}


def batch(nodes: bytes, count: int) -> bytes:
    return b'{"nodes": [' + b",".join([nodes] * count) + b"]}"


# Method, path below the project, body, status.
HOSTILE: dict[str, tuple[str, str, bytes, int]] = {
    "60,000 empty nodes": ("POST", "/batch", batch(b"{}", 60_000), 400),
    "as many empty nodes as are taken": ("POST", "/batch", batch(b"{}", MAX_NODES), 400),
    "3 MB of empty nodes": ("POST", "/batch", batch(b"{}", 1_000_000), 400),
    "a name of 20,000 digits": ("POST", "/nodes", orjson.dumps({**HUB, "name": "1" * 20_000}), 400),
    "a name of many digits": ("POST", "/nodes", orjson.dumps({**HUB, "name": "1" * 250}), 201),
    "numbers in a name": ("POST", "/nodes", orjson.dumps({**HUB, "name": "{0}" * 80}), 201),
    "16 MB of nested lists": ("POST", "/nodes", b'{"a":[' + b"[[0]]," * 2_000_000 + b"0]}", 400),
    "a deep body": ("POST", "/nodes", b'{"a":' * 1000 + b"0" + b"}" * 1000, 400),
    "many unknown fields": ("POST", "/nodes", orjson.dumps({f"k{n}": 0 for n in range(60_000)}), 400),
    "many properties": (
        "POST",
        "/nodes",
        orjson.dumps({**HUB, "properties": {str(n): [0] * 200 for n in range(1000)}}),
        400,
    ),
    "a drawing of quotes": ("POST", "/drawings", orjson.dumps({"svg": '"' * (7 * 1024 * 1024)}), 201),
    "a drawing of commas": ("POST", "/drawings", orjson.dumps({"svg": "," * MAX_SVG}), 201),
    "a drawing that is too large": ("POST", "/drawings", orjson.dumps({"svg": "x" * (MAX_SVG + 1)}), 400),
    "open texts": ("POST", "/drawings", b'{"svg": "' + b'\\"' * 7_000_000, 400),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_request_keeps_nobody_waiting(
    server: Server, running: RunningServer, project: dict[str, Any], kind: str
) -> None:
    method, path, body, status = HOSTILE[kind]
    async with loop_goes_on(running.watchdog):
        reply = await server.http.request(method, f"/v2/projects/{project['project_id']}{path}", content=body)
    assert reply.status_code == status, reply.text[:500]
    if status == 400:
        assert len(reply.content) < 2 * 64 * 1024


async def test_requests_are_answered_while_a_long_one_is_read(server: Server, project: dict[str, Any]) -> None:
    long_body = orjson.dumps({"svg": '"' * (7 * 1024 * 1024)})
    answered = []

    async def send_long() -> None:
        reply = await server.http.post(f"/v2/projects/{project['project_id']}/drawings", content=long_body)
        assert reply.status_code == 201
        answered.append("long")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_long)
        while "long" not in answered:
            assert (await server.http.get("/v2/version")).status_code == 200
            answered.append("short")
    assert answered.count("short") > 1
