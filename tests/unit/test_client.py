"""What the commands' client bears with."""

import ssl

import trio
from outcome import Value, acapture
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request

from gns3trio.client import Client

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
        async with Client("http", address, None, ssl.create_default_context()).websocket("/"):
            pass

    assert await acapture(visit) == Value(None)  # the failure is a Cancelled, which nobody would notice here
