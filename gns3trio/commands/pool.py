"""``gns3trio pool``: lists, creates, shows and deletes pools of projects, and changes which projects are in them."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.finding import find_in, find_project
from gns3trio.commands.lab import Json, run
from gns3trio.commands.output import note, show
from gns3trio.commands.people import POOLS, find_pool, print_thing, show_things, with_login
from gns3trio.commands.questions import add_yes, confirm

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio pool`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(actions, "list", "list the pools", with_login(_list), columns=("name",), wide=("id",))
    add_action(actions, "create", "create a pool", with_login(_create), "name")
    add_action(actions, "show", "show a pool and its projects", with_login(_show), "pool")
    for name, text, action in (
        ("add", "put projects into a pool", _add),
        ("remove", "take projects out of a pool", _remove),
    ):
        change = add_action(actions, name, text, with_login(action), "pool", outputs=NOTHING)
        change.add_argument("projects", nargs="+", metavar="PROJECT", help="name or id")
    delete = add_action(
        actions, "delete", "delete a pool, not its projects", with_login(_delete), "pool", outputs=NOTHING
    )
    add_yes(delete)


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    pools = await server.request("GET", POOLS)
    show_things(arguments, pools, {"name": "name", "id": "resource_pool_id"})


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    pool = await server.request("POST", POOLS, {"name": arguments.name})
    show(arguments, pool, lambda: print_thing(pool, "name", "resource_pool_id"))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    pool = await find_pool(server, arguments.pool)
    resources = await server.request("GET", f"{_path(pool)}/resources")
    names = ", ".join(sorted(each["name"] or each["resource_id"] for each in resources))
    show(
        arguments,
        {**pool, "resources": resources},
        lambda: print_thing(pool, "name", "resource_pool_id", projects=names),
    )


async def _add(server: Client, arguments: argparse.Namespace) -> None:
    pool = await find_pool(server, arguments.pool)
    projects = [await find_project(server, name) for name in arguments.projects]  # all, before the first change
    present = {each["resource_id"] for each in await server.request("GET", f"{_path(pool)}/resources")}
    for project in projects:
        if project["project_id"] in present:
            note(f"project {project['name']!r} is in the pool {pool['name']!r} already")
        else:
            await server.request("PUT", f"{_path(pool)}/resources/{project['project_id']}")


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    pool = await find_pool(server, arguments.pool)
    known = await server.request("GET", f"{_path(pool)}/resources")
    resources = [find_in("project", name, known, "resource_id") for name in arguments.projects]
    for resource in resources:
        await server.request("DELETE", f"{_path(pool)}/resources/{resource['resource_id']}")


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    pool = await find_pool(server, arguments.pool)
    confirm(arguments, f"Delete pool {pool['name']}?", otherwise="nothing was deleted")
    await server.request("DELETE", _path(pool))


def _path(pool: Json) -> str:
    return f"{POOLS}/{pool['resource_pool_id']}"
