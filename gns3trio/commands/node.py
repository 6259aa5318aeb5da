"""``gns3trio node``: lists, creates, changes, starts, stops and deletes nodes."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from gns3trio.client.client import Client
from gns3trio.commands import node_list, node_mesh, node_traffic, node_types, node_usage, node_vlan
from gns3trio.commands.arguments import add_action
from gns3trio.commands.finding import find_compute, find_node, find_nodes, open_path
from gns3trio.commands.lab import Json, follow, node_facts, problems, run
from gns3trio.commands.node_list import host_names
from gns3trio.commands.node_vlan import has_vlans, readable_properties, vlans_by_port
from gns3trio.commands.numbers import to_whole
from gns3trio.commands.output import note, print_facts, print_table, show
from gns3trio.commands.progress import ProgressLine, progress_line
from gns3trio.commands.properties import add_properties
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.compute.host import ANY_COMPUTE_ID
from gns3trio.errors import Conflict, NotFound
from gns3trio.layout.free_places import free_place
from gns3trio.natural_order import natural_key

__all__ = ["add_arguments", "run"]

# Stands for the engine that the server's settings choose.
DEFAULT_ENGINE = "default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio node`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    node_list.add_to(actions)
    node_types.add_to(actions)
    create = add_action(actions, "create", "create a node", _create, "project")
    create.add_argument("type", metavar="TYPE", help="vpcs, ethernet_switch, ... (see: gns3trio node types)")
    create.add_argument("name", metavar="NAME", help="PC{0} gives PC1, PC2, ...")
    create.add_argument("-x", type=to_whole, help="place in the drawing, pixels (default: a free place near 0, 0)")
    create.add_argument("-y", type=to_whole, help="place in the drawing, pixels")
    create.add_argument("--compute", metavar="COMPUTE", help="host that runs it; default: auto, the server chooses")
    create.add_argument("--engine", help="what runs the node, if its type has a choice (see: gns3trio node types)")
    _add_properties(create)
    create.set_defaults(parser=create)
    add_action(actions, "show", "show a node", _show, "project", "node")
    for name, text in (
        ("start", "start"),
        ("stop", "stop"),
        ("reload", "stop and start"),
        ("suspend", "suspend"),
        ("resume", "go on with suspended"),
    ):
        many = add_action(actions, name, f"{text} nodes", _act, "project")
        many.add_argument("nodes", nargs="*", default=[], metavar="NODE", help="names or ids")
        many.add_argument("--all", action="store_true", help="all nodes of the project")
        many.set_defaults(verb=name, parser=many)
    change = add_action(
        actions, "change", "change properties of a node; most take effect at its next start", _change, "project", "node"
    )
    _add_properties(change)
    change.set_defaults(parser=change)
    node_vlan.add_to(actions)
    rename = add_action(actions, "rename", "rename a node", _rename, "project", "node")
    rename.add_argument("name", metavar="NAME")
    engine = add_action(
        actions, "engine", "show or change what runs a node; change it while it is stopped", _engine, "project", "node"
    )
    engine.add_argument(
        "engine",
        nargs="?",
        metavar="ENGINE",
        help=f"one of its type, or {DEFAULT_ENGINE}: what the server's settings say",
    )
    add_action(
        actions,
        "move",
        "move a stopped node to another host, with its files and links",
        _move,
        "project",
        "node",
        "compute",
    )
    node_traffic.add_to(actions)
    node_mesh.add_to(actions)
    node_usage.add_to(actions)
    delete = add_action(actions, "delete", "delete nodes with their links and files", _delete, "project")
    delete.add_argument("nodes", nargs="+", metavar="NODE", help="names or ids")
    add_yes(delete)


def _add_properties(parser: argparse.ArgumentParser) -> None:
    add_properties(parser, "a property of its type, such as ram=512")
    parser.add_argument("--console-type", metavar="TYPE", help="type of its console, such as telnet, vnc or none")


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    compute_id = ANY_COMPUTE_ID
    if arguments.compute not in (None, ANY_COMPUTE_ID):
        compute_id = (await find_compute(server, arguments.compute))["compute_id"]
    body: Json = {"name": arguments.name, "node_type": arguments.type, "compute_id": compute_id}
    types = {each["node_type"]: each for each in await server.request("GET", "/v2/node_types")}
    if arguments.type not in types:
        hint = did_you_mean(arguments.type, types) or f" There are {', '.join(types)}."
        arguments.parser.error(f"argument TYPE: there is no node type {arguments.type!r}.{hint}")
    script = types[arguments.type]["default_script"]
    properties = {**({"startup_script": script} if script is not None else {}), **dict(arguments.properties)}
    if properties:
        body["properties"] = properties
    if arguments.console_type is not None:
        body["console_type"] = arguments.console_type
    if arguments.engine is not None:
        body["engine"] = arguments.engine
    path = await open_path(server, arguments.project)
    x, y = arguments.x, arguments.y
    if x is None and y is None:
        x, y = free_place((each["x"], each["y"]) for each in await server.request("GET", f"{path}/nodes"))
    node = await server.request("POST", f"{path}/nodes", {**body, "x": x or 0, "y": y or 0})
    wanted = _without_spaces(arguments.name)
    if node["name"] != wanted and wanted in [each["name"] for each in await server.request("GET", f"{path}/nodes")]:
        note(f"{wanted} is there already: this one is {node['name']}")
    show(arguments, node, lambda: print_facts(node_facts(node)))


async def _change(server: Client, arguments: argparse.Namespace) -> None:
    body: Json = {}
    if arguments.properties:
        body["properties"] = dict(arguments.properties)
    if arguments.console_type is not None:
        body["console_type"] = arguments.console_type
    if not body:
        arguments.parser.error("give at least one --property or --console-type")
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    node = await server.request("PUT", f"{path}/nodes/{node['node_id']}", body)
    changed = {name: node["properties"].get(name) for name in body.get("properties", ())}
    show(arguments, node, lambda: print_facts({**node_facts(node), **readable_properties(node, changed)}))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    vlans = vlans_by_port(node) if has_vlans(node) else {}
    ports = ", ".join(f"{each['short_name']} {vlans.get(each['port_number'], '')}".strip() for each in node["ports"])
    hosts = {} if arguments.json else await host_names(server, [node])
    host = {"host": hosts.get(node["compute_id"], node["compute_id"])} if hosts else {}
    engine = {} if arguments.json else await _engine_facts(server, f"{path}/nodes/{node['node_id']}")
    show(
        arguments,
        node,
        lambda: print_facts({**node_facts(node), **host, **engine, **_nat_facts(node), "ports": ports}),
    )


def _nat_facts(node: Json) -> dict[str, Any]:
    """How a NAT reaches the Internet, and the ports that it forwards, for people; nothing for other nodes."""
    properties = node.get("properties", {})
    if not properties.get("gateway"):
        return {}
    forwards = ", ".join(
        f"{each['protocol']} {each['host_address']}:{each['host_port']} to {each['guest_address']}:{each['guest_port']}"
        for each in properties.get("port_forwards", ())
    )
    return {"gateway": properties["gateway"], **({"forwarded": forwards} if forwards else {})}


async def _engine_facts(server: Client, path: str) -> dict[str, Any]:
    """What runs the node, for people; nothing if there is no choice, or the server is GNS3's."""
    try:
        return _engine_fact(await server.request("GET", f"{path}/engine"))
    except (Conflict, NotFound):  # it does not run here, or there is no such route
        return {}


