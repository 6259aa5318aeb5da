"""Servers for these tests: ours, and Hypercorn as it comes, so that each defect is seen where it is not contained."""

import gc
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve
from hypercorn.typing import ASGIFramework
from starlette.types import ASGIApp, Receive, Scope, Send
from trio.testing import wait_all_tasks_blocked

from gns3trio.http.limits import Limits
from gns3trio.http.serve import HttpSettings, serve_http


@attrs.define(eq=False)
class Server:
    """A server on a port of 127.0.0.1 in the test's own loop."""

    contained: bool
    closing: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    urls: list[str] = attrs.field(factory=list)
    error: BaseException | None = None

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def connect(self, data: bytes = b"", receive_buffer: int | None = None) -> trio.SocketStream:
        """A raw client that has sent ``data``; with a small receive buffer it soon blocks its server."""
        sock = trio.socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await sock.connect(("127.0.0.1", self.port))
        stream = trio.SocketStream(sock)
        if data:
            await stream.send_all(data)
        return stream

    async def exchange(self, data: bytes) -> bytes:
        """All that the server answers to ``data`` until it closes the connection."""
        async with await self.connect(data) as client:
            return await read_all(client)

    async def is_alive(self) -> bool:
        """Whether a new client gets an answer."""
        try:
            return (await self.exchange(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).startswith(
                b"HTTP/1.1 200"
            )
        except OSError:
            return False


async def read_all(client: trio.SocketStream) -> bytes:
    """What comes until the server closes or resets."""
    received = bytearray()
    try:
        async for chunk in client:
            received += chunk
    except trio.BrokenResourceError:
        pass
    return bytes(received)


async def read_until(client: trio.SocketStream, marker: bytes) -> bytes:
    """What comes up to ``marker`` (and the rest of its segment)."""
    received = bytearray()
    while marker not in received:
        chunk = await client.receive_some()
        assert chunk, f"the server closed after {bytes(received)!r}"
        received += chunk
    return bytes(received)


def reset(client: trio.SocketStream) -> None:
    """Leave with a reset instead of an orderly end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


def resources() -> tuple[int, int]:
    """Living tasks and open descriptors."""
    gc.collect()  # sockets of earlier tests
    return trio.lowlevel.current_statistics().tasks_living, len(list(Path("/proc/self/fd").iterdir()))


async def are_released(server: Server, before: tuple[int, int]) -> bool:
    """Whether tasks and descriptors go back to what they were; the bare server is not given long."""
    with trio.move_on_after(60 if server.contained else 0.2):
        while await settled_resources() != before:
            pass
        return True
    return False


async def settled_resources() -> tuple[int, int]:
    """Tasks and descriptors once nothing moves any more."""
    await wait_all_tasks_blocked(0.02)
    return resources()


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def client_frame(opcode: int, payload: bytes) -> bytes:
    """A whole, short frame of a client, masked with zeros (RFC 6455 5.2)."""
    assert len(payload) < 126
    return bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """The least of an application: says hello, echoes websocket messages."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
    elif scope["type"] == "http":
        while (await receive()).get("more_body", False):
            pass
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})


class WithoutLifespan:
    """Answers ASGI's lifespan messages, which our server does not send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


Start = Callable[..., Awaitable[Server]]


def _contained_starter(nursery: trio.Nursery) -> Start:
    async def start(app: ASGIApp = hello, **settings: Any) -> Server:
        server = Server(contained=True)
        settings = {"addresses": ["127.0.0.1"], "port": 0, **settings}
        serve = partial(serve_http, app, HttpSettings(**settings), closing=server.closing)
        server.urls = await nursery.start(_run, server, serve)
        return server

    return start


def _bare_starter(nursery: trio.Nursery) -> Start:
    async def start(app: ASGIApp = hello, limits: Limits | None = None) -> Server:
        limits = limits or Limits()
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.errorlog = None
        config.graceful_timeout = limits.closing_grace_seconds
        config.keep_alive_timeout = limits.keep_alive_seconds
        config.websocket_ping_interval = limits.websocket_ping_seconds
        server = Server(contained=False)
        framework = cast(ASGIFramework, WithoutLifespan(app))
        serve = partial(hypercorn_serve, framework, config, shutdown_trigger=server.closing.wait, mode="asgi")
        server.urls = await nursery.start(_run, server, serve)
        return server

    return start


async def _run(server: Server, serve: Callable[..., Awaitable[None]], task_status: trio.TaskStatus[list[str]]) -> None:
    try:
        await serve(task_status=task_status)
    except* Exception as errors:
        if not server.urls:
            raise
        server.error = errors
    finally:
        server.ended.set()


@pytest.fixture
async def start(nursery: trio.Nursery) -> Start:
    """Starts our server for an application."""
    return _contained_starter(nursery)


@pytest.fixture(params=["contained", "bare"])
async def start_either(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Start:
    """Starts either server: what the bare one does wrong is asserted too, so that we learn when Hypercorn mends it."""
    return _contained_starter(nursery) if request.param == "contained" else _bare_starter(nursery)


TLS = Path(__file__).parent / "tls"  # self-signed for localhost, made with openssl, valid for a hundred years
