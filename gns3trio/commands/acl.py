"""``gns3trio acl``: lists, adds and removes permissions: who has which role where."""

import argparse
from collections.abc import Mapping

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.finding import find_project
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note, print_facts, show
from gns3trio.commands.people import (
    ACL,
    GROUPS,
    POOLS,
    ROLES,
    USERS,
    find_group,
    find_pool,
    find_role,
    find_user,
    with_login,
)
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import LabError, NotFound

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio acl`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    columns = ("who", "what", "role", "where", "scope", "id")
    add_list(actions, "list", "list the permissions", with_login(_list), columns=columns)
    for name, text, action in (
        ("allow", "give a user or a group a role, for everything below a path", _allow),
        ("deny", "deny a user or a group what a role allows, for everything below a path", _deny),
    ):
        parser_of_action = add_action(actions, name, text, with_login(action), "role")
        who = parser_of_action.add_mutually_exclusive_group(required=True)
        who.add_argument("--to-user", metavar="USER", help="for this user; name or id")
        who.add_argument("--to-group", metavar="GROUP", help="for the members of this group; name or id")
        where = parser_of_action.add_mutually_exclusive_group(required=True)
        where.add_argument("--project", metavar="PROJECT", help="for this project; name or id")
        where.add_argument("--pool", metavar="POOL", help="for the projects in this pool; name or id")
        where.add_argument("--path", help="for this path of the API without its version, such as / or /templates")
        parser_of_action.add_argument(
            "--here-only", action="store_true", help="for the path itself, not for what is below it"
        )
    text = "remove permissions"
    remove = add_action(actions, "remove", text, with_login(_remove), outputs=NOTHING, aliases=["rm"])
    add_yes(remove)
    remove.add_argument("ids", nargs="+", metavar="ID", help="ids of permissions, as list prints them")


async def _all(server: Client, path: str) -> list[Json]:
    """What is there; nothing if the user may not see it."""
    try:
        things: list[Json] = await server.request("GET", path)
    except LabError:
        return []
    return things


async def _names(server: Client) -> dict[str, str]:
    """What entries name by an id or a path, in words."""
    return {
        **{each["user_id"]: f"user {each['username']}" for each in await _all(server, USERS)},
        **{each["user_group_id"]: f"group {each['name']}" for each in await _all(server, GROUPS)},
        **{each["role_id"]: each["name"] for each in await _all(server, ROLES)},
        **{f"/pools/{p['resource_pool_id']}": f"pool {p['name']}" for p in await _all(server, POOLS)},
        **{f"/projects/{p['project_id']}": f"project {p['name']}" for p in await _all(server, "/v2/projects")},
    }


def _cells(entry: Json, names: Mapping[str, str]) -> tuple[str, ...]:
    def name_of(wanted: str) -> str:
        return names.get(wanted, wanted)

    return (
        name_of(entry["user_id"] or entry["group_id"]),
        "allow" if entry["allowed"] else "deny",
        name_of(entry["role_id"]),
        name_of(entry["path"]),
        "" if entry["propagate"] else "here only",
        entry["ace_id"],
    )


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    entries = await server.request("GET", ACL)
    names = await _names(server)
    show_list(arguments, entries, lambda entry: _cells(entry, names), name="ace_id")


async def _allow(server: Client, arguments: argparse.Namespace) -> None:
    await _create(server, arguments, allowed=True)


async def _deny(server: Client, arguments: argparse.Namespace) -> None:
    await _create(server, arguments, allowed=False)


async def _create(server: Client, arguments: argparse.Namespace, *, allowed: bool) -> None:
    role = await find_role(server, arguments.role)
    body: Json = {
        "role_id": role["role_id"],
        "path": await _path(server, arguments),
        "allowed": allowed,
        "propagate": not arguments.here_only,
    }
    if arguments.to_user is not None:
        user = await find_user(server, arguments.to_user)
        body |= {"ace_type": "user", "user_id": user["user_id"]}
    else:
        group = await find_group(server, arguments.to_group)
        body |= {"ace_type": "group", "group_id": group["user_group_id"]}
    names = await _names(server)
    same = [known for known in await _all(server, ACL) if all(known[name] == value for name, value in body.items())]
    if same:
        note("there is this permission already; nothing was added")
    entry = same[0] if same else await server.request("POST", ACL, body)
    show(arguments, entry, lambda: _print(entry, names))


def _print(entry: Json, names: Mapping[str, str]) -> None:
    facts = dict(zip(("who", "what", "role", "where", "only", "id"), _cells(entry, names), strict=True))
    print_facts({name: value for name, value in facts.items() if value})


async def _path(server: Client, arguments: argparse.Namespace) -> str:
    if arguments.project is not None:
        return f"/projects/{(await find_project(server, arguments.project))['project_id']}"
    if arguments.pool is not None:
        return f"/pools/{(await find_pool(server, arguments.pool))['resource_pool_id']}"
    return str(arguments.path)


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    known = await server.request("GET", ACL)
    found = []
    for wanted in arguments.ids:  # all, before the first is removed
        matching = [entry for entry in known if entry["ace_id"].startswith(wanted)]
        if len(matching) != 1:
            reason = "is the beginning of several ids" if matching else "is the id of no permission"
            raise NotFound(f"{wanted}: {reason}; the last column of gns3trio acl list has the ids")
        found += matching
    question = f"Remove {len(arguments.ids)} permissions?" if len(arguments.ids) > 1 else "Remove this permission?"
    confirm(arguments, question, otherwise="nothing was removed", scripts_need_yes=False)
    for entry in found:
        await server.request("DELETE", f"{ACL}/{entry['ace_id']}")
