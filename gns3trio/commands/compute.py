"""``gns3trio compute``: lists, adds, shows and removes the hosts that run nodes."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from gns3trio.client.client import Client
from gns3trio.commands.lab import (
    Json,
    add_action,
    ask,
    find_compute,
    print_facts,
    print_line,
    print_table,
    run,
    show,
)
from gns3trio.errors import Invalid, LabError

__all__ = ["add_arguments", "run"]

_DEFAULT_PORT = 3080
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio compute`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_action(actions, "list", "list the hosts that run nodes", _list)
    add_action(
        actions, "show", "show a host: its load, its types of nodes, and why it cannot be reached", _show, "compute"
    )
    add = add_action(
        actions, "add", "add a host: a gns3-server 2.2, or another server of ours; or change how it is reached", _add
    )
    add.add_argument("address", metavar="ADDRESS", help="http://HOST:PORT or https://HOST:PORT")
    add.add_argument("--name", help="default: HOST")
    add.add_argument("--compute-user", metavar="USER", help="user at the host, if it asks for one")
    add.add_argument(
        "--password-file",
        metavar="FILE",
        help="file with the password of that user in its first line; - is standard input. Without it, it is asked for",
    )
    add.add_argument(
        "--certificate", metavar="FILE", help="for https: the host's own certificate (PEM), if it signed it itself"
    )
    remove = add_action(
        actions, "remove", "remove a host; projects with nodes on it are closed", _remove, "compute", json=False
    )
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _load(compute: Json) -> str:
    percents = compute["cpu_usage_percent"], compute["memory_usage_percent"]
    return "" if None in percents else f"{percents[0]:.0f} % CPU, {percents[1]:.0f} % memory"


def _state(compute: Json) -> str:
    return "connected" if compute["connected"] else "away"


def _address(compute: Json) -> str:
    host = f"[{compute['host']}]" if ":" in compute["host"] else compute["host"]
    return f"{compute['protocol']}://{host}:{compute['port']}"


def _facts(compute: Json) -> dict[str, Any]:
    return {
        "name": compute["name"],
        "compute_id": compute["compute_id"],
        "address": _address(compute),
        "user": compute["user"],
        "state": _state(compute),
        "problem": compute["last_error"],
        "load": _load(compute),
        "version": compute["capabilities"]["version"],
        "node types": ", ".join(compute["capabilities"]["node_types"]),
    }


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    computes = await server.request("GET", "/v2/computes")
    rows = [(each["name"], _state(each), _load(each), _address(each), each["compute_id"]) for each in computes]
    show(arguments, computes, lambda: print_table(("name", "state", "load", "address", "id"), rows))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    compute = await find_compute(server, arguments.compute)
    show(arguments, compute, lambda: print_facts(_facts(compute)))


async def _add(server: Client, arguments: argparse.Namespace) -> int:
    body = _body(arguments)
    known = [each for each in await server.request("GET", "/v2/computes") if each["name"] == body["name"]]
    if known:
        compute = await server.request("PUT", _path(known[0]), body)
    else:
        compute = await server.request("POST", "/v2/computes", body)
    show(arguments, compute, lambda: print_facts(_facts(compute)))
    return 0 if compute["connected"] else _FAILED


def _body(arguments: argparse.Namespace) -> Json:
    scheme, host, port = _split(arguments.address)
    body: Json = {"name": arguments.name or host, "protocol": scheme, "host": host, "port": port}
    if arguments.compute_user:
        body |= {"user": arguments.compute_user, "password": _password(arguments)}
    if arguments.certificate:
        body["certificate"] = _read(arguments.certificate)
    return body


def _split(address: str) -> tuple[str, str, int]:
    """The protocol, host and port of an address. Raises Invalid."""
    wrong = Invalid(f"ADDRESS: {address!r} is not http://HOST:PORT or https://HOST:PORT")
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        raise wrong from None
    if url.scheme not in ("http", "https") or not host or url.path.strip("/") or "@" in url.netloc:
        raise wrong
    return url.scheme, host, port or _DEFAULT_PORT


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_file == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if arguments.password_file:
        return (_read(arguments.password_file).splitlines() or [""])[0]
    if not sys.stdin.isatty():
        raise Invalid("--password-file is needed where nobody can be asked")
    return getpass.getpass(f"Password of {arguments.compute_user}: ")


def _read(file: str) -> str:
    try:
        return Path(file).read_text(errors="replace")
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None


def _path(compute: Json) -> str:
    return f"/v2/computes/{quote(compute['compute_id'], safe='')}"


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    compute = await find_compute(server, arguments.compute)
    if not arguments.yes:
        question = f"Remove {compute['name']!r}, and close the projects that use it? [y/N] "
        ask(question, otherwise="nothing was removed")
    await server.request("DELETE", _path(compute))
    print_line(f"{compute['name']}: removed")
