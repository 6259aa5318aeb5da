"""Divides long work in trio's thread into slices, between which other tasks run."""

import time
from collections.abc import Iterable
from typing import TypeVar

import trio

SLICE_SECONDS = 0.005

_T = TypeVar("_T")


class Slices:
    """Measures the time since other tasks last ran."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def pause(self) -> None:
        """Let other tasks run if the slice is used up."""
        if time.perf_counter() - self._since > SLICE_SECONDS:
            await trio.lowlevel.checkpoint()
            self._since = time.perf_counter()


async def in_slices(items: Iterable[_T]) -> list[_T]:
    """The items of a lazy iterable, with pauses for other tasks. The data that it reads may change meanwhile."""
    slices, made = Slices(), []
    for item in items:
        made.append(item)
        await slices.pause()
    return made
