"""Draws a project as SVG (W3C SVG 1.1) as GNS3's clients show it: symbols, links, names, drawings. Sans-IO."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from gns3trio.classes import define, frozen
from gns3trio.commands.lab import Json
from gns3trio.commands.scene_style import ABOVE, LEFT, Box, data_url, letters, picture, shown, stroke, width_of

_MARGIN = 30
_WIDTH, _HEIGHT = 65, 59  # size of a node whose size is unknown
_APART = 18  # between parallel links: more than a line of text, as long as all of them still reach their nodes
_NAME_ABOVE = 8  # from the symbol to a name without a position of its own
_PORT_AWAY = 16  # from the edge of a node to the name of its port
_STEP = 14  # step along the wire when searching room for a text
_MOST_STEPS = 100  # a wire may be as long as 2**31 pixels
_HALO = 'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'  # separates texts from lines
_SMALL = 'font-size="10"'
_PORT_COLOR, _FILTER_COLOR = "#5c6470", "#a61e4d"
_GOOD, _IDLE = "#2b8a3e", "#8a95a1"
_CELL = 64  # pixels: size of the grid cells in which overlaps are searched
_LARGE = 10_000  # pixels

Place = tuple[float, float]


def draw(
    title: str,
    nodes: Sequence[Json],
    links: Sequence[Json],
    drawings: Sequence[Json] = (),
    symbols: Mapping[str, str] | None = None,
) -> str:
    """Draw a project. ``symbols`` maps the ids of symbols to their pictures as ``data:`` URLs.

    A started node has a green dot. A suspended link is dashed. A link shows its filters, and the names of its ports at
    its ends.
    """
    boxes = {node["node_id"]: _box(node) for node in nodes}
    used = sorted({node["symbol"] for node in nodes} & set(symbols or ()))
    ids = {symbol: f"symbol{number}" for number, symbol in enumerate(used)}
    room = _Room(boxes.values())
    layers: defaultdict[int, _Layer] = defaultdict(_Layer)
    for node in nodes:
        box = boxes[node["node_id"]]
        layers[node["z"]].nodes.extend(_node(node, box, ids.get(node["symbol"])))
        layers[node["z"]].names.append(_name(node, box, room))
    wires = list(_wires(nodes, links, boxes))
    _reserve(wires, boxes, room)
    zs = {node["node_id"]: node["z"] for node in nodes}
    for wire in wires:
        layer = layers[min(zs[end["node_id"]] for end in wire.link["nodes"])]
        ports, filters = _texts(wire, boxes, room)
        layer.links.extend((_line(wire), *filters))
        layer.ports.extend(ports)
    covered = [*boxes.values(), *room.taken]
    for drawing in drawings:
        svg, own = picture(drawing["svg"])
        if own is not None:
            layers[drawing["z"]].drawings.append(_drawing(drawing, svg, own))
            covered.append(own.turned(drawing["rotation"], drawing["x"], drawing["y"]))
    left = min((box.left for box in covered), default=0) - _MARGIN
    top = min((box.top for box in covered), default=0) - _MARGIN
    width = max((box.right for box in covered), default=0) - left + _MARGIN
    height = max((box.bottom for box in covered), default=0) - top + _MARGIN
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{shown(title)}</title>",
        *_definitions(ids, symbols or {}),
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
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
    names: list[str] = attrs.field(factory=list)
    drawings: list[str] = attrs.field(factory=list)

    def lines(self) -> list[str]:
        return [*self.links, *self.nodes, *self.ports, *self.names, *self.drawings]


def _box(node: Json) -> Box:
    """The area of a node. GNS3's coordinates are those of the upper left corner of its symbol."""
    x, y = node["x"], node["y"]
    return Box(x, y, x + (node["width"] or _WIDTH), y + (node["height"] or _HEIGHT))


