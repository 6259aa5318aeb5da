"""``gns3trio audit``: lists who changed what."""

import argparse
from typing import Any
from urllib.parse import urlencode

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_common
from gns3trio.commands.finding import find_project
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import add_columns, show_list

__all__ = ["add_arguments", "run"]

_FEWEST, _MOST = 1, 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``gns3trio audit`` to its parser."""
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="only the changes of this project; name or id")
    parser.add_argument("--by", metavar="NAME", help="only the changes by this user")
    parser.add_argument("--action", metavar="WORDS", dest="action_words", help='only these, such as "delete project"')
    parser.add_argument(
        "--target", metavar="NAME", help="only the changes of what had this name, such as a node or user"
    )
    parser.add_argument(
        "--limit", type=_limit, default=50, metavar="NUMBER", help=f"the newest so many, at most {_MOST}; default: 50"
    )
    add_common(parser, _audit)
    add_columns(parser, ("time", "user", "from", "what", "target", "status"))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and _FEWEST <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {_FEWEST} to {_MOST}")
    return int(text)


def _target(entry: dict[str, Any]) -> str:
    """What was changed, by its name at that time."""
    target = entry.get("target")
    if not target:
        return str(entry.get("project_id", ""))
    return f"{target['kind']} {target['name']}" + (f" in {target['of']}" if target.get("of") else "")


def _told(entry: dict[str, Any]) -> str:
    """The status, and how many refused requests of the user are not recorded before this one."""
    missing = entry.get("missing", 0)
    return f"{entry['status']} (and {missing} more)" if missing else str(entry["status"])


async def _audit(server: Client, arguments: argparse.Namespace) -> None:
    query: dict[str, Any] = {"limit": arguments.limit}
    path = "/v2/audit"
    given = {"user": arguments.by, "action": arguments.action_words, "target": arguments.target}
    query |= {name: value for name, value in given.items() if value is not None}
    if arguments.project is not None:
        project = await find_project(server, arguments.project)
        path = f"/v2/projects/{project['project_id']}/audit"
    entries = await server.request("GET", f"{path}?{urlencode(query)}")

    def row_of(entry: Json) -> tuple[object, ...]:
        return (
            entry["time"].partition(".")[0].replace("T", " "),
            entry["user"] or "",
            entry["address"],
            entry["action"],
            _target(entry),
            _told(entry),
        )

    show_list(arguments, entries if arguments.json else entries[::-1], row_of)
