"""Divides long work in trio's thread into slices, between which other tasks run."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import trio

SLICE_SECONDS = 0.005
# Tasks that begin in one turn of the loop. All of them run before anything else does.
_PER_TURN = 8

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


async def for_all(items: Iterable[_T], act: Callable[[_T], Awaitable[None]], at_a_time: int) -> None:
    """Call ``act`` for each item in a task of its own, at most ``at_a_time`` at once.

    Few begin in one turn of the loop, because there may be thousands, which act at once.
    """
    limit = trio.Semaphore(at_a_time)

    async def act_on(item: _T) -> None:
        try:
            await act(item)
        finally:
            limit.release()

    async with trio.open_nursery() as nursery:
        for number, item in enumerate(items):
            if number % _PER_TURN == 0:
                await trio.lowlevel.checkpoint()
            try:
                limit.acquire_nowait()
            except trio.WouldBlock:
                await limit.acquire()
            nursery.start_soon(act_on, item)
