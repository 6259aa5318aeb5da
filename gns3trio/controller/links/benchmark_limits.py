"""What all benchmarks share: how many may run, and what their sockets and trials need."""

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.errors import Unavailable

# At once, whatever they measure: each keeps a CPU busy, and its figures are worth less the more there are.
MOST_BENCHMARKS = 4
SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_running = trio.CapacityLimiter(MOST_BENCHMARKS)
_trial_ids = itertools.count(1)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Raises Unavailable when too many benchmarks run already."""
    borrower = object()
    try:
        _running.acquire_on_behalf_of_nowait(borrower)
    except trio.WouldBlock:
        raise Unavailable(f"{MOST_BENCHMARKS} benchmarks are running: try again when one has ended") from None
    try:
        yield
    finally:
        _running.release_on_behalf_of(borrower)


def next_trial_id() -> int:
    """A number by which the frames of a trial are told from those of the trials before."""
    return next(_trial_ids) & 0xFFFFFFFF


def widen(sock: socket.socket) -> None:
    """Room for bursts, so that the figures are those of what is measured."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
