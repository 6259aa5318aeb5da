"""Pieces of an endless reply that are sent without waking a task: they come in order, and framed as the others."""

import h11
import pytest
import trio
from starlette.types import Receive, Scope, Send

from gns3trio.http.protocol import SEND_NOW
from tests.http.conftest import Start, read_all

PIECES = [b"%d " % number for number in range(300)] + [b"large" * 100_000, b"last"]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the pieces, each in the short way if it can go so."""
    send_now = scope["extensions"][SEND_NOW]
    sent_now = 0
    assert not send_now(b"before the head")
    headers = [(b"content-length", b"%d" % sum(map(len, PIECES)))] if scope["path"] == "/with-length" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in PIECES:
        if send_now(piece):
            sent_now += 1
        else:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    assert not send_now(b"after the end")
    ways.append(sent_now)


ways: list[int] = []


@pytest.fixture(autouse=True)
def no_ways() -> None:
    ways.clear()


async def body_of(data: bytes, method: bytes = b"GET") -> bytes:
    """The body of a reply, as a strict parser reads it."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    client.receive_data(b"")
    body = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            body += event.data
    return body


async def test_chunks_come_in_order(start: Start) -> None:
    server = await start(app)
    data = await server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert await body_of(data) == b"".join(PIECES)
    assert ways[0] > 0


async def test_a_client_that_reads_late_gets_all_in_order(start: Start) -> None:
    server = await start(app)
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with await server.connect(request, receive_buffer=4096) as client:
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert await body_of(await read_all(client)) == b"".join(PIECES)


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\n", b"GET /with-length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"]
)
async def test_a_body_without_chunks_takes_the_long_way(start: Start, head: bytes) -> None:
    server = await start(app)
    _, _, body = (await server.exchange(head + b"\r\n")).partition(b"\r\n\r\n")
    assert body == b"".join(PIECES)
    assert ways == [0]


async def test_a_head_request_has_no_body(start: Start) -> None:
    server = await start(app)
    data = await server.exchange(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert data.endswith(b"\r\n\r\n") and await body_of(data, b"HEAD") == b""
    assert ways == [0]


async def test_the_next_request_on_the_connection_is_answered(start: Start) -> None:
    server = await start(app)
    async with await server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        await client.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await read_all(client)).count(b"HTTP/1.1 200") == 2
