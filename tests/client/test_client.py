"""What the commands' client bears with."""

import os
import ssl
from argparse import Namespace
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
import trio
from outcome import Value, acapture
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request

from gns3trio.client.client import Client
from gns3trio.errors import LabError, Unavailable

TLS = Path(__file__).parents[1] / "http" / "tls"
PING = b"\x89\x00"  # RFC 6455, 5.5.2


async def ping_whoever_leaves(stream: trio.SocketStream) -> None:
    """A server whose ping crosses the client's good-bye."""
    connection = WSConnection(ConnectionType.SERVER)
    async for data in stream:
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, Request):
                await stream.send_all(connection.send(AcceptConnection()))
            elif isinstance(event, CloseConnection):
                await stream.send_all(PING + connection.send(event.response()))
                return


async def test_a_ping_while_the_client_leaves_is_no_failure(nursery: trio.Nursery) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, ping_whoever_leaves, [listener])
    address = f"127.0.0.1:{listener.socket.getsockname()[1]}"

    async def visit() -> None:
        async with Client("http", address, None, None).websocket("/"):
            pass

    assert await acapture(visit) == Value(None)  # the failure is a Cancelled, which nobody would notice here


@pytest.fixture
def answering(nursery: trio.Nursery) -> Callable[..., Awaitable[Client]]:
    """A client of a server that reads one piece of each request and answers with these bytes, or does this."""

    async def answer(given: bytes | Callable[[trio.SocketStream], Awaitable[None]]) -> Client:
        async def serve(stream: trio.SocketStream) -> None:
            async with stream:
                if callable(given):
                    await given(stream)
                else:
                    await stream.receive_some()
                    with suppress(trio.BrokenResourceError):  # the client has seen enough
                        await stream.send_all(given)

        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        return Client("http", f"127.0.0.1:{listener.socket.getsockname()[1]}", None, None)

    return answer


Answering = Callable[[bytes | Callable[[trio.SocketStream], Awaitable[None]]], Awaitable[Client]]
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "without sending a response"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "is no GNS3 server: .*illegal status line"),
        (HEAD + b"Content-Length: 3\r\n\r\nabc", "is no GNS3 server: JSONDecodeError"),
        (HEAD + b"X: " + b"a" * 300_000 + b"\r\n\r\n", "is no GNS3 server"),
        (HEAD + b"Content-Length: 9\r\n\r\n{}", "the answer broke off"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer broke off"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "the server answered 500"),
        (b'HTTP/1.1 409 No\r\nContent-Length: 17\r\n\r\n{"message": "no"}', "^no$"),
    ],
)
async def test_an_answer_that_is_none_is_told(answering: Answering, answer: bytes, told: str) -> None:
    client = await answering(answer)
    with pytest.raises(Unavailable, match=told):
        await client.request("GET", "/v2/version")


async def reach(client: Client, way: str) -> None:
    if way == "request":
        await client.request("GET", "/v2/version")
    else:
        async with client.stream("/") if way == "stream" else client.websocket("/"):
            pass


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1", "connection refused. Start a server"),
        ("http://localhost:1", "connection refused. Start a server"),
        ("http://[::1]:1", "connection refused. Start a server"),
        ("http://nowhere.invalid:80", "http://nowhere.invalid:80: .*name"),
        ("https://127.0.0.1:1", "connection refused. Start a server"),
    ],
)
@pytest.mark.parametrize("way", ["request", "stream", "websocket"])
async def test_a_server_that_is_not_there_is_told(url: str, told: str, way: str) -> None:
    client = Client.from_arguments(Namespace(url=url, user="", insecure=False))
    with pytest.raises(Unavailable, match=told):
        await reach(client, way)


@pytest.mark.parametrize("url", ["http://", "http://a..b:1", "http://x:0", "http://x:a", "ftp://x", "x"])
def test_a_url_that_is_none_is_told(url: str) -> None:
    with pytest.raises(LabError, match="--url: "):
        Client.from_arguments(Namespace(url=url, user="", insecure=False))


@pytest.mark.parametrize("way", ["request", "stream", "websocket"])
async def test_a_certificate_that_nobody_knows_is_told(nursery: trio.Nursery, way: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")

    async def answer(stream: trio.SSLStream[trio.SocketStream]) -> None:
        with suppress(trio.BrokenResourceError):
            await stream.receive_some()
            await stream.send_all(HEAD + b"Content-Length: 2\r\n\r\n{}")

    (listener,) = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, answer, [listener])
    url = f"https://127.0.0.1:{listener.transport_listener.socket.getsockname()[1]}"
    client = Client.from_arguments(Namespace(url=url, user="", insecure=False))
    with pytest.raises(Unavailable, match=r"certificate is not trusted: .* --insecure"):
        await reach(client, way)
    assert await Client.from_arguments(Namespace(url=url, user="", insecure=True)).request("GET", "/") == {}


