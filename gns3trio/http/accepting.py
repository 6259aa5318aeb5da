"""Accepts connections as long as there are descriptors for them, and some to spare for work.

A process that has used up its descriptors cannot accept, so its clients would wait without an answer, and a loop that
tries again and again takes all of a CPU. Here new clients are refused with 503 while there are still descriptors for
files, nodes and those who are connected. When even these are used up, one that is kept in reserve is given up for the
moment in which a client is refused.
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
"""For work: the last ones are not given to new connections."""
REFUSAL_SECONDS = 0.5
"""For a client to send its request: its unread bytes would make the kernel send a reset, which destroys the reply."""
PAUSE_SECONDS = 0.1
"""When not even the reserve helps."""
LOG_SECONDS = 60.0

NO_DESCRIPTORS = "The server has too many connections and files open; try again in a moment"

# accept(2): what the process or the machine lacks. Other errors are those of the client's connection.
_LACKS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class Acceptor:
    """Accepts the connections of listening sockets, as long as the ``with`` lasts.

    ``tls``: clients expect a handshake, so those that are refused get no reply.
    """

    def __init__(self, serve: Serve, nursery: trio.Nursery, *, tls: bool) -> None:
        self._serve = serve
        self._nursery = nursery
        self._tls = tls
        self._reserve: int | None = None
        self._lending = trio.Lock()  # who holds it has the reserve
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
        """Serve the client, if that leaves descriptors for work; a new one has the lowest number that is free."""
        if client.fileno() < resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED_DESCRIPTORS:
            self._nursery.start_soon(self._serve, trio.SocketStream(client))
            return True
        return False

    async def _refuse(self, client: trio.socket.SocketType) -> None:
        """Answer 503 and close."""
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
