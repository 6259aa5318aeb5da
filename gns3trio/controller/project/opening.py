"""Who waits for a project to be opened, and until when."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio


class Openings:
    """What is under way to open a project. ``is_open`` tells whether it is already."""

    def __init__(self, is_open: Callable[[], bool]) -> None:
        self._is_open = is_open
        self._number = 0
        self._ended = trio.Event()

    @property
    def pending(self) -> bool:
        """Whether the project is closed, but somebody has asked to open it."""
        return self._number > 0 and not self._is_open()

    async def wait(self) -> None:
        """Until the project is opened, or cannot be."""
        while self.pending:
            await self._ended.wait()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Somebody opens the project."""
        self._number += 1
        try:
            yield
        finally:
            self._number -= 1
            self._ended.set()
            self._ended = trio.Event()
