"""Memory is given back, and all objects are looked through for garbage only when memory has grown."""

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

from gns3trio import freed_memory, threads
from gns3trio.freed_memory import FreedMemory

PATIENCE = 60


class _Circle:
    """Garbage that only a collection finds."""

    def __init__(self, size: int) -> None:
        self.itself = self
        self.load = bytes(size)


@contextmanager
def full_collections() -> Iterator[list[str]]:
    """Grows with each of them."""
    begun: list[str] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "start" and info["generation"] == 2:
            begun.append(phase)

    gc.callbacks.append(note)
    try:
        yield begun
    finally:
        gc.callbacks.remove(note)


async def test_many_new_objects_are_not_looked_through_but_grown_memory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    gc.collect()
    monkeypatch.setattr(freed_memory, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(freed_memory, "_WORTH_BYTES", 2**40)
    monkeypatch.setattr(freed_memory, "_WORTH_BLOCKS", 2**40)
    with full_collections() as begun, trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(FreedMemory().run)
            await trio.testing.wait_all_tasks_blocked()
            kept: list[list[list[int]]] = [[[]] for _ in range(500_000)]
            assert len(kept) == 500_000 and begun == []
            monkeypatch.setattr(freed_memory, "_WORTH_BYTES", 1024 * 1024)
            _Circle(32 * 1024 * 1024)
            while not begun:
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    assert gc.get_threshold() == before


async def test_small_garbage_is_found_though_the_process_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the place of earlier garbage, as after a first burst."""
    monkeypatch.setattr(freed_memory, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(freed_memory, "_WORTH_BYTES", 2**40)
    gc.collect()
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(FreedMemory().run)
            await trio.testing.wait_all_tasks_blocked()
            for _ in range(3):
                while threads.memory.limiter.borrowed_tokens:  # it may count what is there now only after it is made
                    await trio.sleep(0.001)
                last = weakref.ref(old_circles(sys.getallocatedblocks() // 4))
                while last() is not None:
                    await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


def old_circles(count: int) -> _Circle:
    """Make garbage that collections of young objects have seen before it was garbage; returns one of it."""
    circles = [_Circle(0) for _ in range(count)]
    gc.collect(1)
    return circles[-1]
