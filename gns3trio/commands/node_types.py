"""``gns3trio node types``: the types of nodes, and the properties of one."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_list
from gns3trio.commands.lab import Json
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import print_data, print_line, print_table
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.errors import NotFound

_FEW = 6  # so many choices or suggestions are listed


def add_to(actions: Any) -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    types = add_list(
        actions,
        "types",
        "list the types of nodes, or the properties of one",
        _types,
        columns=("type", "title", "runs", "engines"),
        wide=("properties",),
    )
    types.add_argument("type", nargs="?", metavar="TYPE", help="list the properties of this type")


async def _types(server: Client, arguments: argparse.Namespace) -> None:
    types = await server.request("GET", "/v2/node_types")
    if arguments.type is None:
        show_list(arguments, types, _row)
        return
    found = next((each for each in types if each["node_type"] == arguments.type), None)
    if found is None:
        hint = did_you_mean(arguments.type, [each["node_type"] for each in types])
        raise NotFound(f"there is no node type {arguments.type!r}.{hint}".removesuffix("."))
    if arguments.json:
        print_data(arguments, found)
    elif arguments.output == "name":
        for field in _fields(found):
            print_line(field["name"])
    else:
        rows = [row for field in _fields(found) for row in property_rows(field)]
        print_table(("property", "values", "default", "takes effect", "meaning"), rows)


def _row(node_type: Json) -> Sequence[object]:
    runs = "here" if node_type["runs_here"] else f"with {node_type['emulator']}: nodes are only kept"
    names = ", ".join(field["name"] for field in _fields(node_type))
    return node_type["node_type"], node_type["title"], runs, ", ".join(node_type.get("engines", ())), names


def _fields(node_type: Json) -> list[Json]:
    """The fields that ``--property`` sets."""
    fields = node_type.get("properties", ())
    return [each for each in fields if each.get("place", "properties") == "properties"]


def property_rows(field: Json, prefix: str = "") -> Iterator[tuple[object, ...]]:
    """A property as a row of the table, and the columns of a list of objects as further ones."""
    name = f"{prefix}{field['name']}"
    default = "" if "columns" in field else field.get("default")
    meaning = ". ".join(text.rstrip(".") for text in (field["label"], field.get("hint")) if text)
    yield name, values_text(field), default, "" if prefix else _effect(field), meaning
    for column in field.get("columns", ()):
        if column.get("is_shown", True):
            yield from property_rows(column, f"{name}[].")


def _effect(field: Json) -> str:
    effect: str = field["takes_effect"]
    return {"start": "at the next start", "stopped": "while stopped"}.get(effect, effect)


def values_text(field: Json) -> str:
    """The values that a property may have."""
    if choices := field.get("choices"):
        values = [str(each["value"]) or '""' for each in choices]
        return "|".join(values[:_FEW]) + ("|..." if len(values) > _FEW else "")
    if field["control"] == "number":
        least, most = field.get("minimum"), field.get("maximum")
        limits = f" {'' if least is None else f'{least:g}'}..{'' if most is None else f'{most:.10g}'}"
        unit = f" {field['unit']}" if field.get("unit") else ""
        return f"number{limits if (least, most) != (None, None) else ''}{unit}"
    control: str = field["control"]
    return {"flag": "true|false", "lines": "text", "table": "list", "script": "text"}.get(control, control)
