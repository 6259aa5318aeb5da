"""Finds the objects that arguments name: by name, id or the beginning of an id."""

import argparse
import itertools
from collections.abc import Callable, Iterable, Sequence

from gns3trio.client.client import Client
from gns3trio.commands.lab import Json, end_names, nodes_by_id, path_of
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.errors import Conflict, Invalid, NotFound

MIN_PREFIX = 4
# So many hosts are listed by an error.
_FEW_HOSTS = 10

Names = Callable[[Json], Iterable[str]]


def _matching(wanted: str, things: Sequence[Json], id_name: str, names: Names) -> list[Json]:
    found = [each for each in things if each[id_name] == wanted] or [each for each in things if wanted in names(each)]
    if not found and len(wanted) >= MIN_PREFIX:
        found = [each for each in things if each[id_name].startswith(wanted)]
    return found


def _only(
    kind: str, wanted: str, found: Sequence[Json], id_name: str, known: Iterable[str] = (), *, hint: str = ""
) -> Json:
    """The only object that was found. Raises NotFound if there is none, with similar ones of the ``known`` names, and
    Invalid if there are several.
    """
    if not found:
        raise NotFound(f"there is no {kind} {wanted!r}.{did_you_mean(wanted, known) or hint}".removesuffix("."))
    if len(found) > 1:
        raise Invalid(f"{wanted!r} is several {kind}s: {', '.join(each[id_name] for each in found)}")
    return found[0]


def find_in(
    kind: str, wanted: str, things: Sequence[Json], id_name: str, name: str = "name", *, hint: str = ""
) -> Json:
    """One of ``things`` by name, id or the beginning of its id. Raises NotFound if there is none, with ``hint`` unless
    a name is similar, and Invalid if there are several.
    """
    found = _matching(wanted, things, id_name, lambda each: [each[name]])
    return _only(kind, wanted, found, id_name, (str(each[name]) for each in things), hint=hint)


async def find_project(server: Client, wanted: str) -> Json:
    """Find a project by name, id or the beginning of its id."""
    return find_in("project", wanted, await server.request("GET", "/v2/projects"), "project_id")


async def find_compute(server: Client, wanted: str) -> Json:
    """Find a host that runs nodes by name or id."""
    computes = await server.request("GET", "/v2/computes")
    if len(computes) <= _FEW_HOSTS and not _matching(wanted, computes, "compute_id", lambda each: [each["name"]]):
        raise NotFound(f"there is no compute {wanted!r}; there are: {', '.join(each['name'] for each in computes)}")
    return find_in("compute", wanted, computes, "compute_id")


async def find_template(server: Client, wanted: str) -> Json:
    """Find a template by name or id."""
    templates = await server.request("GET", "/v2/templates")
    return find_in("template", wanted, templates, "template_id", hint=" gns3trio template list lists them")


async def find_snapshot(server: Client, path: str, wanted: str) -> Json:
    """Find a snapshot of a project by name or id."""
    return find_in("snapshot", wanted, await server.request("GET", f"{path}/snapshots"), "snapshot_id")


async def open_path(server: Client, wanted: str) -> str:
    """The API path of an open project. Raises as ``find_project``, and Conflict if it is closed."""
    project = await find_project(server, wanted)
    if project["status"] != "opened":
        raise Conflict(f"project {project['name']!r} is closed: gns3trio project open '{project['name']}'")
    return path_of(project)


async def open_paths(server: Client) -> list[str]:
    """The API paths of all open projects."""
    projects = await server.request("GET", "/v2/projects")
    return [path_of(each) for each in projects if each["status"] == "opened"]


Listed = tuple[list[Json], list[str]]  # what matches, and the names of all


async def _matching_nodes(server: Client, path: str, wanted: str) -> Listed:
    nodes = await server.request("GET", f"{path}/nodes")
    return _matching(wanted, nodes, "node_id", lambda node: [node["name"]]), [node["name"] for node in nodes]


async def _matching_links(server: Client, path: str, wanted: str) -> Listed:
    nodes = await nodes_by_id(server, path)
    links = await server.request("GET", f"{path}/links")

    def names(link: Json) -> list[str]:
        ends = [end_names(nodes, end) for end in link["nodes"]]  # a file may have links with fewer than two
        return ["-".join(each) for order in (ends, ends[::-1]) for each in itertools.product(*order)]

    known = [name for link in links for name in names(link) if name.count(":") == wanted.count(":")]
    return _matching(wanted, links, "link_id", names), known


async def find_node(server: Client, path: str, wanted: str) -> Json:
    """Find a node of a project by name or id."""
    found, known = await _matching_nodes(server, path, wanted)
    return _only("node", wanted, found, "node_id", known)


async def find_nodes(server: Client, path: str, wanted: Sequence[str]) -> list[Json]:
    """Find several nodes of a project, each by name or id, with one request. None is there twice."""
    nodes = await server.request("GET", f"{path}/nodes") if wanted else []
    found = [find_in("node", each, nodes, "node_id") for each in wanted]
    return list({node["node_id"]: node for node in found}.values())


async def find_link(server: Client, path: str, wanted: str) -> Json:
    """Find a link of a project by id, or by its ends in any order."""
    found, known = await _matching_links(server, path, wanted)
    return _only("link", wanted, found, "link_id", known)


async def locate(server: Client, arguments: argparse.Namespace, kind: str) -> tuple[str, Json]:
    """Find the node or link of the arguments of ``add_place``, by default in any open project; returns the project's
    path too.
    """
    wanted = getattr(arguments, kind)
    find, find_all = (find_node, _matching_nodes) if kind == "node" else (find_link, _matching_links)
    if arguments.project is not None:
        path = await open_path(server, arguments.project)
        return path, await find(server, path, wanted)
    found: list[tuple[str, Json]] = []
    known: list[str] = []
    for path in await open_paths(server):
        matching, names = await find_all(server, path, wanted)
        found += [(path, thing) for thing in matching]
        known += names
    if len({path for path, _ in found}) > 1:
        raise Invalid(f"{wanted!r} is in several open projects: name the project before it")
    _only(kind, wanted, [thing for _, thing in found], f"{kind}_id", known)
    return found[0]
