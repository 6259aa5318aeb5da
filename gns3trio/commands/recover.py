"""``gns3trio recover``: brings back an earlier version of a project's file."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import ARGUMENTS, add_common
from gns3trio.commands.finding import find_in, find_project
from gns3trio.commands.lab import path_of, run
from gns3trio.commands.output import print_facts, print_table, show
from gns3trio.commands.questions import add_yes, confirm

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``gns3trio recover`` to its parser."""
    parser.add_argument("project", metavar="PROJECT", help=ARGUMENTS["project"])
    parser.add_argument("version", nargs="?", metavar="VERSION", help="as --list names it; default: the newest")
    parser.add_argument(
        "--list", action="store_true", help="list the earlier versions, the newest first; change nothing"
    )
    add_yes(parser)
    add_common(parser, _recover)
    parser.epilog = (
        "The project must be closed, or unable to open because its file is damaged. The present file is kept under "
        "another name."
    )


async def _recover(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    versions = await server.request("GET", f"{path_of(project)}/versions")
    if arguments.list:
        rows = [(each["version"], each["saved_at"], each["nodes"], each["links"]) for each in versions]
        show(arguments, versions, lambda: print_table(("version", "saved", "nodes", "links"), rows), name=None)
        return
    body = {}
    if arguments.version is not None:
        body["version"] = find_in("version", arguments.version, versions, "version", "version")["version"]
    which = f"the version {arguments.version}" if arguments.version else "the newest earlier version"
    confirm(
        arguments,
        f"Replace the file of {project['name']!r} by {which}?",
        otherwise="nothing was recovered",
        scripts_need_yes=False,  # the present file is kept
    )
    recovered = await server.request("POST", f"{path_of(project)}/recover", body)
    facts = {name: recovered[name] for name in ("name", "project_id", "status", "path")}
    show(arguments, recovered, lambda: print_facts(facts))
