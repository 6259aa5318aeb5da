"""``gns3trio bench-udp``: measures a tunnel or relay between two UDP endpoints of a server's host."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_common
from gns3trio.commands.benchmark import add_options, measure, request_of, require_plot, show_report
from gns3trio.commands.lab import Json, run

__all__ = ["add_arguments", "run"]

_FORM = "LPORT:RHOST:RPORT"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio bench-udp`` to its parser."""
    for name in ("a", "b"):
        parser.add_argument(
            name,
            type=_endpoint,
            metavar=_FORM,
            help=f"end {name}: frames leave LPORT of the server's host for RHOST:RPORT, and the other end's come in",
        )
    parser.add_argument("--direction", choices=("a_to_b", "b_to_a"), help="default: a_to_b")
    add_options(parser)
    add_common(parser, _measure, outputs=REPORT)


def _endpoint(text: str) -> Json:
    lport, _, remote = text.partition(":")
    rhost, _, rport = remote.rpartition(":")
    if not (lport.isdecimal() and rhost and rport.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not {_FORM}, such as 21000:192.0.2.1:21001")
    return {"lport": int(lport), "rhost": rhost, "rport": int(rport)}


async def _measure(server: Client, arguments: argparse.Namespace) -> None:
    require_plot(arguments)
    ends = {"a": arguments.a, "b": arguments.b}

    def is_ours(message: Json) -> bool:
        return bool(message["action"] == "udp.benchmark" and ends.items() <= message["event"].items())

    report = await measure(server, "/v2/computes/local/benchmark", {**request_of(arguments), **ends}, is_ours)
    await show_report(arguments, report)
