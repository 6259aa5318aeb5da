"""``gns3trio bench-link``: measures a link of a running lab and shows a table, JSON or a plot."""

import argparse
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import trio

from gns3trio.client import Client
from gns3trio.commands.lab import Json, add_common, add_place, follow, locate, run
from gns3trio.commands.progress import ProgressLine, bar, progress_line
from gns3trio.errors import LabError
from gns3trio.measure.report import plot, table

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio bench-link``."""
    add_place(parser, "link")
    parser.add_argument("--tests", type=_words, help="of throughput,latency,loss,burst (default: all)")
    parser.add_argument("--sizes", type=_numbers, help="bytes of a frame with checksum (default: 64,512,1518)")
    parser.add_argument("--direction", choices=("a_to_b", "b_to_a"), help="default: a_to_b")
    parser.add_argument("--seconds", type=float, help="length of one trial (default: 1)")
    parser.add_argument("--max-rate", type=int, metavar="FRAMES", help="frames per second at most (default: 200000)")
    parser.add_argument("--max-loss", type=float, metavar="PERCENT", help="loss that throughput allows (default: 0)")
    parser.add_argument("--repetitions", type=int, metavar="N", help="trials for latency (default: 1; RFC 2544: 20)")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the report")
    add_common(parser, _measure)


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    try:
        return [int(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers, such as 64,512") from None


async def _measure(server: Client, arguments: argparse.Namespace) -> None:
    asked = {
        "tests": arguments.tests,
        "frame_sizes": arguments.sizes,
        "direction": arguments.direction,
        "trial_seconds": arguments.seconds,
        "max_frames_per_second": arguments.max_rate,
        "max_loss_percent": arguments.max_loss,
        "repetitions": arguments.repetitions,
    }
    path, link = await locate(server, arguments, "link")
    body = {name: value for name, value in asked.items() if value is not None}
    report = await _request(server, path, link["link_id"], body)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        print("\n".join(table(report)))
    if arguments.plot is not None:
        try:
            await trio.Path(arguments.plot).write_text(plot(report))
        except OSError as error:
            raise LabError(f"--plot: {arguments.plot}: {error.strerror}") from None


async def _request(server: Client, path: str, link: str, body: Json) -> Json:
    report: Json
    with progress_line() as line:
        if not line.is_shown:
            report = await server.request("POST", f"{path}/links/{link}/benchmark", body)
            return report
        async with follow(server, project_id=path.rpartition("/")[2]) as events, trio.open_nursery() as nursery:
            nursery.start_soon(_show_progress, line, events, link)
            report = await server.request("POST", f"{path}/links/{link}/benchmark", body)
            nursery.cancel_scope.cancel()
    return report


async def _show_progress(line: ProgressLine, events: AsyncIterator[Json], link: str) -> None:
    async for message in events:
        if message["action"] == "link.benchmark" and message["event"]["link_id"] == link:
            line.show(trial_text(message["event"]))


def trial_text(event: dict[str, Any]) -> str:
    """How far a measurement is, from one event."""
    rate = f"{event['frames_per_second']} frames/s" if event["frames_per_second"] else f"{event['frames']} frames"
    return (
        f"{bar(event['progress'])} {event['test']}, {event['frame_size']} bytes, "
        f"trial {event['trial']}: {rate}, {event['lost']} lost"
    )
