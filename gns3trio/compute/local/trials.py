"""Attaches the traffic generator on this host: to a link, or to UDP ports of its own."""

import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from gns3trio.compute.interface import LinkEnd, UdpEndpoint
from gns3trio.compute.local.leases import UdpPorts, bind_udp
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.local.tunnel_nio import resolve
from gns3trio.compute.nio import LOOPBACK, UdpNio
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Address, Forwarder, Port
from gns3trio.forwarder.trial import run_trial
from gns3trio.traffic.trials import TrialResult, TrialSpec

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
            c = self._forwarder.counters(link_end.port)
            total += c.tx_frames - c.tx_duplicated + sum(c.tx_drops.values()) + c.tx_held
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
            raise Conflict("both ends must be on this host to measure between them")
        try:
            if not self._is_connected:
                self.socket.connect(self._remote)
                self._is_connected = True
            return await run_trial(self.socket, to.socket, spec, next_trial_id())
        except OSError as error:
            raise Conflict(f"sending to {self._nio.rhost}:{self._nio.rport}: {error.strerror}") from None


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
