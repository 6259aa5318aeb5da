"""``gns3trio compute hosted`` and ``release``: projects that other controllers have open on the server."""

import argparse
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands import host_facts
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.lab import Json
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import NotFound


def add_arguments(actions: Any) -> None:
    """Add the subcommands to those of ``gns3trio compute``."""
    add_list(
        actions,
        "hosted",
        "list the projects that other controllers have open on the server",
        _list,
        columns=("project", "user", "controller", "state", "nodes", "id"),
    )
    release = add_action(
        actions,
        "release",
        "close a project that another controller has open on the server; its nodes are stopped, their files stay",
        _release,
        outputs=NOTHING,
    )
    release.add_argument("hosted_id", metavar="ID", help="as compute hosted shows it")
    add_yes(release)


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    listed: list[Json] = await server.request("GET", "/v2/hosted_projects")
    show_list(
        arguments,
        listed,
        lambda each: (
            each["name"],
            each["user"] or "-",
            each["host"],
            "connected" if each["connected"] else "away",
            host_facts.count(each["nodes"]),
            each["hosted_id"],
        ),
        name="hosted_id",
    )


async def _release(server: Client, arguments: argparse.Namespace) -> None:
    listed: list[Json] = await server.request("GET", "/v2/hosted_projects")
    found = next((each for each in listed if each["hosted_id"] == arguments.hosted_id), None)
    if found is None:
        raise NotFound(f"no project {arguments.hosted_id!r} of another controller is open here")
    who = f"{found['user']} at {found['host']}" if found["user"] else found["host"]
    question = f"Close {found['name']!r} of {who}; nodes: {host_facts.count(found['nodes'])}?"
    confirm(arguments, question, otherwise="nothing was closed")
    await server.request("POST", f"/v2/hosted_projects/{found['hosted_id']}/close")
    note(f"{found['name']} is closed here")
