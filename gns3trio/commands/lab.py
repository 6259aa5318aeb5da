"""Shared by the commands: running them, finding objects by name, and displaying them."""

import argparse
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import trio

from gns3trio.client.client import Client
from gns3trio.client.client import add_arguments as add_client_arguments
from gns3trio.errors import Conflict, Invalid, LabError, NotFound, Unavailable, sole_cause
from gns3trio.natural_order import natural_key
from gns3trio.printable import escape, escape_json

Action = Callable[[Client, argparse.Namespace], Awaitable[int | None]]
Json = dict[str, Any]

MIN_PREFIX = 4
# So many hosts are listed by an error.
_FEW_HOSTS = 10

_ARGUMENTS = {
    "project": "its name or id, or the beginning of its id",
    "node": "its name or id, or the beginning of its id",
    "compute": "its name or id",
    "appliance": "its name or id, or a .gns3a file on this machine",
    "template": "its name or id, or the beginning of its id",
    "image": "its path in the folder of images",
    "link": "its id or the beginning of it, or NODE[:PORT]-NODE[:PORT]",
}


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    action: Action,
    *names: str,
    json: bool = True,
) -> argparse.ArgumentParser:
    """Add a subcommand that uses a server; ``names`` are its positional arguments."""
    parser = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    for each in names:
        parser.add_argument(each, metavar=each.upper(), help=_ARGUMENTS.get(each))
    add_common(parser, action, json=json)
    return parser


def add_common(parser: argparse.ArgumentParser, action: Action, *, json: bool = True) -> None:
    """Add the options of all commands that use a server; ``json``: whether the command prints a result."""
    if json:
        parser.add_argument("--json", action="store_true", help="print JSON")
    add_client_arguments(parser)
    parser.set_defaults(action=action)


