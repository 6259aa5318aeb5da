"""Draws a project as SVG (W3C SVG 1.1) as GNS3's clients show it: symbols, links, names, drawings. Sans-IO."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import attrs

from gns3trio.classes import define, frozen
from gns3trio.commands.lab import Json
from gns3trio.commands.scene_conditions import conditions_text
from gns3trio.commands.scene_room import Room
from gns3trio.commands.scene_style import ABOVE, LEFT, Box, data_url, is_note, letters, picture, shown, stroke, width_of
from gns3trio.commands.scene_theme import (
    CONDITION,
    CONDITION_PLATE,
    NODE_PLATE,
    PAPER,
    PORT,
    STARTED,
    STOPPED,
    SUSPENDED,
    WIRE,
    Theme,
    style_sheet,
)

_MARGIN = 30
_WIDTH, _HEIGHT = 65, 59  # size of a node whose size is unknown
_APART = 18  # between parallel links: more than a line of text, as long as all of them still reach their nodes
_NAME_ABOVE = 8  # from the symbol to a name without a position of its own
_PORT_AWAY = 16  # from the edge of a node to the name of its port
_STEP = 14  # step along the wire when searching room for a text
_CONDITION_WIDE = 0.56  # width of a letter of the filters and impairments of a link, in em
_MOST_STEPS = 100  # a wire may be as long as 2**31 pixels
# Separates texts from what is below them.
_HALO = f'stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
_PORT_SIZE, _CONDITION_SIZE = 10, 11
_LAMPS = {"started": STARTED, "suspended": SUSPENDED}

Place = tuple[float, float]


def draw(
    title: str,
    nodes: Sequence[Json],
    links: Sequence[Json],
    drawings: Sequence[Json] = (),
    symbols: Mapping[str, str] | None = None,
    impairments: Mapping[str, Sequence[Json]] | None = None,
    theme: Theme = "light",
) -> str:
    """Draw a project. ``symbols`` maps the ids of symbols to their pictures as ``data:`` URLs, ``impairments`` the
    ids of links to theirs.

    A started node has a green dot, a suspended one an orange one. A suspended link is dashed. A link shows its filters
    and impairments, and the names of its ports at its ends. Texts make room for each other.
    """
    boxes = {node["node_id"]: _box(node) for node in nodes}
    used = sorted({node["symbol"] for node in nodes} & set(symbols or ()))
    ids = {symbol: f"symbol{number}" for number, symbol in enumerate(used)}
    room = Room(boxes.values())
    layers: defaultdict[int, _Layer] = defaultdict(_Layer)
    for node in nodes:
        box = boxes[node["node_id"]]
        layers[node["z"]].nodes.extend(_node(node, box, ids.get(node["symbol"])))
        layers[node["z"]].names.append(_name(node, box, room))
    drawn = []
    for drawing in drawings:
        svg, own = picture(drawing["svg"], theme)
        if own is not None:
            layers[drawing["z"]].drawings.append(_drawing(drawing, svg, own))
            drawn.append(own.turned(drawing["rotation"], drawing["x"], drawing["y"]))
            if is_note(drawing["svg"]):
                room.take(drawn[-1])
    wires = list(_wires(nodes, links, boxes))
    zs = {node["node_id"]: node["z"] for node in nodes}
    for wire in wires:
        layer = layers[min(zs[end["node_id"]] for end in wire.link["nodes"])]
        layer.links.append(_line(wire))
        layer.ports.extend(_port_names(wire, boxes, room))
    for wire in wires:
        layer = layers[min(zs[end["node_id"]] for end in wire.link["nodes"])]
        layer.conditions.extend(_conditions(wire, (impairments or {}).get(wire.link.get("link_id", ""), ()), room))
    covered = [*boxes.values(), *room.taken, *drawn]
    left = min((box.left for box in covered), default=0) - _MARGIN
    top = min((box.top for box in covered), default=0) - _MARGIN
    width = max((box.right for box in covered), default=0) - left + _MARGIN
    height = max((box.bottom for box in covered), default=0) - top + _MARGIN
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{shown(title)}</title>{style_sheet(theme)}",
        *_definitions(ids, symbols or {}),
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{PAPER}" class="paper"/>',
        *(line for z in sorted(layers) for line in layers[z].lines()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


@define
class _Layer:
    """The objects with one z value. In GNS3, links are below nodes, and drawings above both."""

    links: list[str] = attrs.field(factory=list)
    nodes: list[str] = attrs.field(factory=list)
    ports: list[str] = attrs.field(factory=list)
    conditions: list[str] = attrs.field(factory=list)
    names: list[str] = attrs.field(factory=list)
    drawings: list[str] = attrs.field(factory=list)

    def lines(self) -> list[str]:
        return [*self.links, *self.conditions, *self.nodes, *self.ports, *self.names, *self.drawings]


def _box(node: Json) -> Box:
    """The area of a node. GNS3's coordinates are those of the upper left corner of its symbol."""
    x, y = node["x"], node["y"]
    return Box(x, y, x + (node["width"] or _WIDTH), y + (node["height"] or _HEIGHT))


