"""Shared by the measuring commands: options, progress and report."""

import argparse
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import trio

from gns3trio import threads
from gns3trio.client.client import Client
from gns3trio.commands.lab import Json, follow
from gns3trio.commands.numbers import to_count, to_percent, to_seconds
from gns3trio.commands.output import print_data, print_line
from gns3trio.commands.progress import ProgressLine, progress_line
from gns3trio.errors import LabError
from gns3trio.measure.report import plot, table


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a measurement."""
    parser.add_argument("--tests", type=_words, help="of throughput,latency,loss,burst (default: all)")
    parser.add_argument("--sizes", type=_numbers, help="frame sizes in bytes, with checksum (default: 64,512,1518)")
    parser.add_argument("--seconds", type=to_seconds, help="length of one trial (default: 1)")
    parser.add_argument(
        "--max-rate",
        type=to_count,
        metavar="FRAMES",
        help="the highest rate to try, in frames per second (default: 200000)",
    )
    parser.add_argument(
        "--max-loss", type=to_percent, metavar="PERCENT", help="loss that counts as none, in percent (default: 0)"
    )
    parser.add_argument("--repetitions", type=to_count, metavar="N", help="latency trials (default: 1; RFC 2544: 20)")
    parser.add_argument(
        "--burst-repetitions", type=to_count, metavar="N", help="burst searches (default: 1; RFC 2544: 50)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the results into an SVG file")


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    try:
        return [int(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers, such as 64,512") from None


def request_of(arguments: argparse.Namespace) -> Json:
    """The body of the API request for these options."""
    asked = {
        "tests": arguments.tests,
        "frame_sizes": arguments.sizes,
        "direction": arguments.direction,
        "trial_seconds": arguments.seconds,
        "max_frames_per_second": arguments.max_rate,
        "max_loss_percent": arguments.max_loss,
        "repetitions": arguments.repetitions,
        "burst_repetitions": arguments.burst_repetitions,
    }
    return {name: value for name, value in asked.items() if value is not None}


async def measure(
    server: Client,
    path: str,
    body: Json,
    is_ours: Callable[[Json], bool],
    project_id: str | None = None,
    text_of: Callable[[Json], str] | None = None,
) -> Json:
    """Run a benchmark; returns its report. ``is_ours`` selects its progress events on the stream of ``project_id``, of
    which ``text_of`` makes the text beside the bar (default: ``trial_text``).
    """
    report: Json
    with progress_line() as line:
        if not line.is_shown:
            report = await server.request("POST", path, body)
            return report
        async with follow(server, project_id=project_id) as events, trio.open_nursery() as nursery:
            nursery.start_soon(_show_progress, line, events, is_ours, text_of or trial_text)
            report = await server.request("POST", path, body)
            nursery.cancel_scope.cancel()
    return report


async def _show_progress(
    line: ProgressLine, events: AsyncIterator[Json], is_ours: Callable[[Json], bool], text_of: Callable[[Json], str]
) -> None:
    async for message in events:
        if is_ours(message):
            line.show_part(message["event"]["progress"], text_of(message["event"]))


def trial_text(event: dict[str, Any]) -> str:
    """What a measurement has just done, from an event."""
    rate = f"{event['frames_per_second']} frames/s" if event["frames_per_second"] else f"{event['frames']} frames"
    return f"{event['test']}, {event['frame_size']} bytes, trial {event['trial']}: {rate}, {event['lost']} lost"


def require_plot(arguments: argparse.Namespace) -> None:
    """Check before a long measurement that the plot can be written; raises LabError."""
    file: Path | None = arguments.plot
    try:
        if file is None or (file.exists() and not file.is_file() and not file.is_dir()):
            return  # opening and closing a pipe would signal its reader the end
        is_new = not file.exists()
        file.open("ab").close()
        if is_new:
            file.unlink()
    except OSError as error:
        raise LabError(f"--plot: {file}: {error.strerror}") from None


async def show_report(arguments: argparse.Namespace, report: Json) -> None:
    """Print the report as a table or JSON, and write the plot if requested. Raises LabError if that fails."""
    if arguments.json:
        print_data(arguments, report)
    else:
        for line in table(report):
            print_line(line)
    if arguments.plot is not None:
        try:
            await threads.terminal.run(Path(arguments.plot).write_text, plot(report))
        except OSError as error:
            raise LabError(f"--plot: {arguments.plot}: {error.strerror}") from None
