"""``gns3trio drawing``: lists, creates, changes and deletes the notes, shapes and pictures of projects."""

import argparse
import html
import re
from pathlib import Path
from typing import Any

from gns3trio import threads
from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.finding import find_in, open_path
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.numbers import to_count, to_whole
from gns3trio.commands.output import print_facts, show
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.commands.shapes import KINDS, Look, note, picture, shape
from gns3trio.errors import Invalid, LabError

__all__ = ["add_arguments", "run"]

_TEXT = re.compile(r"<text[^<>]*>([^<]*)</text>")
_ELEMENT = re.compile(r"<(text|rect|ellipse|line|path|image)\b")
_KIND_OF = {"text": "note", "rect": "rectangle", "image": "picture"}
_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
}
_MOST_BYTES = 8 * 1024 * 1024  # the server's limit for a drawing is lower
_COLOR = re.compile(r"#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}|[a-zA-Z]{1,30}")
_SHOWN_LETTERS = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio drawing`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "list the drawings of a project"
    columns = ("id", "kind", "text", "x", "y", "z")
    add_list(actions, "list", text, _list, "project", columns=columns, wide=("rotation", "locked"))
    add_action(actions, "show", "show a drawing", _show, "project", "drawing")
    create = add_action(actions, "create", "add a note, a shape or a picture to a project", _create, "project")
    create.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    create.add_argument("content", nargs="?", metavar="CONTENT", help="the text of a note, or the FILE of a picture")
    create.add_argument("--width", type=to_count, metavar="PIXELS", help="default: as large as the text, or 200")
    create.add_argument("--height", type=to_count, metavar="PIXELS", help="default: as large as the text, or 100")
    create.add_argument(
        "--line-color",
        type=_to_color,
        default="#000000",
        metavar="COLOR",
        help="of the text or the outline; default: black",
    )
    create.add_argument("--fill", type=_to_color, default="#ffffff", metavar="COLOR", help="default: white")
    create.add_argument("--size", type=to_count, default=10, metavar="POINTS", help="of letters; default: 10")
    create.add_argument(
        "--line-width", type=to_count, default=2, metavar="PIXELS", help="width of the outline; default: 2"
    )
    change = add_action(actions, "change", "move, turn, lock or unlock a drawing", _change, "project", "drawing")
    change.set_defaults(parser=change)
    for each in (create, change):
        each.add_argument("-x", type=to_whole, help="place of the left edge, pixels")
        each.add_argument("-y", type=to_whole, help="place of the upper edge, pixels")
        each.add_argument("-z", type=to_whole, help="layer: what has a higher one lies above; nodes have 1, notes 2")
        each.add_argument("--rotation", type=to_whole, metavar="DEGREES", help="clockwise")
        lock = each.add_mutually_exclusive_group()
        lock.add_argument("--lock", action="store_true", default=None, dest="locked", help="protect it from the mouse")
        lock.add_argument("--unlock", action="store_false", dest="locked", help="let it be moved with the mouse")
    delete = add_action(actions, "delete", "delete drawings", _delete, "project")
    delete.add_argument("drawings", nargs="+", metavar="DRAWING", help="their texts or ids")
    add_yes(delete)


def _to_color(text: str) -> str:
    if not _COLOR.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a color such as #ff8800 or red")
    return text


def text_of(drawing: Json) -> str:
    """The text in a drawing, in one line; empty if it has none."""
    return html.unescape(" ".join(" ".join(_TEXT.findall(drawing["svg"])).split()))


def _kind(drawing: Json) -> str:
    found = _ELEMENT.search(drawing["svg"])
    return _KIND_OF.get(found[1], found[1]) if found else "SVG"


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    drawings = await server.request("GET", f"{path}/drawings")

    def row_of(drawing: Json) -> tuple[object, ...]:
        text = text_of(drawing)
        short = text if len(text) <= _SHOWN_LETTERS else text[: _SHOWN_LETTERS - 3] + "..."
        place = drawing["x"], drawing["y"], drawing["z"]
        return drawing["drawing_id"], _kind(drawing), short, *place, drawing["rotation"], drawing["locked"]

    show_list(arguments, sorted(drawings, key=lambda each: (each["z"], each["y"], each["x"])), row_of)


async def _found(server: Client, path: str, wanted: list[str]) -> list[Json]:
    """Some drawings of a project, each once, by text or id. Raises NotFound, and Invalid if several have the text."""
    drawings = [{**each, "text": text_of(each)} for each in await server.request("GET", f"{path}/drawings")]
    found = [find_in("drawing", each, drawings, "drawing_id", "text") for each in wanted]
    known = {each["drawing_id"]: {name: value for name, value in each.items() if name != "text"} for each in found}
    return list(known.values())


def _print(drawing: Json) -> None:
    shown = ("drawing_id", "x", "y", "z", "rotation", "locked")
    print_facts({"kind": _kind(drawing), "text": text_of(drawing), **{name: drawing[name] for name in shown}})


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    (drawing,) = await _found(server, await open_path(server, arguments.project), [arguments.drawing])
    show(arguments, drawing, lambda: _print(drawing))


def _place(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {name: getattr(arguments, name) for name in ("x", "y", "z", "rotation", "locked")}
    return {name: value for name, value in given.items() if value is not None}


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    look = Look(
        width=arguments.width,
        height=arguments.height,
        color=arguments.line_color,
        fill=arguments.fill,
        size=arguments.size,
        stroke=arguments.line_width,
    )
    kind, content = arguments.kind, arguments.content
    if (content is None) == (kind in ("note", "picture")):
        needs = {"note": "needs its text", "picture": "needs its file"}.get(kind, "has no content")
        raise Invalid(f"CONTENT: a {kind} {needs}")
    if kind == "note":
        svg = note(content, look)
    elif kind == "picture":
        svg = await threads.terminal.run(_picture, Path(content), look)
    else:
        svg = shape(kind, look)
    path = await open_path(server, arguments.project)
    drawing = await server.request("POST", f"{path}/drawings", {"svg": svg, **_place(arguments)})
    show(arguments, drawing, lambda: _print(drawing))


def _picture(file: Path, look: Look) -> str:
    media_type = _MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        raise Invalid(f"{file}: is not a picture with one of the endings {', '.join(_MEDIA_TYPES)}")
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise Invalid(f"{file}: is too large for a drawing")
        return picture(media_type, file.read_bytes(), look)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None


async def _change(server: Client, arguments: argparse.Namespace) -> None:
    body = _place(arguments)
    if not body:
        arguments.parser.error("nothing to change: give -x, -y, -z, --rotation, --lock or --unlock")
    path = await open_path(server, arguments.project)
    (drawing,) = await _found(server, path, [arguments.drawing])
    drawing = await server.request("PUT", f"{path}/drawings/{drawing['drawing_id']}", body)
    show(arguments, drawing, lambda: _print(drawing))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    drawings = await _found(server, path, arguments.drawings)
    count = f"{len(drawings)} drawings" if len(drawings) > 1 else "this drawing"
    confirm(arguments, f"Delete {count}?", otherwise="nothing was deleted")
    for drawing in drawings:
        await server.request("DELETE", f"{path}/drawings/{drawing['drawing_id']}")
    show(arguments, drawings, lambda: None)
