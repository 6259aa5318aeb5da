"""Limits the number of benchmarks that run at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.errors import Unavailable

# The most simultaneous benchmarks: each uses a whole CPU, and they disturb each other's results.
MOST_BENCHMARKS = 4
_running = trio.CapacityLimiter(MOST_BENCHMARKS)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Raises Unavailable if too many benchmarks are running."""
    borrower = object()
    try:
        _running.acquire_on_behalf_of_nowait(borrower)
    except trio.WouldBlock:
        raise Unavailable(f"{MOST_BENCHMARKS} benchmarks are running: try again when one has ended") from None
    try:
        yield
    finally:
        _running.release_on_behalf_of(borrower)
