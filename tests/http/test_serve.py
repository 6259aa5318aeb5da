"""Addresses, certificates and the order of closing."""

import os
import socket
import ssl
from pathlib import Path

import httpx
import pytest
import trio
from starlette.types import Receive, Scope, Send
from trio_websocket import open_websocket_url

from gns3trio.errors import Invalid, Unavailable
from gns3trio.http.containment import check_hypercorn
from gns3trio.http.limits import Limits
from gns3trio.http.serve import HttpSettings, serve_http
from tests.http.conftest import TLS
from tests.support.plain_http import NO_TLS

from .conftest import Start, hello, read_all, read_until, resources, settled_resources

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_port_0_is_the_real_one(start: Start) -> None:
    """The URL can be used as it is."""
    server = await start()
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        assert (await client.get(server.url)).text == "hello"


@pytest.mark.parametrize("addresses", [["::1"], ["::"], ["0.0.0.0"], ["127.0.0.1", "::1"], ["0.0.0.0", "::"]], ids=str)
async def test_addresses(start: Start, addresses: list[str]) -> None:
    """IPv6, wildcards, several; all have one port."""
    server = await start(addresses=addresses)
    assert len(server.urls) == len(addresses)
    assert len({url.rpartition(":")[2] for url in server.urls}) == 1
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        for url in server.urls:
            assert (await client.get(url)).text == "hello"
        if addresses[0] in ("::", "0.0.0.0"):
            assert (await client.get(f"http://127.0.0.1:{server.port}")).text == "hello"


@pytest.mark.parametrize("installed", ["0.17.3", "0.19.0", "1.0"])
def test_other_versions_of_hypercorn(installed: str) -> None:
    """Are refused with a clear message, as its insides are replaced."""
    with pytest.raises(ImportError, match=rf"Hypercorn {installed} is installed, gns3trio needs 0\.18\."):
        check_hypercorn(installed)


async def serve_failing(**settings: object) -> None:
    """Start a server that must not start."""
    defaults: dict[str, object] = {"addresses": ["127.0.0.1"], "port": 0}
    await serve_http(hello, HttpSettings(**{**defaults, **settings}), closing=trio.Event())  # type: ignore[arg-type]


