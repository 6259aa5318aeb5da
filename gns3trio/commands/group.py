"""``gns3trio group``: lists, creates, shows and deletes groups of users, and changes who is in them."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.lab import run
from gns3trio.commands.output import show
from gns3trio.commands.people import GROUPS, find_group, find_user, print_thing, show_things, with_login
from gns3trio.commands.questions import add_yes, confirm

__all__ = ["add_arguments", "run"]

_COLUMNS = {"name": "name", "built in": "is_builtin"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio group`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(actions, "list", "list the groups", with_login(_list), columns=tuple(_COLUMNS))
    add_action(actions, "create", "create a group", with_login(_create), "name")
    add_action(actions, "show", "show a group and its members", with_login(_show), "group")
    add = add_action(actions, "add", "add users to a group", with_login(_add), "group", outputs=NOTHING)
    remove = add_action(actions, "remove", "take users out of a group", with_login(_remove), "group", outputs=NOTHING)
    for parser_of_members in (add, remove):
        parser_of_members.add_argument("members", nargs="+", metavar="USER", help="name or id")
    delete = add_action(
        actions, "delete", "delete a group, not its users", with_login(_delete), "group", outputs=NOTHING
    )
    add_yes(delete)


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    groups = await server.request("GET", GROUPS)
    show_things(arguments, groups, _COLUMNS)


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    group = await server.request("POST", GROUPS, {"name": arguments.name})
    show(arguments, group, lambda: print_thing(group, "name", "user_group_id"))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    group = await find_group(server, arguments.group)
    members = await server.request("GET", f"{_path(group)}/members")
    names = ", ".join(sorted(each["username"] for each in members))
    show(
        arguments,
        {**group, "members": members},
        lambda: print_thing(group, "name", "user_group_id", "is_builtin", members=names),
    )


async def _add(server: Client, arguments: argparse.Namespace) -> None:
    await _for_each_member("PUT", server, arguments)


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    await _for_each_member("DELETE", server, arguments)


async def _for_each_member(method: str, server: Client, arguments: argparse.Namespace) -> None:
    group = await find_group(server, arguments.group)
    users = [await find_user(server, name) for name in arguments.members]  # all, before the first change
    for user in users:
        await server.request(method, f"{_path(group)}/members/{user['user_id']}")


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    group = await find_group(server, arguments.group)
    confirm(arguments, f"Delete group {group['name']}?", otherwise="nothing was deleted")
    await server.request("DELETE", _path(group))


def _path(group: dict[str, str]) -> str:
    return f"{GROUPS}/{group['user_group_id']}"
