"""A node's console: its TCP port, which is held as long as the node exists, and its telnet clients."""

from gns3trio.compute.interface import NODE_STOPPED
from gns3trio.compute.local.leases import ConsoleLease, ConsolePorts
from gns3trio.console.acceptor import ConsoleAcceptor, Serve
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict


class NodeConsole:
    """A console port and its ``hub``. ``acceptor`` accepts the clients while the node runs. The hub ends them, and they
    may still read their last bytes. ``serve`` serves clients that are none of the hub.
    """

    __slots__ = ("_acceptor", "_is_listening", "_lease", "_ports", "hub", "serve")

    def __init__(self, ports: ConsolePorts, acceptor: ConsoleAcceptor) -> None:
        self.hub = ConsoleHub(NODE_STOPPED)
        self._ports = ports
        self._acceptor = acceptor
        self._lease: ConsoleLease | None = None
        self._is_listening = False  # or would be if it had a port
        self.serve: Serve = self.hub.serve_telnet

    @property
    def port(self) -> int | None:
        """The TCP port; None if there is none."""
        return self._lease.port if self._lease is not None else None

    def take(self, port: int | None, *, modestly: bool = False, least: int = 0) -> str | None:
        """Lease ``port``, or the lowest free one. If ``port`` is in use, another one is leased and the reason is
        returned. ``modestly`` and ``least``: as in ``ConsolePorts.lease``.

        Raises Conflict if no port is free.
        """
        try:
            self._lease = self._ports.lease(port, modestly=modestly, least=least)
        except Conflict as conflict:
            if port is None:
                raise
            self._lease = self._ports.lease(modestly=modestly, least=least)
            return str(conflict)
        return None

    def move(self, port: int | None, *, least: int = 0) -> None:
        """Move to another port, or lease one if there is none. Connected clients stay. None keeps the port.

        Raises Conflict if the port is in use; nothing is changed then.
        """
        if self._lease is not None and port in (None, self._lease.port):
            return
        lease = self._ports.lease(port, least=least)
        try:
            if self._is_listening:
                self._accept_from(lease)
        except Conflict:
            lease.release()
            raise
        self._end_listening()
        if self._lease is not None:
            self._lease.release()
        self._lease = lease

    def listen(self) -> None:
        """Accept clients until ``stop_listening``. Raises Conflict if the port is in use."""
        if self._lease is not None:
            self._accept_from(self._lease)
        self._is_listening = True

    def _accept_from(self, lease: ConsoleLease) -> None:
        lease.listen()
        try:
            self._acceptor.add(lease.sockets, self.serve)
        except OSError as error:
            lease.stop_listening()
            raise Conflict(f"Console port {lease.port} cannot be opened: {error.strerror}") from None

    def stop_listening(self) -> None:
        """Refuse new clients. Does nothing if it is not listening."""
        self._end_listening()
        self._is_listening = False

    def _end_listening(self) -> None:
        if self._is_listening and self._lease is not None:
            self._acceptor.remove(self._lease.sockets)
            self._lease.stop_listening()

    def release(self) -> None:
        """Release the port, if there is one. ``take`` or ``move`` lease a port again."""
        self._end_listening()
        if self._lease is not None:
            self._lease.release()
            self._lease = None
