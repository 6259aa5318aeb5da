"""``gns3trio role``: lists, creates, shows and deletes roles, and changes what they allow."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.finding import find_in
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import show
from gns3trio.commands.people import ROLES, find_role, print_thing, with_login
from gns3trio.commands.questions import add_yes, confirm

__all__ = ["add_arguments", "run"]

_PRIVILEGES = "/v3/access/privileges"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio role`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(
        actions,
        "list",
        "list the roles",
        with_login(_list),
        columns=("name", "privileges", "built in", "description"),
    )
    text = "list the privileges that a role may have"
    add_list(actions, "privileges", text, with_login(_privileges), columns=("name", "description"))
    create = add_action(actions, "create", "create a role", with_login(_create), "name")
    create.add_argument("--description", metavar="TEXT", help="what the role is for")
    create.add_argument("--like", metavar="ROLE", help="with all privileges of this role; name or id")
    create.add_argument(
        "--without", action="append", default=[], metavar="PRIVILEGE", help="but not with this one; may be repeated"
    )
    create.add_argument(
        "--privilege", action="append", default=[], metavar="PRIVILEGE", help="such as Node.Console; may be repeated"
    )
    add_action(actions, "show", "show a role and its privileges", with_login(_show), "role")
    for name, text, action in (
        ("add", "add privileges to a role", _add),
        ("remove", "take privileges from a role", _remove),
    ):
        change = add_action(actions, name, text, with_login(action), "role", outputs=NOTHING)
        change.add_argument("privileges", nargs="+", metavar="PRIVILEGE", help="such as Node.Console")
    delete = add_action(
        actions, "delete", "delete a role, and the permissions with it", with_login(_delete), "role", outputs=NOTHING
    )
    add_yes(delete)


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    roles = await server.request("GET", ROLES)
    show_list(
        arguments,
        roles,
        lambda role: (
            role["name"],
            len(role["privileges"]),
            role["is_builtin"],
            role["description"],
        ),
    )


async def _privileges(server: Client, arguments: argparse.Namespace) -> None:
    privileges = await server.request("GET", _PRIVILEGES)
    show_list(arguments, privileges, lambda each: (each["name"], each["description"]))


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    privileges = await _found(server, arguments.privilege)
    if arguments.like is not None:
        privileges += (await find_role(server, arguments.like))["privileges"]
    left_out = {each["privilege_id"] for each in await _found(server, arguments.without)}
    privileges = [each for each in privileges if each["privilege_id"] not in left_out]
    body = {"name": arguments.name, "description": arguments.description or ""}
    role = await server.request("POST", ROLES, body)
    await _for_each("PUT", server, role, privileges)
    role = await server.request("GET", _path(role))
    show(arguments, role, lambda: _print(role))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    role = await find_role(server, arguments.role)
    show(arguments, role, lambda: _print(role))


async def _add(server: Client, arguments: argparse.Namespace) -> None:
    role = await find_role(server, arguments.role)
    await _for_each("PUT", server, role, await _found(server, arguments.privileges))


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    role = await find_role(server, arguments.role)
    await _for_each("DELETE", server, role, await _found(server, arguments.privileges))


async def _found(server: Client, names: list[str]) -> list[Json]:
    """The privileges of these names. Raises NotFound."""
    known = await server.request("GET", _PRIVILEGES)
    return [find_in("privilege", name, known, "privilege_id") for name in names]


async def _for_each(method: str, server: Client, role: Json, privileges: list[Json]) -> None:
    for privilege in privileges:
        await server.request(method, f"{_path(role)}/privileges/{privilege['privilege_id']}")


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    role = await find_role(server, arguments.role)
    confirm(arguments, f"Delete role {role['name']}?", otherwise="nothing was deleted")
    await server.request("DELETE", _path(role))


def _path(role: Json) -> str:
    return f"{ROLES}/{role['role_id']}"


def _print(role: Json) -> None:
    names = ", ".join(sorted(each["name"] for each in role["privileges"]))
    print_thing(role, "name", "role_id", "is_builtin", "description", privileges=names)
