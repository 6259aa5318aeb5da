"""What all clients together make the server hold is bounded: the newest is refused, or the slowest cut off."""

import struct

import pytest
import trio
from starlette.types import ASGIApp, Receive, Scope, Send
from trio.testing import wait_all_tasks_blocked

from gns3trio.api.encoded_lists import PIECE_BYTES, PiecesResponse
from gns3trio.http.protocol import NO_ROOM
from gns3trio.memory import FREE_BYTES, Holder, Memory, Total
from tests.http.conftest import UPGRADE, Start, hello, read_all, read_until

LARGE = 512 * 1024
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def frame(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """A client's frame of 64 KiB or more, masked with zeros (RFC 6455 5.2)."""
    return struct.pack("!BBQ", opcode | (0x80 if is_last else 0), 0x80 | 127, len(payload)) + bytes(4) + payload


async def large_reply(scope: Scope, receive: Receive, send: Send) -> None:
    """A reply that does not fit the kernel's buffers."""
    if scope["type"] != "http":
        await hello(scope, receive, send)
        return
    size = LARGE if scope["path"] == "/" else int(scope["path"][1:])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
    await send({"type": "http.response.body", "body": bytes(size)})


async def reply_in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    """The same as many pieces, most of which wait in the application."""
    if scope["type"] != "http":
        await hello(scope, receive, send)
        return
    size = LARGE if scope["path"] == "/" else int(scope["path"][1:])
    await PiecesResponse([bytes(PIECE_BYTES)] * (size // PIECE_BYTES), 200, {})(scope, receive, send)


IN_ONE_OR_MANY = pytest.mark.parametrize("reply", [large_reply, reply_in_pieces])


async def large_frames(scope: Scope, receive: Receive, send: Send) -> None:
    """A websocket that tells a lot."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(20):
            await send({"type": "websocket.send", "bytes": bytes(LARGE)})


def test_each_has_a_little_in_any_case() -> None:
    total = Total(100_000)
    with Holder(total) as first, Holder(total) as second:
        assert first.take(100_000) and not first.take(1)
        assert second.take(FREE_BYTES) and not second.take(1)
        assert (total.held, total.refused) == (100_000 + FREE_BYTES, 2)
    second.add(5)  # comes too late
    assert (total.held, total.holders) == (0, 0)


async def take_little(client: trio.SocketStream) -> None:
    """A client that takes the beginning of its reply, and no more."""
    await client.send_all(REQUEST)
    await read_until(client, b"\r\n\r\n")


@IN_ONE_OR_MANY
async def test_the_slowest_reader_is_cut_off(start: Start, reply: ASGIApp) -> None:
    memory = Memory(replies=Total(3 * LARGE))
    server = await start(reply, memory=memory)
    slow = [await server.connect(receive_buffer=4096) for _ in range(8)]
    for client in slow:
        await take_little(client)
        await wait_all_tasks_blocked(0.01)
        assert memory.replies.held <= memory.replies.most
    assert memory.replies.refused >= 1
    with trio.fail_after(30):
        assert len(await read_all(slow[0])) < LARGE  # it took nothing for the longest time
        assert len(await read_all(await server.connect(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))))
        assert (await read_until(slow[-1], b"\0" * 1000)).startswith(b"\0")  # that of the newest still comes
    for client in slow:
        await client.aclose()
    while memory.replies.held:
        await wait_all_tasks_blocked(0.01)


@IN_ONE_OR_MANY
async def test_one_that_is_alone_may_have_a_reply_of_any_size(start: Start, reply: ASGIApp) -> None:
    memory = Memory(replies=Total(LARGE))
    server = await start(reply, memory=memory)
    request = b"GET /%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (20 * LARGE)
    async with await server.connect(request, receive_buffer=4096) as client:
        await wait_all_tasks_blocked(0.01)
        assert len(await read_all(client)) > 20 * LARGE
    assert memory.replies.refused == 0


async def test_websockets_that_are_not_read_are_cut_off_too(start: Start) -> None:
    memory = Memory(replies=Total(3 * LARGE))
    server = await start(large_frames, memory=memory)
    clients = []
    for _ in range(10):
        clients.append(await server.connect(UPGRADE, receive_buffer=4096))
        await read_until(clients[-1], b"\r\n\r\n")
        await wait_all_tasks_blocked(0.01)
        assert memory.replies.held <= memory.replies.most
    assert memory.replies.refused >= 1
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("is_last", [True, False], ids=["whole messages", "fragments"])
async def test_messages_that_nobody_takes_are_refused(start: Start, is_last: bool) -> None:
    async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await may_read.wait()
        await receive()

    may_read = trio.Event()
    memory = Memory(messages=Total(3 * LARGE))
    server = await start(deaf, memory=memory)
    clients = []
    for _ in range(8):
        clients.append(await server.connect(UPGRADE))
        await read_until(clients[-1], b"\r\n\r\n")
        await clients[-1].send_all(frame(2, bytes(LARGE), is_last=is_last))
        await wait_all_tasks_blocked(0.01)
        assert memory.messages.held <= memory.messages.most + 8 * FREE_BYTES
    assert memory.messages.refused >= 4
    with trio.fail_after(30):
        await read_until(clients[-1], struct.pack("!H", 1013) + NO_ROOM.encode())
    may_read.set()
    for client in clients:
        await client.aclose()
    while memory.messages.held or memory.messages.holders:
        await wait_all_tasks_blocked(0.01)
