"""``gns3trio node usage``: what the nodes of a project take of their hosts."""

import argparse
from collections.abc import Sequence
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_list
from gns3trio.commands.finding import find_nodes, open_path
from gns3trio.commands.host_facts import amount
from gns3trio.commands.lab import Json, nodes_by_id
from gns3trio.commands.listing import show_list

HEAD = ("node", "type", "status", "cpu", "cpu time", "memory", "of", "disk")


def add_to(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    text = "show the processor time, memory and disk of nodes, the busiest first"
    parser = add_list(actions, "usage", text, _usage, "project", columns=HEAD)
    parser.add_argument("nodes", nargs="*", default=[], metavar="NODE", help="names or ids; default: all")


async def _usage(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    if arguments.nodes:
        chosen = await find_nodes(server, path, arguments.nodes)
        usages = [await server.request("GET", f"{path}/nodes/{node['node_id']}/usage") for node in chosen]
        nodes = {node["node_id"]: node for node in chosen}
    else:
        usages, nodes = await server.request("GET", f"{path}/usage"), await nodes_by_id(server, path)
    usages = [usage for usage in usages if usage["node_id"] in nodes]  # the others came meanwhile
    usages.sort(key=lambda usage: (-(usage["cpu_percent"] or 0), -(usage["memory_bytes"] or 0)))
    named = [{"name": nodes[usage["node_id"]]["name"], **usage} for usage in usages]
    show_list(arguments, named, lambda usage: row(nodes[usage["node_id"]], usage))


def row(node: Json, usage: Json) -> Sequence[object]:
    """A row of the table with HEAD."""
    percent, seconds = usage["cpu_percent"], usage["cpu_seconds"]
    disk = _size(usage["disk_bytes"])
    return (
        node["name"],
        node["node_type"],
        node["status"],
        "" if percent is None else f"{percent:.0f} %",
        "" if seconds is None else f"{seconds:.1f} s",
        _size(usage["memory_bytes"]),
        _size(usage["configured_memory_bytes"]),
        disk if usage["disk_is_whole"] else f"more than {disk}",
    )


def _size(value: Any) -> str:
    return "" if value is None else amount(value)
