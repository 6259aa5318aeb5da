"""Calls that concern many objects, each of which succeeds or fails by itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import trio

from gns3trio.errors import LabError
from gns3trio.slices import Slices

_T = TypeVar("_T")


async def try_each(items: Sequence[_T], act: Callable[[_T], Awaitable[None]], at_a_time: int) -> list[LabError | None]:
    """Call ``act`` for each item, many at a time, in their order; returns the error for each, or None."""
    errors: list[LabError | None] = [None] * len(items)
    places = iter(range(len(items)))

    async def work() -> None:
        slices = Slices()
        for place in places:
            try:
                await act(items[place])
            except LabError as error:
                errors[place] = error
            await slices.pause()

    if len(items) == 1:
        await work()
        return errors
    async with trio.open_nursery() as nursery:
        for _ in range(min(at_a_time, len(items))):
            nursery.start_soon(work)
    return errors
