"""Hypercorn's defects: each test runs on the contained server and on the bare one, and holds each to what it does."""

import re
from collections.abc import AsyncIterator

import pytest
import trio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from trio.testing import wait_all_tasks_blocked

from gns3trio.http import protocol
from gns3trio.http.limits import Limits

from .conftest import (
    UPGRADE,
    Start,
    are_released,
    client_frame,
    hello,
    read_all,
    read_until,
    reset,
    settled_resources,
)

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
STREAM_HEADERS = {"type": "http.response.start", "status": 200, "headers": []}


def chunk(body: bytes, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def test_frame_sent_along_with_the_upgrade(start_either: Start) -> None:
    """A websocket message in the segment of the upgrade is delivered; it ends the bare server (issue 225)."""
    server = await start_either()
    async with await server.connect(UPGRADE + client_frame(1, b"early")) as client:
        if server.contained:
            assert b"\x81\x05early" in await read_until(client, b"early")
            assert await server.is_alive()
        else:
            await server.ended.wait()
            assert server.error is not None


async def test_error_of_one_connection(start_either: Start) -> None:
    """What goes wrong in one connection, here a reply that cannot be sent, ends the bare server (issue 329)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/bad":
            await send({"type": "http.response.start", "status": 101, "headers": []})
        await hello(scope, receive, send)

    server = await start_either(app)
    await server.exchange(b"GET /bad HTTP/1.1\r\nHost: x\r\n\r\n")
    if server.contained:
        assert await server.is_alive()
    else:
        await server.ended.wait()
        assert server.error is not None


async def test_upgrade_with_more_than_ascii(start_either: Start) -> None:
    """Such a header is answered with 400; another stray exception that ends the bare server."""
    server = await start_either()
    reply = await server.exchange(UPGRADE.removesuffix(b"\r\n") + b"Sec-WebSocket-Protocol: \xe9\r\n\r\n")
    if server.contained:
        assert reply.startswith(b"HTTP/1.1 400")
        assert await server.is_alive()
    else:
        await server.ended.wait()
        assert server.error is not None


async def test_sender_is_told_that_its_client_left(start_either: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that only sends ends after its client; on the bare server it sends on for ever (issue 210)."""
    monkeypatch.setattr(protocol, "LATE_SENDS_SECONDS", 0.05)
    left, ended = trio.Event(), trio.Event()
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        try:
            await send(STREAM_HEADERS)
            await send(chunk(b"first"))
            await left.wait()
            while sent < 3_000:  # without a bound the bare server would never run another task
                await send(chunk(b"x"))
                sent += 1
        finally:
            ended.set()

    server = await start_either(app)
    client = await server.connect(GET)
    await read_until(client, b"first")
    reset(client)
    left.set()
    await ended.wait()
    assert (sent < 3_000) is server.contained


async def test_client_that_does_not_read_does_not_hold_the_shutdown(start_either: Start) -> None:
    """The server ends though a write cannot; the bare one waits for its client."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAM_HEADERS)
        while True:
            await send(chunk(b"x" * 65536))

    server = await start_either(app, limits=Limits(closing_stall_seconds=0.05, closing_grace_seconds=0.3))
    async with await server.connect(GET, receive_buffer=4096):
        await wait_all_tasks_blocked(0.05)
        server.closing.set()
        with trio.move_on_after(60 if server.contained else 1):
            await server.ended.wait()
        assert server.ended.is_set() is server.contained
    await server.ended.wait()


@pytest.mark.parametrize("behind", [b"\r\n", GET])
async def test_leaving_is_seen_behind_pipelined_bytes(start_either: Start, behind: bytes) -> None:
    """Bytes behind the request of an endless reply do not hide the end of the client, nor keep its connection."""
    told = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAM_HEADERS)
        await send(chunk(b"first"))
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    server = await start_either(app)
    before = await settled_resources()
    async with await server.connect(GET + behind) as client:
        await read_until(client, b"first")
    assert await are_released(server, before) is server.contained
    assert told.is_set() is server.contained


async def test_failed_write_ends_the_reader_of_pipelined_bytes(start_either: Start) -> None:
    """As above for an application that does not receive: the write that fails ends the connection."""
    left = trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAM_HEADERS)
        await send(chunk(b"first"))
        await left.wait()
        for _ in range(5):
            await send(chunk(b"more"))
            await wait_all_tasks_blocked()

    server = await start_either(app)
    before = await settled_resources()
    client = await server.connect(GET + GET)
    await read_until(client, b"first")
    reset(client)
    left.set()
    assert await are_released(server, before) is server.contained


async def test_application_that_cancels_itself_at_disconnect(start_either: Start) -> None:
    """Starlette's streams cancel their sender as soon as the reply is complete: the connection ends all the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"all"

        await StreamingResponse(body())(scope, receive, send)

    server = await start_either(app)
    closed = trio.Event()
    async with (
        trio.open_nursery() as nursery,
        await server.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as client,
    ):

        async def read() -> None:
            assert (await read_all(client)).endswith(b"0\r\n\r\n")
            closed.set()

        nursery.start_soon(read)
        if server.contained:
            await closed.wait()
        else:
            await wait_all_tasks_blocked(0.1)
            assert not closed.is_set()
        nursery.cancel_scope.cancel()


async def test_reply_before_the_body_is_read(start_either: Start) -> None:
    """A large upload that is refused unread gets its reply and is let go; on the bare server it leaks."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await wait_all_tasks_blocked()  # until no more of the body fits in
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})

    server = await start_either(app)
    before = await settled_resources()
    body = b"x" * 2_000_000
    async with await server.connect() as client, trio.open_nursery() as nursery:

        async def upload() -> None:
            await client.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        nursery.start_soon(upload)
        assert (await read_until(client, b"\r\n\r\nno")).startswith(b"HTTP/1.1 401")
        if server.contained:
            assert not await read_all(client)
        else:
            nursery.cancel_scope.cancel()
    assert await are_released(server, before) is server.contained


async def test_pings_end_with_their_websocket(start_either: Start) -> None:
    """The task that pings does not outlive its websocket; the bare one sleeps on until its next ping."""
    server = await start_either(limits=Limits(websocket_ping_seconds=3600))
    before = await settled_resources()
    async with await server.connect(UPGRADE) as client:
        await read_until(client, b"\x89\x00")
        await client.send_all(client_frame(8, b"\x03\xe8"))
        assert b"\x88\x02\x03\xe8" in await read_all(client)
    assert await are_released(server, before) is server.contained


async def test_no_upgrade_to_http2(start_either: Start) -> None:
    """An offer of h2c is ignored."""
    server = await start_either()
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    async with await server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n" + upgrade) as client:
        reply = await read_until(client, b"hello" if server.contained else b"\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200" if server.contained else b"HTTP/1.1 101")


async def test_no_http2_with_prior_knowledge(start_either: Start) -> None:
    """The preface of HTTP/2 gets an error of HTTP/1.1."""
    server = await start_either()
    async with await server.connect(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") as client:
        reply = await client.receive_some()
    assert reply.startswith(b"HTTP/1.1 505") is server.contained


async def test_compression_of_websockets_is_not_agreed(start_either: Start) -> None:
    """A small frame could unpack to gigabytes before its size is known."""
    server = await start_either()
    offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    async with await server.connect(UPGRADE.removesuffix(b"\r\n") + offer) as client:
        reply = await read_until(client, b"\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 101")
    assert (re.search(b"(?i)deflate", reply) is None) is server.contained


async def test_upgrade_that_is_wrong_is_closed(start_either: Start) -> None:
    """An upgrade without a key gets its 400 and an end; the bare server keeps the connection."""
    server = await start_either(limits=Limits(linger_seconds=0.05))
    wrong = re.sub(rb"Sec-WebSocket-Key: .*?\r\n", b"", UPGRADE)
    before = await settled_resources()
    async with await server.connect(wrong) as client:
        assert (await read_until(client, b"\r\n\r\n")).startswith(b"HTTP/1.1 400")
        with trio.move_on_after(60 if server.contained else 0.2) as waiting:
            await read_all(client)
        assert waiting.cancelled_caught is not server.contained
    if server.contained:
        assert await settled_resources() == before
