"""``gns3trio bench-link``: measures a link of a running lab and shows a table, JSON or a plot."""

import argparse

from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_common, add_place
from gns3trio.commands.benchmark import add_options, measure, request_of, require_plot, show_report
from gns3trio.commands.finding import locate
from gns3trio.commands.lab import Json, nodes_by_id, run
from gns3trio.commands.link_direction import DIRECTION_HELP, to_direction, typed_link

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio bench-link`` to its parser."""
    add_place(parser, "link")
    parser.add_argument("--direction", type=to_direction, default="a_to_b", help=f"{DIRECTION_HELP} (default: a_to_b)")
    add_options(parser)
    add_common(parser, _measure, outputs=REPORT)


async def _measure(server: Client, arguments: argparse.Namespace) -> None:
    require_plot(arguments)
    path, link = await locate(server, arguments, "link")
    link_id = link["link_id"]

    def is_ours(message: Json) -> bool:
        return bool(message["action"] == "link.benchmark" and message["event"]["link_id"] == link_id)

    ends = typed_link(await nodes_by_id(server, path), link, arguments.link)
    arguments.direction = ends.direction(arguments.direction)
    request = request_of(arguments)
    report = await measure(server, f"{path}/links/{link_id}/benchmark", request, is_ours, path.rpartition("/")[2])
    await show_report(arguments, report)
