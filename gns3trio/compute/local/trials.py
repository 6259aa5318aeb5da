"""Attaches the traffic generator on this host: to a link, or to UDP ports of its own."""

import itertools
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

from gns3trio.compute.interface import LinkEnd, UdpEndpoint
from gns3trio.compute.local.leases import UdpPorts, bind_udp
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.local.tunnel_nio import resolve
from gns3trio.compute.nio import LOOPBACK, UdpNio
from gns3trio.compute.split_trials import SPARE_SECONDS, run_split_trial
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Address, Forwarder, Port
from gns3trio.forwarder.trial import ReceivedFrames, receive_frames, run_trial, send_frames
from gns3trio.traffic.counters import PortCounters
from gns3trio.traffic.trials import ClockReading, SentFrames, TrialResult, TrialSpec

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_trial_ids = itertools.count(1)


def next_trial_id() -> int:
    """A number that distinguishes the frames of a trial from those of earlier trials."""
    return next(_trial_ids) & 0xFFFFFFFF


def widen(sock: socket.socket) -> None:
    """Enlarge the socket buffers for bursts, so that they do not limit the results."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)


class LocalProbe:
    """A source and a sink beside a link: sockets of the generator, and the forwarder's ports to which they are
    connected. Use ``open_probe``.
    """

    def __init__(
        self,
        forwarder: Forwarder,
        near: LocalLinkEnd,
        far: LocalLinkEnd,
        tx: socket.socket,
        rx: socket.socket,
        source: Port,
    ) -> None:
        self._forwarder = forwarder
        self._near = near
        self._far = far
        self._tx = tx
        self._rx = rx
        self._source = source
        self._before = self._foreign_frames()

    @property
    def is_open(self) -> bool:
        """Whether both ends of the link are there still."""
        return self._near.is_open and self._far.is_open

    async def run(self, spec: TrialSpec) -> TrialResult:
        """Run one trial from the near end to the far end."""
        return await run_trial(self._tx, self._rx, spec, next_trial_id())

    async def foreign_frames(self) -> int:
        """The number of frames that came into the link at both ends from others than the source."""
        return self._foreign_frames() - self._before

    def _foreign_frames(self) -> int:
        total = -self._forwarder.counters(self._source).rx_frames
        for link_end in (self._near, self._far):
            total += _given(self._forwarder.counters(link_end.port))
        return total

    async def held_frames(self) -> int:
        """Frames that filters hold now on their way to the sink."""
        near, far = (self._forwarder.counters(link_end.port) for link_end in (self._near, self._far))
        return near.tx_held + far.rx_held


@asynccontextmanager
async def open_probe(forwarder: Forwarder, near: LinkEnd, far: LinkEnd) -> AsyncIterator[LocalProbe]:
    """Attach a probe for as long as the ``with`` lasts. Raises Conflict unless both ends are here, or if one has a
    probe.
    """
    if not (isinstance(near, LocalLinkEnd) and isinstance(far, LocalLinkEnd)):
        raise Conflict("both ends must be on this host to measure it")
    with ExitStack() as stack:
        tx, source = _probe_end(stack, forwarder)
        rx, sink = _probe_end(stack, forwarder)
        stack.enter_context(forwarder.probe(source, sink, near.port, far.port))
        yield LocalProbe(forwarder, near, far, tx, rx, source)


def _probe_end(stack: ExitStack, forwarder: Forwarder) -> tuple[socket.socket, Port]:
    """A socket of the generator, and the forwarder's port to which it is connected."""
    mine = stack.enter_context(bind_udp(LOOPBACK, 0))
    theirs = stack.enter_context(bind_udp(LOOPBACK, 0))
    widen(mine)
    mine.connect(theirs.getsockname())
    port = forwarder.open_port(theirs, mine.getsockname())
    stack.callback(port.close)
    return mine, port


