"""Memory is given back, and all objects are looked through for garbage only when memory has grown."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

from gns3trio import freed_memory
from gns3trio.freed_memory import FreedMemory

PATIENCE = 60


class _Circle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self
        self.load = bytes(32 * 1024 * 1024)


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
    with full_collections() as begun, trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(FreedMemory().run)
            await trio.testing.wait_all_tasks_blocked()
            kept: list[list[list[int]]] = [[[]] for _ in range(500_000)]
            assert len(kept) == 500_000 and begun == []
            monkeypatch.setattr(freed_memory, "_WORTH_BYTES", 1024 * 1024)
            _Circle()
            while not begun:
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    assert gc.get_threshold() == before
