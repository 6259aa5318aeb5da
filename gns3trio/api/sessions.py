"""Sessions: websockets whose life is that of what a client uses through them, such as a capture or a measurement.

The client begins with a JSON message that says what it wants. Further messages go both ways: JSON as text, records as
bytes. When the websocket ends, for whatever reason, everything that belongs to the session ends, so a client that dies
leaves nothing behind. An error is the last message: ``{"error": {"message": ..., "status": ...}}``, with the status
that a request would have.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import trio
from starlette.websockets import WebSocket, WebSocketDisconnect

from gns3trio.api.errors import status_of
from gns3trio.convert import make_strict_converter, structure
from gns3trio.encoding import dumps_sorted
from gns3trio.errors import LabError
from gns3trio.json_text import read_json

WS_NORMAL = 1000
WS_GOING_AWAY = 1001
# Messages of a client that wait until they are read. If there are more, the client waits.
_QUEUED = 16

_converter = make_strict_converter(forbid_extra_keys=True)
_T = TypeVar("_T")


class Session:
    """The server's side of a session. Use ``serve_session``."""

    def __init__(self, websocket: WebSocket, messages: trio.MemoryReceiveChannel[str | bytes]) -> None:
        self._websocket = websocket
        self._messages = messages

    async def receive(self, kind: type[_T]) -> _T:
        """The next message of the client. Raises Invalid, with the name of the field, if it is no ``kind``."""
        message = await self._messages.receive()
        data = message.encode() if isinstance(message, str) else message
        return structure(_converter, read_json(data), kind)

    async def send(self, message: Any) -> None:
        """Send a JSON message."""
        await self._websocket.send_text(dumps_sorted(message).decode())

    async def send_records(self, records: bytes) -> None:
        """Send bytes."""
        await self._websocket.send_bytes(records)


async def serve_session(websocket: WebSocket, closing: trio.Event, serve: Callable[[Session], Awaitable[None]]) -> None:
    """Run ``serve`` until it returns or raises LabError, the client leaves, or the server closes."""
    await websocket.accept()
    close_code: int | None = WS_NORMAL
    send, messages = trio.open_memory_channel[str | bytes](_QUEUED)
    session = Session(websocket, messages)

    async def from_client() -> None:
        nonlocal close_code
        try:
            while (message := await websocket.receive())["type"] != "websocket.disconnect":
                text, data = message.get("text"), message.get("bytes")
                await send.send(text if text is not None else data or b"")
        except WebSocketDisconnect:
            pass
        close_code = None
        nursery.cancel_scope.cancel()

    async def until_server_closes() -> None:
        nonlocal close_code
        await closing.wait()
        close_code = WS_GOING_AWAY
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(from_client)
        nursery.start_soon(until_server_closes)
        try:
            await serve(session)
        except LabError as error:
            await session.send({"error": {"message": str(error), "status": status_of(error)}})
        nursery.cancel_scope.cancel()
    if close_code is not None:
        await websocket.close(close_code)
