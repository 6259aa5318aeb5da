"""Colors of drawings on dark paper: of the same hue, areas dark, and texts and lines light, as the page shows them
(``web/map/dark_colours.js``).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

Use = Literal["area", "line"]
Parts = tuple[float, float, float]

# Relative luminances (WCAG 2): the texts of the picture have a contrast of 4.5 on an area that is not lighter, and
# texts and lines are not darker.
_LIGHTEST_AREA, _DARKEST_LINE = 0.1, 0.2
_STEPS = 40
# So many different colors of one drawing are changed.
_MOST_COLORS = 100
_NAMED = {"black": "#000000", "white": "#ffffff"}
_DIGITS = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})")
_FILL = re.compile(r'\sfill\s*=\s*"([^"<>]{1,32})"')
_STROKE = re.compile(r'\sstroke\s*=\s*"([^"<>]{1,32})"')


def luminance(parts: Parts) -> float:
    """The relative luminance of red, green and blue, each from 0 to 1."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def on_dark(color: str, use: Use) -> str | None:
    """The color for dark paper of one in hexadecimal digits; None for another color."""
    parts = read_color(color)
    if parts is None:
        return None
    is_area = use == "area"
    # White becomes dark, and black light; the parts of a color keep most of their distances, so its hue stays.
    shift = 1 - max(parts) - min(parts)
    red, green, blue = (0.1 + 0.82 * (part + shift) for part in parts)
    inverted = red, green, blue
    turned = parts if is_area is (luminance(inverted) > luminance(parts)) else inverted
    end = 0.1 if is_area else 0.92  # nearly the colors of the paper and of its texts
    for step in range(1, _STEPS + 1):
        if luminance(turned) <= _LIGHTEST_AREA if is_area else luminance(turned) >= _DARKEST_LINE:
            break
        red, green, blue = (part + (end - part) * step / _STEPS for part in turned)
        turned = red, green, blue
    return "#" + "".join(f"{round(255 * part):02x}" for part in turned)


def read_color(color: str) -> Parts | None:
    """Red, green and blue of a color in hexadecimal digits, each from 0 to 1; None for another color."""
    text = color.strip().lower()
    text = _NAMED.get(text, text)
    if not _DIGITS.fullmatch(text):
        return None
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def dark_rules(svg: str) -> str:
    """CSS rules for the colors in a drawing on dark paper. None is of the drawing's author: a color is used in a
    rule only if it has been read.
    """
    return "".join(
        [
            *_rules(_FILL, svg, ":is(rect,ellipse,path)", "fill", "area"),
            *_rules(_FILL, svg, "text", "fill", "line"),
            *_rules(_STROKE, svg, "", "stroke", "line"),
        ]
    )


def _rules(pattern: re.Pattern[str], svg: str, element: str, name: str, use: Use) -> Iterator[str]:
    colors = dict.fromkeys(found[1] for found in pattern.finditer(svg))
    for color in islice(colors, _MOST_COLORS):
        if (dark := on_dark(color, use)) is not None:
            yield f'{element}[{name}="{color}"]{{{name}:{dark}}}'
