"""Tells when interfaces of this host come, go, or go down, without asking again and again."""

import logging
import socket
from collections.abc import Callable

import trio

log = logging.getLogger(__name__)

_RTMGRP_LINK = 1  # rtnetlink(7): news of interfaces; listening needs no privilege
_MESSAGE_BYTES = 65536


class InterfaceWatch:
    """Calls who registered whenever anything about any interface has changed; they look themselves at what it was.

    So nothing is lost when news come faster than they are read.
    """

    def __init__(self) -> None:
        self._callbacks: set[Callable[[], None]] = set()

    def add(self, callback: Callable[[], None]) -> None:
        """Register; twice is fine."""
        self._callbacks.add(callback)

    def discard(self, callback: Callable[[], None]) -> None:
        """Undo ``add``; never added is fine."""
        self._callbacks.discard(callback)

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Listen until cancelled. A host that does not let us listen is logged; nobody is called then."""
        try:
            news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            news.bind((0, _RTMGRP_LINK))
        except OSError as error:
            log.warning("changes of this host's interfaces will not be noticed: %s", error.strerror)
            task_status.started()
            return
        with news:
            news.setblocking(False)
            task_status.started()
            while True:
                await trio.lowlevel.wait_readable(news)
                _drain(news)
                for callback in list(self._callbacks):
                    callback()


def _drain(news: socket.socket) -> None:
    while True:
        try:
            news.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            pass  # ENOBUFS: some were lost, and what is left comes next
