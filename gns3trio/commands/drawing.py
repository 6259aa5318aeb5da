"""A project as SVG (W3C SVG 1.1): its nodes where they are in GNS3, joined by their links. Sans-IO."""

from collections.abc import Iterator, Sequence
from html import escape

from gns3trio.commands.lab import Json

_MARGIN = 60
_RADIUS = 22
_COLORS = {
    "vpcs": "#1b6ca8",
    "ethernet_switch": "#2b8a3e",
    "ethernet_hub": "#946c00",
    "cloud": "#7b3fa0",
    "nat": "#7b3fa0",
}
_OTHER_COLOR = "#5c6470"


def draw(title: str, nodes: Sequence[Json], links: Sequence[Json]) -> str:
    """The picture: a started node is filled, a suspended link is dashed; a link has its filters written on it."""
    centers = {node["node_id"]: _center(node) for node in nodes}
    xs = [x for x, _ in centers.values()] or [0.0]
    ys = [y for _, y in centers.values()] or [0.0]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    width, height = max(xs) - left + _MARGIN, max(ys) - top + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" font-size="12" text-anchor="middle">',
        f"<title>{escape(title)}</title>",
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        *(line for link in links for line in _link(link, centers)),
        *(line for node in nodes for line in _node(node, centers[node["node_id"]])),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _center(node: Json) -> tuple[float, float]:
    """GNS3 places a node by the upper left corner of its symbol."""
    return node["x"] + (node["width"] or 0) / 2, node["y"] + (node["height"] or 0) / 2


def _link(link: Json, centers: dict[str, tuple[float, float]]) -> Iterator[str]:
    if any(end["node_id"] not in centers for end in link["nodes"]):
        return
    (x1, y1), (x2, y2) = (centers[end["node_id"]] for end in link["nodes"])
    dashes = ' stroke-dasharray="6 4"' if link["suspend"] else ""
    yield f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="#5c6470" stroke-width="2"{dashes}/>'
    filters = " ".join(f"{name}={','.join(map(str, values))}" for name, values in link["filters"].items())
    if filters:
        yield f'<text x="{(x1 + x2) / 2:g}" y="{(y1 + y2) / 2 - 6:g}" fill="#a61e4d">{escape(filters)}</text>'


def _node(node: Json, center: tuple[float, float]) -> Iterator[str]:
    x, y = center
    color = _COLORS.get(node["node_type"], _OTHER_COLOR)
    fill = color if node["status"] == "started" else "#ffffff"
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="{fill}" stroke="{color}" stroke-width="3"/>'
    yield f'<text x="{x:g}" y="{y + _RADIUS + 16:g}" fill="#1c2128">{escape(node["name"])}</text>'
