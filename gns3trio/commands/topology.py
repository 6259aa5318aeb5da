"""``gns3trio topology``: applies, compares, exports, arranges and draws projects as topology files."""

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from gns3trio.client.client import Client
from gns3trio.commands import topology_import
from gns3trio.commands.applying import apply_document, compare, target_project
from gns3trio.commands.arguments import NOTHING, ONLY_JSON, REPORT, add_action
from gns3trio.commands.changes import print_changes
from gns3trio.commands.finding import find_node, find_project, open_path
from gns3trio.commands.lab import Json, run
from gns3trio.commands.link_conditions import all_impairments
from gns3trio.commands.output import note, print_line, show
from gns3trio.commands.questions import add_yes
from gns3trio.commands.scene import draw
from gns3trio.commands.scene_style import data_url, is_picture
from gns3trio.commands.scene_theme import THEMES
from gns3trio.counts import counted
from gns3trio.errors import LabError, NotFound
from gns3trio.layout.arrange import LAYOUTS
from gns3trio.printable import escape, escape_json

__all__ = ["add_arguments", "run"]

_YAML = "application/yaml"
_DIFFERENT = 1  # as diff(1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio topology`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    apply = add_action(actions, "apply", "make a project match a topology file", _apply, "project", outputs=REPORT)
    apply.add_argument("file", metavar="FILE", help="YAML or JSON; - reads the input")
    apply.add_argument("--create", action="store_true", help="create the project if it does not exist")
    add_yes(apply)
    apply.epilog = "Asks before something is deleted, if a person can be asked. Scripts need no --yes."
    diff = add_action(
        actions, "diff", "show what apply would change; exit status 1 if anything", _diff, "project", outputs=REPORT
    )
    diff.add_argument("file", metavar="FILE", help="YAML or JSON; - reads the input")
    export = add_action(actions, "export", "write a project as a topology file", _export, "project", outputs=ONLY_JSON)
    export.add_argument("-o", "--output", dest="file", metavar="FILE", type=Path, help="default: the output")
    topology_import.add_to(actions)
    arranged = add_action(actions, "arrange", "lay out the nodes of a project", _arrange, "project", outputs=REPORT)
    arranged.add_argument("nodes", nargs="*", metavar="NODE", help="only these; the others stay where they are")
    arranged.add_argument("--layout", choices=list(LAYOUTS), default="layered", help="the default is layered")
    drawn = add_action(actions, "draw", "draw a project as SVG", _draw, "project", outputs=NOTHING)
    drawn.add_argument("-o", "--output", dest="file", metavar="FILE", type=Path, help="default: the output")
    drawn.add_argument(
        "--theme", choices=THEMES, default="light", help="auto: as the reader of the picture prefers; default: light"
    )


async def _apply(server: Client, arguments: argparse.Namespace) -> None:
    document = _read(arguments.file)
    async with target_project(server, arguments) as target:
        reply = await apply_document(
            server, arguments, target, document, otherwise="nothing was changed", scripts_need_yes=False
        )
    show(arguments, reply, lambda: print_changes(reply["changes"]))


async def _diff(server: Client, arguments: argparse.Namespace) -> int:
    path = await open_path(server, arguments.project)
    reply = await compare(server, path, _read(arguments.file))
    show(arguments, reply, lambda: print_changes(reply["changes"]))
    return _DIFFERENT if reply["changes"] else 0


def _read(file: str) -> bytes:
    """Read a topology file. JSON is YAML too, so the type does not matter."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None


async def _export(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    document = await server.request("GET", f"{path}/topology")
    if arguments.json:
        text = escape_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"
    else:
        text = escape(await server.text(f"{path}/topology", _YAML), keep="\n\t")
    _write(arguments.file, text)
    for name, reason in document.get("left_out", {}).items():
        note(f"{name} is left out: {reason}")


async def _arrange(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    body: Json = {"layout": arguments.layout}
    if arguments.nodes:
        body["nodes"] = [(await find_node(server, path, name))["node_id"] for name in arguments.nodes]
    reply = await server.request("POST", f"{path}/arrange", body)
    show(arguments, reply, lambda: print_line(f"arranged {counted(len(reply['nodes']), 'node')}"))


async def _draw(server: Client, arguments: argparse.Namespace) -> None:
    project = await find_project(server, arguments.project)
    path = await open_path(server, arguments.project)
    nodes, links, drawings = [await server.request("GET", f"{path}/{kind}") for kind in ("nodes", "links", "drawings")]
    symbols = {}
    for symbol in {node["symbol"] for node in nodes}:
        with suppress(NotFound):  # a node without a picture is drawn as a circle
            media_type, data = await server.content(f"/v2/symbols/{quote(symbol, safe='')}/raw")
            if is_picture(media_type):
                symbols[symbol] = data_url(media_type, data)
    impairments = await all_impairments(server, path, links)
    _write(arguments.file, draw(project["name"], nodes, links, drawings, symbols, impairments, arguments.theme))


def _write(file: Path | None, text: str) -> None:
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None
