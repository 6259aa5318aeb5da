"""The objects of large labs are not looked through for garbage until the last of the labs closes."""

import gc
import weakref
from collections.abc import Iterator
from uuid import uuid4

import pytest

from gns3trio import garbage


class Circle:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_there_is_set_aside_until_the_last_project_closes() -> None:
    first, second = uuid4(), uuid4()
    circle = Circle()
    is_there = weakref.ref(circle)
    garbage.grown(first, garbage.PIECE - 1)
    assert gc.get_freeze_count() == 0
    garbage.grown(first, garbage.PIECE)
    garbage.grown(second, 3 * garbage.PIECE)
    del circle
    gc.collect()
    assert is_there() is not None
    garbage.closed(first)
    garbage.closed(uuid4())
    assert gc.get_freeze_count() > 0
    garbage.closed(second)
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert is_there() is None


def test_newer_garbage_is_found() -> None:
    project = uuid4()
    garbage.grown(project, garbage.PIECE)
    is_there = weakref.ref(Circle())
    gc.collect()
    assert is_there() is None
    garbage.closed(project)
