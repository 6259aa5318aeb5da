"""A node's console over a websocket: binary frames with the same bytes that a telnet client gets."""

import trio
from starlette.websockets import WebSocket, WebSocketDisconnect

from gns3trio.compute.interface import NODE_STOPPED, ComputeNode
from gns3trio.compute.node_features import ConsoleClient
from gns3trio.errors import Forbidden

# How long a closed client may take to read its last bytes.
CLOSE_SECONDS = 2.0
WS_NORMAL = 1000
WS_GOING_AWAY = 1001


async def serve_console(websocket: WebSocket, instance: ComputeNode | None, closing: trio.Event) -> None:
    """Connect ``websocket`` to the console until either side ends. The close frame gives the reason.

    A stopped node's console closes at once, with the normal code (1000), as GNS3 does.
    """
    await websocket.accept()
    missing = _missing(instance)
    if instance is None or instance.console_access is None or missing is not None:
        await websocket.close(WS_NORMAL, missing)
        return
    close_code: int | None = WS_NORMAL

    async def from_client(client: ConsoleClient, nursery: trio.Nursery) -> None:
        nonlocal close_code
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                data = message.get("bytes")
                await client.send_input(data if data is not None else message["text"].encode())
        except WebSocketDisconnect:
            pass
        close_code = None
        nursery.cancel_scope.cancel()

    async def until_server_closes(nursery: trio.Nursery) -> None:
        nonlocal close_code
        await closing.wait()
        close_code = WS_GOING_AWAY
        nursery.cancel_scope.cancel()

    async def until_console_closes(client: ConsoleClient, nursery: trio.Nursery) -> None:
        """After the console has closed, wait a limited time for the client to read its last bytes."""
        await client.wait_closed()
        await trio.sleep(CLOSE_SECONDS)
        nursery.cancel_scope.cancel()

    with instance.console_access.attach() as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(from_client, client, nursery)
            nursery.start_soon(until_server_closes, nursery)
            nursery.start_soon(until_console_closes, client, nursery)
            while data := await client.receive():
                await websocket.send_bytes(data)
            nursery.cancel_scope.cancel()
    if close_code is not None:
        await websocket.close(close_code, client.close_reason if close_code == WS_NORMAL else "the server stops")


def require_screen(instance: ComputeNode | None) -> None:
    """Raises Forbidden unless the console of a node is a screen, of which VNC (RFC 6143) shows the contents."""
    if instance is None or instance.console_type != "vnc":
        raise Forbidden("the console of this node is not a screen of VNC")


def _missing(instance: ComputeNode | None) -> str | None:
    """The reason why the node has no console; None if it has one."""
    if instance is None:
        return "the node does not run on this server"
    if instance.console_access is None:
        return "the node has no console"
    return NODE_STOPPED if instance.status == "stopped" else None
