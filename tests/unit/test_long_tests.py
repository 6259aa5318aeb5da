"""Long tests begin first, in every second process."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.long_tests import LONG_TESTS, begin_with_long_tests

ROOT = Path(__file__).parents[2]


@attrs.frozen
class Item:
    nodeid: str


@pytest.mark.parametrize("name", LONG_TESTS)
def test_each_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    assert f"def {function.partition('[')[0]}" in (ROOT / path).read_text()


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("count", [1, 20, 101])
def test_each_process_gets_its_share(processes: int, count: int) -> None:
    short = [Item(f"tests/unit/test_a.py::test_{n}") for n in range(count)]
    items: list[Any] = [*short[:7], *map(Item, reversed(LONG_TESTS)), *short[7:]]
    ordered = begin_with_long_tests(items, processes)
    assert sorted(each.nodeid for each in ordered) == sorted(each.nodeid for each in items)
    assert ordered[0].nodeid == LONG_TESTS[0]
    if count == 101 and processes == 4:
        size = len(items) // 4
        begins = [[each.nodeid in LONG_TESTS for each in ordered[size * n : size * n + 10]] for n in range(4)]
        assert begins == [[True] * 10, [False] * 10, [True] * 10, [False] * 10]
