"""The Python interface of the native core, which owns every UDP tunnel socket of this server.

``open_forwarder`` gives the core its worker threads and ends them afterwards. Calls are fast: at most they wait until
the workers have finished their current batches of frames.
"""

import errno
import ipaddress
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Literal

import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.classes import frozen
from gns3trio.conditions.core_filter import CoreFilter, Direction
from gns3trio.core_contract import FILTER_TYPES
from gns3trio.errors import Invalid, Unavailable
from gns3trio.forwarder.results import ERROR_BYTES, check_result
from gns3trio.forwarder.stats import COUNTERS_BYTES, unpack_counters
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.traffic.counters import CaptureCounters, PortCounters

MICROSECONDS = 1_000_000
Address = tuple[str, int]

# Room in a snapshot for ports opened since the last one.
_SPARE_COUNTERS = 64
# More of them would keep trio's thread for too long.
COUNTERS_AT_ONCE = 256
_NO_OFFLOAD = {
    errno.EPERM: "not permitted: the server needs CAP_BPF and CAP_NET_ADMIN (or root) for it",
    errno.EOPNOTSUPP: "this kernel cannot do it: Linux 6.6 or later is needed, with CONFIG_NET_XGRESS",
}
# More workers than this have no advantage: links of a lab are mostly idle.
_MOST_WORKERS = 4
DIRECTION_BITS: dict[Direction, int] = {
    "in": lib.UDPFWD_RX,
    "out": lib.UDPFWD_TX,
    "both": lib.UDPFWD_RX | lib.UDPFWD_TX,
}


