"""Watches the interfaces of this host without polling, and reports when they appear, disappear, or go down."""

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

_RTMGRP_LINK = 1  # rtnetlink(7): changes of interfaces; listening needs no privilege
_MESSAGE_BYTES = 65536


class InterfaceWatch:
    """Calls all registered functions whenever any interface has changed. They check themselves what has changed.

    So nothing is lost if changes come faster than they are read. After the first call of ``look``, ``present`` contains
    the interfaces as from ``list_interfaces``.
    """

    def __init__(self) -> None:
        self.present: list[HostInterface] = []
        self._callbacks: set[Callable[[], None]] = set()
        self._is_looked_at = False

    async def look(self) -> None:
        """Update ``present``, and keep it up to date from now on. Raises NoThread."""
        self._is_looked_at = True
        self.present = await threads.devices.run(list_interfaces)

    def add(self, callback: Callable[[], None]) -> None:
        """Register a function. Does nothing if it is registered already."""
        self._callbacks.add(callback)

    def discard(self, callback: Callable[[], None]) -> None:
        """Unregister a function. Does nothing if it is not registered."""
        self._callbacks.discard(callback)

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Listen until cancelled. If the host does not permit this, log it; no function is called then."""
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
                    with suppress(NoThread):  # an old list is better than none
                        await self.look()


def _drain(news: socket.socket) -> None:
    while True:
        try:
            news.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            pass  # ENOBUFS: some messages were lost; the others follow
