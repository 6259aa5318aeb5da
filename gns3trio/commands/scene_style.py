"""Converts GNS3's texts, colours and drawings to SVG (W3C SVG 1.1). Sans-IO.

Positions are those of GNS3's clients: a text begins 4 pixels from its left edge, font sizes are in points, and the
first baseline of a note is 1em below its top. The input comes from other people's files: invalid colours and lengths
are left out, and a drawing stays an image, in which a viewer runs no script and loads nothing.
"""

import base64
import math
import re
from collections.abc import Mapping
from html import escape as escape_xml
from typing import Any

from gns3trio.classes import frozen
from gns3trio.commands.scene_theme import INK, WIRE, Theme, drawing_style_sheet
from gns3trio.printable import escape
from gns3trio.svg_cost import is_bounded

LEFT, ABOVE = 4, 3  # margin to the left of a text and above it
LINE = 1.2  # line height of a note, in em
_WIDE = 0.68  # width of a letter, in em; more than most have
_PIXELS_OF_POINT = 4 / 3
_MAX_LETTERS = 200.0  # pixels
_MAX_SIZE = 100_000.0
_MAX_STROKE = 200
_MAX_LINES = 1000
_MAX_WIDTH = 40

# In place of a drawing that no viewer could draw.
_TOO_COMPLEX = (
    '<svg width="150" height="40"><rect width="150" height="40" fill="none" stroke="#b3261e"/>'
    '<text fill="#b3261e">Too complex to be shown</text></svg>'
)
_PICTURES = frozenset({"image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"})
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,30}")
_WORDS = frozenset({"font-family", "font-weight", "font-style", "fill-opacity", "text-decoration"})
_WORD = re.compile(r"[\w .,#%-]{1,100}")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?: ?(px|pt))?")
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,12})?)(?:px)?")
_END_OF_ROOT = re.compile(r"</svg\s*>\s*\Z")
_ROOT = re.compile(r"<svg(?=[\s/>])[^<>]*")
_NOTE = re.compile(r"<text(?=[\s>])([^<>]*)>([^<]*)</text>")
_ELEMENT = re.compile(r"<([A-Za-z][\w:.-]*)")
_STROKE = re.compile(r"stroke-width[=:][\"']?(\d{1,4})")
_PLAIN = frozenset({"svg", "text", "rect", "ellipse", "line", "path", "image"})  # the shapes that GNS3's clients draw
# GNS3 numbers line types as Qt does. Dashes and gaps are in multiples of the line width.
_DASHES = {2: (4, 2), 3: (1, 2), 4: (4, 2, 1, 2), 5: (4, 2, 1, 2, 1, 2)}


@frozen
class Box:
    """A rectangle with its edges in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether they share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def moved(self, x: float, y: float) -> "Box":
        """The same rectangle at another place."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def turned(self, degrees: float, x: float, y: float) -> "Box":
        """The bounding box after a rotation around the origin and a move by ``x``, ``y``."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        corners = [
            (a * cos - b * sin, a * sin + b * cos) for a in (self.left, self.right) for b in (self.top, self.bottom)
        ]
        xs, ys = [x + corner[0] for corner in corners], [y + corner[1] for corner in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))


def shown(text: object) -> str:
    """Escape a text for XML, without control characters."""
    return escape_xml(escape(str(text)))


def width_of(text: str, size: float) -> float:
    """The approximate width of a text with this font size."""
    return _WIDE * size * len(text)


def color(value: object) -> str | None:
    """Parse a colour; None if it is invalid."""
    return value if isinstance(value, str) and _COLOR.fullmatch(value) else None


def letter_size(value: str) -> float:
    """Parse a font size; returns pixels. Without a unit it is in points. If invalid, the size of GNS3's labels."""
    found = _SIZE.fullmatch(value.strip())
    number, unit = (float(found[1]), found[2]) if found else (10.0, None)
    return min(number * (1 if unit == "px" else _PIXELS_OF_POINT), _MAX_LETTERS)


def letters(style: object) -> tuple[str, float]:
    """The SVG attributes and the font size of a text with this style, a list of CSS declarations."""
    size = 12.0
    found = {"fill": INK}
    for declaration in style.split(";") if isinstance(style, str) else ():
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font-size":
            size = letter_size(value)
        elif (name == "fill" and color(value)) or (name in _WORDS and _WORD.fullmatch(value)):
            found[name] = f"{value}, sans-serif" if name == "font-family" else value
    classes = "ink halo" if is_black(found["fill"]) else "halo"
    shown = {"class": classes, **found, "font-size": f"{size:g}"}
    return " ".join(f'{name}="{value}"' for name, value in shown.items()), size


def is_black(value: str) -> bool:
    """Whether a color is that of GNS3's texts and lines on white paper, which is light on dark paper."""
    return value.lower() in (INK, "#000000", "#000", "black")