async def test_port_that_is_taken() -> None:
    """It is named, and nothing stays open."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        before = resources()
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}: cannot listen there: Address already in use"):
            await serve_failing(port=port)
        assert resources() == before


@pytest.mark.parametrize("addresses", [["192.0.2.1"], ["127.0.0.1", "2001:db8::1"]], ids=str)
async def test_an_address_of_another_machine(addresses: list[str]) -> None:
    before = resources()
    with pytest.raises(Invalid, match=r"^host: .* is not an address of this machine"):
        await serve_failing(addresses=addresses)
    assert resources() == before


@pytest.mark.parametrize(
    ("certfile", "certkey", "message"),
    [
        ("missing.pem", "key.pem", r"^certfile: .*missing.pem cannot be read: No such file"),
        ("cert.pem", "missing.pem", r"^certkey: .*missing.pem cannot be read: No such file"),
        ("cert.pem", "other-key.pem", r"^certfile, certkey: .*cert.pem and .*other-key.pem"),
        ("cert.pem", "encrypted-key.pem", r"^certfile, certkey: .*unencrypted key"),
        ("cert.pem", None, r"^certfile, certkey: .*cert.pem"),
        ("key.pem", "key.pem", r"^certfile, certkey: "),
        (None, "key.pem", r"^certkey: .*certfile is not set"),
        (".", "key.pem", r"^certfile: .*cannot be read: Is a directory"),
    ],
)
async def test_certificate_that_cannot_be_used(certfile: str | None, certkey: str | None, message: str) -> None:
    """Each way to get it wrong says which file it is about."""
    before = resources()
    with pytest.raises(Invalid, match=message):
        await serve_failing(certfile=certfile and TLS / certfile, certkey=certkey and TLS / certkey)
    assert resources() == before


async def test_tls(start: Start) -> None:
    """HTTPS, websockets and HTTP/1.1 by ALPN; a client that speaks no TLS harms nobody."""
    server = await start(certfile=TLS / "cert.pem", certkey=TLS / "key.pem")
    assert server.url.startswith("https://")
    context = ssl.create_default_context(cafile=TLS / "cert.pem")
    async with httpx.AsyncClient(verify=context) as client:
        url = f"https://localhost:{server.port}"
        assert [(await client.post(url, content=b"x" * size)).text for size in (0, 100_000)] == ["hello"] * 2
        assert not await server.exchange(GET)  # plain HTTP
        wss = f"wss://localhost:{server.port}"
        async with open_websocket_url(wss, ssl_context=context) as websocket:
            await websocket.send_message("secret")
            assert await websocket.get_message() == "secret"
        assert (await client.get(url)).text == "hello"

    context.set_alpn_protocols(["h2", "http/1.1"])
    async with await trio.open_ssl_over_tcp_stream("localhost", server.port, ssl_context=context) as stream:
        await stream.do_handshake()
        assert stream.selected_alpn_protocol() == "http/1.1"
        assert stream.version() in ("TLSv1.2", "TLSv1.3")


async def test_tls_handshake_that_stalls(start: Start) -> None:
    """It has tls_handshake_seconds, and does not delay the end of the server."""
    limits = Limits(tls_handshake_seconds=0.1, closing_grace_seconds=60)
    server = await start(certfile=TLS / "cert.pem", certkey=TLS / "key.pem", limits=limits)
    async with await server.connect() as client:
        assert not await read_all(client)
    limits = Limits(tls_handshake_seconds=60, closing_grace_seconds=60)
    server = await start(certfile=TLS / "cert.pem", certkey=TLS / "key.pem", limits=limits)
    async with await server.connect(b"\x16\x03\x01"):
        await settled_resources()
        server.closing.set()
        with trio.fail_after(30):
            await server.ended.wait()


async def test_streams_end_properly_at_closing(start: Start) -> None:
    """An endless reply gets its last chunk; idle connections end at once; then nobody listens."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/stream":
            return await hello(scope, receive, send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await server.closing.wait()
        await send({"type": "http.response.body", "body": b"last"})

    before = await settled_resources()
    server = await start(app, limits=Limits(closing_grace_seconds=60))
    async with await server.connect(GET) as idle, await server.connect() as unused:
        await read_until(idle, b"hello")
        async with await server.connect(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") as stream:
            await read_until(stream, b"first")
            server.closing.set()
            assert (await read_all(stream)).endswith(b"last\r\n0\r\n\r\n")
        assert not await read_all(idle)
        assert not await read_all(unused)
        with trio.fail_after(30):
            await server.ended.wait()
    with pytest.raises(OSError):
        await server.connect()
    assert await settled_resources() == before


async def test_running_requests_have_a_grace(start: Start) -> None:
    """What ends within it is answered in full; what does not is cancelled."""
    go_on, cancelled = trio.Event(), trio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await go_on.wait()
            await hello(scope, receive, send)
        else:
            try:
                await trio.sleep_forever()
            finally:
                cancelled.set()

    server = await start(app, limits=Limits(closing_grace_seconds=0.3))
    async with (
        await server.connect(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") as slow,
        await server.connect(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n") as never,
    ):
        await settled_resources()
        server.closing.set()
        await settled_resources()
        go_on.set()
        assert (await read_all(slow)).endswith(b"hello")
        assert not await read_all(never)
        await cancelled.wait()
        await server.ended.wait()


async def test_half_a_body_does_not_hold_the_end(start: Start) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

    server = await start(app, limits=Limits(closing_stall_seconds=0.1, closing_grace_seconds=60))
    async with await server.connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"):
        await settled_resources()
        server.closing.set()
        with trio.fail_after(30):
            await server.ended.wait()


async def test_cancelling_the_server_ends_it_at_once() -> None:
    """Streams, unread replies and idle connections alike."""
    before = await settled_resources()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})

    async with trio.open_nursery() as nursery:

        async def run(task_status: trio.TaskStatus[list[str]]) -> None:
            await serve_http(app, HttpSettings(["127.0.0.1"], 0), closing=trio.Event(), task_status=task_status)

        (url,) = await nursery.start(run)
        client = await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
        await client.send_all(GET)
        await settled_resources()
        nursery.cancel_scope.cancel()
    await client.aclose()
    assert await settled_resources() == before


async def test_children_do_not_inherit_the_port(start: Start) -> None:
    """A process that a node starts must not keep the port when the server is gone."""
    before = set(socket_descriptors())
    await start()
    listening = set(socket_descriptors()) - before
    assert listening and not any(os.get_inheritable(descriptor) for descriptor in listening)


def socket_descriptors() -> list[int]:
    """The sockets of this process."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            if path.readlink().name.startswith("socket:"):
                found.append(int(path.name))
        except FileNotFoundError:
            pass  # the descriptor of the listing itself
    return found
