"""The objects of large labs are not looked through for garbage until one of the labs closes."""

import gc
import weakref
from collections.abc import Iterator
from typing import get_args
from uuid import UUID, uuid4

import pytest

from gns3trio import garbage
from gns3trio.freed_memory import FreedMemory


class Circle:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def projects() -> Iterator[list[UUID]]:
    """Two, which are closed in the end."""
    garbage.collect()
    projects = [uuid4(), uuid4()]
    yield projects
    for project in projects:
        garbage.closed(project)
    garbage.collect()


def test_what_was_there_is_set_aside_until_a_project_closes(projects: list[UUID]) -> None:
    first, second = projects
    circle = Circle()
    is_there = weakref.ref(circle)
    garbage.grown(first, "nodes", garbage.PIECE - 1)
    assert gc.get_freeze_count() == 0
    garbage.grown(first, "nodes", garbage.PIECE)
    garbage.grown(second, "nodes", 3 * garbage.PIECE)
    del circle
    garbage.collect()
    assert is_there() is not None
    garbage.closed(uuid4())
    assert gc.get_freeze_count() > 0 and not garbage.is_due()
    garbage.closed(first)
    assert gc.get_freeze_count() == 0 and garbage.is_due()
    garbage.collect()
    assert is_there() is None
    assert gc.get_freeze_count() > 0  # the other lab is still there
    garbage.closed(second)
    garbage.collect()
    assert gc.get_freeze_count() == 0 and not garbage.is_due()


def test_newer_garbage_is_found(projects: list[UUID]) -> None:
    garbage.grown(projects[0], "nodes", garbage.PIECE)
    is_there = weakref.ref(Circle())
    garbage.collect()
    assert is_there() is None


@pytest.mark.parametrize("kind", get_args(garbage.Kind))
def test_nodes_that_come_and_go_set_nothing_more_aside(projects: list[UUID], kind: garbage.Kind) -> None:
    for count in (garbage.PIECE, 2 * garbage.PIECE):
        garbage.grown(projects[0], kind, count)
    before = gc.get_freeze_count()
    kept = [Circle() for _ in range(1000)]
    garbage.grown(projects[0], kind, garbage.PIECE)
    garbage.grown(projects[0], kind, 2 * garbage.PIECE)
    assert gc.get_freeze_count() <= before
    garbage.grown(projects[0], kind, 3 * garbage.PIECE)
    assert gc.get_freeze_count() > before + len(kept) / 2


def test_a_lab_that_is_opened_again_at_once_does_not_keep_what_it_left(projects: list[UUID]) -> None:
    garbage.grown(projects[1], "nodes", garbage.PIECE)
    left = []
    for _ in range(3):
        circle = Circle()
        left.append(weakref.ref(circle))
        garbage.grown(projects[0], "nodes", garbage.PIECE)
        del circle
        garbage.closed(projects[0])
    garbage.grown(projects[0], "nodes", garbage.PIECE)
    FreedMemory().give_back()  # memory has not grown
    assert [each() for each in left] == [None] * 3
    assert gc.get_freeze_count() > 0 and not garbage.is_due()
