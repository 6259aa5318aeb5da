"""The Python face of the native core, which owns every UDP tunnel socket of this server.

``open_forwarder`` lends the core a thread and takes it back at the end. Calls here are quick: each waits until
the core is between two batches of frames.
"""

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.stats import DROP_REASONS, PortCounters

MICROSECONDS = 1_000_000
Address = tuple[str, int]

# The layout of udpfwd_counters in native/udpfwd.h.
_COUNTERS = struct.Struct(f"@ii5Q{len(DROP_REASONS)}Q")
# Room in a snapshot for ports opened since the last one.
_SPARE_COUNTERS = 64


class _Closable:
    """Something of the core that is closed once, by hand or at the end of a ``with``."""

    def close(self) -> None:
        """End it; ended already is fine."""
        raise NotImplementedError

    def __enter__(self) -> "_Closable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Port(_Closable):
    """A UDP socket that frames come in and leave at. ``id`` is its number in a snapshot while it is open."""

    def __init__(self, forwarder: "Forwarder", port_id: int) -> None:
        self.id = port_id
        self._forwarder = forwarder
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._open

    def set_remote(self, remote: Address) -> None:
        """Send to another remote from now on, and take frames from it only."""
        _check(lib.udpfwd_port_set_remote(self._forwarder.core, self.id, *_ipv4(remote)))

    def close(self) -> None:
        """End it: its socket is bound and unconnected again. Bridges and splices on it end too."""
        if self._open:
            self._open = False
            _check(lib.udpfwd_port_close(self._forwarder.core, self.id))


class _Joint(_Closable):
    """Two joined ports. Ends with either port."""

    def __init__(self, separate: Callable[[Any, int], int], core: Any, first: Port, second: Port) -> None:
        self._separate = separate
        self._core = core
        self._ports = (first, second)
        self._open = True

    def close(self) -> None:
        """Separate the two ports."""
        if self._open and all(port.is_open for port in self._ports):
            _check(self._separate(self._core, self._ports[0].id))
        self._open = False


class Bridge(_Joint):
    """A patch of two ports: what comes in at one leaves at the other."""


class Splice(_Joint):
    """Two tunnel ports joined inside the core; frames take their sockets again when it is closed."""


class Forwarder:
    """The core with its ports. Use ``open_forwarder``."""

    def __init__(self, core: Any) -> None:
        self.core = core
        self._counters = ffi.new("udpfwd_counters[]", _SPARE_COUNTERS)
        self._capacity = _SPARE_COUNTERS

    def open_port(self, sock: socket.socket, remote: Address) -> Port:
        """A port on a bound UDP socket, which stays the caller's and must outlive the port.

        ``remote`` is an IPv4 address and a UDP port. Raises Invalid for another address, Conflict when the kernel
        refuses.
        """
        return Port(self, _check(lib.udpfwd_port_open(self.core, sock.fileno(), *_ipv4(remote))))

    def connect(self, first: Port, second: Port) -> Bridge:
        """Patch two ports. Raises Conflict when one of them is patched already."""
        _check(lib.udpfwd_patch(self.core, first.id, second.id))
        return Bridge(lib.udpfwd_unpatch, self.core, first, second)

    def splice(self, first: Port, second: Port) -> Splice:
        """Join two tunnel ports that are each other's remote. Raises Conflict when one of them is spliced already."""
        _check(lib.udpfwd_splice(self.core, first.id, second.id))
        return Splice(lib.udpfwd_unsplice, self.core, first, second)

    def snapshot(self) -> dict[int, PortCounters]:
        """The counters of all open ports by port id."""
        while (found := lib.udpfwd_snapshot(self.core, self._counters, self._capacity)) > self._capacity:
            self._capacity = found + _SPARE_COUNTERS
            self._counters = ffi.new("udpfwd_counters[]", self._capacity)
        data = ffi.buffer(self._counters, found * _COUNTERS.size)
        return {
            port_id: PortCounters(
                rx_frames, rx_bytes, tx_frames, tx_bytes, refused, dict(zip(DROP_REASONS, drops, strict=True))
            )
            for port_id, _, rx_frames, rx_bytes, tx_frames, tx_bytes, refused, *drops in _COUNTERS.iter_unpack(data)
        }

    def counters(self, port: Port) -> PortCounters:
        """The counters of one port."""
        return self.snapshot()[port.id]

    async def wait_changed(self) -> None:
        """Return when counters have changed since the last time, at most once in the forwarder's interval."""
        stats_fd = lib.udpfwd_stats_fd(self.core)
        await trio.lowlevel.wait_readable(stats_fd)
        os.eventfd_read(stats_fd)


def _ipv4(address: Address) -> tuple[int, int]:
    host, port = address
    try:
        return int(ipaddress.IPv4Address(host)), port
    except ValueError:
        raise Invalid(f"{host!r} is not an IPv4 address") from None


def _check(result: int) -> int:
    if result >= 0:
        return result
    if result == -errno.EBUSY:
        raise Conflict("the port is joined to another one already")
    raise Conflict(f"the forwarder refused: {os.strerror(-result)}")


@asynccontextmanager
async def open_forwarder(*, stats_interval: float = 0.5) -> AsyncIterator[Forwarder]:
    """A running forwarder. ``stats_interval``: the least number of seconds between two returns of ``wait_changed``.

    At the end all ports are closed. Raises OSError if the core cannot work.
    """
    opened = ffi.new("udpfwd **")
    result = lib.udpfwd_open(int(stats_interval * MICROSECONDS), opened)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    core = opened[0]
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_run_worker, core)
            try:
                yield Forwarder(core)
            finally:
                lib.udpfwd_stop(core)
    finally:
        lib.udpfwd_close(core)


async def _run_worker(core: Any, task_status: trio.TaskStatus[None]) -> None:
    def lend_thread() -> int:
        trio.from_thread.run_sync(task_status.started)
        return lib.udpfwd_run(core)

    # The worker ends when told to, not when cancelled: the core must not be freed below it.
    with trio.CancelScope(shield=True):
        result = await trio.to_thread.run_sync(lend_thread, limiter=trio.CapacityLimiter(1))
    if result < 0:
        raise OSError(-result, f"the forwarder's worker ended: {os.strerror(-result)}")
