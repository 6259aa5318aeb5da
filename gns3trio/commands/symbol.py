"""``gns3trio symbol``: lists, shows, uploads and deletes the pictures of nodes."""

import argparse
import sys
from pathlib import Path
from urllib.parse import quote

from gns3trio import threads
from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.finding import find_in
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import print_facts, print_line, show
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import Conflict, LabError

__all__ = ["add_arguments", "run"]

_MOST_BYTES = 16 * 1024 * 1024  # more than any picture; the server's limit is lower


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio symbol`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    columns = ("symbol", "file", "origin")
    add_list(actions, "list", "list the symbols, which are the pictures of nodes", _list, columns=columns)
    shown = add_action(actions, "show", "show a symbol's size and kind, or write its picture", _show, "symbol")
    shown.add_argument("-w", "--write", metavar="FILE", help="write the picture to this file; - is the output")
    upload = add_action(actions, "upload", "upload a picture: SVG, PNG, JPEG or GIF", _upload, "file")
    upload.add_argument("--name", help="what to call it (default: the name of the file)")
    add_yes(
        add_action(
            actions, "delete", "delete an uploaded picture; its nodes are drawn as a computer", _delete, "symbol"
        )
    )


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    symbols = await server.request("GET", "/v2/symbols")
    show_list(
        arguments,
        sorted(symbols, key=lambda each: str(each["symbol_id"])),
        lambda each: (each["symbol_id"], each["filename"], "built in" if each["builtin"] else ""),
    )


async def _find(server: Client, wanted: str) -> Json:
    symbols = await server.request("GET", "/v2/symbols")
    if not any(each["symbol_id"] == wanted for each in symbols):
        for each in symbols:
            if wanted in (each["filename"], each["filename"].rpartition(".")[0]):
                return dict(each)
    hint = " gns3trio symbol list lists them"
    return find_in("symbol", wanted, symbols, "symbol_id", "symbol_id", hint=hint)


def _path(symbol_id: str) -> str:
    return f"/v2/symbols/{quote(symbol_id, safe='')}"


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    symbol = await _find(server, arguments.symbol)
    media_type, data = await server.content(f"{_path(symbol['symbol_id'])}/raw")
    if arguments.write == "-":
        if sys.stdout.isatty():  # which would obey control characters
            raise LabError("a picture is not for a terminal: use -w FILE, or pipe it to a program")
        sys.stdout.buffer.write(data)
        return
    if arguments.write is not None:
        try:
            await threads.terminal.run(Path(arguments.write).write_bytes, data)
        except OSError as error:
            raise LabError(f"{arguments.write}: {error.strerror}") from None
    size = await server.request("GET", f"{_path(symbol['symbol_id'])}/dimensions")
    told = {**symbol, "media_type": media_type, "bytes": len(data), **size}
    show(arguments, told, lambda: print_facts(told), name=symbol["symbol_id"])


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            data = source.read(_MOST_BYTES + 1)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise LabError(f"{file}: is too large for a symbol")
    return data


async def _upload(server: Client, arguments: argparse.Namespace) -> None:
    file = Path(arguments.file)
    name = arguments.name or file.name
    if "." not in name:
        name += file.suffix
    data = await threads.terminal.run(_content, file)
    await server.send("POST", f"{_path(name)}/raw", data, "application/octet-stream")
    show(arguments, {"symbol_id": name}, lambda: print_line(name), name=name)


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    symbol = await _find(server, arguments.symbol)
    name = symbol["symbol_id"]
    if symbol["builtin"]:
        raise Conflict(f"{name} is built in: only uploaded symbols can be deleted")
    confirm(arguments, f"Delete the symbol {name!r}?", otherwise="nothing was deleted")
    await server.request("DELETE", f"{_path(name)}/raw")
    show(arguments, symbol, lambda: None, name=name)
