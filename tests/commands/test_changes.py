"""What was or would be changed, for people."""

from typing import Any

import pytest

from gns3trio.commands.changes import print_changes
from gns3trio.commands.colors import when_colored


def change(action: str, name: str = "PC1", **fields: Any) -> dict[str, Any]:
    told = {field: {"from": values[0], "to": values[1]} for field, values in fields.items()}
    return {"action": action, "kind": "node", "name": name, "fields": told}


def test_changes(capsys: pytest.CaptureFixture[str]) -> None:
    script = ("set pcname PC1\nip 10.0.0.1\nsave\n", "set pcname PC1\nip 10.0.0.2\nsave\n")
    print_changes([change("create"), change("delete", "a\x1b[2J"), change("update", x=(1, 2), script=script)])
    assert capsys.readouterr().out.splitlines() == [
        "+ node PC1",
        r"- node a\x1b[2J",
        "~ node PC1",
        "    x: 1 -> 2",
        "    script:",
        "      @@ -1,3 +1,3 @@",
        "       set pcname PC1",
        "      -ip 10.0.0.1",
        "      +ip 10.0.0.2",
        "       save",
    ]


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes([], otherwise="nothing differs")
    assert capsys.readouterr().out == "nothing differs\n"


def test_long_values_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes([change("update", svg=("x" * 10_000, ""), text=("a\n" * 10_000, None))])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and max(map(len, lines)) < 500 and "(10002 characters)" in lines[1]


def test_colors(capsys: pytest.CaptureFixture[str]) -> None:
    token = when_colored.set("always")
    print_changes([change("create")])
    when_colored.reset(token)
    assert capsys.readouterr().out == "\033[32m+ node PC1\033[0m\n"
