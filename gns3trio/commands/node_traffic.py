"""``gns3trio node traffic``: sends UDP traffic from a built-in PC to another, and shows what arrives."""

import argparse
import re
from ipaddress import ip_address
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_action
from gns3trio.commands.benchmark import measure
from gns3trio.commands.finding import find_node, open_path
from gns3trio.commands.lab import Json
from gns3trio.commands.numbers import to_count, to_seconds
from gns3trio.commands.output import print_facts, show
from gns3trio.counts import counted

_RATE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([kMG]?)")
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}
_TIMES = ("min", "mean", "p50", "p90", "p99", "p99.9", "max")


def add_to(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to those of ``gns3trio node``."""
    text = "send UDP traffic from a built-in PC, and measure what arrives"
    parser = add_action(actions, "traffic", text, _send, "project", "node", outputs=REPORT)
    parser.add_argument("to", metavar="TO", help="another built-in PC, or an IP address")
    add_flow_options(parser, rate="1000", size="512", seconds="10")
    parser.add_argument(
        "--ip-version", type=to_version, metavar="VERSION", help="4 or 6; default: 4, if both nodes have an address"
    )


def add_flow_options(parser: argparse.ArgumentParser, *, rate: str, size: str, seconds: str) -> None:
    """Add the options that say how to send; ``flow_request`` has their values. The help names these defaults, which are
    the server's.
    """
    parser.add_argument(
        "--rate",
        type=to_rate,
        help=f"packets per second (default: {rate}); with k, M or G bits per second of UDP data, such as 10M",
    )
    parser.add_argument(
        "--size", type=to_count, metavar="BYTES", help=f"UDP data of a packet, 48 to 65507 (default: {size})"
    )
    parser.add_argument("--seconds", type=to_seconds, help=f"how long to send (default: {seconds})")
    parser.add_argument("--packets", type=to_count, metavar="N", help="end after so many packets")
    parser.add_argument("--burst", type=to_count, metavar="N", help="send so many packets at one go (default: 1)")
    parser.add_argument("--round-trip", action="store_true", help="send everything back, and measure that too")
    parser.add_argument("--port", type=to_count, help="the UDP port to send to (default: 7)")


def to_rate(text: str) -> dict[str, float]:
    """Parse a rate; returns the field of the request with its value."""
    found = _RATE.fullmatch(text) if text.isascii() else None
    if found is None or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate, such as 1000 (packets per second) or 10M (bits)")
    if found[2]:
        return {"bits_per_second": float(found[1]) * _UNITS[found[2]]}
    return {"packets_per_second": float(found[1])}


def to_version(text: str) -> int:
    """Parse a version of IP."""
    if text not in ("4", "6"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 4 or 6")
    return int(text)


def flow_request(arguments: argparse.Namespace) -> Json:
    """The fields of the request for the options of ``add_flow_options``."""
    asked = {
        "data_bytes": arguments.size,
        "seconds": arguments.seconds,
        "packets": arguments.packets,
        "burst": arguments.burst,
        "round_trip": arguments.round_trip or None,
        "port": arguments.port,
        **(arguments.rate or {}),
    }
    return {name: value for name, value in asked.items() if value is not None}


async def _send(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    node = await find_node(server, path, arguments.node)
    node_id = node["node_id"]
    request = flow_request(arguments)
    if _is_address(arguments.to):
        request["address"] = arguments.to
    else:
        request["to_node_id"] = (await find_node(server, path, arguments.to))["node_id"]
    if arguments.ip_version is not None:
        request["ip_version"] = arguments.ip_version

    def is_ours(message: Json) -> bool:
        return bool(message["action"] == "node.traffic" and message["event"]["node_id"] == node_id)

    route = f"{path}/nodes/{node_id}/traffic"
    report = await measure(server, route, request, is_ours, path.rpartition("/")[2], progress_text)
    show(arguments, report, lambda: print_facts(_facts(report)))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def progress_text(event: Json) -> str:
    """What generated traffic has done so far, from an event."""
    lost = f", {event['lost']} lost or on their way" if event["lost"] is not None else ""
    return f"{event['sent']} sent to {event['address']}{lost}"


def _facts(report: Json) -> dict[str, Any]:
    sent = f"{counted(report['sent'], 'packet')} of {counted(report['data_bytes'], 'byte')} to {report['address']}"
    facts = {"sent": f"{sent}{rate_text(report['sent_bits_per_second'])}"}
    if report["unsent"]:
        facts["not sent"] = f"{counted(report['unsent'], 'packet')}: the server had no memory"
    if report["ended"] != "done":
        facts["ended"] = report["ended"].replace("_", " ")
    if report["unreachable"]:
        facts["unreachable"] = f"{report['unreachable']} ICMP messages say that packets do not arrive"
    if report["arrived"] is None:
        facts["arrived"] = "not known: nobody counts there"
    else:
        facts |= _arrival_facts("arrived", "one way", report["sent"], report["arrived"])
    if report["returned"]["packets"]:
        facts |= _arrival_facts("returned", "round trip", report["sent"], report["returned"])
    return facts


def _arrival_facts(name: str, times: str, sent: int, arrivals: Json) -> dict[str, str]:
    lost = max(sent - arrivals["packets"], 0)
    part = f" ({100 * lost / sent:.2f} %)" if sent else ""
    text = f"{counted(arrivals['packets'], 'packet')}, {lost} lost{part}"
    text += f", {arrivals['duplicated']} duplicated, {arrivals['reordered']} reordered"
    facts = {name: text + rate_text(arrivals["bits_per_second"])}
    if (latency := arrivals["latency"]) is not None:
        values = "/".join(f"{latency[f'{time}_us'] / 1000:.3f}" for time in _TIMES)
        facts[times] = f"{'/'.join(_TIMES)} = {values} ms"
    return facts


def rate_text(bits_per_second: float | None) -> str:
    """A rate after a colon; nothing if it is None."""
    if bits_per_second is None:
        return ""
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits_per_second >= size:
            return f": {bits_per_second / size:.2f} {unit}"
    return f": {bits_per_second:.0f} bit/s"
