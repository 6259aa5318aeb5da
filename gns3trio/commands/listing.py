"""Lists of objects: the columns for people, and the options that choose some of the objects."""

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import Any

from gns3trio.classes import frozen
from gns3trio.commands.output import as_cell, print_data, print_line, print_table
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.errors import Invalid

Json = dict[str, Any]

_FORM = "KEY=VALUE or KEY!=VALUE"
_FEW_KEYS = 30  # so many are listed by an error
# Columns that have an option of their own, which is the short form of ``--filter COLUMN=``.
_OWN_OPTIONS = {
    "type": "only those of this type",
    "status": "only those in this state",
    "state": "only those in this state",
}


@frozen
class Condition:
    """A condition on a column or field: its text is like a pattern with ``*``, in upper or lower case."""

    key: str
    pattern: str
    is_not: bool = False


def to_condition(text: str) -> Condition:
    """Parse a condition of ``--filter``."""
    key, equals, pattern = text.partition("=")
    is_not = key.endswith("!")
    key = key.removesuffix("!").strip()
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not {_FORM}, such as status=started")
    return Condition(key, pattern.strip(), is_not)


def add_columns(
    parser: argparse.ArgumentParser, columns: Sequence[str], wide: Sequence[str] = (), states: Sequence[str] = ()
) -> None:
    """Say which columns a list has, the first of which is the name, and which more there are with ``-o wide``; add the
    options that choose objects. ``states``: the only states that there are.
    """
    parser.set_defaults(columns=tuple(columns), wide_columns=tuple(wide), states=tuple(states), conditions=[])
    parser.add_argument(
        "--filter",
        dest="conditions",
        metavar="KEY=VALUE",
        type=to_condition,
        action="append",
        help="only those with this value in a column, or in a field of --json; * stands for anything, != for "
        "others; may be repeated",
    )
    parser.add_argument(
        "--name", dest="name_part", metavar="PART", help="only those whose name contains this, in upper or lower case"
    )
    for column in columns:
        if column in _OWN_OPTIONS:
            parser.add_argument(
                f"--{'type' if column == 'type' else 'status'}",
                dest="conditions",
                metavar=column.upper(),
                type=_Own(column, () if column == "type" else tuple(states)),
                action="append",
                help=_OWN_OPTIONS[column] + (f": {', '.join(states)}" if states and column != "type" else ""),
            )


@frozen
class _Own:
    """Parses the value of an option that is a condition on one column."""

    column: str
    known: tuple[str, ...]

    def __call__(self, text: str) -> Condition:
        if self.known and text.lower() not in self.known and "*" not in text:
            hint = did_you_mean(text, self.known)
            raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(self.known)}.{hint}")
        return Condition(self.column, text)


def show_list(
    arguments: argparse.Namespace,
    things: Iterable[Json],
    row_of: Callable[[Json], Sequence[object]],
    *,
    name: str | None = None,
    as_data: Callable[[list[Json]], Any] = list,
) -> None:
    """Print those of the objects that the options choose, as a table or in the requested form. ``row_of`` makes the
    cells of all columns, those for ``-o wide`` last. ``name`` is the field with the name, if it is not in the first
    column. ``as_data`` makes what is printed for programs of the chosen objects.
    """
    columns = (*arguments.columns, *arguments.wide_columns)
    listed = [(thing, [as_cell(cell) for cell in row_of(thing)]) for thing in things]
    if arguments.name_part is not None:
        part = arguments.name_part.casefold()
        listed = [(thing, row) for thing, row in listed if part in row[0].casefold()]
    for condition in arguments.conditions:
        _require_key(condition.key, columns, listed)
        listed = [(thing, row) for thing, row in listed if _meets(condition, columns, thing, row)]
    if arguments.json:
        print_data(arguments, as_data([thing for thing, _ in listed]))
    elif arguments.output == "name":
        for thing, row in listed:
            print_line(row[0] if name is None else str(thing[name]))
    else:
        shown = len(columns if arguments.output == "wide" else arguments.columns)
        print_table(columns[:shown], [row[:shown] for _, row in listed])


def _require_key(key: str, columns: Sequence[str], listed: Sequence[tuple[Json, Sequence[str]]]) -> None:
    """Raises Invalid for a key that is neither a column nor a field of any object."""
    if key in columns or not listed or any(_field(thing, key) is not None for thing, _ in listed):
        return
    keys = dict.fromkeys([*columns, *(name for thing, _ in listed for name in thing)])
    if key in keys or ("." in key and key.partition(".")[0] in keys):
        return
    raise Invalid(
        f"--filter: there is no column or field {key!r}; there are {', '.join(list(keys)[:_FEW_KEYS])}."
        + did_you_mean(key, keys)
    )


def _meets(condition: Condition, columns: Sequence[str], thing: Json, row: Sequence[str]) -> bool:
    if condition.key in columns:
        cell = row[columns.index(condition.key)]
        texts = [cell, *cell.split()]  # a state may be several words
    else:
        texts = [_text(_field(thing, condition.key))]
    matches = re.compile(translate(condition.pattern.casefold())).match
    return any(matches(text.casefold()) for text in texts) is not condition.is_not


def _field(thing: Json, key: str) -> Any:
    """A field of an object, such as ``properties.ram``; None if it is not there."""
    value: Any = thing
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    """A field as people write it: as JSON does."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