def _engine_fact(told: Json) -> dict[str, Any]:
    default = " (the server's default)" if told["is_default"] else ""
    return {"engine": f"{told['engine']}{default}"} if told["engine"] is not None else {}


async def _engine(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    route = f"{path}/nodes/{node['node_id']}/engine"
    if arguments.engine is None:
        told = await server.request("GET", route)
    else:
        engine = None if arguments.engine == DEFAULT_ENGINE else arguments.engine
        told = await server.request("PUT", route, {"engine": engine})
    show(arguments, told, lambda: print_facts(_engine_fact(told) or {"engine": "its type has no choice"}))


async def _move(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    compute = await find_compute(server, arguments.compute)
    route = f"{path}/nodes/{node['node_id']}/move"
    node = await server.request("POST", route, {"compute_id": compute["compute_id"]})
    show(arguments, node, lambda: print_facts({**node_facts(node), "host": compute["name"]}))


def _without_spaces(name: str) -> str:
    """A name without spaces: GNS3 removes them from the names of nodes."""
    return name.replace(" ", "")


async def _act(server: Client, arguments: argparse.Namespace) -> None:
    if bool(arguments.nodes) == arguments.all:
        arguments.parser.error(f"{arguments.project!r} is the project: after it, give names of nodes or --all")
    path = await open_path(server, arguments.project)
    found = await find_nodes(server, path, arguments.nodes)
    if arguments.verb == "resume":
        await _resume(server, path, found)
    elif arguments.all:
        async with _progress(server, path):
            await server.request("POST", f"{path}/nodes/{arguments.verb}", {})
        if arguments.verb in ("start", "reload"):
            await _note_not_started(server, path)
    else:
        for node in found:
            await server.request("POST", f"{path}/nodes/{node['node_id']}/{arguments.verb}", {})
    acted = {node["node_id"] for node in found}
    nodes = await server.request("GET", f"{path}/nodes")
    nodes = [node for node in nodes if arguments.all or node["node_id"] in acted]
    if arguments.verb == "suspend" and (going := [node["name"] for node in nodes if node["status"] == "started"]):
        note(f"not suspended, because such nodes cannot be: {', '.join(sorted(going, key=natural_key))}")
    rows = [(node["name"], node["status"]) for node in sorted(nodes, key=lambda node: natural_key(node["name"]))]
    show(arguments, nodes, lambda: print_table(("name", "status"), rows))


async def _resume(server: Client, path: str, nodes: list[dict[str, Any]]) -> None:
    """Start those of the nodes, or of all, that are suspended: for the API, that is how they go on."""
    for node in nodes or await server.request("GET", f"{path}/nodes"):
        if node["status"] == "suspended":
            await server.request("POST", f"{path}/nodes/{node['node_id']}/start", {})
    if stopped := [node["name"] for node in nodes if node["status"] == "stopped"]:
        note(f"not suspended, but stopped: {', '.join(sorted(stopped, key=natural_key))}")


async def _note_not_started(server: Client, path: str) -> None:
    """Note the nodes that cannot start on this server, with the reasons."""
    by_reason: dict[str, list[str]] = {}
    for node in (await problems(server, path))["nodes"]:
        by_reason.setdefault(node["message"], []).append(node["name"])
    for reason, names in by_reason.items():
        note(f"not started: {', '.join(sorted(names, key=natural_key))}: {reason}")


@asynccontextmanager
async def _progress(server: Client, path: str) -> AsyncIterator[None]:
    """Show a progress bar that counts node events; on a terminal only."""
    with progress_line() as line:
        if not line.is_shown:
            yield
            return
        count = len(await server.request("GET", f"{path}/nodes"))
        async with follow(server, project_id=path.rpartition("/")[2]) as events, trio.open_nursery() as nursery:
            nursery.start_soon(_show_changes, line, events, count)
            yield
            nursery.cancel_scope.cancel()


async def _show_changes(line: ProgressLine, events: AsyncIterator[Json], count: int) -> None:
    changed = set()
    async for event in events:
        if event["action"] == "node.updated":
            changed.add(event["event"]["node_id"])
            line.show_part(len(changed) / count, f"{len(changed)} of {count}")


async def _rename(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    wanted = _without_spaces(arguments.name)  # the server would change a name that is in use
    if any(
        each["name"] == wanted
        for each in await server.request("GET", f"{path}/nodes")
        if each["node_id"] != node["node_id"]
    ):
        raise Conflict(f"there is a node {wanted!r} already")
    node = await server.request("PUT", f"{path}/nodes/{node['node_id']}", {"name": arguments.name})
    show(arguments, node, lambda: print_facts(node_facts(node)))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    found = await find_nodes(server, path, arguments.nodes)
    names = ", ".join(node["name"] for node in found)
    confirm(arguments, f"Delete {names} with all links and files?", otherwise="nothing was deleted")
    for node in found:
        await server.request("DELETE", f"{path}/nodes/{node['node_id']}")
    show(arguments, found, lambda: None)
