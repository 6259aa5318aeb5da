"""The Python face of the native core, which owns every UDP tunnel socket of this server.

``open_forwarder`` lends the core threads, its workers, and takes them back at the end. Calls here are quick: each waits
until the workers are between two batches of frames.
"""

import errno
import ipaddress
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Literal

import attrs
import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.conditions.core_filter import CoreFilter, Direction
from gns3trio.conditions.expressions import check_names
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.forwarder.contract import FILTER_TYPES
from gns3trio.forwarder.stats import COUNTERS_BYTES, CaptureCounters, PortCounters, unpack_counters

MICROSECONDS = 1_000_000
Address = tuple[str, int]

# Room in a snapshot for ports opened since the last one.
_SPARE_COUNTERS = 64
# Messages of libpcap are short.
_ERROR_BYTES = 512
_NO_OFFLOAD = {
    errno.EPERM: "not permitted: the server needs CAP_BPF and CAP_NET_ADMIN (or root) for it",
    errno.EOPNOTSUPP: "this kernel cannot do it: Linux 6.6 or later is needed, with CONFIG_NET_XGRESS",
}
# More workers than this gain nothing: links of a lab are mostly idle.
_MOST_WORKERS = 4
DIRECTION_BITS: dict[Direction, int] = {
    "in": lib.UDPFWD_RX,
    "out": lib.UDPFWD_TX,
    "both": lib.UDPFWD_RX | lib.UDPFWD_TX,
}


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
    """Where frames come in and leave: a UDP socket, most often. ``id`` is its number in a snapshot while it is open."""

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

    def set_filters(self, filters: Sequence[CoreFilter], seed: int, *, suspended: bool | None = None) -> None:
        """Replace all filters at once, and in the same step what ``suspend`` sets, unless that is None.

        An empty sequence removes the filters. Frames that are held stay held, and later ones do not overtake them.

        Raises Invalid with the reason when an expression does not compile; nothing is changed then.
        """
        state = lib.UDPFWD_AS_BEFORE if suspended is None else suspended
        error = ffi.new("char[]", _ERROR_BYTES)
        with _core_filters(filters) as array:
            arguments = self.id, array, len(filters), seed, state, error, _ERROR_BYTES
            _check(lib.udpfwd_port_set_filters(self._forwarder.core, *arguments), error)

    def suspend(self, suspended: bool) -> None:
        """Drop every frame, in both directions, or pass them again."""
        _check(lib.udpfwd_port_suspend(self._forwarder.core, self.id, suspended))

    def set_vlan(self, vlan: "VlanPort") -> None:
        """Change what a port of a switch does with VLANs."""
        _check(lib.udpfwd_port_set_vlan(self._forwarder.core, self.id, *vlan.core_arguments()))

    def capture(self, options: "CaptureOptions") -> "CoreCapture":
        """Copy the frames that pass. Raises Invalid when the expression does not compile."""
        expression = ffi.new("char[]", options.expression.encode()) if options.expression else ffi.NULL
        wanted = ffi.new("udpfwd_capture_options *")
        wanted.format = lib.UDPFWD_PCAPNG if options.pcapng else lib.UDPFWD_PCAP
        wanted.directions, wanted.snaplen = DIRECTION_BITS[options.direction], options.snaplen
        wanted.ring_bytes, wanted.expression = options.ring_bytes, expression
        opened, error = ffi.new("udpfwd_capture **"), ffi.new("char[]", _ERROR_BYTES)
        core = self._forwarder.core
        _check(lib.udpfwd_capture_open(core, self.id, wanted, opened, error, _ERROR_BYTES), error)
        return CoreCapture(self._forwarder, opened[0])

    def close(self) -> None:
        """End it: its socket is bound and unconnected again. Bridges and splices on it end too."""
        if self._open:
            self._open = False
            _check(lib.udpfwd_port_close(self._forwarder.core, self.id))


@contextmanager
def _core_filters(filters: Sequence[CoreFilter]) -> Iterator[Any]:
    """An array of them for the core, as long as the ``with``."""
    expressions = [ffi.new("char[]", f.expression.encode()) if f.expression else ffi.NULL for f in filters]
    array = ffi.new("udpfwd_filter[]", len(filters))
    for entry, given, expression in zip(array, filters, expressions, strict=True):
        entry.type, entry.directions = FILTER_TYPES[given.kind], DIRECTION_BITS[given.direction]
        entry.parameters[0 : len(given.parameters)] = given.parameters
        entry.expression = expression
    yield array


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