class _Room:
    """The occupied areas, among which texts search a free place."""

    def __init__(self, covered: Iterable[Box]) -> None:
        self.taken: list[Box] = []
        self._cells: dict[tuple[int, int], list[Box]] = {}
        for box in covered:
            self._put(box)

    def take(self, box: Box) -> None:
        """Mark an area as occupied."""
        self.taken.append(box)
        self._put(box)

    def is_free(self, box: Box) -> bool:
        """Whether nothing occupies the area."""
        return not any(box.overlaps(other) for cell in _cells(box) for other in self._cells.get(cell, ()))

    def _put(self, box: Box) -> None:
        for cell in _cells(box):
            self._cells.setdefault(cell, []).append(box)


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    if max(box.right - box.left, box.bottom - box.top) > _LARGE:
        return  # larger than the grid: nothing has room beside it
    for column in range(int(box.left // _CELL), int(box.right // _CELL) + 1):
        for row in range(int(box.top // _CELL), int(box.bottom // _CELL) + 1):
            yield column, row


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


def _reserve(wires: Iterable[_Wire], boxes: Mapping[str, Box], room: _Room) -> None:
    """Reserve the areas of port names with positions of their own, before other texts search a place."""
    for wire in wires:
        for end, name in zip(wire.link["nodes"], wire.ports, strict=True):
            if _is_placed(label := end.get("label") or {}):
                box = boxes[end["node_id"]]
                room.take(_label_box(label, label.get("text", name), (box.left, box.top)))


def _texts(wire: _Wire, boxes: dict[str, Box], room: _Room) -> tuple[list[str], list[str]]:
    """The filters, and the names of the ports: at their own positions, or on the wire beside the node."""
    names = []
    for end, name, way in zip(wire.link["nodes"], wire.ports, (1, -1), strict=True):
        box, label = boxes[end["node_id"]], end.get("label") or {}
        if _is_placed(label):
            names.append(_placed(label, label.get("text", name), (box.left, box.top)))
            continue
        first = _inside(wire, box) + _PORT_AWAY
        count = min(max(int((wire.length / 2 - first) // _STEP), 0), _MOST_STEPS)
        places = [wire.at(way * (first + _STEP * number)) for number in range(count + 1)]
        names.append(_found(places, name, 10, f'fill="{_PORT_COLOR}" {_SMALL}', room))
    filters = " ".join(f"{name}={','.join(map(str, values))}" for name, values in wire.link["filters"].items())
    if not filters:
        return names, []
    places = [wire.at(way * wire.length * part) for part in (0.5, 0.4, 0.3) for way in (1, -1)]
    return names, [_found(places, filters, 12, f'fill="{_FILTER_COLOR}"', room)]


def _inside(wire: _Wire, box: Box) -> float:
    """The length of the wire that is hidden behind its node."""
    (x1, y1), (x2, y2) = wire.start, wire.end
    parts = [
        half / abs(way)
        for half, way in (((box.right - box.left) / 2, x2 - x1), ((box.bottom - box.top) / 2, y2 - y1))
        if way
    ]
    return min(parts, default=0) * wire.length


def _found(places: Sequence[Place], text: str, size: float, style: str, room: _Room) -> str:
    """A text at the first free position, or at the first position if none is free."""
    half = width_of(text, size) / 2
    around = [Box(x - half, y - size * 0.7, x + half, y + size * 0.7) for x, y in places]
    number = next((number for number, box in enumerate(around) if room.is_free(box)), 0)
    room.take(around[number])
    x, y = places[number]
    return f'<text x="{x:g}" y="{y + size / 3:g}" text-anchor="middle" {style} {_HALO}>{shown(text)}</text>'


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
        yield f'<rect {place} rx="6" fill="#eef1f4" stroke="{_PORT_COLOR}" stroke-width="2"/>'
    else:
        yield f'<use {place} xlink:href="#{symbol}"/>'
    lamp = _GOOD if node["status"] == "started" else _IDLE
    x, y = box.right - 4, box.bottom - 4
    yield f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{lamp}" stroke="#ffffff" stroke-width="2"/>'


def _name(node: Json, box: Box, room: _Room) -> str:
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
