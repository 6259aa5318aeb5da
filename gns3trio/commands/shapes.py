"""Makes the SVG of new drawings, in the form in which GNS3's clients make theirs. Sans-IO."""

import base64
from html import escape
from typing import Literal, get_args

from gns3trio.classes import frozen
from gns3trio.commands.scene_style import LINE, width_of

Kind = Literal["note", "rectangle", "ellipse", "line", "picture"]
KINDS: tuple[str, ...] = get_args(Kind)

_PIXELS_OF_POINT = 4 / 3
_SHAPE_SIZE = 200, 100
_LINE_SIZE = 200, 0
_PICTURE_SIZE = 200, 200


@frozen
class Look:
    """What a drawing looks like; ``size`` is that of letters in points, ``stroke`` the width of a line in pixels."""

    width: int | None = None
    height: int | None = None
    color: str = "#000000"
    fill: str = "#ffffff"
    size: float = 10.0
    stroke: int = 2


def note(text: str, look: Look) -> str:
    """A text of one or more lines."""
    lines = text.split("\n")
    pixels = look.size * _PIXELS_OF_POINT
    width = look.width or round(max(width_of(line, pixels) for line in lines)) + 8
    height = look.height or round(pixels * LINE * len(lines)) + 6
    style = f'font-family="TypeWriter" font-size="{look.size:g}" font-weight="bold" fill="{escape(look.color)}"'
    return f'<svg width="{width}" height="{height}"><text {style} fill-opacity="1.0">{escape(text)}</text></svg>'


def shape(kind: Kind, look: Look) -> str:
    """A rectangle, an ellipse or a line."""
    usual = _LINE_SIZE if kind == "line" else _SHAPE_SIZE
    width = usual[0] if look.width is None else look.width
    height = usual[1] if look.height is None else look.height
    line = f'stroke="{escape(look.color)}" stroke-width="{look.stroke}"'
    fill = f'fill="{escape(look.fill)}" fill-opacity="1.0"'
    if kind == "line":
        inner = f'<line x1="0" y1="0" x2="{width}" y2="{height}" {line}/>'
    elif kind == "ellipse":
        inner = (
            f'<ellipse cx="{width / 2:g}" cy="{height / 2:g}" rx="{width / 2:g}" ry="{height / 2:g}" {fill} {line}/>'
        )
    else:
        inner = f'<rect width="{width}" height="{height}" {fill} {line}/>'
    return f'<svg width="{width}" height="{height}">{inner}</svg>'


def picture(media_type: str, data: bytes, look: Look) -> str:
    """A picture from a file."""
    width, height = look.width or _PICTURE_SIZE[0], look.height or _PICTURE_SIZE[1]
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    image = f'<image width="{width}" height="{height}" xlink:href="{url}"/>'
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {space} width="{width}" height="{height}">{image}</svg>'
