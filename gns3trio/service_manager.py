"""Reports to the service manager that started the server: that it is ready, that its loop runs, that it stops.

The protocol is that of sd_notify(3): datagrams with lines ``NAME=VALUE`` to the Unix socket ``$NOTIFY_SOCKET``. systemd
uses it, and so do container engines that pass it on.
"""

import logging
import os
import socket
from collections.abc import Mapping

import trio

from gns3trio.classes import frozen

log = logging.getLogger(__name__)

_MICROSECOND = 1e-6
# A ping may come late by more than the time between two: sd_watchdog_enabled(3) recommends half of the time limit.
_PINGS_PER_LIMIT = 2


@frozen
class ServiceManager:
    """``address`` is that of a socket in AF_UNIX. The manager restarts the server if it gets no ping for
    ``watchdog_seconds``; None if it does not watch.
    """

    address: str
    watchdog_seconds: float | None = None

    async def report(self, status: str, closing: trio.Event) -> None:
        """Report that the server is ready, and that it stops once ``closing`` is set. Ping until cancelled, because
        stopping may hang too. ``status`` is for people.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
            sock = trio.socket.from_stdlib_socket(made)
            await self._send(sock, "READY=1", f"STATUS={status}")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ping, sock)
                await closing.wait()
                await self._send(sock, "STOPPING=1", "STATUS=stopping")

    async def _ping(self, sock: trio.socket.SocketType) -> None:
        """A task of the loop, so that no ping is sent while the loop is blocked."""
        while self.watchdog_seconds is not None:
            await self._send(sock, "WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / _PINGS_PER_LIMIT)

    async def _send(self, sock: trio.socket.SocketType, *lines: str) -> None:
        """Waits while the manager's queue is full. A manager that is gone does not end the labs."""
        try:
            await sock.sendto("\n".join(lines).encode(), self.address)
        except OSError as error:
            log.warning("cannot tell the service manager %s: %s", lines[0], os.strerror(error.errno or 0))


def find_service_manager(environ: Mapping[str, str]) -> ServiceManager | None:
    """The service manager that the variables ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` name; None if
    there is none. ``WATCHDOG_USEC`` is in microseconds.
    """
    path = environ.get("NOTIFY_SOCKET", "")
    if not path:
        return None
    if path[0] not in "/@":
        log.warning("NOTIFY_SOCKET: %r is neither an absolute path nor an abstract address", path)
        return None
    address = "\0" + path[1:] if path[0] == "@" else path
    return ServiceManager(address, _watchdog_seconds(environ))


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for a process that has started this one
    limit = environ.get("WATCHDOG_USEC", "0")
    if not (limit.isascii() and limit.isdigit()) or len(limit) > 20:
        log.warning("WATCHDOG_USEC: %r is not a number of microseconds", limit)
        return None
    return int(limit) * _MICROSECOND or None
