"""Leases of ports: console ports, UDP tunnel ports, and the ports of VPCS itself.

Finding a free port and binding it later would be a race. A lease holds a bound socket from the moment its number is
known until ``release``.
"""

import errno
import heapq
import resource
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from uuid import UUID

from gns3trio.addresses import listening_socket
from gns3trio.compute.local.reservations import Reservations
from gns3trio.errors import Conflict
from gns3trio.limits import MAX_PORT

# Ports that browsers refuse ("bad ports", https://fetch.spec.whatwg.org/#port-blocking): no websocket or
# web client could use a console there.
# fmt: off
BROWSER_BLOCKED_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
    526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
    3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on

# The number of clients that can connect to a console at the same instant; the kernel makes further ones retry.
CONSOLE_BACKLOG = 128

# Descriptors that consoles of built-in PCs leave for connections, files, captures and other nodes.
_DESCRIPTORS_FOR_THE_REST = 1024

# These errors mean that the port is in use or may not be bound. Any other error is a mistake in the settings.
_NOT_FREE = frozenset({errno.EADDRINUSE, errno.EACCES})


class PortLease:
    """A port and the socket bound to it. ``release`` frees both, and does nothing the second time.

    ``others`` are sockets bound to the port on other addresses.
    """

    def __init__(
        self, port: int, held: socket.socket, on_release: Callable[[int], None], *others: socket.socket
    ) -> None:
        self.port = port
        self.socket = held
        self.sockets = (held, *others)
        self._on_release: Callable[[int], None] | None = on_release

    def release(self) -> None:
        """Close the socket; the port is free for others."""
        if self._on_release is not None:
            for each in self.sockets:
                each.close()
            self._on_release(self.port)
            self._on_release = None

    def __enter__(self) -> "PortLease":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class _FreePorts:
    """The numbers of a range, handed out lowest first.

    ``_next`` is the lowest number that was never handed out; ``_returned`` is a heap of lower numbers that are free
    again. A port that another program holds goes back to the heap, because it may become free. So a lease costs one
    bind for each such port below it (3 us each).
    """

    def __init__(self, start: int, end: int, skip: frozenset[int] = frozenset()) -> None:
        self._next = start
        self._end = end
        self._skip = skip
        self._returned: list[int] = []
        self._in_heap: set[int] = set()

    def take(
        self, bind: Callable[[int], list[socket.socket]], in_use: Callable[[int], bool]
    ) -> tuple[int, list[socket.socket]] | None:
        """The lowest port for which ``bind`` returns sockets, and these sockets; None if there is none."""
        foreign: list[int] = []
        try:
            while (port := self._pop()) is not None:
                if in_use(port):
                    continue  # leased by its number; it is returned when that lease ends
                held = bind(port)
                if held:
                    return port, held
                foreign.append(port)
            return None
        finally:
            for port in foreign:
                self.give_back(port)

    def give_back(self, port: int) -> None:
        """Return ``port``. A port that was never handed out here is ignored, because ``_next`` has not reached it."""
        if port < self._next and port not in self._in_heap and port not in self._skip:
            heapq.heappush(self._returned, port)
            self._in_heap.add(port)

    def _pop(self) -> int | None:
        if self._returned:
            port = heapq.heappop(self._returned)
            self._in_heap.discard(port)
            return port
        while self._next <= self._end:
            port = self._next
            self._next += 1
            if port not in self._skip:
                return port
        return None


class _Ports:
    """Leases from one range. Subclasses define how a port is bound, and the name of the setting."""

    kind: str
    setting: str

    def __init__(self, start: int, end: int, skip: frozenset[int] = frozenset()) -> None:
        self._start = start
        self._end = end
        self._free = _FreePorts(start, end, skip)
        self._leased: set[int] = set()

    def _bind(self, port: int) -> list[socket.socket]:
        raise NotImplementedError

    def _try_bind(self, port: int) -> list[socket.socket]:
        """Bind the port; returns the sockets, or none if it is not free."""
        try:
            return self._bind(port)
        except OSError as error:
            if error.errno in _NOT_FREE:
                return []
            raise Conflict(f"{self.kind} {port} cannot be bound: {error.strerror}") from None

    def _lease(self, port: int | None) -> PortLease:
        if port is None:
            found = self._free.take(self._try_bind, self._leased.__contains__)
            if found is None:
                raise Conflict(
                    f"No free {self.kind} between {self._start} and {self._end}: "
                    f"widen {self.setting}_start_port_range and {self.setting}_end_port_range"
                )
            port, held = found
        elif not 1 <= port <= MAX_PORT:
            raise Conflict(f"{self.kind} {port} is not a port from 1 to {MAX_PORT}")
        else:
            held = [] if port in self._leased else self._try_bind(port)
            if not held:
                raise Conflict(f"{self.kind} {port} is in use")
        self._leased.add(port)
        first, *others = held
        return PortLease(port, first, self._released, *others)

    def _released(self, port: int) -> None:
        self._leased.discard(port)
        if self._start <= port <= self._end:
            self._free.give_back(port)

    @property
    def range(self) -> tuple[int, int]:
        """The first and the last port."""
        return self._start, self._end

    @property
    def leased(self) -> frozenset[int]:
        """The ports that are leased now."""
        return frozenset(self._leased)