class Patch(_Joint):
    """Two patched ports: what comes in at one leaves at the other."""


class Splice(_Joint):
    """Two tunnel ports joined inside the core; frames take their sockets again when it is closed."""


class Probe(_Closable):
    """A source of frames that leave at a port as if its node sent them, and a sink for those of a trial."""

    def __init__(self, forwarder: "Forwarder", source: Port, sink: Port) -> None:
        self._forwarder = forwarder
        self._ids = (source.id, sink.id)
        self._open = True

    def close(self) -> None:
        """Detach both."""
        if self._open:
            self._open = False
            _check(lib.udpfwd_probe_detach(self._forwarder.core, *self._ids))


@attrs.frozen(kw_only=True)
class VlanPort:
    """What a switch port does with VLANs. ``vlan`` is 1 to 4094; ``ethertype`` that of a QinQ port's outer tag."""

    mode: Literal["access", "dot1q", "qinq"] = "access"
    vlan: int = 1
    ethertype: int = 0x8100

    def core_arguments(self) -> tuple[int, int, int]:
        """Mode, VLAN and ethertype as the core takes them."""
        modes = {"access": lib.UDPFWD_ACCESS, "dot1q": lib.UDPFWD_DOT1Q, "qinq": lib.UDPFWD_QINQ}
        return modes[self.mode], self.vlan, self.ethertype


@attrs.frozen
class LearnedMac:
    """An entry of a switch's address table. ``port_id`` is the id of a Port; ``age`` in seconds since it sent last."""

    mac: str
    vlan: int
    port_id: int
    age: int


class Bridge(_Closable):
    """A hub, or a switch that learns addresses and keeps VLANs apart. Ports join and leave while frames flow."""

    def __init__(self, forwarder: "Forwarder", bridge_id: int) -> None:
        self._forwarder = forwarder
        self._id = bridge_id
        self._open = True

    def join(self, port: Port, vlan: VlanPort | None = None) -> None:
        """Add a port. Raises Conflict when it is joined to something already."""
        arguments = (vlan or VlanPort()).core_arguments()
        _check(lib.udpfwd_bridge_join(self._forwarder.core, self._id, port.id, *arguments))

    def leave(self, port: Port) -> None:
        """Take a port out."""
        if port.is_open:
            _check(lib.udpfwd_bridge_leave(self._forwarder.core, port.id))

    def macs(self) -> list[LearnedMac]:
        """The addresses that a switch knows now."""
        entries = ffi.new("udpfwd_mac[]", lib.UDPFWD_MAX_MACS)
        found = _check(lib.udpfwd_switch_macs(self._forwarder.core, self._id, entries, len(entries)))
        return [
            LearnedMac(":".join(f"{byte:02x}" for byte in entry.mac), entry.vlan, entry.port_id, entry.age_seconds)
            for entry in entries[0:found]
        ]

    def clear_macs(self) -> None:
        """Forget all addresses."""
        _check(lib.udpfwd_switch_clear(self._forwarder.core, self._id))

    def close(self) -> None:
        """End it; its ports are joined to nothing then."""
        if self._open:
            self._open = False
            _check(lib.udpfwd_bridge_close(self._forwarder.core, self._id))


@attrs.frozen(kw_only=True)
class CaptureOptions:
    """What a capture takes. ``snaplen`` is the number of bytes of a frame that are kept; ``ring_bytes``, a power of
    two, what may wait for its reader. ``out`` frames left at the port, ``in`` came in there.
    """

    pcapng: bool = False
    snaplen: int = 65535
    direction: Direction = "both"
    expression: str | None = None
    ring_bytes: int = 1024 * 1024  # more would not stay in the CPU's cache between worker and reader


