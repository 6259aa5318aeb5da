"""``gns3trio acl``: lists, adds and removes permissions: who has which role where."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.finding import find_project
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import show
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
    print_thing,
    with_login,
)
from gns3trio.commands.questions import add_yes, confirm

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


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    entries = await server.request("GET", ACL)
    names = {
        **{each["user_id"]: f"user {each['username']}" for each in await server.request("GET", USERS)},
        **{each["user_group_id"]: f"group {each['name']}" for each in await server.request("GET", GROUPS)},
        **{each["role_id"]: each["name"] for each in await server.request("GET", ROLES)},
        **{f"/pools/{p['resource_pool_id']}": f"pool {p['name']}" for p in await server.request("GET", POOLS)},
        **{f"/projects/{p['project_id']}": f"project {p['name']}" for p in await server.request("GET", "/v2/projects")},
    }

    def name_of(wanted: str | None) -> str:
        return names.get(wanted, wanted) or ""

    def row_of(entry: Json) -> tuple[str, ...]:
        return (
            name_of(entry["user_id"] or entry["group_id"]),
            "allow" if entry["allowed"] else "deny",
            name_of(entry["role_id"]),
            name_of(entry["path"]),
            "" if entry["propagate"] else "here only",
            entry["ace_id"],
        )

    show_list(arguments, entries, row_of, name="ace_id")


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
    entry = await server.request("POST", ACL, body)
    show(arguments, entry, lambda: print_thing(entry, "ace_id", "ace_type", "path", "allowed", "propagate"))


async def _path(server: Client, arguments: argparse.Namespace) -> str:
    if arguments.project is not None:
        return f"/projects/{(await find_project(server, arguments.project))['project_id']}"
    if arguments.pool is not None:
        return f"/pools/{(await find_pool(server, arguments.pool))['resource_pool_id']}"
    return str(arguments.path)


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    question = f"Remove {len(arguments.ids)} permissions?" if len(arguments.ids) > 1 else "Remove this permission?"
    confirm(arguments, question, otherwise="nothing was removed", loses_data=False)
    for ace_id in arguments.ids:
        await server.request("DELETE", f"{ACL}/{ace_id}")
