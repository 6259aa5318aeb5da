"""The names that the shells complete, from a server."""

import argparse
from collections.abc import Awaitable, Callable, Iterable

from gns3trio.client.client import Client
from gns3trio.commands.finding import find_project, open_path, open_paths
from gns3trio.commands.lab import link_name, nodes_by_id, path_of
from gns3trio.commands.people import GROUPS, POOLS, ROLES, USERS, with_login
from gns3trio.natural_order import natural_key

Found = Iterable[tuple[str, str]]


async def names_of(
    server: Client, arguments: argparse.Namespace, kind: str, project: str | None
) -> list[tuple[str, str]]:
    """The names of objects of a kind, each with a description; of nodes and links without a project, those of all open
    projects. ``arguments`` are those that name the server.
    """
    if kind in _OF_PEOPLE:
        found = await _people(server, arguments, *_OF_PEOPLE[kind])
    elif kind in _OF_SERVER:
        found = await _OF_SERVER[kind](server)
    elif kind in _OF_PROJECT:
        found = await _OF_PROJECT[kind](server, path_of(await find_project(server, project))) if project else ()
    else:
        paths = [await open_path(server, project)] if project is not None else await open_paths(server)
        found = [each for path in paths for each in await (_links if kind == "link" else _nodes)(server, path)]
    return sorted(found, key=lambda each: natural_key(each[0]))


async def _types(server: Client) -> Found:
    types = await server.request("GET", "/v2/node_types")
    return [(each["node_type"], each["title"]) for each in types if each["runs_here"]]


async def _projects(server: Client) -> Found:
    return [(each["name"], each["status"]) for each in await server.request("GET", "/v2/projects")]


async def _computes(server: Client) -> Found:
    computes = await server.request("GET", "/v2/computes")
    return [(each["name"], "connected" if each["connected"] else "away") for each in computes]


async def _templates(server: Client) -> Found:
    return [(each["name"], each["template_type"]) for each in await server.request("GET", "/v2/templates")]


async def _appliances(server: Client) -> Found:
    files = await server.request("GET", "/v2/appliance_files")
    return [(each["name"], each["template_type"]) for each in files if each["problem"] is None]


async def _images(server: Client) -> Found:
    return [(each["path"], "") for each in await server.request("GET", "/v2/computes/local/qemu/images")]


async def _symbols(server: Client) -> Found:
    return [(each["symbol_id"], "") for each in await server.request("GET", "/v2/symbols")]


async def _hosted(server: Client) -> Found:
    return [(each["hosted_id"], each["name"]) for each in await server.request("GET", "/v2/hosted_projects")]


async def _people(server: Client, arguments: argparse.Namespace, route: str, name: str) -> Found:
    """Users, groups, roles or pools, whose routes take a token."""
    names: list[str] = []

    async def ask(server: Client, _: argparse.Namespace) -> None:
        names.extend(each[name] for each in await server.request("GET", route))

    await with_login(ask)(server, arguments)
    return [(each, "") for each in names]


async def _snapshots(server: Client, path: str) -> Found:
    return [(each["name"], "") for each in await server.request("GET", f"{path}/snapshots")]


async def _captures(server: Client, path: str) -> Found:
    running = (await server.request("GET", f"{path}/captures"))["captures"]
    return [(each["file_name"], each["expression"]) for each in running if each["file_name"]]


async def _capture_files(server: Client, path: str) -> Found:
    return [(each["name"], "") for each in (await server.request("GET", f"{path}/captures"))["files"]]


async def _versions(server: Client, path: str) -> Found:
    return [(each["version"], "") for each in await server.request("GET", f"{path}/versions")]


async def _drawings(server: Client, path: str) -> Found:
    return [(each["drawing_id"], "") for each in await server.request("GET", f"{path}/drawings")]


async def _links(server: Client, path: str) -> Found:
    nodes = await nodes_by_id(server, path)
    return [(link_name(nodes, link), "") for link in await server.request("GET", f"{path}/links")]


async def _nodes(server: Client, path: str) -> Found:
    nodes = (await nodes_by_id(server, path)).values()
    return [(node["name"], f"{node['node_type']}, {node['status']}") for node in nodes]


_OF_PEOPLE = {
    **dict.fromkeys(("user_name", "to_user", "members"), (USERS, "username")),
    **dict.fromkeys(("group", "to_group"), (GROUPS, "name")),
    "role": (ROLES, "name"),
    "pool": (POOLS, "name"),
}
_OF_SERVER: dict[str, Callable[[Client], Awaitable[Found]]] = {
    "type": _types,
    "project": _projects,
    "projects": _projects,
    "compute": _computes,
    "template": _templates,
    "appliance": _appliances,
    "image": _images,
    "symbol": _symbols,
    "hosted_id": _hosted,
}
_OF_PROJECT: dict[str, Callable[[Client, str], Awaitable[Found]]] = {
    "captures": _captures,
    "capture_file": _capture_files,
    "snapshot": _snapshots,
    "to_snapshot": _snapshots,
    "version": _versions,
    "drawing": _drawings,
    "drawings": _drawings,
}
