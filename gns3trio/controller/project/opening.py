"""Tracks the opening of a project, for requests that wait for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio


class Openings:
    """The running attempts to open a project. ``is_open`` returns whether it is open already."""

    def __init__(self, is_open: Callable[[], bool]) -> None:
        self._is_open = is_open
        self._number = 0
        self._ended = trio.Event()

    @property
    def pending(self) -> bool:
        """Whether the project is still closed, but is being opened."""
        return self._number > 0 and not self._is_open()

    async def wait(self) -> None:
        """Wait until the project is open, or opening has failed."""
        while self.pending:
            await self._ended.wait()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Register an attempt to open the project while the ``with`` lasts."""
        self._number += 1
        try:
            yield
        finally:
            self._number -= 1
            self._ended.set()
            self._ended = trio.Event()