class LocalProbeEnd:
    """The source or the sink of a probe, whose other part may be on another host. Use ``open_probe_end``."""

    def __init__(self, forwarder: Forwarder, link_end: LocalLinkEnd, sock: socket.socket, source: Port | None) -> None:
        self._forwarder = forwarder
        self._end = link_end
        self._socket = sock
        self._source = source
        self._before = self._foreign_frames()

    async def read_clock(self) -> ClockReading:
        """The clock of this host."""
        return read_clock()

    async def send(self, spec: TrialSpec, trial_id: int) -> SentFrames:
        """Send the frames of a trial."""
        return await send_frames(self._socket, spec, trial_id)

    def receive(
        self, spec: TrialSpec, trial_id: int, clock_offset_ns: int
    ) -> AbstractAsyncContextManager[ReceivedFrames]:
        """Receive the frames of a trial."""
        return receive_frames(self._socket, spec, trial_id, clock_offset_ns, spec.seconds + SPARE_SECONDS)

    async def foreign_frames(self) -> int:
        """The number of frames that the node sent into the link."""
        self._require_open()
        return self._foreign_frames() - self._before

    def _foreign_frames(self) -> int:
        injected = self._forwarder.counters(self._source).rx_frames if self._source is not None else 0
        return _given(self._forwarder.counters(self._end.port)) - injected

    async def held_frames(self) -> int:
        """Frames that filters at this end hold on their way to the sink."""
        self._require_open()
        counters = self._forwarder.counters(self._end.port)
        return counters.tx_held if self._source is not None else counters.rx_held

    def _require_open(self) -> None:
        if not self._end.is_open:
            raise Conflict("the end of the link is gone")


def _given(c: PortCounters) -> int:
    """The frames that came into a link at an end, from its node or a probe."""
    return c.tx_frames - c.tx_duplicated + sum(c.tx_drops.values()) + c.tx_held


def read_clock() -> ClockReading:
    """The clock of the traffic generator: of this start of the machine, in this time namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    space = os.stat("/proc/self/ns/time").st_ino if Path("/proc/self/ns/time").exists() else 0
    return ClockReading(clock=f"{boot} {space}", nanoseconds=time.monotonic_ns())


@asynccontextmanager
async def open_probe_end(
    forwarder: Forwarder, link_end: LinkEnd, role: Literal["source", "sink"]
) -> AsyncIterator[LocalProbeEnd]:
    """Attach one part of a probe for as long as the ``with`` lasts. Raises Conflict unless the end is here, or if it
    has a probe.
    """
    if not isinstance(link_end, LocalLinkEnd):
        raise Conflict("the end of the link must be on this host to measure it here")
    with ExitStack() as stack:
        mine, port = _probe_end(stack, forwarder)
        attach = forwarder.probe_source if role == "source" else forwarder.probe_sink
        stack.enter_context(attach(port, link_end.port))
        yield LocalProbeEnd(forwarder, link_end, mine, port if role == "source" else None)


class LocalUdpEndpoint:
    """A UDP port of this host. Use ``take_udp_endpoint``.

    It is connected when it first sends. The receiving end accepts frames from any address, because a relay may use any.
    """

    def __init__(self, sock: socket.socket, nio: UdpNio, remote: Address) -> None:
        self.socket = sock
        self._nio = nio
        self._remote = remote
        self._is_connected = False

    async def run_trial(self, to: UdpEndpoint, spec: TrialSpec) -> TrialResult:
        """Run one trial: send from this port, and count the frames that arrive at ``to``. Raises Conflict if sending
        fails.
        """
        if not isinstance(to, LocalUdpEndpoint):
            return await run_split_trial(self, to, spec)
        with self._sending():
            return await run_trial(self.socket, to.socket, spec, next_trial_id())

    @contextmanager
    def _sending(self) -> Iterator[None]:
        try:
            if not self._is_connected:
                self.socket.connect(self._remote)
                self._is_connected = True
            yield
        except OSError as error:
            raise Conflict(f"sending to {self._nio.rhost}:{self._nio.rport}: {error.strerror}") from None

    async def read_clock(self) -> ClockReading:
        """The clock of this host."""
        return read_clock()

    async def send(self, spec: TrialSpec, trial_id: int) -> SentFrames:
        """Send the frames of a trial. Raises Conflict if sending fails."""
        with self._sending():
            return await send_frames(self.socket, spec, trial_id)

    def receive(
        self, spec: TrialSpec, trial_id: int, clock_offset_ns: int
    ) -> AbstractAsyncContextManager[ReceivedFrames]:
        """Receive the frames of a trial."""
        return receive_frames(self.socket, spec, trial_id, clock_offset_ns, spec.seconds + SPARE_SECONDS)


@asynccontextmanager
async def take_udp_endpoint(ports: UdpPorts, nio: UdpNio) -> AsyncIterator[LocalUdpEndpoint]:
    """Lease the UDP port of a NIO for as long as the ``with`` lasts. Raises as ``Compute.take_udp``."""
    remote = await resolve(nio)
    try:
        lease = ports.take(nio.lport)
    except Conflict as error:
        raise Conflict(f"lport: {error}") from None
    with lease:
        widen(lease.socket)
        yield LocalUdpEndpoint(lease.socket, nio, remote)
