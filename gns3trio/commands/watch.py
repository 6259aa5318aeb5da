"""``gns3trio watch``: prints the events of a server as they happen."""

import argparse
from datetime import datetime

from gns3trio.client.client import Client
from gns3trio.commands.arguments import ONLY_JSON, add_common
from gns3trio.commands.colors import BAD, CHANGING, GOOD, IDLE, paint, style_of_state
from gns3trio.commands.event_names import EventNames
from gns3trio.commands.finding import find_project
from gns3trio.commands.lab import Json, follow, run
from gns3trio.commands.numbers import to_count
from gns3trio.commands.output import note, print_escaped, print_json
from gns3trio.printable import escape

__all__ = ["add_arguments", "run"]

# Colors of events, by what is behind the dot in their names.
_STYLES = {
    **dict.fromkeys(("created", "opened", "restored"), GOOD),
    **dict.fromkeys(("deleted", "error", "problem"), BAD),
    "warning": CHANGING,
    **dict.fromkeys(("stats", "ping", "info", "closed"), IDLE),
}

_IDS = ("node_id", "link_id", "drawing_id", "template_id", "compute_id", "project_id")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio watch`` to its parser."""
    parser.add_argument("--project", metavar="PROJECT", help="only the events of this project, by name or id")
    parser.add_argument("--after", metavar="ID", default="", help="id of the last event that was seen: begin after it")
    parser.add_argument("--count", type=to_count, metavar="EVENTS", help="end after this many events")
    parser.add_argument("--ids", action="store_true", help="also print the ids of the objects")
    add_common(parser, _watch, outputs=ONLY_JSON)


async def _watch(server: Client, arguments: argparse.Namespace) -> None:
    project_id = None
    if arguments.project is not None:
        project_id = (await find_project(server, arguments.project))["project_id"]
    names = EventNames(server)
    printed = 0
    async with follow(server, project_id=project_id, after=arguments.after) as events:
        async for event in events:
            if event["action"] == "ping" and not arguments.json:
                continue
            if arguments.json:
                print_json(event, indent=None)
            else:
                name = await names.of(event)
                where = await names.project_of(event) if project_id is None else None
                print_escaped([_line(event, name, where, with_ids=arguments.ids)])
            printed += 1
            if printed == arguments.count:
                return
    note("the server closed the stream")


def _line(message: Json, name: str, project: str | None, *, with_ids: bool) -> str:
    """The line of an event, with colors."""
    event, action = message["event"], message["action"]
    time = datetime.now().strftime("%H:%M:%S")
    shown = paint(f"{escape(action):<18}", _STYLES.get(action.rpartition(".")[2], ""))
    what = escape(name if project is None else f"{project} / {name}")
    status = escape(_status(event))
    ids = " ".join(escape(str(event[key])) for key in _IDS if event.get(key))
    line = f"{time}  {escape(str(message.get('id', '-'))):>8}  {shown}  {what}  {paint(status, style_of_state(status))}"
    return f"{line.rstrip()}  {ids}".rstrip() if with_ids else line.rstrip()


def _status(event: Json) -> str:
    """What an event says beside its object: the state of a node, the rates of a link, the problem of a link."""
    if "a_to_b" in event and "bits_per_second" in event["a_to_b"]:
        return " / ".join(f"{event[way]['bits_per_second']:.0f} bit/s" for way in ("a_to_b", "b_to_a"))
    if isinstance(event.get("progress"), int | float):
        return f"{event['progress'] * 100:.0f} %"
    if "link_id" in event and "message" in event:
        return str(event["message"] or "works again")
    return str(event.get("status", ""))
