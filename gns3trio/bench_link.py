"""``gns3trio bench-link``: measures a link of a running lab and shows a table, JSON or a plot."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio import client
from gns3trio.client import Client
from gns3trio.errors import LabError, sole_cause
from gns3trio.measure.report import plot, table

_BAR_WIDTH = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio bench-link``."""
    client.add_arguments(parser)
    parser.add_argument("project", metavar="PROJECT_ID")
    parser.add_argument("link", metavar="LINK_ID")
    parser.add_argument("--tests", type=_words, help="of throughput,latency,loss,burst (default: all)")
    parser.add_argument("--sizes", type=_numbers, help="bytes of a frame with checksum (default: 64,512,1518)")
    parser.add_argument("--direction", choices=("a_to_b", "b_to_a"), help="default: a_to_b")
    parser.add_argument("--seconds", type=float, help="length of one trial (default: 1)")
    parser.add_argument("--max-rate", type=int, metavar="FRAMES", help="frames per second at most (default: 200000)")
    parser.add_argument("--max-loss", type=float, metavar="PERCENT", help="loss that throughput allows (default: 0)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the report")


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(item) for item in text.split(",")]


def run(arguments: argparse.Namespace) -> int:
    """Measure and show. Raises LabError when the server refuses or a file cannot be written."""
    body = {
        name: value
        for name, value in {
            "tests": arguments.tests,
            "frame_sizes": arguments.sizes,
            "direction": arguments.direction,
            "trial_seconds": arguments.seconds,
            "max_frames_per_second": arguments.max_rate,
            "max_loss_percent": arguments.max_loss,
        }.items()
        if value is not None
    }
    try:
        report = trio.run(partial(_measure, Client.from_arguments(arguments), arguments.project, arguments.link, body))
    except ExceptionGroup as group:
        raise sole_cause(group) from None
    except BaseExceptionGroup as group:  # a nursery was interrupted
        raise KeyboardInterrupt from group
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        for line in table(report):
            print(line)
    if arguments.plot is not None:
        try:
            arguments.plot.write_text(plot(report))
        except OSError as error:
            raise LabError(f"--plot: {arguments.plot}: {error.strerror}") from None
    return 0


async def _measure(server: Client, project: str, link: str, body: dict[str, Any]) -> dict[str, Any]:
    path = f"/v2/projects/{project}"
    report: dict[str, Any]
    if not sys.stderr.isatty():
        report = await server.request("POST", f"{path}/links/{link}/benchmark", body)
        return report
    try:
        async with server.events(f"{path}/notifications/ws") as connection, trio.open_nursery() as nursery:
            nursery.start_soon(_show_progress, connection, link)
            report = await server.request("POST", f"{path}/links/{link}/benchmark", body)
            nursery.cancel_scope.cancel()
    finally:
        print("\r\033[K", end="", file=sys.stderr)
    return report


async def _show_progress(connection: WebSocketConnection, link: str) -> None:
    """A bar that follows the link's events."""
    try:
        while True:
            message = json.loads(await connection.get_message())
            event = message["event"]
            if message["action"] == "link.benchmark" and event["link_id"] == link:
                print("\r\033[K" + progress_line(event), end="", file=sys.stderr, flush=True)
    except ConnectionClosed:
        pass  # the request will fail, and say why


def progress_line(event: dict[str, Any]) -> str:
    """The bar for one event."""
    filled = round(event["progress"] * _BAR_WIDTH)
    rate = f"{event['frames_per_second']} frames/s" if event["frames_per_second"] else f"{event['frames']} frames"
    return (
        f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {event['test']}, {event['frame_size']} bytes, "
        f"trial {event['trial']}: {rate}, {event['lost']} lost"
    )
