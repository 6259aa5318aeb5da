"""What the commands for users, groups, roles, pools and permissions share: their routes are of version 3, which takes a
token.
"""

import argparse
import os
from collections.abc import Awaitable, Callable, Mapping

from gns3trio.client.client import Client
from gns3trio.commands.finding import find_in
from gns3trio.commands.lab import Json
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import print_facts
from gns3trio.config import environment_name

USERS = "/v3/access/users"
GROUPS = "/v3/access/groups"
ROLES = "/v3/access/roles"
ACL = "/v3/access/acl"
POOLS = "/v3/pools"

# Of the first administrator of a server that asks for no password.
_FIRST = ("admin", "admin")

Action = Callable[[Client, argparse.Namespace], Awaitable[int | None]]


def with_login(action: Action) -> Action:
    """An action on a server at which the user has logged in: with the token of ``gns3trio login``, or with the user and
    password that every command takes. On a server that asks for no password, it acts as the administrator.
    """

    async def logged_in(server: Client, arguments: argparse.Namespace) -> int | None:
        if arguments.user:
            password = os.environ.get(environment_name("password"), "")
            server = server.with_token(await server.token(arguments.user, password))
        elif server.credentials is None:
            await server.request("GET", "/v2/version")  # raises if the server asks for a password
            server = server.with_token(await server.token(*_FIRST))
        return await action(server, arguments)

    return logged_in


async def find_user(server: Client, wanted: str) -> Json:
    """A user by name or id. Raises NotFound."""
    return find_in("user", wanted, await server.request("GET", USERS), "user_id", "username")


async def find_group(server: Client, wanted: str) -> Json:
    """A group by name or id. Raises NotFound."""
    return find_in("group", wanted, await server.request("GET", GROUPS), "user_group_id")


async def find_role(server: Client, wanted: str) -> Json:
    """A role by name or id. Raises NotFound."""
    return find_in("role", wanted, await server.request("GET", ROLES), "role_id")


async def find_pool(server: Client, wanted: str) -> Json:
    """A pool by name or id. Raises NotFound."""
    return find_in("pool", wanted, await server.request("GET", POOLS), "resource_pool_id")


def show_things(arguments: argparse.Namespace, things: list[Json], columns: Mapping[str, str]) -> None:
    """A list of objects: ``columns`` are the names of their fields by those of the columns."""
    ordered = sorted(things, key=lambda each: str(each[next(iter(columns.values()))]).lower())
    show_list(arguments, ordered, lambda each: [each.get(name) for name in columns.values()])


def print_thing(thing: Json, *names: str, **more: object) -> None:
    """Some fields of an object, and further facts."""
    print_facts({**{name: thing.get(name) for name in names}, **more})
