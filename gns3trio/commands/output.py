"""Prints results: as text for people, or as JSON, YAML or names for programs.

Texts from the server may contain control characters, which a terminal obeys. Everything is escaped when it is printed.
"""

import argparse
import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gns3trio.commands.colors import BOLD, STATE_COLUMNS, paint, style_of_state
from gns3trio.printable import escape, escape_json

# Keys of an object that may have its name, the best first.
_NAMES = ("name", "username", "filename", "path", "link_id", "drawing_id", "snapshot_id", "ace_id", "capture_id")


def prepare_streams() -> None:
    """Let any output be possible: characters that the terminal's encoding does not have are escaped, and whoever has
    closed a stream does not want it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def note(text: str) -> None:
    """Print a message for the user on stderr, apart from the output."""
    print(f"gns3trio: {escape(text)}", file=sys.stderr)


def print_line(text: str) -> None:
    """Print one line."""
    print(escape(text), flush=True)


def print_escaped(lines: Iterable[str]) -> None:
    """Print lines whose texts are escaped already, and which may have colors."""
    for line in lines:
        print(line)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print indented JSON."""
    print(escape_json(json.dumps(value, indent=indent, ensure_ascii=False)), flush=True)


def print_yaml(value: Any) -> None:
    """Print YAML."""
    from gns3trio.topology_yaml import format_yaml  # imported here, because few calls need it

    print(format_yaml(value), end="", flush=True)


def print_data(arguments: argparse.Namespace, value: Any) -> None:
    """Print a value as YAML if that is requested, otherwise as JSON."""
    if arguments.output == "yaml":
        print_yaml(value)
    else:
        print_json(value)


def show(arguments: argparse.Namespace, value: Any, as_text: Callable[[], None], *, name: str | None = None) -> None:
    """Print the result of a command in the requested form; ``as_text`` prints it for people. ``name`` is that of the
    object if the object has none.
    """
    if arguments.json:
        print_data(arguments, value)
    elif arguments.output == "name":
        for each in value if isinstance(value, list) else [value]:
            print_line(name or _name_of(each))
    else:
        as_text()


def _name_of(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return next((str(value[key]) for key in _NAMES if value.get(key)), "")


def as_cell(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with columns as wide as their longest entry. On a terminal, states have colors."""
    texts = [[escape(as_cell(cell)) for cell in row] for row in rows]
    widths = [max([len(title), *(_width(row[column]) for row in texts)]) for column, title in enumerate(head)]
    print(paint(_line([title.upper() for title in head], widths, [""] * len(head)), BOLD))
    for row in texts:
        styles = [style_of_state(text) if title in STATE_COLUMNS else "" for title, text in zip(head, row, strict=True)]
        print(_line(row, widths, styles))


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> str:
    last = max((column for column, text in enumerate(cells) if text), default=-1)
    return "  ".join(
        paint(text, style) + " " * (width - _width(text) if column < last else 0)
        for column, (text, width, style) in enumerate(zip(cells, widths, styles, strict=True))
        if column <= last
    )


def _width(text: str) -> int:
    """The number of columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_WIDTHS.get(unicodedata.east_asian_width(each), not unicodedata.combining(each)) for each in text)


_WIDTHS = {"W": 2, "F": 2}


def print_facts(facts: Mapping[str, object]) -> None:
    """Print one line per fact, with aligned values."""
    width = max(map(len, facts))
    for name, value in facts.items():
        text = escape(as_cell(value))
        style = style_of_state(text) if name in STATE_COLUMNS else ""
        print(f"{escape(name).ljust(width)}  {paint(text, style)}".rstrip(), flush=True)
