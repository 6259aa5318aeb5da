"""Lists for people and for programs, and which of their objects are shown."""

import argparse
import json
from typing import Any

import pytest

from gns3trio.commands.arguments import OBJECTS, add_output
from gns3trio.commands.colors import When, when_colored
from gns3trio.commands.listing import add_columns, show_list
from gns3trio.errors import Invalid
from gns3trio.topology_yaml import parse_yaml

THINGS: list[dict[str, Any]] = [
    {"name": "PC1", "id": "1", "state": "started", "properties": {"ram": 512}, "on": True},
    {"name": "Core", "id": "2", "state": "stopped", "properties": {"ram": 64}, "on": False},
    {"name": "Edge\x1b[2J", "id": "3", "state": "broken suspended", "properties": {}, "on": None},
]


def shown(capsys: pytest.CaptureFixture[str], *words: str, color: When = "never") -> str:
    """What a list of THINGS prints for these options."""
    parser = argparse.ArgumentParser()
    add_output(parser, OBJECTS)
    add_columns(parser, ("name", "state"), ("id",))
    token = when_colored.set(color)
    try:
        show_list(parser.parse_args(words), THINGS, lambda each: (each["name"], each["state"], each["id"]))
    finally:
        when_colored.reset(token)
    return capsys.readouterr().out


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["NAME         STATE", "PC1          started", "Core         stopped", r"Edge\x1b[2J  broken suspended"]
    assert shown(capsys).splitlines() == lines
    assert shown(capsys, "-o", "wide").splitlines()[0] == "NAME         STATE             ID"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--name", "c"], ["PC1", "Core"]),
        (["--status", "STARTED"], ["PC1"]),
        (["--status", "suspended"], ["Edge"]),  # one of several words
        (["--filter", "name=*e*"], ["Core", "Edge"]),
        (["--filter", "state!=stopped"], ["PC1", "Edge"]),
        (["--filter", "properties.ram=512"], ["PC1"]),
        (["--filter", "on=false"], ["Core"]),
        (["--filter", "id=2", "--filter", "name=core"], ["Core"]),
        (["--filter", "name=x"], []),
    ],
)
def test_some_of_the_objects(words: list[str], names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert [line[:4].strip() for line in shown(capsys, *words, "-o", "name").splitlines()] == names
    assert [each["name"][:4] for each in json.loads(shown(capsys, *words, "--json"))] == names
    assert shown(capsys, *words).count("\n") == 1 + len(names)


def test_a_key_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Invalid, match=r"no column or field 'stat'; there are name, state, id.* Did you mean state\?"):
        shown(capsys, "--filter", "stat=started")


def test_the_forms_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "-o", "json")
    assert json.loads(text) == THINGS and "\x1b" not in text
    text = shown(capsys, "-o", "yaml")
    assert parse_yaml(text.encode()) == THINGS and "\x1b" not in text
    assert shown(capsys, "-o", "name") == "PC1\nCore\nEdge\\x1b[2J\n"


def test_colors_tell_states(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, color="always").splitlines()
    assert lines[0] == "\033[1mNAME         STATE\033[0m"
    assert lines[1].endswith("\033[32mstarted\033[0m") and lines[3].endswith("\033[31mbroken suspended\033[0m")
    assert "\033" not in shown(capsys, color="auto")  # it is no terminal


def test_wide_letters_take_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from gns3trio.commands.output import print_table

    print_table(("name", "x"), [("東京", 1), ("é", 2), ("e\u0301", 3)])
    assert capsys.readouterr().out.splitlines() == ["NAME  X", "東京  1", "é     2", "e\u0301     3"]
