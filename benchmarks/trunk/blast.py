"""The cost of the trunk alone: frames are sent to a host that sends each back over another link, without nodes.

One message has many frames, as a trunk sends them, so that this program costs little. Its frames are divided among the
links in turns.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from benchmarks.forwarding.forwarders import read_threads
from benchmarks.forwarding.machine import thread_cpu_ns
from benchmarks.forwarding.programs import BenchmarkError, Program
from benchmarks.trunk.host_child import BLAST_PORT, TRUNK_PORT
from benchmarks.trunk.hosts import FAR, NEAR

UDP_SEGMENT, UDP_GRO, SOL_UDP = 103, 104, 17
LANES = 4
HEADER_BYTES = 8
# So many messages are on their way at a time: a socket's buffer has room for them.
IN_FLIGHT = 8
_DATAGRAM_BYTES = 65_000
_PATIENCE = 5.0
_BUFFER_BYTES = 1 << 20


@attrs.frozen
class Cost:
    """Frames that came back, and the CPU time of the reflecting worker."""

    frames: int
    lost: int
    cpu_ns: int
    seconds: float

    @property
    def cpu_ns_per_frame(self) -> float:
        """CPU time per frame that came back."""
        return self.cpu_ns / self.frames


class Reflector:
    """A host that reflects frames. To be used from ``reflecting``."""

    def __init__(self, program: Program, links: int, size: int) -> None:
        self._program = program
        self.thread = read_threads(program)[0]
        self._segment = HEADER_BYTES + size
        self._messages = list(_messages(links, size))

    def run(self, seconds: float) -> Cost:
        """Send for so many seconds. Raises BenchmarkError if nothing comes back."""
        with _sockets() as (senders, receiver):
            buffer = bytearray(65_536)
            frames = lost = flying = number = 0
            cpu, began = self._cpu(), time.monotonic()
            receiver.settimeout(_PATIENCE)
            while (elapsed := time.monotonic() - began) < seconds or flying > 0:
                if elapsed < seconds and flying + len(self._messages[0][1]) // self._segment <= self._room():
                    lane, message = self._messages[number % len(self._messages)]
                    number += 1
                    senders[lane].sendmsg(
                        [message], [(SOL_UDP, UDP_SEGMENT, struct.pack("H", self._segment))], 0, (FAR, TRUNK_PORT)
                    )
                    flying += len(message) // self._segment
                    continue
                try:
                    came = receiver.recv_into(buffer) // self._segment
                except TimeoutError:
                    lost, flying = lost + flying, 0
                    continue
                if came:  # else it is a keepalive
                    frames, flying = frames + came, flying - came
            cost = Cost(frames, lost, self._cpu() - cpu, time.monotonic() - began)
        if not cost.frames:
            raise BenchmarkError("no frame comes back")
        return cost

    def _room(self) -> int:
        return IN_FLIGHT * (_DATAGRAM_BYTES // self._segment)

    def _cpu(self) -> int:
        return thread_cpu_ns(self._program.pid, [self.thread])


@contextmanager
def reflecting(network: str, links: int, size: int) -> Iterator[Reflector]:
    """A host in the network namespace that reflects the frames of so many links."""
    with Program("nsenter", f"--net={network}", *_python(), "reflect", FAR, NEAR, links) as program:
        program.read_ports()
        yield Reflector(program, links, size)


def _python() -> list[str]:
    import sys

    return [sys.executable, "-m", "benchmarks.trunk.host_child"]


def _messages(links: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Messages with frames for all links in turns, each with its lane: enough that each link has its turn."""
    per_message = _DATAGRAM_BYTES // (HEADER_BYTES + size)
    frame = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xB5]).ljust(size, b"x")
    for lane in range(LANES):
        vnis = [vni for vni in range(1, links + 1) if vni % LANES == lane]
        for first in range(0, len(vnis), per_message):
            chosen = [vnis[(first + at) % len(vnis)] for at in range(per_message)]
            yield lane, b"".join(struct.pack("!II", 0x08000000, vni << 8) + frame for vni in chosen)


@contextmanager
def _sockets() -> Iterator[tuple[list[socket.socket], socket.socket]]:
    opened = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(LANES + 1)]
    try:
        *senders, receiver = opened
        for each in opened:
            each.bind((NEAR, BLAST_PORT if each is receiver else 0))
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        receiver.setsockopt(SOL_UDP, UDP_GRO, 1)
        yield senders, receiver
    finally:
        for each in opened:
            each.close()
