"""An ended request is freed at once. A reference cycle would keep its body and reply until a garbage collection."""

import gc
import weakref
from collections.abc import Iterator

import pytest
import trio
from starlette.types import Receive, Scope, Send

from gns3trio.http.protocol import SEND_NOW
from tests.http.conftest import Start, hello, read_until

streams: list["weakref.ref[object]"] = []


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """Only what is in no cycle is freed."""
    streams.clear()
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """As ``hello``; remembers the streams of requests."""
    streams.append(weakref.ref(scope["extensions"][SEND_NOW].__self__))
    await hello(scope, receive, send)


async def is_freed(stream: "weakref.ref[object]") -> bool:
    """Whether the stream goes once nothing moves any more."""
    await trio.testing.wait_all_tasks_blocked(0.02)
    return stream() is None


async def test_a_request_of_a_connection_that_goes_on(start: Start) -> None:
    server = await start(app)
    async with await server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        await read_until(client, b"hello")
        assert await is_freed(streams[0])


async def test_a_request_with_a_body(start: Start) -> None:
    server = await start(app)
    async with await server.connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc") as client:
        await read_until(client, b"hello")
        assert await is_freed(streams[0])


async def test_the_last_request_of_a_connection(start: Start) -> None:
    server = await start(app)
    await server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert await is_freed(streams[0])