def add_place(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add the arguments ``[PROJECT] NODE`` or ``[PROJECT] LINK``; see ``locate``."""
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="default: the open project that contains it")
    parser.add_argument(kind, metavar=kind.upper(), help=_ARGUMENTS[kind])


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


def ask(question: str, *, otherwise: str) -> None:
    """Ask before something is lost. Raises LabError with ``otherwise`` unless the answer is yes."""
    if not sys.stdin.isatty():
        raise LabError("--yes is needed where nobody can be asked")
    if input(question).strip().lower() not in ("y", "yes"):
        raise LabError(otherwise)


# --- finding ---


def _matching(wanted: str, things: Sequence[Json], id_name: str, names: Callable[[Json], Iterable[str]]) -> list[Json]:
    found = [each for each in things if each[id_name] == wanted] or [each for each in things if wanted in names(each)]
    if not found and len(wanted) >= MIN_PREFIX:
        found = [each for each in things if each[id_name].startswith(wanted)]
    return found


def _only(kind: str, wanted: str, found: Sequence[Json], id_name: str) -> Json:
    """The only object that was found. Raises NotFound if there is none, Invalid if there are several."""
    if not found:
        raise NotFound(f"there is no {kind} {wanted!r}")
    if len(found) > 1:
        raise Invalid(f"{wanted!r} is several {kind}s: {', '.join(each[id_name] for each in found)}")
    return found[0]


def find_in(kind: str, wanted: str, things: Sequence[Json], id_name: str, name: str = "name") -> Json:
    """One of ``things`` by name, id or the beginning of its id. Raises NotFound if there is none, Invalid if there are
    several.
    """
    return _only(kind, wanted, _matching(wanted, things, id_name, lambda each: [each[name]]), id_name)


async def find_project(server: Client, wanted: str) -> Json:
    """Find a project by name, id or the beginning of its id."""
    projects = await server.request("GET", "/v2/projects")
    return find_in("project", wanted, projects, "project_id")


async def find_compute(server: Client, wanted: str) -> Json:
    """Find a host that runs nodes by name or id."""
    computes = await server.request("GET", "/v2/computes")
    found = _matching(wanted, computes, "compute_id", lambda each: [each["name"]])
    if not found and len(computes) <= _FEW_HOSTS:
        raise NotFound(f"there is no compute {wanted!r}; there are: {', '.join(each['name'] for each in computes)}")
    return _only("compute", wanted, found, "compute_id")


async def find_template(server: Client, wanted: str) -> Json:
    """Find a template by name or id."""
    templates = await server.request("GET", "/v2/templates")
    found = _matching(wanted, templates, "template_id", lambda each: [each["name"]])
    if not found:
        raise NotFound(f"there is no template {wanted!r}; gns3trio template list lists them")
    return _only("template", wanted, found, "template_id")


def path_of(project: Json) -> str:
    """The API path of a project."""
    return f"/v2/projects/{project['project_id']}"


async def open_path(server: Client, wanted: str) -> str:
    """The API path of an open project. Raises as ``find_project``, and Conflict if it is closed."""
    project = await find_project(server, wanted)
    if project["status"] != "opened":
        raise Conflict(f"project {project['name']!r} is closed: gns3trio project open '{project['name']}'")
    return path_of(project)


async def _open_paths(server: Client) -> list[str]:
    projects = await server.request("GET", "/v2/projects")
    return [path_of(each) for each in projects if each["status"] == "opened"]


async def _matching_nodes(server: Client, path: str, wanted: str) -> list[Json]:
    return _matching(wanted, await server.request("GET", f"{path}/nodes"), "node_id", lambda node: [node["name"]])


async def _matching_links(server: Client, path: str, wanted: str) -> list[Json]:
    nodes = await nodes_by_id(server, path)

    def names(link: Json) -> Iterable[str]:
        ends = [end_names(nodes, end) for end in link["nodes"]]  # a file may have links with fewer than two
        return ["-".join(each) for order in (ends, ends[::-1]) for each in itertools.product(*order)]

    return _matching(wanted, await server.request("GET", f"{path}/links"), "link_id", names)


async def find_node(server: Client, path: str, wanted: str) -> Json:
    """Find a node of a project by name or id."""
    return _only("node", wanted, await _matching_nodes(server, path, wanted), "node_id")


async def find_link(server: Client, path: str, wanted: str) -> Json:
    """Find a link of a project by id, or by its ends in any order."""
    return _only("link", wanted, await _matching_links(server, path, wanted), "link_id")


async def locate(server: Client, arguments: argparse.Namespace, kind: str) -> tuple[str, Json]:
    """Find the node or link of the arguments of ``add_place``, by default in any open project; returns the project's
    path too.
    """
    wanted = getattr(arguments, kind)
    find, find_all = (find_node, _matching_nodes) if kind == "node" else (find_link, _matching_links)
    if arguments.project is not None:
        path = await open_path(server, arguments.project)
        return path, await find(server, path, wanted)
    paths = await _open_paths(server)
    found = [(path, thing) for path in paths for thing in await find_all(server, path, wanted)]
    if len({path for path, _ in found}) > 1:
        raise Invalid(f"{wanted!r} is in several open projects: name the project before it")
    _only(kind, wanted, [thing for _, thing in found], f"{kind}_id")
    return found[0]


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


def has_console(node: Json) -> bool:
    """Whether the node has a console."""
    return node["console"] is not None and node["console_type"] not in (None, "none")


def node_facts(node: Json) -> Json:
    """What people want to know of a node first."""
    console = f"{node['console_type']}://{node['console_host']}:{node['console']}" if has_console(node) else None
    shown = {"name": node["name"], "type": node["node_type"], "status": node["status"], "console": console}
    return {**shown, "node_id": node["node_id"], "folder": node["node_directory"]}


def ends_of(nodes: Mapping[str, Json], link: Json) -> list[str]:
    """The ends of a link with their ports."""
    return [end_names(nodes, end)[1] for end in link["nodes"]]


def link_name(nodes: Mapping[str, Json], link: Json) -> str:
    """The name of a link, which ``find_link`` accepts."""
    return "-".join(ends_of(nodes, link))


async def names_of(server: Client, kind: str, project: str | None) -> list[tuple[str, str]]:
    """Candidates for completion, each with a description; without a project, those of all open projects."""
    if kind == "type":
        types = await server.request("GET", "/v2/node_types")
        return [(each["node_type"], each["title"]) for each in types if each["runs_here"]]
    if kind == "project":
        return _by_name((each["name"], each["status"]) for each in await server.request("GET", "/v2/projects"))
    if kind == "compute":
        computes = await server.request("GET", "/v2/computes")
        return _by_name((each["name"], "connected" if each["connected"] else "away") for each in computes)
    if kind == "template":
        templates = await server.request("GET", "/v2/templates")
        return _by_name((each["name"], each["template_type"]) for each in templates)
    if kind == "appliance":
        files = await server.request("GET", "/v2/appliance_files")
        return _by_name((each["name"], each["template_type"]) for each in files if each["problem"] is None)
    if kind == "image":
        return _by_name((each["path"], "") for each in await server.request("GET", "/v2/computes/local/qemu/images"))
    paths = [await open_path(server, project)] if project is not None else await _open_paths(server)
    found = []
    for path in paths:
        nodes = await nodes_by_id(server, path)
        if kind == "link":
            found += [(link_name(nodes, link), "") for link in await server.request("GET", f"{path}/links")]
        else:
            found += [(node["name"], f"{node['node_type']}, {node['status']}") for node in nodes.values()]
    return _by_name(found)


def _by_name(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(found, key=lambda each: natural_key(each[0]))


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


# --- showing ---


def note(text: str) -> None:
    """Print a message for the user on stderr, apart from the output."""
    print(f"gns3trio: {escape(text)}", file=sys.stderr)


def print_line(text: str) -> None:
    """Print one line. Control characters are escaped, because the server's data may contain them and a terminal obeys
    them.
    """
    print(escape(text), flush=True)


def print_escaped(lines: Iterable[str]) -> None:
    """Print lines whose texts are escaped already, and which may have colors."""
    for line in lines:
        print(line)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print indented JSON, with control characters escaped."""
    print(escape_json(json.dumps(value, indent=indent, ensure_ascii=False)), flush=True)


def show(arguments: argparse.Namespace, value: Any, as_text: Callable[[], None]) -> None:
    """Print JSON if requested, otherwise call ``as_text``."""
    if arguments.json:
        print_json(value)
    else:
        as_text()


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with columns as wide as their longest entry, and a highlighted head on a terminal."""
    texts = [[escape(str("" if cell is None else cell)) for cell in row] for row in rows]
    widths = [max([len(title), *(len(row[column]) for row in texts)]) for column, title in enumerate(head)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    title = line([each.upper() for each in head])
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ  # no-color.org
    print(title if plain else f"\033[1m{title}\033[0m")
    for row in texts:
        print(line(row))


def print_facts(facts: Mapping[str, object]) -> None:
    """Print one line per fact, with aligned values."""
    width = max(map(len, facts))
    for name, value in facts.items():
        print_line(f"{name.ljust(width)}  {'' if value is None else value}".rstrip())
