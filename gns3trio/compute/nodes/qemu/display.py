"""The screens of QEMU nodes: clients of VNC and SPICE.

The server accepts them on the node's console port and hands each connection over to QEMU, which then serves it itself.
So QEMU needs no port of its own. A websocket becomes such a connection too.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.compute.interface import NODE_STOPPED
from gns3trio.compute.nodes.qemu.monitor import Monitor
from gns3trio.errors import Conflict

log = logging.getLogger(__name__)

_READ_BYTES = 65536


class Display:
    """The screen of a node. ``protocol`` is what QEMU calls it; ``monitor`` is there while the machine runs."""

    def __init__(self) -> None:
        self.protocol = "vnc"
        self.monitor: Monitor | None = None
        self._clients: set[DisplayClient] = set()
        self._numbers = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        """Hand a connection over. Only Cancelled propagates."""
        try:
            await self.hand_over(stream.socket.fileno())
        except Conflict as error:
            log.warning("a client of a screen is not served: %s", error)
        finally:
            await trio.aclose_forcefully(stream)

    async def hand_over(self, descriptor: int) -> None:
        """Let QEMU serve a connection. Raises Conflict."""
        if self.monitor is None:
            raise Conflict(NODE_STOPPED)
        self._numbers += 1
        name = f"client{self._numbers}"
        await self.monitor.execute_with(descriptor, "getfd", fdname=name)
        await self.monitor.execute("add_client", protocol=self.protocol, fdname=name, skipauth=True)

    @contextmanager
    def attach(self) -> Iterator["DisplayClient"]:
        """A client that exists as long as the ``with``, for a websocket."""
        client = DisplayClient(self)
        self._clients.add(client)
        try:
            yield client
        finally:
            self._clients.discard(client)
            client.close("the client left")

    def close(self, reason: str) -> None:
        """Close the clients of websockets. QEMU closes the others when it ends."""
        for client in list(self._clients):
            client.close(reason)


class DisplayClient:
    """A client of a screen that exchanges its bytes here."""

    def __init__(self, display: Display) -> None:
        self.close_reason: str | None = None
        self._display = display
        self._socket: trio.socket.SocketType | None = None
        self._connecting = trio.Lock()
        self._closed = trio.Event()

    async def receive(self) -> bytes:
        """The next bytes for the client; empty if it must be closed."""
        sock = await self._connected()
        if sock is None:
            return b""
        try:
            data = await sock.recv(_READ_BYTES)
        except (OSError, trio.ClosedResourceError):
            data = b""
        if not data:
            self.close(NODE_STOPPED)
        return data

    async def send_input(self, data: bytes) -> None:
        """Pass bytes of the client to QEMU. Ignored once closed."""
        sock = await self._connected()
        try:
            while data and sock is not None:
                data = data[await sock.send(data) :]
        except (OSError, trio.ClosedResourceError):
            self.close(NODE_STOPPED)

    async def _connected(self) -> trio.socket.SocketType | None:
        async with self._connecting:
            if self._socket is None and not self._closed.is_set():
                ours, theirs = socket.socketpair()
                with theirs:
                    self._socket = trio.socket.from_stdlib_socket(ours)
                    try:
                        await self._display.hand_over(theirs.fileno())
                    except Conflict as error:
                        self.close(str(error))
            return self._socket

    async def wait_closed(self) -> None:
        """Return when the screen has closed this client."""
        await self._closed.wait()

    def close(self, reason: str) -> None:
        """Close the connection. Does nothing if it is closed already."""
        if not self._closed.is_set():
            self.close_reason = reason
            self._closed.set()
            if self._socket is not None:
                self._socket.close()
