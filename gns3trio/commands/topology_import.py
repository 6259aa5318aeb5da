"""``gns3trio topology import``: takes a topology file of containerlab."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gns3trio import threads
from gns3trio.client.client import Client
from gns3trio.commands.applying import apply_document, target_project
from gns3trio.commands.arguments import ONLY_JSON, add_action
from gns3trio.commands.changes import print_changes
from gns3trio.commands.containerlab import MAX_BYTES, Imported, read_containerlab
from gns3trio.commands.lab import nodes_by_id
from gns3trio.commands.output import note, print_json
from gns3trio.commands.questions import add_yes
from gns3trio.errors import Invalid, LabError
from gns3trio.printable import escape
from gns3trio.topology_yaml import format_yaml


def add_to(actions: Any) -> None:
    """Add the subcommand to those of ``gns3trio topology``."""
    text = "make a topology file, or a project, of a containerlab file, and say what is left out"
    imported = add_action(actions, "import", text, _import, outputs=ONLY_JSON)
    imported.add_argument(
        "source", metavar="FILE", help="a file of containerlab, such as lab.clab.yml; - reads the input"
    )
    imported.add_argument("--apply", metavar="PROJECT", dest="project", help="make this project match it at once")
    imported.add_argument("--create", action="store_true", help="create the project if it does not exist")
    imported.add_argument("-o", "--output", dest="file", metavar="FILE", type=Path, help="default: the output")
    add_yes(imported)


def _content(source: str) -> bytes:
    try:
        if source == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(source).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LabError(f"{source}: {error.strerror}") from None


async def _import(server: Client, arguments: argparse.Namespace) -> None:
    data = await threads.terminal.run(_content, arguments.source)
    try:
        imported = read_containerlab(data)
    except Invalid as error:
        raise Invalid(f"{arguments.source}: {error}") from None
    if arguments.project is not None:
        await _apply(server, arguments, imported)
    else:
        _write(arguments, imported)
        for name in imported.files:
            note(f"{name}.exec: --apply writes its network commands into the node's /etc/network/interfaces")
    for what, reason in imported.left_out.items():
        note(f"left out: {what}: {reason}")


def _write(arguments: argparse.Namespace, imported: Imported) -> None:
    if arguments.json:
        found = {"name": imported.name, "document": imported.document(), "files": imported.files}
        print_json({**found, "left_out": imported.left_out})
        return
    comments = (f"# left out: {escape(f'{what}: {reason}')}\n" for what, reason in imported.left_out.items())
    text = "".join(comments) + format_yaml(imported.document())
    if arguments.file is None:
        sys.stdout.write(text)
        return
    try:
        arguments.file.write_text(text)
    except OSError as error:
        raise LabError(f"{arguments.file}: {error.strerror}") from None


async def _apply(server: Client, arguments: argparse.Namespace, imported: Imported) -> None:
    """Make a project match the document."""
    document = json.dumps(imported.document()).encode()
    async with target_project(server, arguments) as target:
        reply = await apply_document(
            server, arguments, target, document, otherwise="nothing was imported", scripts_need_yes=True
        )
        await _write_files(server, target.path, imported)
    if arguments.json:
        print_json({"changes": reply["changes"], "files": imported.files, "left_out": imported.left_out})
        return
    print_changes(reply["changes"])


async def _write_files(server: Client, path: str, imported: Imported) -> None:
    nodes = {node["name"]: node for node in (await nodes_by_id(server, path)).values()}
    for name, files in imported.files.items():
        for file, text in files.items():
            route = f"{path}/nodes/{nodes[name]['node_id']}/files/{quote(file)}"
            await server.send("POST", route, text.encode(), "application/octet-stream")
