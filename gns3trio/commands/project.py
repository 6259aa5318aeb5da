"""``gns3trio project``: lists, creates, opens, closes, copies, exports and imports projects."""

import argparse
from pathlib import Path
from urllib.parse import quote, urlencode
from uuid import uuid4

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action, add_list
from gns3trio.commands.finding import find_project, open_path
from gns3trio.commands.host_facts import amount
from gns3trio.commands.lab import Json, link_name, nodes_by_id, path_of, problems, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note, print_facts, print_line, print_table, show
from gns3trio.commands.overview import counts_of
from gns3trio.commands.progress import progress_line
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.commands.stopping import add_stop, stop_if_asked, telling_how_to_stop
from gns3trio.errors import Conflict, LabError
from gns3trio.natural_order import natural_key

__all__ = ["add_arguments", "run"]

# What a file has of a closed project.
_SAVED = ("nodes", "links", "drawings")
_COMPRESSIONS = ("none", "zip", "bzip2", "lzma", "zstd")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio project`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(
        actions,
        "list",
        "list the projects, and what is in those that are open",
        _list,
        columns=("name", "status", "nodes", "started", "links"),
        wide=("path", "id"),
        states=("opened", "closed"),
    )
    add_action(actions, "create", "create a project", _create, "name")
    add_action(actions, "show", "show a project", _show, "project")
    text = "list everything in an open project that does not work"
    add_action(actions, "problems", text, _problems, "project", outputs=REPORT)
    add_action(actions, "open", "open a project", _open, "project")
    add_action(actions, "close", "close a project and stop its nodes", _close, "project")
    add_action(actions, "rename", "rename a project", _rename, "project", "name")
    delete = add_action(actions, "delete", "delete a project with all its files", _delete, "project")
    add_yes(delete)
    add_action(actions, "duplicate", "copy a project", _duplicate, "project", "name")
    export = add_action(actions, "export", "export a project to a portable file", _export, "project", "file")
    export.add_argument("--snapshots", action="store_true", help="with its snapshots")
    export.add_argument("--images", action="store_true", help="with the images of its machines on the server")
    add_stop(export)
    export.add_argument("--compression", choices=_COMPRESSIONS, help="zip is the default")
    imported = add_action(actions, "import", "create a project from a portable file", _import, "file")
    imported.add_argument("--name", help="default: the name in the file")
    convert = add_action(actions, "convert", "save a project for another GNS3 from now on", _convert, "project")
    convert.add_argument("--to", required=True, choices=("2.2", "3.0"), help="the GNS3 that reads its file")


async def _problems(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    found = await problems(server, path)
    links = {link["link_id"]: link for link in await server.request("GET", f"{path}/links")}
    nodes = await nodes_by_id(server, path)
    rows = [
        *(("file", "", message) for message in found["file"]),
        *(("node", node["name"], node["message"]) for node in found["nodes"]),
        *(("link", link_name(nodes, links[link["link_id"]]), link["message"]) for link in found["links"]),
    ]
    show(arguments, found, lambda: print_table(("what", "name", "problem"), rows) if rows else note("no problems"))


def _print(project: Json) -> None:
    print_facts({name: project[name] for name in ("name", "project_id", "status", "path")})


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    projects = sorted(await server.request("GET", "/v2/projects"), key=lambda project: natural_key(project["name"]))
    counts = await counts_of(server, projects) if arguments.output in ("table", "wide") else {}

    def row_of(project: Json) -> tuple[object, ...]:
        found = counts.get(project["project_id"], {})
        numbers = [found.get(name) for name in ("nodes", "started", "links")]
        status = "cannot open" if "error" in project else project["status"]
        return project["name"], status, *numbers, project["path"], project["project_id"]

    show_list(arguments, projects, row_of)


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    project = await server.request("POST", "/v2/projects", {"name": arguments.name})
    show(arguments, project, lambda: _print(project))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    stats = await server.request("GET", f"{path_of(project)}/stats")
    if project["status"] != "opened" and "error" not in project:  # GNS3's counts are of open projects
        stats |= {
            kind: len(await server.request("GET", f"{path_of(project)}/{kind}")) for kind in _SAVED if kind in stats
        }
    shown = ("name", "project_id", "status", "path", "error")
    facts = {**{name: project[name] for name in shown if name in project}, **await _format(server, project), **stats}
    show(arguments, {**project, "stats": stats}, lambda: print_facts(facts))


async def _format(server: Client, project: Json) -> Json:
    """Which GNS3 reads its file; nothing if the server does not tell, as GNS3's does not, or the file is unreadable."""
    try:
        told = await server.request("GET", f"{path_of(project)}/format")
    except LabError:
        return {}
    return {"format": f"GNS3 {told['gns3']} (revision {told['revision']})"}


async def _open(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    project = await server.request("POST", f"{path_of(project)}/open", {})
    show(arguments, project, lambda: _print(project))


async def _close(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    await server.request("POST", f"{path_of(project)}/close", {})
    show(arguments, {**project, "status": "closed"}, lambda: None)


async def _rename(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    for other in await server.request("GET", "/v2/projects"):  # the server allows this, as GNS3 does
        if other["name"] == arguments.name and other["project_id"] != project["project_id"]:
            raise Conflict(f"there is a project named {arguments.name!r} already")
    project = await server.request("PUT", path_of(project), {"name": arguments.name})
    show(arguments, project, lambda: _print(project))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    confirm(arguments, f"Delete {project['name']!r} with all its files?", otherwise="nothing was deleted")
    await server.request("DELETE", path_of(project))
    show(arguments, project, lambda: None)


async def _duplicate(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    path = f"{path_of(project)}/duplicate"
    copy = await server.request("POST", path, {"name": arguments.name})
    show(arguments, copy, lambda: _print(copy))


def _compression(arguments: argparse.Namespace) -> dict[str, str]:
    return {"compression": arguments.compression} if arguments.compression else {}


async def _export(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    options = {"include_snapshots": arguments.snapshots, "include_images": arguments.images}
    query = urlencode({name: "yes" for name, is_wanted in options.items() if is_wanted} | _compression(arguments))
    await stop_if_asked(server, arguments, project)
    with telling_how_to_stop(project), progress_line() as line:
        size = await server.download(f"{path_of(project)}/export?{query}", Path(arguments.file), line.show_bytes)
    show(arguments, {"file": arguments.file, "bytes": size}, lambda: print_line(f"{arguments.file}: {amount(size)}"))


async def _convert(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    before = await server.request("GET", f"{path_of(project)}/format")
    done = await server.request("PUT", f"{path_of(project)}/format", {"gns3": arguments.to})

    def tell() -> None:
        if done == before:
            print_line(f"{project['name']}: nothing to convert; its file is that of GNS3 {done['gns3']} already")
            return
        print_line(f"{project['name']}: its file is that of GNS3 {done['gns3']} (revision {done['revision']})")
        for kept in done["beside"]:
            print_line(f"kept beside the file, for GNS3 3.0: {kept}")

    show(arguments, done, tell)


async def _import(server: Client, arguments: argparse.Namespace) -> None:
    query = f"?name={quote(arguments.name)}" if arguments.name else ""
    path = f"/v2/projects/{uuid4()}/import{query}"
    with progress_line() as line:
        project = await server.upload(path, Path(arguments.file), line.show_bytes)
    show(arguments, project, lambda: _print(project))