class _Closable:
    """An object of the core that is closed once, explicitly or at the end of a ``with``."""

    __slots__ = ()

    def close(self) -> None:
        """Close it. Does nothing if it is closed already."""
        raise NotImplementedError

    def __enter__(self) -> "_Closable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Port(_Closable):
    """A port, through which frames come in and leave; in most cases a UDP socket. ``id`` is its number in snapshots
    while it is open.
    """

    __slots__ = ("_forwarder", "_open", "id")

    def __init__(self, forwarder: "Forwarder", port_id: int) -> None:
        self.id = port_id
        self._forwarder = forwarder
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether the port is still open."""
        return self._open

    def set_filters(self, filters: Sequence[CoreFilter], seed: int, *, suspended: bool | None = None) -> None:
        """Replace all filters in one step, together with the suspension, unless ``suspend`` is None.

        An empty sequence removes the filters. Held frames stay held, and later frames do not overtake them.

        Raises Invalid with the reason if an expression does not compile; nothing is changed then.
        """
        state = lib.UDPFWD_AS_BEFORE if suspended is None else suspended
        error = ffi.new("char[]", ERROR_BYTES)
        with _core_filters(filters) as array:
            arguments = self.id, array, len(filters), seed, state, error, ERROR_BYTES
            check_result(lib.udpfwd_port_set_filters(self._forwarder.core, *arguments), error)

    def suspend(self, suspended: bool) -> None:
        """Drop every frame in both directions, or pass them again."""
        check_result(lib.udpfwd_port_suspend(self._forwarder.core, self.id, suspended))

    def set_vlan(self, vlan: "VlanPort") -> None:
        """Change the VLAN configuration of a switch port."""
        check_result(lib.udpfwd_port_set_vlan(self._forwarder.core, self.id, *vlan.core_arguments()))

    def capture(self, options: "CaptureOptions") -> "CoreCapture":
        """Copy the passing frames. Raises Invalid if the expression does not compile."""
        expression = ffi.new("char[]", options.expression.encode()) if options.expression else ffi.NULL
        wanted = ffi.new("udpfwd_capture_options *")
        wanted.format = lib.UDPFWD_PCAPNG if options.pcapng else lib.UDPFWD_PCAP
        wanted.directions, wanted.snaplen = DIRECTION_BITS[options.direction], options.snaplen
        wanted.ring_bytes, wanted.expression = options.ring_bytes, expression
        opened, error = ffi.new("udpfwd_capture **"), ffi.new("char[]", ERROR_BYTES)
        core = self._forwarder.core
        check_result(lib.udpfwd_capture_open(core, self.id, wanted, opened, error, ERROR_BYTES), error)
        return CoreCapture(self._forwarder, opened[0])

    def close(self) -> None:
        """Close the port. Its socket is bound and unconnected again. Bridges and splices of the port end too."""
        if self._open:
            self._open = False
            check_result(lib.udpfwd_port_close(self._forwarder.core, self.id))


@contextmanager
def _core_filters(filters: Sequence[CoreFilter]) -> Iterator[Any]:
    """The filters as an array for the core, which exists as long as the ``with``."""
    expressions = [ffi.new("char[]", f.expression.encode()) if f.expression else ffi.NULL for f in filters]
    array = ffi.new("udpfwd_filter[]", len(filters))
    for entry, given, expression in zip(array, filters, expressions, strict=True):
        entry.type, entry.directions = FILTER_TYPES[given.kind], DIRECTION_BITS[given.direction]
        entry.parameters[0 : len(given.parameters)] = given.parameters
        entry.expression = expression
    yield array


class _Joint(_Closable):
    """Two joined ports. Ends with either port."""

    __slots__ = ("_core", "_open", "_ports", "_separate")

    def __init__(self, separate: Callable[[Any, int], int], core: Any, first: Port, second: Port) -> None:
        self._separate = separate
        self._core = core
        self._ports = (first, second)
        self._open = True

    def close(self) -> None:
        """Disconnect the two ports from each other."""
        if self._open and all(port.is_open for port in self._ports):
            check_result(self._separate(self._core, self._ports[0].id))
        self._open = False


class Patch(_Joint):
    """Two patched ports: frames that come in at one leave at the other."""

    __slots__ = ()


class Splice(_Joint):
    """Two tunnel ports joined inside the core. When this is closed, frames go through their sockets again."""

    __slots__ = ()


class Probe(_Closable):
    """A source whose frames leave at a port as if its node had sent them, and a sink for the frames of a trial."""

    def __init__(self, forwarder: "Forwarder", source: Port | None, sink: Port | None) -> None:
        self._forwarder = forwarder
        self._ids = _id_of(source), _id_of(sink)
        self._open = True

    def close(self) -> None:
        """Detach the source and the sink."""
        if self._open:
            self._open = False
            check_result(lib.udpfwd_probe_detach(self._forwarder.core, *self._ids))


def _id_of(port: Port | None) -> int:
    return port.id if port is not None else -1


@frozen(kw_only=True)
class VlanPort:
    """The VLAN configuration of a switch port. ``vlan`` is 1 to 4094; ``ethertype`` is that of a
    QinQ port's outer tag.
    """

    mode: Literal["access", "dot1q", "qinq"] = "access"
    vlan: int = 1
    ethertype: int = 0x8100

    def core_arguments(self) -> tuple[int, int, int]:
        """Mode, VLAN and ethertype as arguments for the core."""
        modes = {"access": lib.UDPFWD_ACCESS, "dot1q": lib.UDPFWD_DOT1Q, "qinq": lib.UDPFWD_QINQ}
        return modes[self.mode], self.vlan, self.ethertype


@frozen
class LearnedMac:
    """An entry of a switch's address table. ``port_id`` is the id of a Port; ``age`` is the time since its last frame,
    in seconds.
    """

    mac: str
    vlan: int
    port_id: int
    age: int


class Bridge(_Closable):
    """A hub, or a switch that learns addresses and separates VLANs. Ports can join and leave while frames flow."""

    def __init__(self, forwarder: "Forwarder", bridge_id: int) -> None:
        self._forwarder = forwarder
        self._id = bridge_id
        self._open = True

    def join(self, port: Port, vlan: VlanPort | None = None) -> None:
        """Add a port. Raises Conflict if it is connected already."""
        arguments = (vlan or VlanPort()).core_arguments()
        check_result(lib.udpfwd_bridge_join(self._forwarder.core, self._id, port.id, *arguments))

    def leave(self, port: Port) -> None:
        """Remove a port from the bridge."""
        if port.is_open:
            check_result(lib.udpfwd_bridge_leave(self._forwarder.core, port.id))

    def macs(self) -> list[LearnedMac]:
        """The current address table of a switch."""
        entries = ffi.new("udpfwd_mac[]", lib.UDPFWD_MAX_MACS)
        found = check_result(lib.udpfwd_switch_macs(self._forwarder.core, self._id, entries, len(entries)))
        return [
            LearnedMac(":".join(f"{byte:02x}" for byte in entry.mac), entry.vlan, entry.port_id, entry.age_seconds)
            for entry in entries[0:found]
        ]

    def clear_macs(self) -> None:
        """Clear the address table of a switch."""
        check_result(lib.udpfwd_switch_clear(self._forwarder.core, self._id))

    def close(self) -> None:
        """Close the bridge; its ports are then connected to nothing."""
        if self._open:
            self._open = False
            check_result(lib.udpfwd_bridge_close(self._forwarder.core, self._id))


@frozen(kw_only=True)
class CaptureOptions:
    """Options of a capture. ``snaplen`` is the number of bytes that are kept of each frame. ``ring_bytes``, a power of
    two, is the size of the buffer for its reader. ``out`` frames leave at the port, ``in`` frames come in there.
    """

    pcapng: bool = False
    snaplen: int = MAX_SNAPLEN
    direction: Direction = "both"
    expression: str | None = None
    ring_bytes: int = 1024 * 1024  # a larger one would not stay in the CPU's cache between worker and reader


class CoreCapture:
    """The records of a capture in pcap or pcapng format. Only one thread at a time may read or close it; any thread may
    stop it and read its counters.
    """

    def __init__(self, forwarder: "Forwarder", core_capture: Any) -> None:
        self._forwarder = forwarder
        self._capture = core_capture
        self._stopped = False
        self._last_counters = CaptureCounters()
        self._using = threading.Lock()  # while it is held, the core's capture exists

    def read(self, max_bytes: int) -> bytes:
        """Read waiting complete records, at most ``max_bytes``; empty if there are none."""
        buffer = bytearray(max_bytes)
        return bytes(buffer[: self.read_into(buffer)])

    def read_into(self, buffer: bytearray) -> int:
        """Read waiting complete records into a buffer, as many as fit; returns their bytes. Reusing a buffer costs the
        workers nothing, while returning memory to the system interrupts every thread.
        """
        size: int = lib.udpfwd_capture_read(self._capture, ffi.from_buffer(buffer), len(buffer))
        return size

    def counters(self) -> CaptureCounters:
        """The captured frames, and those lost because the reader was too slow."""
        with self._using:
            if self._capture is not None:
                now = ffi.new("udpfwd_capture_counters *")
                lib.udpfwd_capture_count(self._capture, now)
                self._last_counters = CaptureCounters(now.frames, now.bytes, now.dropped, now.tx_frames, now.tx_dropped)
            return self._last_counters

    def stop(self) -> None:
        """Stop adding records. Waiting records can still be read. Does nothing if it is stopped already."""
        with self._using:
            if not self._stopped:
                self._stopped = True
                check_result(lib.udpfwd_capture_stop(self._forwarder.core, self._capture))

    def close(self) -> None:
        """Close it. Records cannot be read any more, but the counters can. Does nothing if it is closed already."""
        self.stop()
        self.counters()
        with self._using:
            if self._capture is not None:
                lib.udpfwd_capture_close(self._capture)
                self._capture = None


class Forwarder:
    """The running core with its ports. Use ``open_forwarder``."""

    def __init__(self, core: Any) -> None:
        self.core = core
        self._counters = ffi.new("udpfwd_counters[]", _SPARE_COUNTERS)
        self._changed = ffi.new("udpfwd_counters[]", COUNTERS_AT_ONCE)
        self._capacity = _SPARE_COUNTERS

    def open_port(self, sock: socket.socket, remote: Address) -> Port:
        """Open a port on a bound UDP socket, which the caller keeps and must not close before the port.

        ``remote`` is an IPv4 address and a UDP port. Raises Invalid for another kind of address, Conflict if the kernel
        reports an error.
        """
        return Port(self, check_result(lib.udpfwd_port_open(self.core, sock.fileno(), *numeric_ipv4(remote))))

    def open_interface(self, descriptor: int, kind: Literal["tap", "ethernet"]) -> Port:
        """Open a port on a TAP device (IFF_TAP, IFF_NO_PI, IFF_VNET_HDR), or on a packet socket that is bound to an
        interface and has PACKET_AUXDATA and PACKET_VNET_HDR. The caller keeps the descriptor. The port has no remote.
        Raises Conflict if the kernel reports an error, Invalid for a TAP device without IFF_VNET_HDR.
        """
        number = lib.UDPFWD_TAP if kind == "tap" else lib.UDPFWD_ETHERNET
        return Port(self, check_result(lib.udpfwd_interface_open(self.core, descriptor, number)))

    def open_local(self) -> Port:
        """Open one end of a link inside this host. It has no socket: frames pass once it is spliced
        to the other end.
        """
        return Port(self, check_result(lib.udpfwd_local_open(self.core)))

    def open_link(self, filters: Sequence[CoreFilter], seed: int, *, suspended: bool) -> tuple[Port, Port]:
        """Open both ends of a link inside this host, spliced, with ``filters`` at the first and ``suspended`` at both.

        No worker has to stop for this. Raises Invalid with the reason if an expression does not compile.
        """
        ids, error = ffi.new("int32_t[2]"), ffi.new("char[]", ERROR_BYTES)
        with _core_filters(filters) as array:
            arguments = array, len(filters), seed, suspended, ids, error, ERROR_BYTES
            check_result(lib.udpfwd_link_open(self.core, *arguments), error)
        return Port(self, ids[0]), Port(self, ids[1])

    @property
    def parks(self) -> int:
        """The number of changes so far for which workers had to stop."""
        parks: int = lib.udpfwd_parks(self.core)
        return parks

    def connect(self, first: Port, second: Port) -> Patch:
        """Patch two ports. Raises Conflict if one of them is patched already."""
        check_result(lib.udpfwd_patch(self.core, first.id, second.id))
        return Patch(lib.udpfwd_unpatch, self.core, first, second)

    def splice(self, first: Port, second: Port) -> Splice:
        """Splice two tunnel ports that are each other's remote, or one port that is its own remote.

        Raises Conflict if one of them is spliced already.
        """
        check_result(lib.udpfwd_splice(self.core, first.id, second.id))
        return Splice(lib.udpfwd_unsplice, self.core, first, second)

    def open_hub(self) -> Bridge:
        """Open a hub: a bridge that sends each frame to all other ports."""
        return Bridge(self, check_result(lib.udpfwd_bridge_open(self.core, lib.UDPFWD_HUB)))

    def open_switch(self) -> Bridge:
        """Open a switch: a bridge that learns addresses and separates VLANs."""
        return Bridge(self, check_result(lib.udpfwd_bridge_open(self.core, lib.UDPFWD_SWITCH)))

    def probe(self, source: Port, sink: Port, near: Port, far: Port) -> Probe:
        """Attach a probe: frames from ``source`` leave at ``near``, and frames of a trial that come in at ``far`` leave
        at ``sink``.

        Raises Conflict if one of the ports has a probe already.
        """
        check_result(lib.udpfwd_probe_attach(self.core, source.id, sink.id, near.id, far.id))
        return Probe(self, source, sink)

    def probe_source(self, source: Port, near: Port) -> Probe:
        """Attach the source of a probe only; its sink is on another host. Raises Conflict as ``probe``."""
        check_result(lib.udpfwd_probe_attach(self.core, source.id, -1, near.id, -1))
        return Probe(self, source, None)

    def probe_sink(self, sink: Port, far: Port) -> Probe:
        """Attach the sink of a probe only; its source is on another host. Raises Conflict as ``probe``."""
        check_result(lib.udpfwd_probe_attach(self.core, -1, sink.id, -1, far.id))
        return Probe(self, None, sink)

    def snapshot(self) -> dict[int, PortCounters]:
        """The counters of all open ports by port id."""
        while (found := lib.udpfwd_snapshot(self.core, self._counters, self._capacity)) > self._capacity:
            self._capacity = found + _SPARE_COUNTERS
            self._counters = ffi.new("udpfwd_counters[]", self._capacity)
        return unpack_counters(ffi.buffer(self._counters, found * COUNTERS_BYTES))

    def counters(self, port: Port) -> PortCounters:
        """The counters of one port. Raises Conflict when it is closed."""
        one = ffi.new("udpfwd_counters *")
        check_result(lib.udpfwd_port_counters(self.core, port.id, one))
        return unpack_counters(ffi.buffer(one))[port.id]

    def counters_of(self, ids: Iterable[int]) -> dict[int, PortCounters]:
        """The counters of these ports, without those that are closed."""
        one = ffi.new("udpfwd_counters *")
        found: dict[int, PortCounters] = {}
        for port_id in ids:
            if lib.udpfwd_port_counters(self.core, port_id, one) == 0:
                found |= unpack_counters(ffi.buffer(one))
        return found

    def changed(self) -> dict[int, PortCounters]:
        """The counters of ports that were opened, or counted anything, since they were told of here last.

        There are at most ``COUNTERS_AT_ONCE``; an empty dictionary says that no more are left. Counters of a port that
        was closed are all 0.
        """
        found = lib.udpfwd_changed(self.core, self._changed, COUNTERS_AT_ONCE)
        return unpack_counters(ffi.buffer(self._changed, found * COUNTERS_BYTES))

    async def wait_changed(self) -> None:
        """Wait until counters have changed since the last call; returns at most once per interval of the forwarder."""
        await wait_signal(lib.udpfwd_stats_fd(self.core))

    async def wait_captured(self) -> None:
        """Wait until a capture has new records."""
        await wait_signal(lib.udpfwd_captures_fd(self.core))

    async def wait_capture_filling(self) -> None:
        """Wait until the buffer of a capture is half full."""
        await wait_signal(lib.udpfwd_captures_full_fd(self.core))


async def wait_signal(eventfd: int) -> None:
    """Wait until an eventfd of the core is readable, and read it."""
    await trio.lowlevel.wait_readable(eventfd)
    os.eventfd_read(eventfd)


def numeric_ipv4(address: Address) -> tuple[int, int]:
    """The address as the core wants it: a number, and the port. Raises Invalid if it is no IPv4 address."""
    host, port = address
    try:
        return int(ipaddress.IPv4Address(host)), port
    except ValueError:
        raise Invalid(f"{host!r} is not an IPv4 address") from None


def default_workers() -> int:
    """One worker per CPU that this process may use, up to a limit."""
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)


@asynccontextmanager
async def open_forwarder(
    *, workers: int = 0, stats_interval: float = 0.5, kernel_offload: bool = False
) -> AsyncIterator[Forwarder]:
    """Run the forwarder with ``workers`` threads, 0 for ``default_workers``. At the end all ports are closed.

    ``stats_interval``: the minimum time between two signals of one worker to ``wait_changed``, in seconds.
    ``kernel_offload``: the kernel forwards frames between two nodes of this host that are neither filtered nor
    captured.

    Raises OSError if the core cannot start, and Unavailable with the reason if the kernel does not support the offload.
    """
    workers = workers or default_workers()
    core = _open_core(workers, int(stats_interval * MICROSECONDS))
    try:
        if kernel_offload:
            _begin_offload(core)
        async with trio.open_nursery() as nursery:
            try:
                limiter = trio.CapacityLimiter(workers)
                # A worker with a thread ends only when it is told to, so no cancellation may come between the two.
                with trio.CancelScope(shield=True):
                    for number in range(workers):
                        await nursery.start(_run_worker, core, number, limiter)
                yield Forwarder(core)
            finally:
                lib.udpfwd_stop(core)
    finally:
        lib.udpfwd_close(core)


def check_kernel_offload() -> None:
    """Raises Unavailable with the reason if ``kernel_offload`` is not possible here."""
    core = _open_core(1, MICROSECONDS)
    try:
        _begin_offload(core)
    finally:
        lib.udpfwd_close(core)


def _open_core(workers: int, stats_interval_us: int) -> Any:
    opened = ffi.new("udpfwd **")
    result = lib.udpfwd_open(workers, stats_interval_us, opened)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return opened[0]


def _begin_offload(core: Any) -> None:
    result = lib.udpfwd_offload(core)
    if result < 0:
        reason = _NO_OFFLOAD.get(-result, os.strerror(-result))
        raise Unavailable(f"kernel_offload: {reason}")


async def _run_worker(
    core: Any, number: int, limiter: trio.CapacityLimiter, task_status: trio.TaskStatus[None]
) -> None:
    def lend_thread() -> int:
        trio.from_thread.run_sync(task_status.started)
        result: int = lib.udpfwd_run(core, number)
        return result

    # The worker ends when told to, not when cancelled: the core must not be freed while it runs.
    with trio.CancelScope(shield=True):
        result = await trio.to_thread.run_sync(lend_thread, limiter=limiter)
    if result < 0:
        lib.udpfwd_stop(core)
        raise OSError(-result, f"a worker of the forwarder ended: {os.strerror(-result)}")
