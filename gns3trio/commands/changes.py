"""Prints what was or would be changed in a project: by a topology file, or since a snapshot."""

import json
from typing import Any

from gns3trio.commands.colors import BAD, CHANGING, GOOD, paint
from gns3trio.commands.lab import Json
from gns3trio.commands.output import print_escaped
from gns3trio.printable import escape

_SIGNS = {"create": ("+", GOOD), "update": ("~", CHANGING), "delete": ("-", BAD)}
# Comparing texts line by line takes the product of their lengths; longer ones are only named.
_MOST_LINES = 500
_MOST_LETTERS = 200


def print_changes(changes: list[Json], *, otherwise: str = "nothing to change") -> None:
    """Print each change with its fields; ``otherwise`` if there is none."""
    for change in changes:
        sign, style = _SIGNS[change["action"]]
        print_escaped([paint(escape(f"{sign} {change['kind']} {change['name']}"), style)])
        for name, field in change["fields"].items():
            _print_field(name, field["from"], field["to"])
    if not changes:
        print_escaped([otherwise])


def _print_field(name: str, before: Any, after: Any) -> None:
    old, new = ("" if value is None else value for value in (before, after))
    is_text = isinstance(old, str) and isinstance(new, str) and "\n" in old + new
    if is_text and old.count("\n") + new.count("\n") <= _MOST_LINES:
        from difflib import unified_diff  # imported here, because few changes need it

        print_escaped([escape(f"    {name}:")])
        for line in list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))[2:]:
            style = {"+": GOOD, "-": BAD}.get(line[:1], "")
            print_escaped([paint(escape(f"      {line}"), style)])
        return
    print_escaped([escape(f"    {name}: {_short(before)} -> {_short(after)}")])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}... ({len(text)} characters)"