class CoreCapture:
    """The records of a capture, ready for a pcap or pcapng file. Read by one thread at a time, which also closes it;
    any thread may stop and count it.
    """

    def __init__(self, forwarder: "Forwarder", core_capture: Any) -> None:
        self._forwarder = forwarder
        self._capture = core_capture
        self._stopped = False
        self._last_counters = CaptureCounters()
        self._using = threading.Lock()  # the core's capture is there while it is held

    def read(self, max_bytes: int) -> bytes:
        """Whole records that wait, at most ``max_bytes`` of them; empty when there are none."""
        buffer = bytearray(max_bytes)
        return bytes(buffer[: self.read_into(buffer)])

    def read_into(self, buffer: bytearray) -> int:
        """Whole records that wait, as many as fit; returns their bytes. Memory that is used again and again costs the
        workers nothing, while giving much of it back to the system interrupts every thread.
        """
        size: int = lib.udpfwd_capture_read(self._capture, ffi.from_buffer(buffer), len(buffer))
        return size

    def counters(self) -> CaptureCounters:
        """What was captured, and what was not because the reader was too slow."""
        with self._using:
            if self._capture is not None:
                now = ffi.new("udpfwd_capture_counters *")
                lib.udpfwd_capture_count(self._capture, now)
                self._last_counters = CaptureCounters(now.frames, now.bytes, now.dropped, now.tx_frames, now.tx_dropped)
            return self._last_counters

    def stop(self) -> None:
        """Add no record any more; those that wait can still be read. Stopped already is fine."""
        with self._using:
            if not self._stopped:
                self._stopped = True
                _check(lib.udpfwd_capture_stop(self._forwarder.core, self._capture))

    def close(self) -> None:
        """End it; nothing can be read any more, but the counters stay. Closed already is fine."""
        self.stop()
        self.counters()
        with self._using:
            if self._capture is not None:
                lib.udpfwd_capture_close(self._capture)
                self._capture = None


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

    def open_interface(self, descriptor: int, kind: Literal["tap", "ethernet"]) -> Port:
        """A port on a TAP device (IFF_TAP, IFF_NO_PI) or a packet socket that is bound to an interface and has
        PACKET_AUXDATA and PACKET_VNET_HDR; the descriptor stays the caller's. It has no remote.
        Raises Conflict when the kernel refuses.
        """
        number = lib.UDPFWD_TAP if kind == "tap" else lib.UDPFWD_ETHERNET
        return Port(self, _check(lib.udpfwd_interface_open(self.core, descriptor, number)))

    def open_local(self) -> Port:
        """One end of a link inside this host. It has no socket: frames pass once it is spliced to the other end."""
        return Port(self, _check(lib.udpfwd_local_open(self.core)))

    def open_link(self, filters: Sequence[CoreFilter], seed: int, *, suspended: bool) -> tuple[Port, Port]:
        """Both ends of a link inside this host, spliced, with ``filters`` at the first and ``suspended`` at both.

        No worker stops for it. Raises Invalid with the reason when an expression does not compile.
        """
        ids, error = ffi.new("int32_t[2]"), ffi.new("char[]", _ERROR_BYTES)
        with _core_filters(filters) as array:
            arguments = array, len(filters), seed, suspended, ids, error, _ERROR_BYTES
            _check(lib.udpfwd_link_open(self.core, *arguments), error)
        return Port(self, ids[0]), Port(self, ids[1])

    @property
    def parks(self) -> int:
        """For how many changes workers had to stop so far."""
        parks: int = lib.udpfwd_parks(self.core)
        return parks

    def connect(self, first: Port, second: Port) -> Patch:
        """Patch two ports. Raises Conflict when one of them is patched already."""
        _check(lib.udpfwd_patch(self.core, first.id, second.id))
        return Patch(lib.udpfwd_unpatch, self.core, first, second)

    def splice(self, first: Port, second: Port) -> Splice:
        """Join two tunnel ports that are each other's remote, or one that is its own.

        Raises Conflict when one of them is spliced already.
        """
        _check(lib.udpfwd_splice(self.core, first.id, second.id))
        return Splice(lib.udpfwd_unsplice, self.core, first, second)

    def open_hub(self) -> Bridge:
        """A bridge that sends what comes in at a port to all the others."""
        return Bridge(self, _check(lib.udpfwd_bridge_open(self.core, lib.UDPFWD_HUB)))

    def open_switch(self) -> Bridge:
        """A bridge that learns addresses and keeps VLANs apart."""
        return Bridge(self, _check(lib.udpfwd_bridge_open(self.core, lib.UDPFWD_SWITCH)))

    def probe(self, source: Port, sink: Port, near: Port, far: Port) -> Probe:
        """Let what comes in at ``source`` leave at ``near``, and frames of a trial that come in at ``far`` at ``sink``.

        Raises Conflict when one of the ports has a probe.
        """
        _check(lib.udpfwd_probe_attach(self.core, source.id, sink.id, near.id, far.id))
        return Probe(self, source, sink)

    def snapshot(self) -> dict[int, PortCounters]:
        """The counters of all open ports by port id."""
        while (found := lib.udpfwd_snapshot(self.core, self._counters, self._capacity)) > self._capacity:
            self._capacity = found + _SPARE_COUNTERS
            self._counters = ffi.new("udpfwd_counters[]", self._capacity)
        return unpack_counters(ffi.buffer(self._counters, found * COUNTERS_BYTES))

    def counters(self, port: Port) -> PortCounters:
        """The counters of one port."""
        return self.snapshot()[port.id]

    async def wait_changed(self) -> None:
        """Return when counters have changed since the last time, at most once in the forwarder's interval."""
        await _wait_signal(lib.udpfwd_stats_fd(self.core))

    async def wait_captured(self) -> None:
        """Return when a capture has got records since the last time."""
        await _wait_signal(lib.udpfwd_captures_fd(self.core))

    async def wait_capture_filling(self) -> None:
        """Return when what waits for the reader of a capture has become half of what may."""
        await _wait_signal(lib.udpfwd_captures_full_fd(self.core))


