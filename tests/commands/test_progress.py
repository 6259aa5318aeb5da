"""The progress line."""

import io
import sys

import pytest

from gns3trio.commands.progress import ProgressLine, bar, duration


@pytest.mark.parametrize(("fraction", "filled"), [(0, 0), (0.5, 15), (1, 30), (7, 30), (-1, 0)])
def test_a_bar(fraction: float, filled: int) -> None:
    assert bar(fraction) == f"[{'#' * filled}{'.' * (30 - filled)}]"


def test_what_is_left_is_told_once_it_can_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", seen := io.StringIO())
    monkeypatch.setenv("COLUMNS", "80")
    times = iter((1.0, 10.0, 12.0, 40.0))
    line = ProgressLine(True, 0.0, lambda: next(times))
    told = []
    for fraction in (0.2, 0.25, 0.1, 1.0):
        line.show_part(fraction, "loss")
        told.append(seen.getvalue().rpartition("\033[K")[2])
    assert told[0].endswith("] 20 %  loss")
    assert told[1].endswith("] 25 %, 0:30 left  loss")
    assert told[2].endswith("] 25 %, 0:36 left  loss")  # a bar does not go back
    assert told[3].endswith("] 100 %  loss")


def test_a_line_is_not_longer_than_the_terminal_and_has_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", seen := io.StringIO())
    monkeypatch.setenv("COLUMNS", "20")
    ProgressLine(True, 0.0).show("evil \x1b[2J" + "x" * 100)
    text = seen.getvalue().removeprefix("\r\033[K")
    assert text == r"evil \x1b[2Jxxxxxxxxxxxxxxxx"[:19]


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.2, 65, 3600)] == ["0:00", "1:05", "60:00"]
