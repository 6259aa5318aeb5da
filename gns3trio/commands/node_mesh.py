"""``gns3trio node mesh``: sends UDP traffic between many built-in PCs at once, and shows what each pair gets."""

import argparse
import shutil
from collections.abc import Callable

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action
from gns3trio.commands.benchmark import measure
from gns3trio.commands.finding import find_nodes, open_path
from gns3trio.commands.heat_map import heat_map
from gns3trio.commands.lab import Json
from gns3trio.commands.node_traffic import add_flow_options, flow_request, rate_text, to_version
from gns3trio.commands.numbers import to_count, to_whole
from gns3trio.commands.output import print_escaped, print_facts, print_line, show
from gns3trio.counts import counted

# The pairs that are named below the heat map.
_WORST = 5

# Why a pair sent nothing, by its ``ended``.
_REASONS = {
    "no_neighbour": "the receiver, or the gateway to it, does not answer",
    "no_gateway": "the receiver is in another network, and no gateway is set",
    "no_source": "the sender has no address any more",
}

# What cells of the heat map can show: its words, the value of a pair (None if there is none), and its text.
_SHOWN: dict[str, tuple[str, Callable[[Json], float | None], Callable[[float], str]]] = {
    "loss": ("loss in percent", lambda pair: pair["loss_percent"], lambda value: f"{value:.0f}" if value else "0"),
    "p50": ("median latency in ms", lambda pair: _time(pair["latency"], "p50_us"), lambda value: f"{value:.2f}"),
    "p99": ("99th percentile of latency in ms", lambda pair: _time(pair["latency"], "p99_us"), lambda v: f"{v:.2f}"),
    "round-trip": ("median round trip in ms", lambda pair: _time(pair["round_trip"], "p50_us"), lambda v: f"{v:.2f}"),
    "rate": ("rate in kbit/s", lambda pair: _kilobits(pair["bits_per_second"]), lambda value: f"{value:.0f}"),
}


def _time(latency: Json | None, name: str) -> float | None:
    return latency[name] / 1000 if latency is not None else None


def _kilobits(rate: float | None) -> float | None:
    return rate / 1000 if rate is not None else None


def add_to(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    text = "send UDP traffic between many built-in PCs at once, and show what each pair gets"
    parser = add_action(actions, "mesh", text, _run, "project", outputs=REPORT)
    parser.add_argument("nodes", nargs="*", default=[], metavar="NODE", help="default: all that can have traffic now")
    parser.add_argument(
        "--max-pairs", type=to_count, metavar="N", help="if there are more pairs, so many of them (default: 1000)"
    )
    parser.add_argument("--seed", type=to_whole, help="which of them: the same for the same seed (default: 0)")
    parser.add_argument("--show", choices=tuple(_SHOWN), default="loss", help="what the map shows (default: loss)")
    add_flow_options(parser, rate="10", size="128", seconds="5")
    parser.add_argument(
        "--ip-version", type=to_version, metavar="VERSION", help="4 or 6; default: 4, if two nodes have such an address"
    )


async def _run(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    asked = {
        "node_ids": [node["node_id"] for node in await find_nodes(server, path, arguments.nodes)] or None,
        "max_pairs": arguments.max_pairs,
        "seed": arguments.seed,
        "ip_version": arguments.ip_version,
        "round_trip": True if arguments.show == "round-trip" else None,
    }
    request = flow_request(arguments) | {name: value for name, value in asked.items() if value is not None}

    def is_ours(message: Json) -> bool:
        return bool(message["action"] == "project.mesh")

    report = await measure(server, f"{path}/mesh", request, is_ours, path.rpartition("/")[2], progress_text)
    show(arguments, report, lambda: _print(report, arguments.show))


def progress_text(event: Json) -> str:
    """What a mesh has done so far, from an event."""
    return f"{counted(event['pairs'], 'pair')}, {event['sent']} sent, {event['lost']} lost or on their way"


def _print(report: Json, shown: str) -> None:
    title, value_of, text_of = _SHOWN[shown]
    names = [node["name"] for node in report["nodes"]]
    values = {(pair["sender"], pair["receiver"]): value_of(pair) for pair in report["pairs"]}
    columns = shutil.get_terminal_size().columns
    lines = heat_map(names, values, text_of, most=100.0 if shown == "loss" else None, columns=columns)
    if lines is not None:
        print_line(f"{title}, from each node (rows) to each other one (columns)")
        print_escaped(lines)
        print_line("")
    print_facts(_facts(report))
    for pair in _worst(report):
        print_line(_pair_text(names, pair))


def _facts(report: Json) -> dict[str, str]:
    silent = sum(not pair["sent"] for pair in report["pairs"])
    pairs, possible = len(report["pairs"]), report["possible_pairs"]
    of = f" of {possible}" if possible > pairs else ""
    sent, lost = report["sent"], report["lost"]
    part = f" ({100 * lost / sent:.2f} %)" if sent else ""
    rate = sum(pair["bits_per_second"] or 0 for pair in report["pairs"])
    nothing = f"; {silent} of them could send nothing" if silent else ""
    return {
        "pairs": f"{pairs}{of}, between {len(report['nodes'])} nodes{nothing}",
        "sent": f"{counted(sent, 'packet')} of {counted(report['data_bytes'], 'byte')}",
        "arrived": f"{counted(report['arrived'], 'packet')}, {lost} lost{part}{rate_text(rate or None)}",
    }


def _worst(report: Json) -> list[Json]:
    """The pairs that lost most, or sent nothing."""
    bad = [pair for pair in report["pairs"] if pair["lost"] or not pair["sent"]]
    return sorted(bad, key=lambda pair: (bool(pair["sent"]), -(pair["loss_percent"] or 0)))[:_WORST]


def _pair_text(names: list[str], pair: Json) -> str:
    ends = f"{names[pair['sender']]} -> {names[pair['receiver']]}"
    why = "" if pair["ended"] == "done" else f" ({_REASONS.get(pair['ended']) or pair['ended'].replace('_', ' ')})"
    if not pair["sent"]:
        return f"worst  {ends}: nothing could be sent{why}"
    return f"worst  {ends}: {pair['lost']} of {pair['sent']} lost{why}"