@frozen
class _Wire:
    """A link and its position in the picture."""

    link: Json
    ports: tuple[str, str]
    start: Place
    end: Place

    @property
    def length(self) -> float:
        return math.dist(self.start, self.end)

    def at(self, distance: float) -> Place:
        """The point at ``distance`` from the start, or from the end if negative; never beyond the middle."""
        (x1, y1), (x2, y2) = self.start, self.end
        part = min(abs(distance) / (self.length or 1.0), 0.5)
        part = 1 - part if distance < 0 else part
        return x1 + (x2 - x1) * part, y1 + (y2 - y1) * part


def _wires(nodes: Sequence[Json], links: Sequence[Json], boxes: dict[str, Box]) -> Iterator[_Wire]:
    """The positions of all links; parallel links lie beside each other."""
    names = {
        (node["node_id"], port["adapter_number"], port["port_number"]): port["short_name"]
        for node in nodes
        for port in node["ports"]
    }
    parallel: dict[tuple[str, ...], list[Json]] = {}
    for link in links:
        ids = [end["node_id"] for end in link["nodes"]]
        if len(ids) == 2 and all(each in boxes for each in ids):  # links in a file may have fewer ends
            parallel.setdefault(tuple(sorted(ids)), []).append(link)
    for (first, last), group in parallel.items():
        (x1, y1), (x2, y2) = _center(boxes[first]), _center(boxes[last])
        length = math.hypot(x2 - x1, y2 - y1)
        across = ((y1 - y2) / length, (x2 - x1) / length) if length else (0.0, 1.0)
        smallest = min(min(box.right - box.left, box.bottom - box.top) for box in (boxes[first], boxes[last]))
        apart = min(_APART, (smallest - 4) / max(len(group) - 1, 1))
        for number, link in enumerate(group):
            aside = (number - (len(group) - 1) / 2) * apart
            start, end = (
                (x + across[0] * aside, y + across[1] * aside)
                for x, y in (_center(boxes[each["node_id"]]) for each in link["nodes"])
            )
            one, other = (
                names.get((each["node_id"], each["adapter_number"], each["port_number"]), "") for each in link["nodes"]
            )
            yield _Wire(link, (one, other), start, end)


def _center(box: Box) -> Place:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _line(wire: _Wire) -> str:
    (x1, y1), (x2, y2) = wire.start, wire.end
    style = stroke(wire.link["link_style"])
    if wire.link["suspend"]:
        style = style.partition(" stroke-dasharray")[0] + ' stroke-dasharray="6 4"'
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" {style}/>'


