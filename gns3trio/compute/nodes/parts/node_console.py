"""A node's console: its TCP port, which is held as long as the node exists, and its telnet clients."""

import trio

from gns3trio.compute.interface import NODE_STOPPED
from gns3trio.compute.local.leases import ConsoleLease, ConsolePorts
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict


class NodeConsole:
    """A console port and its ``hub``.

    Client tasks run in ``clients``, a nursery that outlives the node's own: the hub ends them, and they may still read
    their last bytes.
    """

    def __init__(self, ports: ConsolePorts, clients: trio.Nursery) -> None:
        self.hub = ConsoleHub(NODE_STOPPED)
        self._ports = ports
        self._clients = clients
        self._lease: ConsoleLease | None = None
        self._nursery: trio.Nursery | None = None  # while it should listen
        self._listening: trio.CancelScope | None = None

    @property
    def port(self) -> int | None:
        """The TCP port; None if there is none."""
        return self._lease.port if self._lease is not None else None

    def take(self, port: int | None) -> str | None:
        """Lease ``port``, or the lowest free one. If ``port`` is in use, another one is leased and the reason is
        returned.

        Raises Conflict if no port is free.
        """
        try:
            self._lease = self._ports.lease(port)
        except Conflict as conflict:
            if port is None:
                raise
            self._lease = self._ports.lease()
            return str(conflict)
        return None

    def move(self, port: int | None) -> None:
        """Move to another port, or lease one if there is none. Connected clients stay. None keeps the port.

        Raises Conflict if the port is in use; nothing is changed then.
        """
        if self._lease is not None and port in (None, self._lease.port):
            return
        lease = self._ports.lease(port)
        try:
            listeners = lease.listen() if self._nursery is not None else []
        except Conflict:
            lease.release()
            raise
        self._end_listening()
        if self._lease is not None:
            self._lease.release()
        self._lease = lease
        if listeners:
            self._accept_from(listeners)

    def listen(self, nursery: trio.Nursery) -> None:
        """Accept clients in a task of ``nursery`` until ``stop_listening``. Raises Conflict if the port is in use."""
        listeners = self._lease.listen() if self._lease is not None else []
        self._nursery = nursery
        if listeners:
            self._accept_from(listeners)

    def _accept_from(self, listeners: list[trio.SocketListener]) -> None:
        scope = self._listening = trio.CancelScope()

        async def accept() -> None:
            with scope:
                await trio.serve_listeners(self.hub.serve_telnet, listeners, handler_nursery=self._clients)

        assert self._nursery is not None
        self._nursery.start_soon(accept)

    def stop_listening(self) -> None:
        """Refuse new clients. Does nothing if it is not listening."""
        self._nursery = None
        self._end_listening()

    def _end_listening(self) -> None:
        if self._listening is not None and self._lease is not None:
            self._listening.cancel()
            self._lease.stop_listening()
        self._listening = None

    def release(self) -> None:
        """Release the port, if there is one. ``take`` or ``move`` lease a port again."""
        self._end_listening()
        if self._lease is not None:
            self._lease.release()
            self._lease = None
