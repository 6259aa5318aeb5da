"""``gns3trio node list``."""

import argparse
from collections.abc import Sequence
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_list
from gns3trio.commands.finding import find_compute, open_path
from gns3trio.commands.lab import Json, console_of
from gns3trio.commands.listing import Condition, show_list
from gns3trio.commands.numbers import to_count
from gns3trio.commands.output import note
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.errors import NotFound
from gns3trio.natural_order import natural_key

STATES = ("started", "stopped", "suspended")
# The fields of the server's lists that can choose nodes, by their columns here.
_QUERIES = {"type": "node_type", "status": "status"}


def add_to(actions: Any) -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    shown = add_list(
        actions,
        "list",
        "list the nodes of a project, or some of them",
        _list,
        "project",
        columns=("name", "type", "status", "console"),
        wide=("host", "x", "y", "id"),
        states=STATES,
    )
    shown.add_argument("--compute", metavar="COMPUTE", help="only those on this host")
    shown.add_argument("--limit", type=to_count, metavar="N", help="at most so many nodes")
    shown.add_argument("--offset", type=to_count, metavar="N", help="leave out so many nodes at the beginning")


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    path = f"{await open_path(server, arguments.project)}/nodes"
    nodes = await _part(server, arguments, path)
    await _check_types(server, arguments.conditions, nodes)
    hosts = {} if arguments.json else await host_names(server, nodes)
    if hosts:
        arguments.columns, arguments.wide_columns = (*arguments.columns, "host"), arguments.wide_columns[1:]

    def row_of(node: Json) -> Sequence[object]:
        host = hosts.get(node["compute_id"], node["compute_id"])
        place = node["x"], node["y"], node["node_id"]
        return node["name"], node["node_type"], node["status"], console_of(node), host, *place

    show_list(arguments, sorted(nodes, key=lambda node: natural_key(node["name"])), row_of)


async def _part(server: Client, arguments: argparse.Namespace, path: str) -> list[Json]:
    """The nodes of a project; with ``--limit`` or ``--offset``, only a part of those that the other options choose."""
    query: dict[str, object] = {"limit": arguments.limit, "offset": arguments.offset}
    compute = None
    if arguments.compute is not None:
        compute = (await find_compute(server, arguments.compute))["compute_id"]
    if not any(query.values()):
        nodes: list[Json] = await server.request("GET", path)
        return [node for node in nodes if compute in (None, node["compute_id"])]
    query |= {"name": arguments.name_part, "compute_id": compute}
    query |= {_QUERIES[each.key]: each.pattern for each in arguments.conditions if each.key in _QUERIES}
    part, total = await server.page(path, {name: value for name, value in query.items() if value is not None})
    if total > len(part):
        note(f"{len(part)} of {total} nodes that match")
    return part


async def _check_types(server: Client, conditions: Sequence[Condition], nodes: Sequence[Json]) -> None:
    """Raises NotFound if no node is of a type that is asked for because there is no such type."""
    for condition in conditions:
        if condition.key != "type" or "*" in condition.pattern:
            continue
        if not any(node["node_type"] == condition.pattern.lower() for node in nodes):
            types = [each["node_type"] for each in await server.request("GET", "/v2/node_types")]
            if condition.pattern.lower() not in types:
                hint = did_you_mean(condition.pattern, types)
                raise NotFound(f"there is no node type {condition.pattern!r}.{hint}".removesuffix("."))


async def host_names(server: Client, nodes: list[Json]) -> dict[str, str]:
    """The names of the hosts by id, with what is wrong with one that is away; none if all nodes are on the server."""
    if all(node["compute_id"] == LOCAL_COMPUTE_ID for node in nodes):
        return {}
    computes = await server.request("GET", "/v2/computes")
    return {each["compute_id"]: each["name"] + ("" if each["connected"] else " (away)") for each in computes}
