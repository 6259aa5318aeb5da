"""Sessions at a compute of ours: websockets whose life is that of what is used through them.

``gns3trio/api/sessions.py`` is their other side, and describes the messages.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio.compute.remote.http import ANSWER_SECONDS, ComputeHttp
from gns3trio.compute.remote.websocket import first_of, open_websocket
from gns3trio.errors import LabError

# How long the first step may take.
OPEN_SECONDS = 10.0


class Session:
    """A session. Use ``open_session``."""

    def __init__(self, http: ComputeHttp, websocket: WebSocketConnection) -> None:
        self._http = http
        self._websocket = websocket

    async def send(self, message: Any) -> None:
        """Send a JSON message. Raises ComputeAway."""
        try:
            await self._websocket.send_message(orjson.dumps(message).decode())
        except ConnectionClosed:
            raise self._http.unavailable("it ended the session") from None

    async def receive(self) -> dict[str, Any] | bytes:
        """The next message: a JSON object, or records. Raises the error that the compute tells, or ComputeAway."""
        try:
            message = await self._websocket.get_message()
        except ConnectionClosed:
            raise self._http.unavailable("it ended the session") from None
        if not isinstance(message, str):
            return bytes(message)
        value = await self._http.parse(message.encode(errors="replace"))
        if not isinstance(value, dict):
            raise self._http.unavailable("its message is no object")
        match value.get("error"):
            case {"status": int() as status, "message": str() as text}:
                raise self._http.refusal(status, text)
        return value

    async def ask(self, message: Any, work_seconds: float = 0.0) -> dict[str, Any]:
        """Send a message, and return the answer to it. It may take as long as that of a request, and so many seconds
        more, in which the compute works. Raises as ``receive``, ComputeAway also if it takes longer.
        """
        seconds = ANSWER_SECONDS + work_seconds
        answer: dict[str, Any] | bytes | None = None
        with trio.move_on_after(seconds):
            await self.send(message)
            answer = await self.receive()
        if answer is None:
            raise self._http.unavailable(f"did not answer within {seconds:g} s")
        if isinstance(answer, bytes):
            raise self._http.unavailable("its answer is no object")
        return answer


@asynccontextmanager
async def open_session(http: ComputeHttp, path: str) -> AsyncIterator[Session]:
    """A session at a path below ``/v2/compute``, for as long as the ``async with`` lasts.

    Its body is cancelled, and ComputeAway raised, when the compute does not answer any more.
    """
    try:
        with http.lasting():
            async with open_websocket(
                http.address, http.context, f"{http.dialect.prefix}/{path}", OPEN_SECONDS
            ) as websocket:
                yield Session(http, websocket)
    except ExceptionGroup as group:  # of the nurseries of the websocket and of the body
        errors = group.subgroup(LabError)
        raise first_of(errors) if errors is not None else group from None
