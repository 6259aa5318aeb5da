"""Converts the drawings of GNS3 1.x to SVG: notes, rectangles, ellipses; and the labels of nodes and ports. Sans-IO."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from gns3trio.convert import json_name
from gns3trio.limits import MAX_INTEGER

# The font of a text that does not specify one.
_FONT = "TypeWriter,10,-1,5,75,0,0,0,0,0"
_COLOR_WITH_OPACITY = re.compile("#([0-9a-fA-F]{2})([0-9a-fA-F]{6})")
# Borders have Qt's numbers; the dashes are those by which GNS3 2 recognises them.
_NO_BORDER, _SOLID = 0, 1
_DASHES = {2: "25, 25", 3: "5, 25", 4: "5, 25, 25", 5: "25, 25, 5, 25, 5"}


class Misshapen(ValueError):
    """A part of a file is invalid; the message names the field."""


def whole(record: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """The number under a key, which is required if there is no default."""
    value: Any = record[key] if default is None else record.get(key)
    if value is None and default is not None:
        return default
    try:
        number = round(float(value))
    except (TypeError, ValueError, OverflowError):
        raise Misshapen(f"{key}: expected a number, got {json_name(type(value))}") from None
    if abs(number) > MAX_INTEGER:
        raise Misshapen(f"{key}: {number} is too large")
    return number


def label(text: str, old: Mapping[str, Any], default_y: int) -> dict[str, Any]:
    """The label of a node or a port."""
    style = "".join(f"{name}: {value};" for name, value in _text_style(old).items())
    return {
        "text": text,
        "x": old.get("x", 0),
        "y": old.get("y", default_y),
        "rotation": whole(old, "rotation", 0) % 360,
        "style": style,
    }


def svg(kind: str, shape: Mapping[str, Any]) -> str:
    """A drawing of one of the kinds ``rectangles``, ``ellipses`` and ``notes``."""
    width, height = whole(shape, "width", 100), whole(shape, "height", 100)
    style = _attributes(_shape_style(shape))
    if kind == "rectangles":
        body = f'<rect width="{width}" height="{height}" {style}/>'
    elif kind == "ellipses":
        body = f'<ellipse cx="{width / 2}" cy="{height / 2}" rx="{width / 2}" ry="{height / 2}" {style}/>'
    else:
        text = str(shape.get("text", ""))
        lines = text.splitlines() or [""]
        width, height = 8 * max(map(len, lines)) + 8, 20 * len(lines)
        body = f"<text {_attributes(_text_style(shape))}>{escape(text)}</text>"
    return f'<svg width="{width}" height="{height}">{body}</svg>'


def _text_style(old: Mapping[str, Any]) -> dict[str, str]:
    """The SVG properties of a font in Qt's notation: family, size, ..., weight, slant, ..."""
    font = [*str(old.get("font") or _FONT).split(","), "", "", "", "", ""]
    family, size, weight, slant = font[0], font[1], font[4], font[5]
    style = {"font-family": family, "font-size": size or "10"}
    if weight == "75":
        style["font-weight"] = "bold"
    if slant == "1":
        style["font-style"] = "italic"
    fill, opacity = _color(old.get("color") or "#000000")
    return {**style, "fill": fill, "fill-opacity": opacity}


def _color(color: object) -> tuple[str, str]:
    """Split a Qt colour, which may begin with its opacity, into the colour and an opacity from 0.0 to 1.0."""
    match = _COLOR_WITH_OPACITY.fullmatch(str(color))
    if match is None:
        return str(color), "1.0"
    return f"#{match[2]}", str(round(int(match[1], 16) / 255, 2))


def _shape_style(shape: Mapping[str, Any]) -> dict[str, str]:
    fill, opacity = _color(shape.get("color") or "#ffffff")
    style = {"fill": fill, "fill-opacity": opacity}
    border = whole(shape, "border_style", _SOLID)
    if border in _DASHES:
        style["stroke-dasharray"] = _DASHES[border]
    if border != _NO_BORDER:
        stroke, _ = _color(shape.get("border_color") or "#000000")
        style |= {"stroke": stroke, "stroke-width": str(whole(shape, "border_width", 2))}
    return style


def _attributes(style: Mapping[str, str]) -> str:
    return " ".join(f'{name}="{escape(value)}"' for name, value in style.items())
