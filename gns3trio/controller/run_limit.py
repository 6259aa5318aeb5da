"""Limits how many long runs of one kind there are at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.errors import Unavailable


class RunLimit:
    """At most so many runs. ``told`` is the beginning of the message when there is no room, such as ``4 benchmarks are
    running``.
    """

    def __init__(self, most: int, told: str) -> None:
        self._limiter = trio.CapacityLimiter(most)
        self._told = told

    @contextmanager
    def one(self) -> Iterator[None]:
        """One run, as long as the ``with``. Raises Unavailable if there are as many as may be."""
        borrower = object()
        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except trio.WouldBlock:
            raise Unavailable(f"{self._told}: try again when one has ended") from None
        try:
            yield
        finally:
            self._limiter.release_on_behalf_of(borrower)
