"""Thousands of broken conversations: the server answers afterwards, and keeps no task and no descriptor."""

import random
from collections.abc import Iterator

import pytest
import trio

from gns3trio.http.limits import Limits

from .conftest import UPGRADE, Server, Start, are_released, hello, reset, settled_resources

CONVERSATIONS = 3000
AT_ONCE = 50
SEED = 20250

_UPGRADE = UPGRADE.removesuffix(b"\r\n")
_FRAMES = b"\x81\x85\0\0\0\0hello\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8"
VALID = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n" + b"hello world",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABk\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    _UPGRADE + b"\r\n" + _FRAMES,
    _UPGRADE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" + _FRAMES * 3,
    _UPGRADE + b"Sec-WebSocket-Protocol: a, b\r\n\r\n" + b"\x01\x82\0\0\0\0he\x80\x83\0\0\0\0llo",
)


def mutated(rng: random.Random) -> bytes:
    """A valid conversation with some bytes changed, lost, doubled, moved or replaced by those of another."""
    data = bytearray(rng.choice(VALID))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((1, 1, 2, 4, 16, 64)))
        match rng.randrange(6):
            case 0:
                data[start:end] = rng.randbytes(end - start)
            case 1:
                del data[start:end]
            case 2:
                data[start:start] = data[start:end] * rng.choice((1, 3, 50))
            case 3:
                data[start:start] = rng.choice((b"\r\n", b"\0", b"\xff" * 9, b"\r\n\r\n", b":", b"%ff", b" "))
            case 4:
                data[start:] = rng.choice(VALID)[start:]
            case 5:
                data += rng.choice(VALID)
    return bytes(data)


async def converse(server: Server, rng: random.Random) -> None:
    """One broken conversation, sent in one piece or two, ended in one of three ways."""
    data = mutated(rng)
    cut = rng.randrange(len(data) + 1) if rng.random() < 0.3 else len(data)
    end = rng.choice(("close", "eof", "reset"))
    try:
        client = await server.connect()
        async with client:
            await client.send_all(data[:cut])
            if cut < len(data):
                await trio.lowlevel.checkpoint()
                await client.send_all(data[cut:])
            if end == "eof":
                await client.send_eof()
                while await client.receive_some():
                    pass
            elif end == "reset":
                reset(client)
    except (OSError, trio.BrokenResourceError):
        pass  # the server may close at any time


async def test_broken_conversations_harm_nobody(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """After 3000 mutated conversations the server answers and holds nothing; not one was an error of its own."""
    rng = random.Random(SEED)
    server = await start(hello, limits=Limits(linger_seconds=0.05))
    assert await server.is_alive()
    before = await settled_resources()

    conversations: Iterator[int] = iter(range(CONVERSATIONS))

    async def worker() -> None:
        for _ in conversations:
            await converse(server, rng)

    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(worker)

    assert not server.ended.is_set()
    assert not caplog.records
    assert await server.is_alive()
    assert await are_released(server, before)
