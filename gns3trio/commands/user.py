"""``gns3trio user``: lists, creates, shows, changes and deletes users."""

import argparse
import csv
import sys

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.lab import Json, run
from gns3trio.commands.output import print_line, show
from gns3trio.commands.passwords import read_password, read_text
from gns3trio.commands.people import GROUPS, USERS, find_group, find_user, print_thing, show_things, with_login
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import Conflict, Invalid

__all__ = ["add_arguments", "run"]

_COLUMNS = {
    "name": "username",
    "full name": "full_name",
    "e-mail": "email",
    "active": "is_active",
    "administrator": "is_superadmin",
    "last login": "last_login",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio user`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(actions, "list", "list the users", with_login(_list), columns=tuple(_COLUMNS))
    create = add_action(actions, "create", "create a user, who may do nothing yet", with_login(_create), "name")
    _add_fields(create)
    imported = add_action(
        actions,
        "import",
        "create users from a table (CSV) with the columns name, password, full_name, email",
        with_login(_import),
    )
    imported.add_argument("file", metavar="FILE", help="the last two columns may be left out; - is standard input")
    imported.add_argument("--group", metavar="GROUP", help="put them into this group; name or id")
    add_action(actions, "show", "show a user and the groups of the user", with_login(_show), "user_name")
    change = add_action(actions, "change", "change a user", with_login(_change), "user_name")
    change.add_argument("--name", help="another name; the user's tokens end")
    change.add_argument("--password", action="store_true", help="another password; the user's tokens end")
    _add_fields(change)
    active = change.add_mutually_exclusive_group()
    active.add_argument("--active", action="store_true", default=None, help="the user may log in again")
    active.add_argument("--inactive", action="store_false", dest="active", help="the user may not log in any more")
    delete = add_action(
        actions,
        "delete",
        "delete a user with the permissions of the user",
        with_login(_delete),
        "user_name",
        outputs=NOTHING,
    )
    add_yes(delete)


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--email", help="e-mail address")
    parser.add_argument("--full-name", metavar="TEXT", help="the name of the person")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="file with the password in its first line; - is standard input. Without it, it is asked for",
    )


def _fields(arguments: argparse.Namespace) -> Json:
    given = {"email": arguments.email, "full_name": arguments.full_name}
    return {name: value for name, value in given.items() if value is not None}


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    users = await server.request("GET", USERS)
    show_things(arguments, users, _COLUMNS)


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    password = read_password(arguments.password_file, arguments.name, is_new=True)
    body = {"username": arguments.name, "password": password, **_fields(arguments)}
    user = await server.request("POST", USERS, body)
    show(arguments, user, lambda: _print(user))


async def _import(server: Client, arguments: argparse.Namespace) -> None:
    """Nothing is created if a line is wrong, or if one of the users exists."""
    users = _read_table(arguments.file)
    group = None if arguments.group is None else await find_group(server, arguments.group)
    known = {each["username"] for each in await server.request("GET", USERS)}
    if taken := [user["username"] for user in users if user["username"] in known]:
        raise Conflict(f"{arguments.file}: there are users of these names already: {', '.join(taken)}")
    created = []
    for user in users:
        created.append(await server.request("POST", USERS, user))
        if group is not None:
            await server.request("PUT", f"{GROUPS}/{group['user_group_id']}/members/{created[-1]['user_id']}")
    show(arguments, created, lambda: print_line(f"{len(created)} users were created"))


def _read_table(file: str) -> list[Json]:
    """The users in a table, as bodies of requests. Raises Invalid, with the number of the line, if one is wrong."""
    table = csv.DictReader((sys.stdin.read() if file == "-" else read_text(file)).splitlines())
    columns = table.fieldnames or []
    if missing := [name for name in ("name", "password") if name not in columns]:
        raise Invalid(f"{file}: the first line names no column {' and '.join(missing)}")
    if unknown := [name for name in columns if name not in ("name", "password", "full_name", "email")]:
        raise Invalid(f"{file}: {unknown[0]}: is not one of the columns name, password, full_name, email")
    users: dict[str, Json] = {}
    for row in table:
        if None in row or not row["name"] or not row["password"]:
            raise Invalid(f"{file}: line {table.line_num}: is not {', '.join(columns)}")
        if row["name"] in users:
            raise Invalid(f"{file}: line {table.line_num}: {row['name']} is in the table already")
        users[row["name"]] = {"username" if name == "name" else name: text for name, text in row.items() if text}
    return list(users.values())


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    user = await find_user(server, arguments.user_name)
    groups = await server.request("GET", f"{USERS}/{user['user_id']}/groups")
    names = ", ".join(each["name"] for each in groups)
    show(arguments, {**user, "groups": groups}, lambda: _print(user, groups=names))


async def _change(server: Client, arguments: argparse.Namespace) -> None:
    user = await find_user(server, arguments.user_name)
    body = _fields(arguments)
    if arguments.name is not None:
        body["username"] = arguments.name
    if arguments.active is not None:
        body["is_active"] = arguments.active
    if arguments.password or arguments.password_file:
        body["password"] = read_password(arguments.password_file, user["username"], is_new=True)
    if not body:
        raise Invalid("nothing to change: --name, --email, --full-name, --password, --active or --inactive is needed")
    changed = await server.request("PUT", f"{USERS}/{user['user_id']}", body)
    show(arguments, changed, lambda: _print(changed))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    user = await find_user(server, arguments.user_name)
    confirm(arguments, f"Delete user {user['username']}?", otherwise="nothing was deleted")
    await server.request("DELETE", f"{USERS}/{user['user_id']}")


def _print(user: Json, **more: object) -> None:
    print_thing(user, "username", "user_id", "full_name", "email", "is_active", "is_superadmin", "last_login", **more)
