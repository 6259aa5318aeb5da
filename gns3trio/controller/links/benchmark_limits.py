"""How many benchmarks may run at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.errors import Unavailable

# At once, whatever they measure: each keeps a CPU busy, and its figures are worth less the more there are.
MOST_BENCHMARKS = 4
_running = trio.CapacityLimiter(MOST_BENCHMARKS)


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
