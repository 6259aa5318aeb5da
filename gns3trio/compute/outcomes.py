"""Calls that concern many objects, each of which succeeds or fails by itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gns3trio.errors import LabError
from gns3trio.slices import for_all

_T = TypeVar("_T")


async def try_each(items: Sequence[_T], act: Callable[[_T], Awaitable[None]], at_a_time: int) -> list[LabError | None]:
    """Call ``act`` for each item, many at a time; returns the error for each, or None."""
    errors: list[LabError | None] = [None] * len(items)

    async def attempt(place: int) -> None:
        try:
            await act(items[place])
        except LabError as error:
            errors[place] = error

    await for_all(range(len(items)), attempt, at_a_time)
    return errors
