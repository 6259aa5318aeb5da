"""Accepts connections as long as enough file descriptors are left for them and for other work.

A process without free descriptors cannot accept connections. Its clients would wait without an answer, and a loop that
retries would use a whole CPU. Therefore new clients are answered with 503 while some descriptors are still free for
files, nodes and existing connections. If none is free, one descriptor that is kept in reserve is closed, so that one
client can be accepted and answered.
"""

import errno
import logging
import os
import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

import trio

from gns3trio.http.protocol import error_reply

RESERVED_DESCRIPTORS = 32
"""Descriptors reserved for other work than new connections."""
REFUSAL_SECONDS = 0.5
"""For a client to send its request: its unread bytes would make the kernel send a reset, which destroys the reply."""
PAUSE_SECONDS = 0.1
"""Pause before the next attempt when even the reserve does not help, in seconds."""
LOG_SECONDS = 60.0

NO_DESCRIPTORS = "The server has too many connections and files open; try again in a moment"

# Errors of accept(2) that mean a lack of resources. All other errors concern the client's connection.
_LACKS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class Acceptor:
    """Accepts the connections of listening sockets, as long as the ``with`` lasts.

    ``tls``: rejected clients get no reply, because they expect a handshake first.
    """

    def __init__(self, serve: Serve, nursery: trio.Nursery, *, tls: bool) -> None:
        self._serve = serve
        self._nursery = nursery
        self._tls = tls
        self._reserve: int | None = None
        self._lending = trio.Lock()  # held by the task that uses the reserve
        self._logged = -LOG_SECONDS

    def __enter__(self) -> "Acceptor":
        self._keep_reserve()
        return self

    def __exit__(self, *error: object) -> None:
        self._give_up_reserve()

    async def run(self, listening: socket.socket) -> NoReturn:
        """Accept until cancelled; the socket is closed then."""
        with trio.socket.from_stdlib_socket(listening) as listener:
            while True:
                await self._accept(listener)

    async def _accept(self, listener: trio.socket.SocketType) -> None:
        try:
            client, _ = await listener.accept()
        except OSError as error:
            if error.errno in _LACKS:
                await self._accept_with_reserve(listener)
            else:
                await trio.lowlevel.checkpoint()  # the client has gone already
        else:
            if not self._welcome(client):
                self._nursery.start_soon(self._refuse, client)

    async def _accept_with_reserve(self, listener: trio.socket.SocketType) -> None:
        await trio.lowlevel.wait_readable(listener)  # without descriptors accept(2) fails also when there is no client
        async with self._lending:
            self._give_up_reserve()
            try:
                client, _ = await listener.accept()
            except OSError:
                await trio.sleep(PAUSE_SECONDS)
            else:
                if not self._welcome(client):
                    await self._refuse(client)
            self._keep_reserve()

    def _welcome(self, client: trio.socket.SocketType) -> bool:
        """Serve the client if enough descriptors are left. (A new descriptor always has the lowest free number.)"""
        if client.fileno() < resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED_DESCRIPTORS:
            self._nursery.start_soon(self._serve, trio.SocketStream(client))
            return True
        return False

    async def _refuse(self, client: trio.socket.SocketType) -> None:
        """Answer 503 and close the connection; used when no descriptors are left."""
        now = trio.current_time()
        if now - self._logged >= LOG_SECONDS:
            self._logged = now
            log.warning("no descriptors are left for new connections, which are refused")
        with client, suppress(OSError):
            if self._tls:
                return
            with trio.move_on_after(REFUSAL_SECONDS):
                await client.recv(65536)
            headers, body = error_reply(503, NO_DESCRIPTORS)
            lines = [b"HTTP/1.1 503 Service Unavailable", *(b"%b: %b" % header for header in headers), b"", body]
            await client.send(b"\r\n".join(lines))

    def _keep_reserve(self) -> None:
        if self._reserve is None:
            with suppress(OSError):
                self._reserve = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _give_up_reserve(self) -> None:
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None
