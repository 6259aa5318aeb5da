"""Shared by the commands: running them, and what a lab contains and what happens in it."""

import argparse
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import trio

from gns3trio.client.client import Client
from gns3trio.errors import NotFound, Unavailable, sole_cause

Json = dict[str, Any]


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen action. Raises LabError."""
    try:
        return trio.run(_run, arguments)
    except ExceptionGroup as group:
        raise sole_cause(group) from None
    except BaseExceptionGroup as group:  # a nursery was interrupted
        raise KeyboardInterrupt from group


async def _run(arguments: argparse.Namespace) -> int:
    return await arguments.action(Client.from_arguments(arguments), arguments) or 0


# --- what a lab contains ---


def path_of(project: Json) -> str:
    """The API path of a project."""
    return f"/v2/projects/{project['project_id']}"


async def nodes_by_id(server: Client, path: str) -> dict[str, Json]:
    """The nodes of a project, by id."""
    return {node["node_id"]: node for node in await server.request("GET", f"{path}/nodes")}


async def problems(server: Client, path: str) -> Json:
    """The problems of a project; empty if the server does not support this, as GNS3's does not."""
    try:
        told: Json = await server.request("GET", f"{path}/problems")
    except NotFound:
        return {"file": [], "links": [], "nodes": []}
    return told


def end_names(nodes: Mapping[str, Json], end: Json) -> list[str]:
    """The names that an end of a link may have: ``PC1`` and ``PC1:0``."""
    node = nodes.get(end["node_id"])
    name = node["name"] if node else "?"
    adapter = f"{end['adapter_number']}/" if end["adapter_number"] else ""
    return [name, f"{name}:{adapter}{end['port_number']}"]


def is_port_called(port: Json, text: str) -> bool:
    """Whether people may call a port of a node so: ``Ethernet0``, ``e0``, ``0/0``, or ``0`` for one of the first
    adapter.
    """
    number = str(port["port_number"])
    return text in (port["name"], port["short_name"], f"{port['adapter_number']}/{number}") or (
        text == number and port["adapter_number"] == 0
    )


def has_console(node: Json) -> bool:
    """Whether the node has a console."""
    return node["console"] is not None and node["console_type"] not in (None, "none")


def console_of(node: Json) -> str | None:
    """The address of a node's console; None if it has none."""
    return f"{node['console_type']}://{node['console_host']}:{node['console']}" if has_console(node) else None


def node_facts(node: Json) -> Json:
    """What people want to know of a node first."""
    shown = {"name": node["name"], "type": node["node_type"], "status": node["status"], "console": console_of(node)}
    return {**shown, "node_id": node["node_id"], "folder": node["node_directory"]}


def ends_of(nodes: Mapping[str, Json], link: Json) -> list[str]:
    """The ends of a link with their ports."""
    return [end_names(nodes, end)[1] for end in link["nodes"]]


def link_name(nodes: Mapping[str, Json], link: Json) -> str:
    """The name of a link, which ``find_link`` accepts."""
    return "-".join(ends_of(nodes, link))


# --- events ---


@asynccontextmanager
async def follow(
    server: Client, *, project_id: str | None = None, after: str = ""
) -> AsyncIterator[AsyncIterator[Json]]:
    """Yield events as they come, ``events.begin`` first. This neither keeps a project open nor closes it.

    Ends when the server closes the stream. Raises Unavailable if the events after ``after`` are no longer available.
    """
    asked = {"attend": "false", "project_id": project_id, "after": after}
    query = urlencode({name: value for name, value in asked.items() if value})
    async with server.messages(f"/v2/events/ws?{query}") as messages:
        begin = json.loads(await anext(messages, "null"))
        if begin is None:
            raise Unavailable("the server closed the stream of events at once")

        async def events() -> AsyncIterator[Json]:
            yield begin
            async for message in messages:
                yield json.loads(message)

        if after and not begin["event"]["resumed"]:
            raise Unavailable(f"--after: the server no longer has the events after {after}: read the state again")
        yield events()
