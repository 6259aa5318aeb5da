"""The console of a node on another host, for clients of this server's API: through a websocket at its compute."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio.compute.interface import NODE_STOPPED
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.websocket import open_websocket
from gns3trio.errors import LabError

_OPEN_SECONDS = 10.0
# Pieces in each direction that wait. If there are more, the sender waits.
_QUEUED = 16

OpenConsole = Callable[["RemoteConsoleClient"], None]


class RemoteConsoleClient:
    """A client of the console, as long as its websocket at the compute exists."""

    def __init__(self) -> None:
        self.close_reason: str | None = None
        self.scope = trio.CancelScope()
        self._closed = trio.Event()
        self._to_client, self._output = trio.open_memory_channel[bytes](_QUEUED)
        self._input, self._to_node = trio.open_memory_channel[bytes](_QUEUED)

    async def receive(self) -> bytes:
        """The next bytes of the console; empty at the end."""
        try:
            return await self._output.receive()
        except trio.EndOfChannel:
            return b""

    async def send_input(self, data: bytes) -> None:
        """Pass bytes to the node."""
        try:
            if data:
                await self._input.send(data)
        except trio.BrokenResourceError:
            pass  # closed

    async def wait_closed(self) -> None:
        """Wait until the console is closed."""
        await self._closed.wait()

    def refuse(self, reason: str) -> None:
        """There is no console."""
        self.close_reason = reason
        self._end()

    def abandon(self, reason: str) -> None:
        """The compute cannot be reached any more: the console ends, since nothing would come from it for ever."""
        self.close_reason = self.close_reason or reason
        self.scope.cancel()

    def _end(self) -> None:
        self._to_client.close()
        self._to_node.close()
        self._closed.set()

    async def run(self, address: ComputeAddress, context: ssl.SSLContext | None, path: str) -> None:
        """Exchange bytes with the console at a path, until either side ends."""
        try:
            with self.scope:
                async with (
                    open_websocket(address, context, path, _OPEN_SECONDS) as websocket,
                    trio.open_nursery() as nursery,
                ):
                    nursery.start_soon(self._send, websocket)
                    await self._receive(websocket)
                    nursery.cancel_scope.cancel()
                self.close_reason = self.close_reason or "the compute closed the console"
        except LabError as error:
            self.close_reason = str(error)
        finally:
            self._end()

    async def _receive(self, websocket: WebSocketConnection) -> None:
        try:
            while True:
                message = await websocket.get_message()
                data = message.encode() if isinstance(message, str) else bytes(message)
                if data:
                    await self._to_client.send(data)
        except (ConnectionClosed, trio.BrokenResourceError):
            return

    async def _send(self, websocket: WebSocketConnection) -> None:
        try:
            async for data in self._to_node:
                await websocket.send_message(data)
        except ConnectionClosed:
            return


class RemoteConsole:
    """Access to the console of a node. ``open`` starts the task of a client; ``is_started`` whether the node runs."""

    def __init__(self, open_console: OpenConsole, is_started: Callable[[], bool]) -> None:
        self._open = open_console
        self._is_started = is_started

    @contextmanager
    def attach(self) -> Iterator[RemoteConsoleClient]:
        """A client that exists as long as the ``with``."""
        client = RemoteConsoleClient()
        if not self._is_started():
            client.refuse(NODE_STOPPED)
            yield client
            return
        try:
            self._open(client)
            yield client
        finally:
            client.scope.cancel()
