"""Accepts the telnet clients of all consoles in one task: a console costs a task only while somebody is connected.

The listening sockets are in one epoll(7), which trio waits for: an epoll descriptor is itself readable while one of its
sockets is.
"""

import errno
import logging
import resource
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NoReturn

import trio

log = logging.getLogger(__name__)

# Clients of one console that are accepted in a round, and consoles that are looked at: others follow in the next one.
_CLIENTS_PER_ROUND = 16
_CONSOLES_PER_ROUND = 64
# Descriptors that clients of consoles leave for others, or this part of all if that is less: nobody who opens telnet
# connections keeps requests, files and nodes from what they need. Consoles themselves leave twice as many
# (``ConsolePorts.lease``), so that there are some for their clients.
_RESERVED_DESCRIPTORS, _RESERVED_PART = 512, 1 / 8
# Until the next attempt when there is no descriptor or memory for a client.
_PAUSE_SECONDS = 0.1
_LOG_SECONDS = 60.0
_LACKS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class ConsoleAcceptor:
    """Use ``open_console_acceptor``. The clients' tasks run in ``clients``."""

    def __init__(self, epoll: select.epoll, clients: trio.Nursery) -> None:
        self._epoll = epoll
        self._clients = clients
        self._listening: dict[int, tuple[socket.socket, Serve]] = {}  # by descriptor
        self._logged = -_LOG_SECONDS

    def add(self, sockets: Iterable[socket.socket], serve: Serve) -> None:
        """Accept from these listening sockets, until ``remove``, and serve each client in a task of its own.

        Raises OSError if the kernel refuses; none is added then.
        """
        added: list[socket.socket] = []
        try:
            for each in sockets:
                self._epoll.register(each, select.EPOLLIN)
                self._listening[each.fileno()] = each, serve
                added.append(each)
        except OSError:
            self.remove(added)
            raise

    def remove(self, sockets: Iterable[socket.socket]) -> None:
        """Accept from these no longer. They must be open still."""
        for each in sockets:
            if self._listening.pop(each.fileno(), None) is not None:
                self._epoll.unregister(each)

    async def run(self) -> NoReturn:
        """Accept until cancelled."""
        while True:
            await trio.lowlevel.wait_readable(self._epoll.fileno())
            for descriptor, _ in self._epoll.poll(0, _CONSOLES_PER_ROUND):
                lack = self._accept(*self._listening[descriptor])
                if lack is not None:
                    self._tell(lack)
                    await trio.sleep(_PAUSE_SECONDS)
                    break

    def _accept(self, listening: socket.socket, serve: Serve) -> str | None:
        """Accept the clients that wait at a console; returns what is lacking for one, if something is."""
        for _ in range(_CLIENTS_PER_ROUND):
            try:
                client, _ = listening.accept()
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno in _LACKS:
                    return error.strerror
                continue  # the client has left already
            # A new descriptor has the lowest free number.
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            if client.fileno() >= limit - min(limit * _RESERVED_PART, _RESERVED_DESCRIPTORS):
                client.close()
                return "too few descriptors are left"
            client.setblocking(False)
            self._clients.start_soon(serve, trio.SocketStream(trio.socket.from_stdlib_socket(client)))
        return None

    def _tell(self, lack: str) -> None:
        now = trio.current_time()
        if now - self._logged >= _LOG_SECONDS:
            self._logged = now
            log.warning("clients of consoles are not accepted: %s", lack)


@asynccontextmanager
async def open_console_acceptor() -> AsyncIterator[ConsoleAcceptor]:
    """Run an acceptor. At the end all clients that are left are cut off."""
    with select.epoll() as epoll:
        async with trio.open_nursery() as nursery:
            acceptor = ConsoleAcceptor(epoll, nursery)
            nursery.start_soon(acceptor.run)
            yield acceptor
            nursery.cancel_scope.cancel()
