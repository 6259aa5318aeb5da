"""``gns3trio watch``: prints the events of a server as they happen."""

import argparse
from datetime import datetime

from gns3trio.client.client import Client
from gns3trio.commands.arguments import ONLY_JSON, add_common
from gns3trio.commands.finding import find_project
from gns3trio.commands.lab import Json, follow, run
from gns3trio.commands.numbers import to_count
from gns3trio.commands.output import note, print_json, print_line

__all__ = ["add_arguments", "run"]

# The keys of a payload that identify the object for the user, the best first.
_TELLING = ("message", "name", "link_id", "drawing_id", "snapshot_id", "compute_id", "node_id", "project_id")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio watch`` to its parser."""
    parser.add_argument("--project", metavar="PROJECT", help="only the events of this project, by name or id")
    parser.add_argument("--after", metavar="ID", default="", help="id of the last event that was seen: begin after it")
    parser.add_argument("--count", type=to_count, metavar="EVENTS", help="end after this many events")
    add_common(parser, _watch, outputs=ONLY_JSON)


async def _watch(server: Client, arguments: argparse.Namespace) -> None:
    project_id = None
    if arguments.project is not None:
        project_id = (await find_project(server, arguments.project))["project_id"]
    printed = 0
    async with follow(server, project_id=project_id, after=arguments.after) as events:
        async for event in events:
            if event["action"] == "ping" and not arguments.json:
                continue
            if arguments.json:
                print_json(event, indent=None)
            else:
                print_line(_line(event))
            printed += 1
            if printed == arguments.count:
                return
    note("the server closed the stream")


def _line(message: Json) -> str:
    event = message["event"]
    what = next((event[name] for name in _TELLING if event.get(name)), "")
    status = event.get("status", "")
    if "a_to_b" in event and "bits_per_second" in event["a_to_b"]:
        status = " / ".join(f"{event[way]['bits_per_second']:.0f} bit/s" for way in ("a_to_b", "b_to_a"))
    time = datetime.now().strftime("%H:%M:%S")
    return f"{time}  {message.get('id', '-'):>8}  {message['action']:<18}  {what}  {status}".rstrip()
