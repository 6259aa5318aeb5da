"""``gns3trio link``: creates, filters, suspends and watches links."""

import argparse
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action, add_list
from gns3trio.commands.finding import find_link, find_node, open_path
from gns3trio.commands.lab import Json, ends_of, follow, is_port_called, link_name, nodes_by_id, problems, run
from gns3trio.commands.link_conditions import (
    FILTERS_EPILOG,
    IMPAIRMENTS_EPILOG,
    NO_IMPAIRMENTS,
    all_impairments,
    impairment_text,
    impairments_of,
    parse_filter,
    parse_impairment,
)
from gns3trio.commands.link_direction import TypedLink, typed_link
from gns3trio.commands.listing import show_list
from gns3trio.commands.numbers import to_whole
from gns3trio.commands.output import print_data, print_facts, print_json, print_line, print_table, show
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import Invalid
from gns3trio.natural_order import natural_key

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio link`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(actions, "list", "list the links of a project", _list, "project", columns=("link", "state"), wide=("id",))
    create = add_action(actions, "create", "create a link between two nodes", _create, "project")
    create.add_argument("ends", nargs=2, metavar="NODE[:PORT]", help="without a port, the first free one")
    add_action(actions, "show", "show a link", _show, "project", "link")
    add_yes(add_action(actions, "delete", "delete a link", _delete, "project", "link"))
    filters = add_action(
        actions,
        "filter",
        "set the filters of a link; without any, remove its filters and impairments",
        _filter,
        "project",
        "link",
    )
    filters.add_argument("filters", nargs="*", metavar="NAME=VALUES", help="such as delay=20,2 or packet_loss=5")
    filters.epilog = FILTERS_EPILOG
    impair = add_action(
        actions, "impair", "set the impairments of a link; without any, remove them", _impair, "project", "link"
    )
    impair.add_argument(
        "impairments",
        nargs="*",
        metavar="TYPE=VALUES[:DIRECTION]",
        help="such as loss=5%%:from:PC1, rate=2M or reorder=5,20",
    )
    impair.add_argument(
        "--seed", type=to_whole, help="seed of the random decisions: the same seed and frames give the same decisions"
    )
    impair.epilog = IMPAIRMENTS_EPILOG
    for name, text in (
        ("suspend", "stop a link from passing frames"),
        ("resume", "let a suspended link pass frames again"),
    ):
        add_action(actions, name, text, _suspend, "project", "link").set_defaults(suspend=name == "suspend")
    stats = add_action(actions, "stats", "show the counters of a link", _stats, "project", "link", outputs=REPORT)
    stats.add_argument("--follow", action="store_true", help="print a line whenever they change, until Ctrl-C")


def _state(link: Json, ends: TypedLink, impairments: list[Json], problem: str | None) -> str:
    filters = [f"{name}={','.join(map(str, values))}" for name, values in link["filters"].items()]
    marks = [mark for mark, is_so in (("suspended", link["suspend"]), ("capturing", link["capturing"])) if is_so]
    own = [impairment_text(each, ends) for each in impairments]
    return " ".join([*(["broken"] if problem else []), *filters, *own, *marks])


async def _problems(server: Client, path: str) -> dict[str, str]:
    """The reasons why frames do not cross some links, by link id."""
    return {link["link_id"]: link["message"] for link in (await problems(server, path))["links"]}


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    nodes, links = await nodes_by_id(server, path), await server.request("GET", f"{path}/links")
    is_told = arguments.output in ("table", "wide") or arguments.conditions
    impairments = await all_impairments(server, path, links) if is_told else {}
    broken = await _problems(server, path) if is_told else {}

    def row_of(link: Json) -> tuple[str, ...]:
        link_id = link["link_id"]
        state = _state(link, typed_link(nodes, link), impairments.get(link_id, []), broken.get(link_id))
        return link_name(nodes, link), state, link_id

    show_list(arguments, sorted(links, key=lambda link: natural_key(link_name(nodes, link))), row_of)


async def _print(server: Client, path: str, arguments: argparse.Namespace, link: Json) -> None:
    nodes = await nodes_by_id(server, path)
    name = link_name(nodes, link)
    problem = (await _problems(server, path)).get(link["link_id"])
    state = _state(link, typed_link(nodes, link), (await impairments_of(server, path, link))["impairments"], problem)
    facts = {"link": name, "state": state, "link_id": link["link_id"], "capture": link["capture_file_path"]}
    if problem is not None:
        facts["problem"] = problem
    show(arguments, link, lambda: print_facts(facts), name=name)


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    links = await server.request("GET", f"{path}/links")
    used = {(end["node_id"], end["adapter_number"], end["port_number"]) for link in links for end in link["nodes"]}
    ends = [await _find_end(server, path, text, used) for text in arguments.ends]
    link = await server.request("POST", f"{path}/links", {"nodes": ends})
    await _print(server, path, arguments, link)


async def _find_end(server: Client, path: str, text: str, used: set[tuple[str, int, int]]) -> Json:
    name, separator, port_text = text.rpartition(":")
    node = await find_node(server, path, name if separator else text)
    ports = [port for port in node["ports"] if is_port_called(port, port_text)] if separator else node["ports"]
    if not ports:
        raise Invalid(
            f"{text}: there is no such port; {node['name']} has {', '.join(p['name'] for p in node['ports'])}"
        )
    for port in ports:
        place = node["node_id"], port["adapter_number"], port["port_number"]
        if separator or place not in used:
            return dict(zip(("node_id", "adapter_number", "port_number"), place, strict=True))
    raise Invalid(f"{text}: all ports are in use")


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    await _print(server, path, arguments, await find_link(server, path, arguments.link))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    name = link_name(await nodes_by_id(server, path), link)
    confirm(arguments, f"Delete the link {name}?", otherwise="nothing was deleted", scripts_need_yes=False)
    await server.request("DELETE", f"{path}/links/{link['link_id']}")
    show(arguments, link, lambda: None, name=name)


async def _filter(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    filters: dict[str, list[Any]] = {}
    for name, values in map(parse_filter, arguments.filters):
        if name in filters:
            raise Invalid(f"{name}: is given twice")
        filters[name] = values
    route = f"{path}/links/{link['link_id']}"
    impairments = await impairments_of(server, path, link)
    link = await server.request("PUT", route, {"filters": filters})
    if not filters and impairments != NO_IMPAIRMENTS:
        await server.request("PUT", f"{route}/impairments", {"impairments": []})
    await _print(server, path, arguments, link)


async def _impair(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    ends = typed_link(await nodes_by_id(server, path), link, arguments.link)
    body = {"impairments": [parse_impairment(text, ends) for text in arguments.impairments], "seed": arguments.seed}
    told = await server.request("PUT", f"{path}/links/{link['link_id']}/impairments", body)
    if arguments.json:
        print_data(arguments, told)
    else:
        await _print(server, path, arguments, link)


async def _suspend(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    link = await server.request("PUT", f"{path}/links/{link['link_id']}", {"suspend": arguments.suspend})
    await _print(server, path, arguments, link)


async def _stats(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    link = await find_link(server, path, arguments.link)
    stats = await server.request("GET", f"{path}/links/{link['link_id']}/statistics")
    ends = ends_of(await nodes_by_id(server, path), link)
    show(arguments, stats, lambda: _print_stats(stats, ends))
    if arguments.follow:
        await _follow(server, path, arguments, link["link_id"])


def _print_stats(stats: Json, ends: list[str]) -> None:
    rows = []
    for key, (a, b) in (("a_to_b", ends), ("b_to_a", ends[::-1])):
        way = stats[key]
        drops = " ".join(f"{reason}={count}" for reason, count in way["drops"].items() if count)
        rate = f"{way['bits_per_second']:.0f}"
        rows.append((f"{a} -> {b}", way["frames"], way["bytes"], rate, way["held"], drops or 0))
    print_table(("direction", "frames", "bytes", "bit/s", "held", "drops"), rows)


async def _follow(server: Client, path: str, arguments: argparse.Namespace, link_id: str) -> None:
    async with follow(server, project_id=path.rpartition("/")[2]) as events:
        async for message in events:
            event = message["event"]
            if message["action"] != "link.stats" or event["link_id"] != link_id:
                continue
            if arguments.json:
                print_json(event, indent=None)
            else:
                rates = [f"{event[way]['bits_per_second']:12.0f} bit/s" for way in ("a_to_b", "b_to_a")]
                print_line("  ".join(rates))
