"""``gns3trio compute hosted`` and ``release``: projects that other controllers have open on the server."""

import argparse
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands import host_facts
from gns3trio.commands.lab import Json, add_action, ask, note, print_table, show
from gns3trio.errors import NotFound


def add_arguments(actions: Any) -> None:
    """Add the subcommands to those of ``gns3trio compute``."""
    add_action(actions, "hosted", "list the projects that other controllers have open on the server", _list)
    release = add_action(
        actions,
        "release",
        "close a project that another controller has open on the server; its nodes are stopped, their files stay",
        _release,
        json=False,
    )
    release.add_argument("hosted_id", metavar="ID", help="as compute hosted shows it")
    release.add_argument("--yes", action="store_true", help="do not ask")


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    listed: list[Json] = await server.request("GET", "/v2/hosted_projects")
    rows = [
        (
            each["name"],
            each["user"] or "-",
            each["host"],
            "connected" if each["connected"] else "away",
            host_facts.count(each["nodes"]),
            each["hosted_id"],
        )
        for each in listed
    ]
    show(arguments, listed, lambda: print_table(("project", "user", "controller", "state", "nodes", "id"), rows))


async def _release(server: Client, arguments: argparse.Namespace) -> None:
    listed: list[Json] = await server.request("GET", "/v2/hosted_projects")
    found = next((each for each in listed if each["hosted_id"] == arguments.hosted_id), None)
    if found is None:
        raise NotFound(f"no project {arguments.hosted_id!r} of another controller is open here")
    if not arguments.yes:
        who = f"{found['user']} at {found['host']}" if found["user"] else found["host"]
        question = f"Close {found['name']!r} of {who}; nodes: {host_facts.count(found['nodes'])}. [y/N] "
        ask(question, otherwise="nothing was closed")
    await server.request("POST", f"/v2/hosted_projects/{found['hosted_id']}/close")
    note(f"{found['name']} is closed here")
