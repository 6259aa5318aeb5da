"""``gns3trio compute``: lists, adds, shows, changes and removes the hosts that run nodes."""

import argparse
from typing import Any
from urllib.parse import quote, urlsplit

from gns3trio.client.client import Client
from gns3trio.commands import host_facts, hosted
from gns3trio.commands.arguments import NOTHING, add_action, add_list
from gns3trio.commands.finding import find_compute
from gns3trio.commands.host_facts import TRUNK_HEAD
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note, print_facts, print_line, print_table, show
from gns3trio.commands.passwords import read_password, read_text
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import Conflict, Invalid, NotFound, Unavailable

__all__ = ["add_arguments", "run"]

_DEFAULT_PORT = 3080
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio compute`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(
        actions,
        "list",
        "list the hosts that run nodes: state, load, nodes, and the trunks from the server",
        _list,
        columns=("name", "state", "load", "nodes", "trunk", "version", "address"),
        wide=("id",),
    )
    add_action(
        actions,
        "show",
        "show a host: its load, its types of nodes, what runs there, its trunks, and why it cannot be reached",
        _show,
        "compute",
    )
    trunks = add_action(
        actions, "trunks", "list the trunks between hosts, with delay, loss, MTU and links: of all, or of one", _trunks
    )
    trunks.add_argument("compute", nargs="?", metavar="COMPUTE", help="default: all hosts that can be reached")
    add = add_action(
        actions,
        "add",
        "add a host: a gns3-server 2.2 or 3.0, or another server of ours; or change how it is reached",
        _add,
    )
    add.add_argument("address", metavar="ADDRESS", help="http://HOST:PORT or https://HOST:PORT")
    add.add_argument("--name", help="default: HOST")
    _add_credentials(add)
    change = add_action(actions, "change", "change how a host is reached, or its name", _change, "compute")
    change.add_argument("--address", metavar="ADDRESS", help="http://HOST:PORT or https://HOST:PORT")
    change.add_argument("--name", help="another name")
    _add_credentials(change)
    change.add_argument(
        "--no-certificate", action="store_true", help="for https: trust the authorities of the server's machine again"
    )
    change.set_defaults(parser=change)
    add_action(actions, "confirm", "contact a host that only a project's file has named", _confirm, "compute")
    hosted.add_arguments(actions)
    remove = add_action(
        actions,
        "remove",
        "remove a host; projects with nodes on it are closed",
        _remove,
        "compute",
        outputs=NOTHING,
        aliases=["rm"],
    )
    add_yes(remove)


def _add_credentials(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--compute-user", metavar="USER", help="user at the host, if it asks for one")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="file with the password of that user in its first line; - is standard input. Without it, it is asked for",
    )
    parser.add_argument(
        "--certificate", metavar="FILE", help="for https: the host's own certificate (PEM), if it signed it itself"
    )


# --- telling ---


async def _computes(server: Client) -> list[Json]:
    """All hosts, each with ``usage``: what ``/v2/hosts`` says of it; None if the server is GNS3's."""
    computes: list[Json] = await server.request("GET", "/v2/computes")
    try:
        usage = {each["compute_id"]: each for each in await server.request("GET", "/v2/hosts")}
    except NotFound:
        usage = {}
    return [{**each, "usage": usage.get(each["compute_id"])} for each in computes]


def _names(computes: list[Json]) -> dict[str, str]:
    return {each["compute_id"]: each["name"] for each in computes}


async def _trunk(server: Client, compute: Json) -> Json | None:
    """The trunk of a host; None if it has none, or cannot be reached."""
    try:
        trunk: Json = await server.request("GET", f"{_path(compute)}/trunks")
    except (NotFound, Unavailable):  # 409: it is away, or none of ours
        return None
    return trunk


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    computes = await _computes(server)
    own = await _trunk(server, computes[0]) if len(computes) > 1 else None
    peers = {each["compute_id"]: each for each in (own["peers"] if own is not None else ())}
    listed = [{**each, "trunk": peers.get(each["compute_id"])} for each in computes]
    show_list(
        arguments,
        listed,
        lambda each: (
            each["name"],
            host_facts.state(each),
            host_facts.load(each),
            host_facts.nodes(each["usage"]),
            host_facts.trunk_line(each["trunk"]),
            host_facts.version(each),
            host_facts.address(each),
            each["compute_id"],
        ),
    )
    for each in computes:
        if not arguments.json and not each["connected"] and each["last_error"]:
            note(host_facts.why_away(each))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    compute, names = await _found(server, arguments.compute)
    trunk = await _trunk(server, compute) if host_facts.is_ours(compute) else None

    def tell() -> None:
        _print(compute, names)
        if compute["usage"] is not None and compute["usage"]["projects"]:
            print_line("")
            rows = [(each["name"], host_facts.count(each)) for each in compute["usage"]["projects"]]
            print_table(("project", "nodes"), rows)
        if trunk is not None and (trunk["peers"] or trunk["trouble"]):
            print_line("")
            print_line(
                f"trunk at UDP port {trunk['port'] or '-'}" + (f": {trunk['trouble']}" if trunk["trouble"] else "")
            )
            print_table(TRUNK_HEAD, [host_facts.trunk_row(each, names) for each in trunk["peers"]])

    show(arguments, {**compute, "trunk": trunk}, tell)


async def _found(server: Client, wanted: str) -> tuple[Json, dict[str, str]]:
    """The host that is wanted, and the names of all by id."""
    compute_id = (await find_compute(server, wanted))["compute_id"]
    computes = await _computes(server)
    found = next((each for each in computes if each["compute_id"] == compute_id), None)
    if found is None:
        raise NotFound(f"there is no compute {wanted!r}")
    return found, _names(computes)


def _print(compute: Json, names: dict[str, str]) -> None:
    print_facts({name: value for name, value in host_facts.facts(compute, names).items() if value not in (None, "")})


async def _trunks(server: Client, arguments: argparse.Namespace) -> None:
    computes = await _computes(server)
    names = _names(computes)
    if arguments.compute is not None:
        found, _ = await _found(server, arguments.compute)
        trunk = await server.request("GET", f"{_path(found)}/trunks")
        trunks = [{"compute_id": found["compute_id"], **trunk}]
    else:
        ours = [each for each in computes if each["connected"] and host_facts.is_ours(each)]
        asked = [(each, await _trunk(server, each)) for each in ours]
        trunks = [{"compute_id": each["compute_id"], **trunk} for each, trunk in asked if trunk is not None]
    rows = [
        (names[trunk["compute_id"]], *host_facts.trunk_row(peer, names)) for trunk in trunks for peer in trunk["peers"]
    ]
    show(arguments, trunks, lambda: print_table(("from", *TRUNK_HEAD), rows))
    if not rows and not arguments.json:
        note("no trunk is open: the first link between two hosts with gns3trio opens theirs")
    for trunk in trunks:
        if trunk["trouble"]:
            note(f"{names[trunk['compute_id']]}: {trunk['trouble']}")


# --- changing ---


async def _add(server: Client, arguments: argparse.Namespace) -> int:
    address = _split(arguments.address)
    body = {"name": arguments.name or address["host"], **address, **_credentials(arguments)}
    known = [each for each in await server.request("GET", "/v2/computes") if each["name"] == body["name"]]
    if known:
        return await _changed(server, arguments, await server.request("PUT", _path(known[0]), body))
    return await _changed(server, arguments, await server.request("POST", "/v2/computes", body))


async def _change(server: Client, arguments: argparse.Namespace) -> int:
    body: Json = {"name": arguments.name} if arguments.name is not None else {}
    if arguments.address is not None:
        body |= _split(arguments.address)
    body |= _credentials(arguments)
    if arguments.no_certificate:
        if "certificate" in body:
            arguments.parser.error("--certificate and --no-certificate: one of them")
        body["certificate"] = None
    if not body:
        arguments.parser.error("nothing to change: give --address, --name, --compute-user or --certificate")
    compute = await find_compute(server, arguments.compute)
    return await _changed(server, arguments, await server.request("PUT", _path(compute), body))


async def _confirm(server: Client, arguments: argparse.Namespace) -> int:
    compute, _ = await _found(server, arguments.compute)
    if compute["usage"] is not None and compute["usage"]["confirmed"]:
        raise Conflict(f"{compute['name']} is confirmed already")
    return await _changed(server, arguments, await server.request("PUT", _path(compute), {}))


async def _changed(server: Client, arguments: argparse.Namespace, compute: Json) -> int:
    """Show a host that was changed. Fails if it cannot be reached, which the facts explain."""
    computes = await _computes(server)
    usage = next((each["usage"] for each in computes if each["compute_id"] == compute["compute_id"]), None)
    shown = {**compute, "usage": usage}
    show(arguments, shown, lambda: _print(shown, _names(computes)))
    return 0 if compute["connected"] else _FAILED


def _credentials(arguments: argparse.Namespace) -> Json:
    """The fields of a body for the options of ``_add_credentials`` that were given. Raises LabError."""
    body: Json = {}
    if arguments.compute_user:
        body |= {
            "user": arguments.compute_user,
            "password": read_password(arguments.password_file, arguments.compute_user),
        }
    elif arguments.password_file:
        raise Invalid("--password-file: --compute-user is needed with it")
    if arguments.certificate:
        body["certificate"] = read_text(arguments.certificate)
    return body


def _split(address: str) -> dict[str, Any]:
    """The protocol, host and port of an address, as fields of a body. Raises Invalid."""
    wrong = Invalid(f"ADDRESS: {address!r} is not http://HOST:PORT or https://HOST:PORT")
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        raise wrong from None
    if url.scheme not in ("http", "https") or not host or url.path.strip("/") or "@" in url.netloc:
        raise wrong
    return {"protocol": url.scheme, "host": host, "port": port or _DEFAULT_PORT}


def _path(compute: Json) -> str:
    return f"/v2/computes/{quote(compute['compute_id'], safe='')}"


async def _remove(server: Client, arguments: argparse.Namespace) -> None:
    compute, _ = await _found(server, arguments.compute)
    usage = compute["usage"]
    what = host_facts.loss(usage) if usage is not None else "projects that use it are closed"
    confirm(arguments, f"Remove {compute['name']!r}; {what}.", otherwise="nothing was removed")
    await server.request("DELETE", _path(compute))
    print_line(f"{compute['name']}: removed")
