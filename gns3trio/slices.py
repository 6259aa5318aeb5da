"""Long work in trio's thread, in slices: everybody else is served between two of them."""

import time
from collections.abc import Iterable
from typing import TypeVar

import trio

SLICE_SECONDS = 0.005

_T = TypeVar("_T")


class Slices:
    """Counts the time since others were served."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def pause(self) -> None:
        """Let others run, if it is time."""
        if time.perf_counter() - self._since > SLICE_SECONDS:
            await trio.lowlevel.checkpoint()
            self._since = time.perf_counter()


async def in_slices(items: Iterable[_T]) -> list[_T]:
    """What an iterable gives that makes each item when it is asked for. What it looks at may change meanwhile."""
    slices, made = Slices(), []
    for item in items:
        made.append(item)
        await slices.pause()
    return made
