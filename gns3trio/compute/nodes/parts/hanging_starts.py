"""Starts of a node that may hang, and how those who come to stop the node bound them."""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import trio

from gns3trio.mutex import Mutex

# The seconds left for a running start when the node is to be stopped. Normal starts take less than a second.
HANGING_SECONDS = 5.0


class HangingStarts:
    """The start of one node that may be running."""

    def __init__(self) -> None:
        self._stoppers = 0  # number of callers that wait to stop the node
        self._give_up_at = math.inf  # time at which starts are abandoned
        self._starting: trio.CancelScope | None = None

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """While the ``with`` lasts, starts that are already running have HANGING_SECONDS left."""
        self._stoppers += 1
        self._give_up_at = min(self._give_up_at, trio.current_time() + HANGING_SECONDS)
        if self._starting is not None:
            self._starting.deadline = self._give_up_at
        try:
            yield
        finally:
            self._stoppers -= 1
            if not self._stoppers:
                self._give_up_at = math.inf
                if self._starting is not None:
                    self._starting.deadline = math.inf

    @contextmanager
    def start(self) -> Iterator[trio.CancelScope]:
        """The body is a start. It is cancelled if it still runs when it is given up; the scope tells so."""
        try:
            with trio.CancelScope(deadline=self._give_up_at) as scope:
                self._starting = scope
                yield scope
        finally:
            self._starting = None


@asynccontextmanager
async def changing_soon(changing: Mutex, stopping: AbstractContextManager[None]) -> AsyncIterator[None]:
    """Hold the lock of a node's changes, and wait for a start that holds it only as long as ``stopping`` lets it."""
    with stopping:
        await changing.acquire()
    try:
        yield
    finally:
        changing.release()
