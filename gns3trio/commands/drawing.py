"""A project as SVG (W3C SVG 1.1): its nodes where they are in GNS3, joined by their links. Sans-IO."""

import math
from collections.abc import Iterator, Sequence
from html import escape as escape_xml

import attrs

from gns3trio.commands.lab import Json
from gns3trio.printable import escape

_MARGIN = 60
_RADIUS = 22
_APART = 18  # parallel links: more than a line of text, while all of them still reach the circles
_PORT_DISTANCE = _RADIUS + 16  # of the name of a port from the center of its node
_STAGGER = 26  # every second port where the links are too close for their names
_HALO = 'stroke="#ffffff" stroke-width="7" stroke-linejoin="round" paint-order="stroke"'  # no line crosses a text
_COLORS = {
    "vpcs": "#1b6ca8",
    "ethernet_switch": "#2b8a3e",
    "ethernet_hub": "#946c00",
    "cloud": "#7b3fa0",
    "nat": "#7b3fa0",
}
_OTHER_COLOR = "#5c6470"


def _shown(text: object) -> str:
    """A text in XML, which has no control characters."""
    return escape_xml(escape(str(text)))


def draw(title: str, nodes: Sequence[Json], links: Sequence[Json]) -> str:
    """The picture: a started node is filled, a suspended link is dashed; a link has its filters written on it, and the
    names of its ports at its ends.
    """
    centers = {node["node_id"]: _center(node) for node in nodes}
    xs = [x for x, _ in centers.values()] or [0.0]
    ys = [y for _, y in centers.values()] or [0.0]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    width, height = max(xs) - left + _MARGIN, max(ys) - top + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" font-size="12" text-anchor="middle">',
        f"<title>{_shown(title)}</title>",
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        *(line for wire in _wires(nodes, links, centers) for line in _link(wire)),
        *(line for node in nodes for line in _node(node, centers[node["node_id"]])),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _center(node: Json) -> tuple[float, float]:
    """GNS3 places a node by the upper left corner of its symbol."""
    return node["x"] + (node["width"] or 0) / 2, node["y"] + (node["height"] or 0) / 2


@attrs.frozen
class _Wire:
    """A link and where it is drawn."""

    link: Json
    ports: tuple[str, str]
    start: tuple[float, float]
    end: tuple[float, float]
    port_distance: float

    def at(self, distance: float) -> tuple[float, float]:
        """The place so far from the start, or, if negative, from the end; never beyond the middle."""
        (x1, y1), (x2, y2) = self.start, self.end
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        part = min(abs(distance) / length, 0.5)
        part = 1 - part if distance < 0 else part
        return x1 + (x2 - x1) * part, y1 + (y2 - y1) * part


def _wires(nodes: Sequence[Json], links: Sequence[Json], centers: dict[str, tuple[float, float]]) -> Iterator[_Wire]:
    """Links between the same nodes lie beside each other."""
    names = {
        (node["node_id"], port["adapter_number"], port["port_number"]): port["short_name"]
        for node in nodes
        for port in node["ports"]
    }
    parallel: dict[tuple[str, ...], list[Json]] = {}
    for link in links:
        ids = [end["node_id"] for end in link["nodes"]]
        if len(ids) == 2 and all(each in centers for each in ids):  # a file may have links with fewer ends
            parallel.setdefault(tuple(sorted(ids)), []).append(link)
    for (first, last), group in parallel.items():
        (x1, y1), (x2, y2) = centers[first], centers[last]
        length = math.hypot(x2 - x1, y2 - y1)
        across = ((y1 - y2) / length, (x2 - x1) / length) if length else (0.0, 1.0)
        apart = min(_APART, 2 * (_RADIUS - 2) / max(len(group) - 1, 1))
        for number, link in enumerate(group):
            aside = (number - (len(group) - 1) / 2) * apart
            start, end = (
                (x + across[0] * aside, y + across[1] * aside)
                for x, y in (centers[each["node_id"]] for each in link["nodes"])
            )
            one, other = (
                names.get((each["node_id"], each["adapter_number"], each["port_number"]), "") for each in link["nodes"]
            )
            stagger = _STAGGER if apart < _APART and number % 2 else 0
            yield _Wire(link, (one, other), start, end, _PORT_DISTANCE + stagger)


def _link(wire: _Wire) -> Iterator[str]:
    (x1, y1), (x2, y2) = wire.start, wire.end
    dashes = ' stroke-dasharray="6 4"' if wire.link["suspend"] else ""
    yield f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="#5c6470" stroke-width="2"{dashes}/>'
    for name, distance in zip(wire.ports, (wire.port_distance, -wire.port_distance), strict=True):
        yield _text(wire.at(distance), name, "#5c6470", 'font-size="10"')
    filters = " ".join(f"{name}={','.join(map(str, values))}" for name, values in wire.link["filters"].items())
    if filters:
        yield _text(((x1 + x2) / 2, (y1 + y2) / 2), filters, "#a61e4d")


def _text(place: tuple[float, float], text: str, color: str, more: str = "") -> str:
    x, y = place
    return f'<text x="{x:g}" y="{y + 4:g}" fill="{color}" {_HALO} {more}>{_shown(text)}</text>'


def _node(node: Json, center: tuple[float, float]) -> Iterator[str]:
    x, y = center
    color = _COLORS.get(node["node_type"], _OTHER_COLOR)
    fill = color if node["status"] == "started" else "#ffffff"
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{fill}" stroke="{color}" stroke-width="3"/>'
    yield f'<text x="{x:g}" y="{y + _RADIUS + 16:g}" fill="#1c2128">{_shown(node["name"])}</text>'
