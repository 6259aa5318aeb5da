"""``gns3trio status``: shows the server, its hosts, the open projects, what runs in them, and problems."""

import argparse

from gns3trio import __version__
from gns3trio.client.client import Client
from gns3trio.commands import host_facts
from gns3trio.commands.arguments import OBJECTS, add_common
from gns3trio.commands.lab import Json, console_of, link_name, nodes_by_id, path_of, problems, run
from gns3trio.commands.output import print_facts, print_line, print_table, show
from gns3trio.errors import LabError, NotFound
from gns3trio.natural_order import natural_key

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio status`` to its parser."""
    add_common(parser, _status, outputs=OBJECTS)
    parser.epilog = "-o wide also lists the nodes that run, with their consoles."


async def _status(server: Client, arguments: argparse.Namespace) -> None:
    version = await server.request("GET", "/v2/version")
    projects = sorted(await server.request("GET", "/v2/projects"), key=lambda project: natural_key(project["name"]))
    opened = [each for each in projects if each["status"] == "opened"]
    if arguments.output == "name":
        for project in opened:
            print_line(project["name"])
        return
    found = {
        "server": {"url": server.base, **version},
        "computes": await _computes(server),
        "projects": [await _project(server, each) for each in opened],
        "closed_projects": len(projects) - len(opened),
        "unreadable_projects": [each["name"] for each in projects if "error" in each],
    }
    show(arguments, found, lambda: _print(found, is_wide=arguments.output == "wide"))


async def _computes(server: Client) -> list[Json]:
    """The hosts, in short; empty if the user may not see them."""
    try:
        computes = await server.request("GET", "/v2/computes")
    except LabError:
        return []
    try:
        usages = {each["compute_id"]: each for each in await server.request("GET", "/v2/hosts")}
    except NotFound:
        usages = {}
    shown = [{**each, "usage": usages.get(each["compute_id"])} for each in computes]
    return [
        {
            "name": each["name"],
            "compute_id": each["compute_id"],
            "state": host_facts.state(each),
            "load": host_facts.load(each),
            "nodes": host_facts.nodes(each["usage"]),
            "problem": None if each["connected"] else each["last_error"],
        }
        for each in shown
    ]


async def _project(server: Client, project: Json) -> Json:
    """What is in an open project, what runs of it, and what does not work."""
    path = path_of(project)
    nodes = await nodes_by_id(server, path)
    return {
        "name": project["name"],
        "project_id": project["project_id"],
        "nodes": len(nodes),
        "started": sum(node["status"] == "started" for node in nodes.values()),
        "links": (await server.request("GET", f"{path}/stats"))["links"],
        "problems": await _problems(server, project, nodes),
        "running": _running(nodes),
    }


async def _problems(server: Client, project: Json, nodes: dict[str, Json]) -> list[Json]:
    """Everything that does not work in a project, in one list."""
    path = path_of(project)
    found = await problems(server, path)
    links = {each["link_id"]: each for each in await server.request("GET", f"{path}/links")} if found["links"] else {}
    return [
        *({"what": "file", "name": "", "message": message} for message in found["file"]),
        *({"what": "node", "name": each["name"], "message": each["message"]} for each in found["nodes"]),
        *(
            {"what": "link", "name": link_name(nodes, links[each["link_id"]]), "message": each["message"]}
            for each in found["links"]
            if each["link_id"] in links
        ),
    ]


def _running(nodes: dict[str, Json]) -> list[Json]:
    """The nodes that are started or suspended."""
    return [
        {"name": node["name"], "type": node["node_type"], "status": node["status"], "console": console_of(node)}
        for node in sorted(nodes.values(), key=lambda node: natural_key(node["name"]))
        if node["status"] != "stopped"
    ]


def _print(found: Json, *, is_wide: bool) -> None:
    server, projects = found["server"], found["projects"]
    own = server.get("gns3trio_version")
    runs = f"gns3trio {own} (as GNS3 {server['version']})" if own else f"gns3-server {server['version']}"
    print_facts({"server": server["url"], "runs": runs, "client": f"gns3trio {__version__}"})
    if found["computes"]:
        print_line("")
        rows = [(each["name"], each["state"], each["load"], each["nodes"]) for each in found["computes"]]
        print_table(("host", "state", "load", "nodes"), rows)
    print_line("")
    if projects:
        print_table(
            ("project", "nodes", "started", "links", "problems"),
            [(each["name"], each["nodes"], each["started"], each["links"], len(each["problems"])) for each in projects],
        )
    closed = found["closed_projects"]
    print_line(f"{'no project is open; ' if not projects else ''}{closed} closed project{'' if closed == 1 else 's'}")
    if is_wide:
        _print_running(projects)
    _print_problems(found)


def _print_running(projects: list[Json]) -> None:
    rows = [
        (project["name"], each["name"], each["type"], each["status"], each["console"])
        for project in projects
        for each in project["running"]
    ]
    if rows:
        print_line("")
        print_table(("project", "node", "type", "status", "console"), rows)


def _print_problems(found: Json) -> None:
    rows = [
        *(("", "host", each["name"], each["problem"]) for each in found["computes"] if each["problem"]),
        *((name, "project", "", "its file cannot be read") for name in found["unreadable_projects"]),
        *(
            (project["name"], each["what"], each["name"], each["message"])
            for project in found["projects"]
            for each in project["problems"]
        ),
    ]
    if rows:
        print_line("")
        print_table(("project", "what", "name", "problem"), rows)
