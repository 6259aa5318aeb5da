"""Arguments that the commands share: the server, the form of the output, projects, nodes and links."""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gns3trio.client.arguments import add_client_arguments
from gns3trio.client.client import Client
from gns3trio.commands.listing import add_columns

Action = Callable[[Client, argparse.Namespace], Awaitable[int | None]]

# The forms of an output: of objects, of a report (whose table is always wide), of a command that prints text or JSON
# only, and of one that prints no result.
OBJECTS = ("table", "wide", "json", "yaml", "name")
REPORT = ("table", "wide", "json", "yaml")
ONLY_JSON = ("json",)
NOTHING: tuple[str, ...] = ()

_FOR_PROGRAMS = ("json", "yaml")

# Other names of actions, as people know them from other command lines.
_ALIASES = {"list": ["ls"], "delete": ["rm"]}

ARGUMENTS = {
    "project": "its name or id, or the beginning of its id",
    "node": "its name or id, or the beginning of its id",
    "compute": "its name or id",
    "appliance": "its name or id, or a .gns3a file on this machine",
    "template": "its name or id, or the beginning of its id",
    "snapshot": "its name or id, or the beginning of its id",
    "drawing": "its text or id, or the beginning of its id",
    "symbol": "its id, such as :/symbols/router.svg, or its file name",
    "image": "its path in the folder of images",
    "link": "its id or the beginning of it, or NODE[:PORT]-NODE[:PORT]",
}


def add_action(
    actions: Any,
    name: str,
    text: str,
    action: Action,
    *names: str,
    outputs: Sequence[str] = OBJECTS,
    aliases: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Add a subcommand that uses a server; ``names`` are its positional arguments."""
    description = text[0].upper() + text[1:] + "."
    also = [*_ALIASES.get(name, ()), *aliases]
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=description, aliases=also)
    for each in names:
        parser.add_argument(each, metavar=each.upper(), help=ARGUMENTS.get(each))
    add_common(parser, action, outputs=outputs)
    return parser


def add_list(
    actions: Any,
    name: str,
    text: str,
    action: Action,
    *names: str,
    columns: Sequence[str],
    wide: Sequence[str] = (),
    states: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Add a subcommand that prints a list with ``show_list``; see ``add_columns``."""
    parser = add_action(actions, name, text, action, *names)
    add_columns(parser, columns, wide, states)
    return parser


def add_common(parser: argparse.ArgumentParser, action: Action, *, outputs: Sequence[str] = OBJECTS) -> None:
    """Add the options of all commands that use a server."""
    add_output(parser, outputs)
    add_client_arguments(parser, with_defaults=False)
    parser.set_defaults(action=action)


def add_output(parser: argparse.ArgumentParser, outputs: Sequence[str]) -> None:
    """Add the options that choose the form of the output."""
    parser.set_defaults(output="table", outputs=NOTHING)
    group = parser.add_argument_group("output")
    if len(outputs) > 1:
        group.add_argument("-o", "--output", action=_Output, choices=outputs, help="default: table")
    if "json" in outputs:
        group.add_argument("--json", action=_Output, nargs=0, const="json", help="print JSON")


class _Output(argparse.Action):
    """Sets ``output``, and ``json`` if it is for programs, so that nothing else is printed or asked for."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        namespace.output = self.const or values
        namespace.json = namespace.output in _FOR_PROGRAMS


def add_place(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add the arguments ``[PROJECT] NODE`` or ``[PROJECT] LINK``; see ``locate``."""
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="default: the open project that contains it")
    parser.add_argument(kind, metavar=kind.upper(), help=ARGUMENTS[kind])