def stroke(style: Mapping[str, Any]) -> str:
    """The SVG attributes of a line with this ``link_style``: ``color``, ``width`` in pixels, ``type``."""
    width = style.get("width")
    thick = min(width, _MAX_WIDTH) if isinstance(width, int) and width > 0 else 2
    kind = style.get("type")
    dashes = " ".join(str(part * thick) for part in _DASHES.get(kind, ())) if isinstance(kind, int) else ""
    own = color(style.get("color"))
    of_theme = "" if own is not None and not is_black(own) else ' class="wire"'
    return f'stroke="{own or WIRE}" stroke-width="{thick}"{of_theme}' + (
        f' stroke-dasharray="{dashes}"' if dashes else ""
    )


def is_picture(media_type: str) -> bool:
    """Whether it is a type of pictures that viewers show. It comes from a server, and must not end the attribute in
    which the picture is.
    """
    return media_type in _PICTURES


def data_url(media_type: str, data: bytes) -> str:
    """A picture as a ``data:`` URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def is_note(svg: str) -> bool:
    """Whether a drawing is a text and nothing else."""
    return {name.lower() for name in _ELEMENT.findall(svg)} == {"svg", "text"}


def picture(svg: str, theme: Theme = "light") -> tuple[str, Box | None]:
    """Convert a drawing so that a viewer shows it as GNS3's clients do; returns the SVG and the box that it covers,
    relative to its position.

    GNS3 does not clip a drawing at its edges but an image is clipped, so the image is made larger. The box is None if
    the drawing does not state its size.
    """
    if not is_bounded(svg.encode(errors="replace")):
        svg = _TOO_COMPLEX
    found = _ROOT.search(svg)
    if found is None:
        return svg, None
    root = found[0]
    added = "" if _attribute(root, "xmlns") else ' xmlns="http://www.w3.org/2000/svg"'  # GNS3 omits these
    if _attribute(root, "xmlns:xlink") is None:
        added += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    width, height = (_length(_attribute(root, name)) for name in ("width", "height"))
    if width is None or height is None or _attribute(root, "viewBox") is not None:
        box = Box(0, 0, width, height) if width and height else None
        return svg.replace(root, f"<svg{added}{root[4:]}", 1), box
    edge = math.ceil(min(max((int(each) for each in _STROKE.findall(svg)), default=0), _MAX_STROKE) / 2) + 1
    if all(name in _PLAIN for name in _ELEMENT.findall(svg)):
        notes = [(note, _lay_out(note[1], note[2])) for note in _NOTE.finditer(svg)]
        laid_out = iter([found[0] if found else note[0] for note, found in notes])
        svg = _NOTE.sub(lambda _: next(laid_out), svg)
        if sheet := drawing_style_sheet(svg, theme):
            svg = _END_OF_ROOT.sub(lambda _: f"{sheet}</svg>", svg)
        width = max([width, *(found[1] for _, found in notes if found)])
        height = max([height, *(found[2] for _, found in notes if found)])
    view = f"{-edge} {-edge} {width + 2 * edge:g} {height + 2 * edge:g}"
    added += f' viewBox="{view}" width="{width + 2 * edge:g}" height="{height + 2 * edge:g}"'
    rest = re.sub(r"\s(?:width|height)\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", root[4:])
    return svg.replace(root, f"<svg{added}{rest}", 1), Box(-edge, -edge, width + edge, height + edge)


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag)
    return None if found is None else found[1] if found[1] is not None else found[2]


def _length(value: str | None) -> float | None:
    found = _LENGTH.fullmatch((value or "").strip())
    return float(found[1]) if found and float(found[1]) <= _MAX_SIZE else None


def _lay_out(attributes: str, text: str) -> tuple[str, float, float] | None:
    """Position each line of a note; returns it with its approximate size, or None if the note has its own positions."""
    lines = text.split("\n")
    placed = any(_attribute(attributes, name) is not None for name in ("x", "y", "dx", "dy", "transform"))
    if placed or len(lines) > _MAX_LINES:
        return None
    size = letter_size(_attribute(attributes, "font-size") or "10")
    family = ", ".join(filter(None, (_attribute(attributes, "font-family"), "sans-serif")))
    rest = re.sub(r"\s(?:font-size|font-family|xml:space)\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", attributes)
    spans = "".join(f'<tspan x="{LEFT}" y="{1 + LINE * n:g}em">{line}</tspan>' for n, line in enumerate(lines))
    shape = f'<text{rest} font-size="{size:g}px" font-family="{family}" xml:space="preserve">{spans}</text>'
    return shape, LEFT + max(width_of(line, size) for line in lines), size * (LINE * len(lines) + 0.3)