@pytest.mark.parametrize("base", ["", "/labs"])
async def test_a_request_as_it_is_sent(answering: Answering, base: str) -> None:
    """Below the path of the URL; with a length, if there is a method with a body; with the credentials."""
    seen = []

    async def answer(stream: trio.SocketStream) -> None:
        data = await stream.receive_some()
        while b"Content-Length: 2" in data and not data.endswith(b"{}"):
            data += await stream.receive_some()
        seen.append(data)
        await stream.send_all(HEAD + b"Content-Length: 0\r\n\r\n")

    client = await answering(answer)
    client = attrs.evolve(client, address=client.address + base, credentials="Basic eDp5")
    for method, body in (("GET", None), ("POST", None), ("PUT", {})):
        assert await client.request(method, "/v2/x?a=b%20c", body) is None
        head, _, content = seen.pop().partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        assert line == f"{method} {base}/v2/x?a=b%20c HTTP/1.1"
        assert f"Host: {client.address.removesuffix(base)}" in fields and "Authorization: Basic eDp5" in fields
        length = {"GET": None, "POST": "0", "PUT": "2"}[method]
        assert [f for f in fields if "Length" in f] == ([] if length is None else [f"Content-Length: {length}"])
        assert content == (b"{}" if method == "PUT" else b"")


async def test_a_file_is_sent_piece_by_piece(answering: Answering, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    (tmp_path / "file").write_bytes(data)
    got = bytearray()

    async def answer(stream: trio.SocketStream) -> None:
        while not got.endswith(data):
            got.extend(await stream.receive_some())
        await stream.send_all(HEAD + b"Content-Length: 2\r\n\r\n{}")

    client, steps = await answering(answer), list[tuple[int, int | None]]()
    assert await client.upload("/", tmp_path / "file", lambda *step: steps.append(step)) == {}
    assert b"Content-Length: 1024000\r\n" in got
    assert len(steps) > 2 and steps[-1] == (len(data), len(data))


async def test_a_file_that_is_refused_while_it_is_sent(answering: Answering, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(20_000_000))
    body = b'{"message": "too large"}'

    async def refuse(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 413 No\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        async for _ in stream:
            pass

    client = await answering(refuse)
    with pytest.raises(Unavailable, match=r"^too large$"):
        await client.upload("/", tmp_path / "file", lambda *step: None)


async def test_a_file_that_becomes_shorter_while_it_is_sent(answering: Answering, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1_000_000))

    async def take(stream: trio.SocketStream) -> None:
        async for _ in stream:
            pass

    client = await answering(take)
    with pytest.raises(LabError, match="file: became shorter"):
        await client.upload("/", tmp_path / "file", lambda *step: os.truncate(tmp_path / "file", 300_000))


async def test_a_download_into_no_folder_names_the_file(answering: Answering, tmp_path: Path) -> None:
    client = await answering(HEAD + b"Content-Length: 2\r\n\r\n{}")
    (tmp_path / "file").write_text("")
    for place, reason in ((tmp_path / "no" / "x", "No such file"), (tmp_path / "file" / "x", "Not a directory")):
        with pytest.raises(LabError, match=f"^{place}: {reason}"):
            await client.download("/", place, lambda *step: None)


async def test_a_stream_that_is_left_closes_its_connection(answering: Answering) -> None:
    closed = trio.Event()

    async def tell(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        assert await stream.receive_some() == b""
        closed.set()

    client = await answering(tell)
    async with client.stream("/") as pieces:
        assert await anext(pieces) == b"ab"
    await closed.wait()


async def test_a_stream_that_breaks_off_is_told(answering: Answering) -> None:
    client = await answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    with pytest.raises(Unavailable, match="the stream broke off: "):
        async with client.stream("/") as pieces:
            assert [piece async for piece in pieces] == [b"ab"]


@pytest.mark.parametrize("head", [b"Content-Length: 9", b"Transfer-Encoding: chunked"])
async def test_a_download_that_broke_off_leaves_no_file(nursery: trio.Nursery, tmp_path: Path, head: bytes) -> None:
    async def answer_in_part(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n5\r\nab")
        await stream.aclose()

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, answer_in_part, [listener])
    address = f"127.0.0.1:{listener.socket.getsockname()[1]}"
    client = Client("http", address, None, None)
    with pytest.raises(Unavailable, match="broke off"):
        await client.download("/", tmp_path / "file", lambda done, size: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("credentials", "hint"),
    [
        (None, "asks for user and password: log in with gns3trio login NAME, or give --user"),
        ("Basic eDp5", "is wrong"),
    ],
)
async def test_who_is_refused_is_told_how_to_give_a_password(
    nursery: trio.Nursery, credentials: str | None, hint: str
) -> None:
    async def refuse(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, refuse, [listener])
    address = f"127.0.0.1:{listener.socket.getsockname()[1]}"
    with pytest.raises(Unavailable, match=f"{hint}.*GNS3TRIO_PASSWORD"):
        await Client("http", address, credentials, None).request("GET", "/v2/version")
