"""``gns3trio user``: lists, creates, shows, changes and deletes users."""

import argparse
import csv
import os
import sys
from pathlib import Path

import trio

from gns3trio.client.client import Client
from gns3trio.client.kept_tokens import keep_token, read_token
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.lab import Json
from gns3trio.commands.lab import run as run_at_server
from gns3trio.commands.output import note, print_line, show
from gns3trio.commands.passwords import read_password, read_text
from gns3trio.commands.people import GROUPS, USERS, find_group, find_user, print_thing, show_things, with_login
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.config import load_config
from gns3trio.counts import counted
from gns3trio.errors import Conflict, Invalid, LabError

__all__ = ["add_arguments", "run"]

# Of a password, as the server says, so that a table is refused before the first user is created.
MIN_PASSWORD, MAX_PASSWORD = 8, 100

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
    imported.add_argument(
        "file",
        metavar="FILE",
        help="the last two columns may be left out; commas or semicolons separate them; - is standard input",
    )
    imported.add_argument("--group", metavar="GROUP", help="put them into this group; name or id")
    add_action(actions, "show", "show a user and the groups of the user", with_login(_show), "user_name")
    text = "change a user; everybody may change the own password, e-mail address and full name"
    change = add_action(actions, "change", text, with_login(_change))
    change.add_argument("user_name", nargs="?", metavar="USER_NAME", help="default: yourself")
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
    text = "set a password while the server is stopped, when nobody can log in any more"
    reset = actions.add_parser("reset-password", help=text, description=text[0].upper() + text[1:] + ".")
    reset.add_argument("user_name", nargs="?", metavar="USER", help="default: the first administrator")
    reset.add_argument("--config", metavar="FILE", type=Path, help="settings of the server")
    reset.add_argument("--projects-path", metavar="DIR", help="as for the server")
    reset.add_argument("--state-path", metavar="DIR", help="as for the server")
    _add_password_file(reset)
    reset.set_defaults(offline=True)


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen action. Raises LabError."""
    return _reset_password(arguments) if "offline" in arguments else run_at_server(arguments)


def _reset_password(arguments: argparse.Namespace) -> int:
    from gns3trio.password_reset import reset_password

    folders = {name: getattr(arguments, name) for name in ("projects_path", "state_path")}
    given = {name: value for name, value in folders.items() if value is not None}
    config = load_config(given, os.environ, arguments.config)
    password = read_password(arguments.password_file, arguments.user_name or "the administrator", is_new=True)
    name = trio.run(reset_password, config, arguments.user_name, password)
    print_line(f"the password of {name} is changed; start the server, then: gns3trio login {name}")
    return 0


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--email", help="e-mail address")
    parser.add_argument("--full-name", metavar="TEXT", help="the name of the person")
    _add_password_file(parser)


def _add_password_file(parser: argparse.ArgumentParser) -> None:
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
    """Nothing is created if a line is wrong, if one of the users exists, or if the server refuses one."""
    users = _read_table(arguments.file)
    group = None if arguments.group is None else await find_group(server, arguments.group)
    known = {each["username"] for each in await server.request("GET", USERS)}
    if taken := [user["username"] for user in users.values() if user["username"] in known]:
        raise Conflict(f"{arguments.file}: there are users of these names already: {', '.join(taken)}")
    created = []
    for place, user in users.items():
        try:
            created.append(await server.request("POST", USERS, user))
            if group is not None:
                await server.request("PUT", f"{GROUPS}/{group['user_group_id']}/members/{created[-1]['user_id']}")
        except LabError as error:
            for each in created:
                await server.request("DELETE", f"{USERS}/{each['user_id']}")
            raise Invalid(f"{place}: {error}; no user was created") from None
    show(arguments, created, lambda: print_line(f"created {counted(len(created), 'user')}"))


def _read_table(file: str) -> dict[str, Json]:
    """The users in a table, as bodies of requests, by where each is. Commas or semicolons separate the columns. Raises
    Invalid, with the line and the name, if one is wrong.
    """
    text = (sys.stdin.read() if file == "-" else read_text(file)).removeprefix("\ufeff")
    lines = text.splitlines()
    head = lines[0] if lines else ""
    table = csv.DictReader(lines, delimiter=";" if ";" in head and "," not in head else ",")
    columns = table.fieldnames or []
    if missing := [name for name in ("name", "password") if name not in columns]:
        raise Invalid(
            f"{file}, line 1: names no column {' and '.join(missing)}; it is like name,password,full_name,email"
        )
    if unknown := [name for name in columns if name not in ("name", "password", "full_name", "email")]:
        raise Invalid(f"{file}, line 1: {unknown[0]}: is not one of the columns name, password, full_name, email")
    users: dict[str, Json] = {}
    names = set()
    for row in table:
        place = f"{file}, line {table.line_num}" + (f" ({row['name']})" if row.get("name") else "")
        if None in row or not row["name"] or not row["password"]:
            raise Invalid(f"{place}: is not {', '.join(columns)}")
        if row["name"] in names:
            raise Invalid(f"{place}: is in the table already")
        if not MIN_PASSWORD <= len(row["password"]) <= MAX_PASSWORD:
            told = f"has {len(row['password'])} characters, and needs {MIN_PASSWORD} to {MAX_PASSWORD}"
            raise Invalid(f"{place}: password: {told}")
        names.add(row["name"])
        users[place] = {"username" if name == "name" else name: text for name, text in row.items() if text}
    return users


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    user = await find_user(server, arguments.user_name)
    groups = await server.request("GET", f"{USERS}/{user['user_id']}/groups")
    names = ", ".join(each["name"] for each in groups)
    show(arguments, {**user, "groups": groups}, lambda: _print(user, groups=names))


async def _change(server: Client, arguments: argparse.Namespace) -> None:
    """Everybody may change the own password, address and full name, which needs no privilege."""
    me = await server.request("GET", f"{USERS}/me")
    is_own = arguments.user_name in (None, me["username"], me["user_id"])
    user = me if is_own else await find_user(server, arguments.user_name)
    body = _fields(arguments)
    only_own = is_own and arguments.name is None and arguments.active is None
    if arguments.name is not None:
        body["username"] = arguments.name
    if arguments.active is not None:
        body["is_active"] = arguments.active
    if arguments.password or arguments.password_file:
        body["password"] = read_password(arguments.password_file, user["username"], is_new=True)
    if not body:
        raise Invalid("nothing to change: --name, --email, --full-name, --password, --active or --inactive is needed")
    changed = await server.request("PUT", f"{USERS}/me" if only_own else f"{USERS}/{user['user_id']}", body)
    show(arguments, changed, lambda: _print(changed))
    if is_own and ("password" in body or "username" in body):
        await _log_in_again(server, changed["username"], body.get("password"))


async def _log_in_again(server: Client, name: str, password: str | None) -> None:
    """The tokens of the user have ended. The one that ``gns3trio login`` has kept is replaced, if that is possible."""
    if read_token(server.base) is None:
        note(f"your tokens have ended; log in: gns3trio login {name}")
    elif password is None:
        keep_token(server.base, None)
        note(f"your tokens have ended; log in again: gns3trio login {name}")
    else:
        keep_token(server.base, await server.token(name, password))
        note("your other tokens have ended; this command has logged in again")


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    user = await find_user(server, arguments.user_name)
    confirm(arguments, f"Delete user {user['username']}?", otherwise="nothing was deleted")
    await server.request("DELETE", f"{USERS}/{user['user_id']}")


def _print(user: Json, **more: object) -> None:
    print_thing(user, "username", "user_id", "full_name", "email", "is_active", "is_superadmin", "last_login", **more)
