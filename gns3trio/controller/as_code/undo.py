"""Rolls back steps if a later one fails."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from typing import Any, TypeVar

import trio

from gns3trio.errors import LabError

log = logging.getLogger(__name__)

# Creations wait for the disk and for each other. With more at a time, other requests would wait for them too.
AT_A_TIME = 16

_T = TypeVar("_T")


class Undo:
    """Collects functions that undo steps, and calls them, the newest first, if its ``async with`` raises.

    Steps that cannot be undone come after ``forget``. ``on_failure`` is called if undoing fails. Undoing happens inside
    ``context``.
    """

    def __init__(
        self,
        on_failure: Callable[[str], None],
        context: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._stack = AsyncExitStack()
        self._on_failure = on_failure
        self._context = context
        self._failures: list[LabError] = []

    async def __aenter__(self) -> "Undo":
        return self

    async def __aexit__(self, *error: object) -> None:
        with trio.CancelScope(shield=True), self._context():
            await self._stack.aclose()
        if self._failures:  # told once: there may be thousands
            more = f", and {len(self._failures) - 1} more" if len(self._failures) > 1 else ""
            self._on_failure(f"a change could not be taken back as a whole: {self._failures[0]}{more}")

    def by(self, step: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Register ``step``, which undoes what was just done."""
        self._stack.push_async_callback(self._take_back, step, *arguments)

    async def _take_back(self, step: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Undo one step. Its error must not replace the error that caused the rollback."""
        try:
            await step(*arguments)
        except LabError as error:
            self._failures.append(error)

    def forget(self) -> None:
        """Forget all registered steps: everything succeeded."""
        self._stack.pop_all()


async def for_each(items: Iterable[_T], act: Callable[[_T], Awaitable[None]]) -> None:
    """Call ``act`` for all items, many at a time, started in order. The first error cancels the others."""
    waiting = iter(items)
    errors: list[LabError] = []

    async def work() -> None:
        try:
            for item in waiting:
                await act(item)
                await trio.lowlevel.checkpoint()  # an action may have had no checkpoint, and there may be thousands
        except LabError as error:
            errors.append(error)
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        for _ in range(AT_A_TIME):
            nursery.start_soon(work)
    if errors:
        raise errors[0]
