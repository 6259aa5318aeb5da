"""``gns3trio captures``: captures on the server, which go on without a client: starts, lists, stops and saves them."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.capture_options import add_capture_options, format_for
from gns3trio.commands.finding import find_in, find_link, open_path
from gns3trio.commands.host_facts import amount
from gns3trio.commands.lab import Json, link_name, nodes_by_id, run
from gns3trio.commands.link_direction import TypedLink, typed_link
from gns3trio.commands.listing import show_list
from gns3trio.commands.numbers import to_count, to_seconds
from gns3trio.commands.output import note, print_facts, show
from gns3trio.commands.progress import progress_line
from gns3trio.errors import Invalid, NotFound

__all__ = ["add_arguments", "run"]

_MEGABYTE = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio captures`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "start a capture of a link on the server; its files are in the project's folder"
    start = add_action(actions, "start", text, _start, "project", "link")
    start.add_argument("--file", metavar="NAME", help="name of its file (default: from the nodes of the link)")
    add_capture_options(start, "NAME")
    start.add_argument(
        "--ring", type=to_count, metavar="FILES", help="keep only the newest files; see --megabytes, --seconds"
    )
    start.add_argument("--megabytes", type=to_seconds, metavar="MB", help="a file of the ring is full at this size")
    start.add_argument("--seconds", type=to_seconds, metavar="S", help="or after this time")
    start.set_defaults(parser=start)
    add_list(
        actions,
        "list",
        "list the captures that run in a project, and the files of ended ones",
        _list,
        "project",
        columns=("capture", "link", "state", "packets", "size", "since", "filter"),
        wide=("id",),
    )
    stop = add_action(actions, "stop", "end captures; their files stay", _stop, "project")
    stop.add_argument("captures", nargs="+", metavar="CAPTURE", help="name of its file, or its id")
    save = add_action(actions, "save", "download the file of a capture, which may go on", _save, "project")
    save.add_argument("capture_file", metavar="CAPTURE", help="name of its file, as listed")
    save.add_argument(
        "-w", "--write", metavar="FILE", type=Path, help="write to this file (default: the same name, here)"
    )


async def _start(server: Client, arguments: argparse.Namespace) -> None:
    if (arguments.ring is None) is not (arguments.megabytes is None and arguments.seconds is None):
        arguments.parser.error("a ring needs --ring, and --megabytes or --seconds")
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    nodes = await nodes_by_id(server, path)
    ends = typed_link(nodes, link, arguments.link)
    body = {
        "file_name": arguments.file,
        "expression": arguments.filter,
        "direction": ends.direction(arguments.direction),
        "format": format_for(arguments, arguments.file),
        "snaplen": arguments.snaplen,
        "ring_files": arguments.ring,
        "ring_bytes": None if arguments.megabytes is None else round(arguments.megabytes * _MEGABYTE),
        "ring_seconds": arguments.seconds,
    }
    body = {name: value for name, value in body.items() if value is not None}
    capture = await server.request("POST", f"{path}/links/{link['link_id']}/captures", body)
    facts = {
        "capture": capture["file_name"],
        "link": link_name(nodes, link),
        "filter": _filter_text(capture, ends),
        "capture_id": capture["capture_id"],
        "file": capture["file_path"],
    }
    show(arguments, capture, lambda: print_facts(facts), name=capture["file_name"])


def _filter_text(capture: Json, link: TypedLink) -> str:
    return ", ".join(text for text in (capture["expression"], link.words(capture["direction"])) if text)


async def _told(server: Client, path: str) -> Json:
    told: Json = await server.request("GET", f"{path}/captures")
    if not told["is_whole"]:
        note("there are more files than the server lists")
    return told


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    told, nodes = await _told(server, path), await nodes_by_id(server, path)
    links = {link["link_id"]: link for link in await server.request("GET", f"{path}/links")}
    sizes: dict[str | None, int] = {}
    for file in told["files"]:
        sizes[file["capture_id"]] = sizes.get(file["capture_id"], 0) + file["size"]

    def row_of(each: Json) -> tuple[object, ...]:
        if "link_id" not in each:  # a file
            return each["name"], "", f"ended {_time(each['modified'])}", "", amount(each["size"]), "", "", ""
        link = links.get(each["link_id"], {"nodes": []})
        state = "running" if each["running"] else f"failed: {each['error']}"
        if each["ring_files"] is not None:
            state += f", ring of {each['ring_files']}"
        size = amount(sizes.get(each["capture_id"], 0))
        since, own = _time(each["started_at"]), _filter_text(each, typed_link(nodes, link))
        name = each["file_name"] or "(streams only)"
        return name, link_name(nodes, link), state, each["frames"], size, since, own, each["capture_id"]

    ended = [file for file in told["files"] if file["capture_id"] is None]
    show_list(arguments, [*told["captures"], *ended], row_of)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


async def _stop(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    running = [{**each, "name": each["file_name"] or ""} for each in (await _told(server, path))["captures"]]
    found = [find_in("running capture", wanted, running, "capture_id") for wanted in arguments.captures]
    for each in found:
        await server.request("DELETE", f"{path}/links/{each['link_id']}/captures/{each['capture_id']}")
    names = ", ".join(each["name"] or each["capture_id"] for each in found)
    show(arguments, found, lambda: note(f"ended: {names}; the files stay: gns3trio captures save"))


async def _save(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    told = await _told(server, path)
    wanted = arguments.capture_file
    name = next((each["file_name"] for each in told["captures"] if each["capture_id"] == wanted), wanted)
    files = [each["name"] for each in told["files"]]
    if name not in files:
        ring = [file["name"] for file in told["files"] if file["capture_id"] in _ids_of(told, name)]
        if ring:
            raise Invalid(f"{name} is a ring of several files: save one of {', '.join(ring)}")
        raise NotFound(f"there is no file of a capture {wanted!r}: gns3trio captures list '{arguments.project}'")
    target = arguments.write or _new_file(name)
    with progress_line() as line:
        size = await server.download(f"{path}/files/project-files/captures/{quote(name)}", target, line.show_bytes)
    show(arguments, {"file": str(target), "bytes": size}, lambda: note(f"{target}: {amount(size)}"))


def _new_file(name: str) -> Path:
    """The file of that name in the current folder. Raises Invalid if it is there: nobody has asked to replace it."""
    file = Path(Path(name).name)
    if file.exists():
        raise Invalid(f"{file} is there already: name a file with -w FILE")
    return file


def _ids_of(told: Json, name: str) -> list[Any]:
    return [each["capture_id"] for each in told["captures"] if each["file_name"] == name]