def _port_names(wire: _Wire, boxes: dict[str, Box], room: Room) -> Iterator[str]:
    """The names of the ports: at their own positions, or on the wire beside the node."""
    for end, name, way in zip(wire.link["nodes"], wire.ports, (1, -1), strict=True):
        box, label = boxes[end["node_id"]], end.get("label") or {}
        first = _inside(wire, box) + _PORT_AWAY
        count = min(max(int((wire.length / 2 - first) // _STEP), 0), _MOST_STEPS)
        places = [wire.at(way * (first + _STEP * number)) for number in range(count + 1)]
        if _is_placed(label):
            text, corner = label.get("text", name), (box.left, box.top)
            x, y = room.settle(_label_box(label, text, corner), places)
            yield _placed(label, text, (corner[0] + x, corner[1] + y))
            continue
        x, y = places[room.first_free([_around(place, name, _PORT_SIZE) for place in places])]
        style = f'fill="{PORT}" class="port halo" font-size="{_PORT_SIZE}"'
        yield f'<text x="{x:g}" y="{y + _PORT_SIZE / 3:g}" text-anchor="middle" {style} {_HALO}>{shown(name)}</text>'


def _conditions(wire: _Wire, impairments: Sequence[Json], room: Room) -> Iterator[str]:
    """The filters and impairments of a link, on a plate in the middle of its wire."""
    text = conditions_text(wire.link["filters"], impairments, wire.start, wire.end)
    if not text:
        return
    places = [wire.at(way * wire.length * part) for part in (0.5, 0.42, 0.34, 0.26) for way in (1, -1)]
    half = _CONDITION_WIDE * _CONDITION_SIZE * len(text) / 2 + 6
    boxes = [Box(x - half, y - _CONDITION_SIZE * 0.8, x + half, y + _CONDITION_SIZE * 0.8) for x, y in places]
    number = room.first_free(boxes)
    (x, y), box = places[number], boxes[number]
    size = f'x="{box.left:g}" y="{box.top:g}" width="{box.right - box.left:g}" height="{box.bottom - box.top:g}"'
    yield f'<rect {size} rx="8" fill="{CONDITION_PLATE}" stroke="{CONDITION}" stroke-width="1" class="plate"/>'
    style = f'fill="{CONDITION}" class="condition" font-size="{_CONDITION_SIZE}"'
    yield f'<text x="{x:g}" y="{y + _CONDITION_SIZE / 3:g}" text-anchor="middle" {style}>{shown(text)}</text>'


def _around(place: Place, text: str, size: float) -> Box:
    """The area of a text whose middle is at a point."""
    half = width_of(text, size) / 2
    return Box(place[0] - half, place[1] - size * 0.7, place[0] + half, place[1] + size * 0.7)


def _inside(wire: _Wire, box: Box) -> float:
    """The length of the wire that is hidden behind its node."""
    (x1, y1), (x2, y2) = wire.start, wire.end
    parts = [
        half / abs(way)
        for half, way in (((box.right - box.left) / 2, x2 - x1), ((box.bottom - box.top) / 2, y2 - y1))
        if way
    ]
    return min(parts, default=0) * wire.length


def _is_placed(label: Json) -> bool:
    return all(isinstance(label.get(axis), int) for axis in ("x", "y"))


def _label_box(label: Json, text: str, corner: Place) -> Box:
    _, size = letters(label.get("style"))
    box = Box(0, 0, LEFT + width_of(text, size), ABOVE + 1.3 * size)
    return box.turned(label.get("rotation") or 0, corner[0] + label["x"], corner[1] + label["y"])


def _placed(label: Json, text: str, corner: Place) -> str:
    """A text with a position of its own, relative to the corner of its node."""
    x, y, turn = corner[0] + label["x"], corner[1] + label["y"], label.get("rotation") or 0
    style, size = letters(label.get("style"))
    return (
        f'<text x="{LEFT}" y="{ABOVE + size:g}" transform="translate({x:g} {y:g}) rotate({turn})" '
        f"{style} {_HALO}>{shown(text)}</text>"
    )


def _definitions(ids: Mapping[str, str], symbols: Mapping[str, str]) -> Iterator[str]:
    """Definitions of the symbols, one per symbol, however many nodes use it."""
    for symbol in ids:
        yield (
            f'<symbol id="{ids[symbol]}"><image width="100%" height="100%" xlink:href="{symbols[symbol]}"/></symbol>'
        )


def _node(node: Json, box: Box, symbol: str | None) -> Iterator[str]:
    width, height = box.right - box.left, box.bottom - box.top
    place = f'x="{box.left:g}" y="{box.top:g}" width="{width:g}" height="{height:g}"'
    if symbol is None:
        yield f'<rect {place} rx="6" fill="{NODE_PLATE}" stroke="{WIRE}" stroke-width="2" class="node"/>'
    else:
        yield f'<use {place} xlink:href="#{symbol}"/>'
    lamp = _LAMPS.get(node["status"], STOPPED)
    x, y = box.right - 4, box.bottom - 4
    yield f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{lamp}" stroke="{PAPER}" stroke-width="2" class="lamp"/>'


def _name(node: Json, box: Box, room: Room) -> str:
    """The name of a node: at its own position, or above its symbol."""
    label = node["label"]
    if _is_placed(label):
        room.take(_label_box(label, node["name"], (box.left, box.top)))
        return _placed(label, node["name"], (box.left, box.top))
    style, size = letters(label.get("style"))
    x, y = (box.left + box.right) / 2, box.top - _NAME_ABOVE
    half = width_of(node["name"], size) / 2
    room.take(Box(x - half, y - size, x + half, y + 0.3 * size))
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle" {style} {_HALO}>{shown(node["name"])}</text>'


def _drawing(drawing: Json, svg: str, box: Box) -> str:
    place = f'x="{box.left:g}" y="{box.top:g}" width="{box.right - box.left:g}" height="{box.bottom - box.top:g}"'
    turn = f"translate({drawing['x']} {drawing['y']}) rotate({drawing['rotation']})"
    return f'<image {place} transform="{turn}" xlink:href="{data_url("image/svg+xml", svg.encode(errors="replace"))}"/>'
