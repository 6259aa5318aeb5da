"""Knows the interfaces of this host, and tells when they come, go, or go down, without asking again and again."""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import trio

from gns3trio import threads
from gns3trio.compute.host import HostInterface
from gns3trio.compute.local.interfaces import list_interfaces
from gns3trio.errors import NoThread

log = logging.getLogger(__name__)

_RTMGRP_LINK = 1  # rtnetlink(7): news of interfaces; listening needs no privilege
_MESSAGE_BYTES = 65536


class InterfaceWatch:
    """Calls who registered whenever anything about any interface has changed; they look themselves at what it was.

    So nothing is lost when news come faster than they are read. ``present`` are the interfaces as ``list_interfaces``
    tells them, once somebody has called ``look``.
    """

    def __init__(self) -> None:
        self.present: list[HostInterface] = []
        self._callbacks: set[Callable[[], None]] = set()
        self._is_looked_at = False

    async def look(self) -> None:
        """Bring ``present`` up to date, and keep it so. Raises NoThread."""
        self._is_looked_at = True
        self.present = await threads.devices.run(list_interfaces)

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
                if self._is_looked_at:
                    with suppress(NoThread):  # the list of before is better than none
                        await self.look()


def _drain(news: socket.socket) -> None:
    while True:
        try:
            news.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            pass  # ENOBUFS: some were lost, and what is left comes next
