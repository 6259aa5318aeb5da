"""Changes of a whole project, such as a batch: one after the other, all or nothing, also when the project closes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from gns3trio.errors import Forbidden


class WholeChanges:
    """The changes of one project."""

    def __init__(self) -> None:
        self._lock = trio.Lock()
        self._scope = trio.CancelScope()  # of the one that runs
        self._is_ending = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Make a change after those that came before. When the project closes, it is cancelled, and has to roll back
        what it did.

        Raises Forbidden if the project closes, or did so while the change waited.
        """
        async with self._lock:
            with trio.CancelScope() as self._scope:
                if not self._is_ending:
                    yield
                    return
        raise Forbidden("the project is closed")

    @asynccontextmanager
    async def ended(self) -> AsyncIterator[None]:
        """Cancel the change that runs, and those that wait, until it has rolled back. None begins meanwhile."""
        self._is_ending = True
        try:
            self._scope.cancel()
            async with self._lock:
                yield
        finally:
            self._is_ending = False
