"""Files by paths that clients send. What they say of paths and links is tested at the API, in ``test_files``."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from gns3trio.controller.storage.single_files import open_file
from gns3trio.errors import NotFound


def calls_of(action: Callable[[], object]) -> Counter[str]:
    """How often an action calls each function that is written in C."""
    counts: Counter[str] = Counter()

    def count(_: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            counts[function.__name__] += 1

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return counts


def test_of_a_long_path_only_what_exists_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    def open_missing() -> None:
        with pytest.raises(NotFound):
            open_file(tmp_path, "a/" * 2000 + "b")

    counts = calls_of(open_missing)
    assert counts["open"] >= 1, counts
    assert counts["lstat"] + counts["stat"] < 20, counts
