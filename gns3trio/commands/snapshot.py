"""``gns3trio snapshot``: lists, creates, compares, restores and deletes snapshots of projects."""

import argparse
from datetime import datetime
from urllib.parse import urlencode

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action, add_list
from gns3trio.commands.changes import print_changes
from gns3trio.commands.finding import find_project, find_snapshot
from gns3trio.commands.lab import Json, path_of, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note, print_facts, show
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.commands.stopping import add_stop, stop_if_asked, telling_how_to_stop

__all__ = ["add_arguments", "run"]

_DIFFERENT = 1  # as diff(1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio snapshot`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(
        actions,
        "list",
        "list the snapshots of a project, the oldest first",
        _list,
        "project",
        columns=("snapshot", "created", "description"),
        wide=("id",),
    )
    create = add_action(
        actions, "create", "take a snapshot of a project; its nodes must be stopped (see --stop)", _create, "project"
    )
    create.add_argument("name", metavar="NAME", help="what to call it")
    create.add_argument("--description", metavar="TEXT", default="", help="what is in it, for people")
    add_stop(create)
    text = "replace what is in a project by a snapshot of it"
    restore = add_action(actions, "restore", text, _restore, "project", "snapshot")
    add_yes(restore)
    text = "show what was changed since a snapshot; exit status 1 if anything"
    compare = add_action(actions, "compare", text, _compare, "project", "snapshot", outputs=REPORT)
    compare.add_argument("--to", dest="to_snapshot", metavar="SNAPSHOT", help="until this one; default: until now")
    delete = add_action(actions, "delete", "delete a snapshot", _delete, "project", "snapshot")
    add_yes(delete)


def _time(snapshot: Json) -> str:
    return datetime.fromtimestamp(snapshot["created_at"]).strftime("%Y-%m-%d %H:%M:%S")


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    path = path_of(await find_project(server, arguments.project))
    snapshots = await server.request("GET", f"{path}/snapshots")
    show_list(
        arguments,
        snapshots,
        lambda each: (each["name"], _time(each), each.get("description", ""), each["snapshot_id"]),
    )


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    body = {"name": arguments.name, **({"description": arguments.description} if arguments.description else {})}
    await stop_if_asked(server, arguments, project)
    with telling_how_to_stop(project):
        snapshot = await server.request("POST", f"{path_of(project)}/snapshots", body)
    facts = {"name": snapshot["name"], "created": _time(snapshot), "snapshot_id": snapshot["snapshot_id"]}
    show(arguments, snapshot, lambda: print_facts(facts))


async def _restore(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    snapshot = await find_snapshot(server, path_of(project), arguments.snapshot)
    question = (
        f"Replace what is in {project['name']!r} by the snapshot {snapshot['name']!r} of {_time(snapshot)}? "
        "Changes since then are lost."
    )
    confirm(arguments, question, otherwise="nothing was restored")
    restored = await server.request("POST", f"{path_of(project)}/snapshots/{snapshot['snapshot_id']}/restore", {})
    show(arguments, restored, lambda: note(f"{project['name']} is as in {snapshot['name']!r}"))


async def _compare(server: Client, arguments: argparse.Namespace) -> int:
    path = path_of(await find_project(server, arguments.project))
    snapshot = await find_snapshot(server, path, arguments.snapshot)
    query = ""
    if arguments.to_snapshot is not None:
        other = await find_snapshot(server, path, arguments.to_snapshot)
        query = f"?{urlencode({'to': other['snapshot_id']})}"
    found = await server.request("GET", f"{path}/snapshots/{snapshot['snapshot_id']}/compare{query}")
    show(arguments, found, lambda: print_changes(found["changes"], otherwise="nothing was changed"))
    if found["not_compared"]:
        note(f"too large to be compared: {', '.join(found['not_compared'])}")
    return _DIFFERENT if found["changes"] else 0


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    snapshot = await find_snapshot(server, path_of(project), arguments.snapshot)
    question = f"Delete the snapshot {snapshot['name']!r} of {project['name']!r}?"
    confirm(arguments, question, otherwise="nothing was deleted")
    await server.request("DELETE", f"{path_of(project)}/snapshots/{snapshot['snapshot_id']}")
    show(arguments, snapshot, lambda: None)
