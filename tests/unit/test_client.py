"""What the commands' client bears with."""

from pathlib import Path

import pytest
import trio
from outcome import Value, acapture
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request

from gns3trio.client import Client
from gns3trio.errors import Unavailable

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
    ("credentials", "hint"), [(None, "asks for user and password: give them as --user"), ("Basic eDp5", "is wrong")]
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
