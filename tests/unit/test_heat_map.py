"""The matrix of a mesh as text."""

import sys

import pytest

from gns3trio.commands.heat_map import heat_map

VALUES = {(0, 1): 0.0, (1, 0): 12.5, (1, 2): 100.0, (2, 1): None}


def lines(columns: int = 80, most: float | None = 100.0, names: tuple[str, ...] = ("A", "PC2", "\033[2J")) -> list[str]:
    shown = heat_map(names, VALUES, lambda value: f"{value:g}", most=most, columns=columns)
    assert shown is not None
    return shown


def test_rows_send_and_columns_receive() -> None:
    assert lines() == [
        "             1    2    3",
        "1 A          .    0    .",
        "2 PC2     12.5    .  100",
        "3 \\x1b[2J    .    -    .",
    ]


def test_what_is_too_wide_is_not_shown() -> None:
    assert len(lines(columns=24)) == 4
    assert heat_map(("A", "PC2", "\033[2J"), VALUES, "{:g}".format, most=None, columns=23) is None
    assert heat_map([f"PC{n}" for n in range(100)], {}, str, most=None, columns=200) is None
    assert heat_map((), {}, str, most=None, columns=80) == [""]


def test_colors_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, first, second, third = lines()
    assert "\033" not in first and "\033" not in third  # no loss, no value
    weak, strong = second.split(" .")
    assert "48;5;229" in weak and "48;5;203" in strong and second.endswith("\033[0m")
    assert "48;5;203" in lines(most=12.5)[2].split(" .")[0]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in lines()[2]