class ConsoleLease:
    """A console's TCP port. While nobody listens, connections are refused, but other programs cannot use the port."""

    def __init__(self, lease: PortLease) -> None:
        self._lease = lease

    @property
    def port(self) -> int:
        """The number of the port."""
        return self._lease.port

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """A bound socket for each address."""
        return self._lease.sockets

    def listen(self) -> None:
        """Let the sockets listen.

        Raises Conflict if another program has got the port after all (see ``ConsolePorts``).
        """
        try:
            for held in self._lease.sockets:
                # Inherited by connections, so that lingering ones do not block the port after a restart of the server.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.listen(CONSOLE_BACKLOG)
        except OSError as error:
            self.stop_listening()
            raise Conflict(f"Console port {self.port} cannot be opened: {error.strerror}") from None

    def stop_listening(self) -> None:
        """Refuse connections again. On Linux, shutdown(2) stops listening but keeps the port bound."""
        for held in self._lease.sockets:
            with suppress(OSError):  # it was not listening
                held.shutdown(socket.SHUT_RDWR)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)

    def release(self) -> None:
        """Release the port for other leases."""
        self._lease.release()


class ConsolePorts(_Ports):
    """TCP ports for consoles on all ``addresses``, from ``start`` to ``end`` inclusive."""

    kind = "Console port"
    setting = "console"

    def __init__(self, addresses: Sequence[str], start: int, end: int) -> None:
        super().__init__(start, end, BROWSER_BLOCKED_PORTS)
        self._addresses = addresses
        self._told_used_up = False

    def warning(self, conflict: Conflict, name: str) -> str | None:
        """What to tell when the node ``name`` gets no port because of the conflict; None if this was told, and no
        port was leased since.
        """
        told, self._told_used_up = self._told_used_up, True
        return (
            None if told else f"{conflict}. '{name}' and nodes after it have a console in the page and in gns3trio only"
        )

    def lease(self, port: int | None = None, *, modestly: bool = False, least: int = 0) -> ConsoleLease:
        """Lease ``port``, or the lowest free port from ``least`` on that browsers do not block. Raises Conflict.

        Each costs descriptors of this process. With ``modestly``, it is refused if too few would be left for the rest.
        """
        lease = self._lease(port) if port is not None or least <= self._start else self._lease_from(least)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        # A new descriptor has the lowest free number.
        if modestly and lease.sockets[-1].fileno() >= limit - min(limit // 4, _DESCRIPTORS_FOR_THE_REST):
            lease.release()
            raise Conflict(f"No more console ports: this server may have only {limit} files open (ulimit -Hn)")
        self._told_used_up = False
        return ConsoleLease(lease)

    def _lease_from(self, least: int) -> PortLease:
        for port in range(least, self._end + 1):
            if port not in BROWSER_BLOCKED_PORTS and port not in self._leased:
                with suppress(Conflict):
                    return self._lease(port)
        raise Conflict(f"No free {self.kind} between {least} and {self._end}: widen {self.setting}_end_port_range")

    def _bind(self, port: int) -> list[socket.socket]:
        with ExitStack() as stack:
            held = [stack.enter_context(self._bind_at(address, port)) for address in self._addresses]
            stack.pop_all()
            return held

    def _bind_at(self, address: str, port: int) -> socket.socket:
        """Bind exclusively if possible.

        With SO_REUSEADDR, two programs may bind one port until one of them listens. So it is used only if the port is
        blocked otherwise, by lingering connections (TIME_WAIT) of an earlier server. If another program held the port
        in the same way, ``listen`` would notice it.
        """
        try:
            return self._bind_with(address, port, reuse=False)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        held = self._bind_with(address, port, reuse=True)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return held

    def _bind_with(self, address: str, port: int, *, reuse: bool) -> socket.socket:
        held = listening_socket(address, self._addresses)
        try:
            held.setblocking(False)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
            held.bind((address, port))
        except BaseException:
            held.close()
            raise
        return held


class UdpPorts(_Ports):
    """UDP ports for tunnels on all addresses, from ``start`` to ``end`` inclusive.

    A project reserves ports; a NIO claims one of them, or any other that is free.
    """

    kind = "UDP port"
    setting = "udp"

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self._reserved = Reservations[PortLease]()

    def reserve(self, project_id: UUID) -> int:
        """Lease the lowest free port to the project. Raises Conflict."""
        lease = self._lease(None)
        self._reserved.add(project_id, lease.port, lease)
        return lease.port

    def take(self, port: int) -> PortLease:
        """Lease ``port`` for no project. Raises Conflict if it is in use or reserved."""
        return self._lease(port)

    def claim(self, project_id: UUID, port: int) -> PortLease:
        """Hand the project's lease of ``port`` to the caller. If the port was not reserved, it is leased now. Raises
        Conflict.
        """
        lease = self._reserved.claim(project_id, port)
        return lease if lease is not None else self._lease(port)

    def release_project(self, project_id: UUID) -> None:
        """Release the ports that the project reserved and no NIO has claimed."""
        self._reserved.release_project(project_id)

    def release_all(self) -> None:
        """Release the reserved ports of all projects."""
        self._reserved.release_all()

    def _bind(self, port: int) -> list[socket.socket]:
        return [bind_udp("0.0.0.0", port)]


def bind_udp(host: str, port: int) -> socket.socket:
    """A UDP socket bound to ``host`` and ``port`` (0: one of the system's ephemeral ports). Raises OSError."""
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.setblocking(False)
        held.bind((host, port))
    except BaseException:
        held.close()
        raise
    return held
