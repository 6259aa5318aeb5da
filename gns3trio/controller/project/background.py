"""Work on an open project that nobody waits for, such as what is to be done when a compute returns."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio


class BackgroundWork:
    """Such work of one project. It is cancelled when the project closes."""

    def __init__(self) -> None:
        self._scopes: set[trio.CancelScope] = set()
        self._ended = trio.Event()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Do something, which may be cancelled then."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)
                self._ended.set()

    async def end(self) -> None:
        """Cancel what is being done, and wait until it has ended."""
        for scope in self._scopes:
            scope.cancel()
        while self._scopes:
            self._ended = trio.Event()
            await self._ended.wait()