async def _wait_signal(eventfd: int) -> None:
    await trio.lowlevel.wait_readable(eventfd)
    os.eventfd_read(eventfd)


def check_expression(expression: str) -> None:
    """Raises Invalid with libpcap's reason for what is none (pcap-filter(7)). May take long."""
    check_names(expression)
    error = ffi.new("char[]", _ERROR_BYTES)
    _check(lib.udpfwd_check_expression(expression.encode(), error, _ERROR_BYTES), error)


def _ipv4(address: Address) -> tuple[int, int]:
    host, port = address
    try:
        return int(ipaddress.IPv4Address(host)), port
    except ValueError:
        raise Invalid(f"{host!r} is not an IPv4 address") from None


def _check(result: int, error: Any = None) -> int:
    """The result; raises Invalid with the core's message in ``error``, or Conflict, when it is a failure."""
    if result >= 0:
        return result
    message = ffi.string(error).decode(errors="replace") if error is not None else ""
    if result == -errno.EINVAL and message:
        raise Invalid(message)
    if result == -errno.EBUSY:
        raise Conflict("the port is joined to another one already")
    raise Conflict(f"the forwarder refused: {os.strerror(-result)}") from OSError(-result, os.strerror(-result))


def default_workers() -> int:
    """One worker for each CPU that this process may use, up to a few."""
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)


@asynccontextmanager
async def open_forwarder(
    *, workers: int = 0, stats_interval: float = 0.5, kernel_offload: bool = False
) -> AsyncIterator[Forwarder]:
    """A running forwarder with ``workers`` threads, 0 for ``default_workers``.

    ``stats_interval``: the least number of seconds between two signals of one worker to ``wait_changed``.
    ``kernel_offload``: the kernel moves what passes between two nodes of this host and is neither filtered nor
    captured. At the end all ports are closed.

    Raises OSError if the core cannot work, Unavailable with the reason when the kernel cannot be given such work.
    """
    workers = workers or default_workers()
    core = _open_core(workers, int(stats_interval * MICROSECONDS))
    try:
        if kernel_offload:
            _begin_offload(core)
        async with trio.open_nursery() as nursery:
            try:
                limiter = trio.CapacityLimiter(workers)
                # A worker that has a thread ends when it is told to, so nobody is cancelled between the two.
                with trio.CancelScope(shield=True):
                    for number in range(workers):
                        await nursery.start(_run_worker, core, number, limiter)
                yield Forwarder(core)
            finally:
                lib.udpfwd_stop(core)
    finally:
        lib.udpfwd_close(core)


def check_kernel_offload() -> None:
    """Raises Unavailable with the reason when ``kernel_offload`` is not possible here."""
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

    # The worker ends when told to, not when cancelled: the core must not be freed below it.
    with trio.CancelScope(shield=True):
        result = await trio.to_thread.run_sync(lend_thread, limiter=limiter)
    if result < 0:
        lib.udpfwd_stop(core)
        raise OSError(-result, f"a worker of the forwarder ended: {os.strerror(-result)}")
