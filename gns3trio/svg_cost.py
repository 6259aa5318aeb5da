"""Whether a browser draws an SVG in a time that fits its length.

In a few lines that refer to each other, an SVG can have billions of elements, and every page that shows it hangs. This
is for symbols and drawn projects; our page decides the same of drawings (``web/map/svg_cost.js``). Both are tested with
the same pictures.
"""

import base64
import math
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_to_bytes
from xml.parsers import expat

import attrs

from gns3trio.classes import define
from gns3trio.raster_size import HEAD_BYTES, MOST_PIXELS, pixels_of

# So many elements may be drawn more than those that are written, which are as many at most.
_MOST_MORE = 20_000
_MOST_ELEMENTS = 400_000
_MOST_NESTED = 3  # SVG in SVG in SVG is nobody's picture
_MOST_OPEN = 100  # elements in each other
_MOST_INNER = 8  # texts in one attribute that may be pictures
_MOST_TARGETS = 1_000_000
_LONGEST_NAME = 200
# Some programs write the names of their namespaces as entities.
_LONGEST_ENTITY, _MOST_ENTITIES_USED = 100, 2000

_FOREIGN = re.compile(r"charset\s*=(?!\s*[\"']?(?:utf-?8|us-ascii|ascii|iso-8859-1|windows-1252))", re.IGNORECASE)
_HEAD = 200
_OTHER_ENCODING = re.compile(rb"encoding\s*=(?!\s*[\"']?utf-?8)", re.IGNORECASE)
# What is set on an element with one of these is not set on those in it.
_NOT_INHERITED = frozenset({"clip-path", "filter", "mask"})
# A filter works on each pixel: it costs as much as so many elements.
_FILTER_COST = 100
# Properties whose value has filters or shadows, as functions or as a list.
_HAS_FILTERS = re.compile(r"(?:(?:backdrop-)?filter|(?:box|text)-shadow)")
_FILTER_IN_STYLE = re.compile(r"(?:filter|shadow)\s*:")
_URL = re.compile(r"url\([^()]*\)", re.IGNORECASE)
_FUNCTION = re.compile(r"[(,]|px")
# These say what an animation sets, on any element.
_ANIMATED = frozenset({"to", "from", "by", "values"})
_AT_POINTS = re.compile(r"\bmarker(?:-mid)?(?![\w-])")
_GRADIENTS = frozenset({"linearGradient", "radialGradient", "stop"})  # only values for what refers to them
_FRAMES = frozenset({"iframe", "frame", "object", "embed"})  # contain pages
_INNER = re.compile(r"data:\s*image/", re.IGNORECASE)
_INNER_SVG = re.compile(r"data:\s*image/svg", re.IGNORECASE)
_BASE64 = re.compile(r";\s*base64", re.IGNORECASE)
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/]*")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PROPERTY = re.compile(r"[\w-]*")
_ENDS = (re.compile(r"[\"')]"), re.compile(r"[\s;,\"')]"))
# Errors of the parser after which a browser may read on, because it knows the encoding.
_NOT_THE_TEXT = frozenset(
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
)


class _TooMuchError(Exception):
    """The picture is not shown, whatever follows."""


def is_bounded(svg: bytes, depth: int = 1) -> bool:
    """Whether a browser can draw it. What is no XML from somewhere on is not read from there on, as browsers do."""
    if depth > _MOST_NESTED:
        return False
    picture = _Picture(depth, entities_used=svg.count(b"&"))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = picture.begin
    parser.EndElementHandler = picture.end
    parser.CharacterDataHandler = picture.read_text
    parser.EntityDeclHandler = picture.declare
    try:
        parser.Parse(_readable(svg), True)
    except expat.ExpatError as error:
        if error.code in _NOT_THE_TEXT or "amplification" in str(error):
            return False
    except (_TooMuchError, ValueError, LookupError):  # the latter: an encoding that Python has not, or not for this
        return False
    return picture.cost() <= _MOST_MORE


def _readable(svg: bytes) -> bytes:
    """Browsers replace what is no UTF-8, and read on."""
    if svg.startswith((b"\xfe\xff", b"\xff\xfe")) or b"\0" in svg[:_HEAD] or _OTHER_ENCODING.search(svg, 0, _HEAD):
        return svg
    return svg.decode(errors="replace").encode()


@define(eq=False)
class _Element:
    """``own``: how many elements are in it, with itself. Its targets are those from ``first`` to ``last``."""

    name: str
    first: int
    count: int
    element_id: str | None = None
    own: int = 0
    last: int = 0
    also: "_Element | None" = None


@define(eq=False)
class _Target:
    """What an element refers to. All in ``owner`` show it, if there is one, perhaps at each of their points."""

    target_id: str
    owner: _Element | None
    at_points: bool


@define(eq=False)
class _Picture:
    depth: int
    entities_used: int
    _count: int = 0
    _filters: int = 0  # what the filters cost that no other element describes
    _pixels: float = 0  # of the rasters inside
    _points: int = 0  # of paths, at most
    _targets: list[_Target] = attrs.field(factory=list)
    _by_id: dict[str, _Element] = attrs.field(factory=dict)
    _open: list[_Element] = attrs.field(factory=list)
    _styled: set[str] = attrs.field(factory=set)  # what style sheets and animations refer to: any element may show it
    _styles_points: bool = False  # whether these set markers at points
    _styles_filters: bool = False  # or filters
    _styles: int = 0  # how many style sheets are open

    # --- reading ---

    def declare(self, name: str, is_parameter: bool, value: str | None, *_: str | None) -> None:
        """An entity."""
        if is_parameter or value is None or set(value) & set("&<%"):
            raise _TooMuchError
        if len(value) > _LONGEST_ENTITY or self.entities_used > _MOST_ENTITIES_USED:
            raise _TooMuchError

    def begin(self, qualified: str, attributes: dict[str, str]) -> None:
        name = qualified.rpartition(":")[2]
        element = _Element(name, len(self._targets), self._count)
        self._open.append(element)
        self._count += 1
        self._styles += name == "style"
        for attribute, value in attributes.items():
            if attribute == "id":
                element.element_id = value.strip()
            elif attribute in ("d", "points"):
                self._points += len(value)
            self._count += _filter_cost(name, attribute, value)
            if ":" in attribute and not attribute.endswith(":href"):
                continue
            for prop, part in _properties(attribute, value):
                self._refer(element, prop, part)
            self._require_bounded_inner(value)
        too_deep = len(self._open) > _MOST_OPEN and self._targets
        too_many = self._count > _MOST_ELEMENTS or len(self._targets) > _MOST_TARGETS
        if name in _FRAMES or too_deep or too_many:
            raise _TooMuchError

    def _refer(self, element: _Element, prop: str, value: str) -> None:
        if _HAS_FILTERS.fullmatch(prop) and _FUNCTION.search(_URL.sub("", value)):
            cost = _FILTER_COST * (1 + value.count("(") + value.count(","))
            self._filters += cost
            self._count += cost
        if prop == "attributeName" and _AT_POINTS.search(value):
            self._styles_points = True
        for target in _targets_in(value):
            if prop in _ANIMATED:
                self._styled.add(target)
            else:
                is_inherited = prop not in _NOT_INHERITED and not prop.endswith("href")
                owner = element if is_inherited else None
                self._targets.append(_Target(target, owner, _AT_POINTS.search(prop) is not None))

    def read_text(self, text: str) -> None:
        if self._styles == 0:
            return
        self._styled.update(_targets_in(text))
        if _AT_POINTS.search(text):
            self._styles_points = True
        if _FILTER_IN_STYLE.search(text):
            self._styles_filters = True
        self._require_bounded_inner(text)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.own, element.last = self._count - element.count, len(self._targets)
        self._styles -= element.name == "style"
        if element.element_id is not None:
            # Of several elements with one id, browsers take the first; here the most expensive counts.
            element.also = self._by_id.get(element.element_id)
            self._by_id[element.element_id] = element

    def _require_bounded_inner(self, value: str) -> None:
        """The pictures inside of this one. Raises _TooMuchError."""
        for text in _written(value):
            plain = text.replace("\t", "").replace("\n", "").replace("\r", "")
            for number, found in enumerate(_INNER.finditer(plain)):
                kind, comma, data = plain[found.start() :].partition(",")
                if number >= _MOST_INNER or not comma or not self._is_inner_bounded(kind, data):
                    raise _TooMuchError

    def _is_inner_bounded(self, kind: str, data: str) -> bool:
        if _INNER_SVG.match(kind):
            return not _FOREIGN.search(kind) and is_bounded(_content(kind, data), self.depth + 1)
        self._pixels += pixels_of(_content(kind, data[: 3 * HEAD_BYTES]))
        return self._pixels <= MOST_PIXELS

    # --- counting ---

    def cost(self) -> float:
        """How many elements are drawn because others refer to them."""
        while self._open:
            self.end("")
        costs = _Costs(self._targets, self._by_id, self._points)
        drawn = self._filters + costs.sum(0, len(self._targets)) + (_FILTER_COST * self._count * self._styles_filters)
        times = 1.0
        for target in self._styled:
            element = self._by_id.get(target)
            times *= 1 + costs.weighed(element) * (self._points + 1 if self._styles_points else 1)
        return (self._count + drawn) * times if times > 1 else drawn


@define(eq=False)
class _Costs:
    targets: list[_Target]
    by_id: dict[str, _Element]
    points: int
    _known: dict[_Element, float] = attrs.field(factory=dict)
    _sizes: dict[_Element, float] = attrs.field(factory=dict)
    _running: set[_Element] = attrs.field(factory=set)

    def of(self, element: _Element | None) -> float:
        """An element with all that is in it."""
        if element is None or element.name in _GRADIENTS:
            return 0
        if element in self._known:
            return self._known[element]
        if element in self._running or len(self._running) > _MOST_OPEN:
            return math.inf  # what contains itself is nobody's picture
        self._running.add(element)
        cost = max(element.own + self.sum(element.first, element.last), self.of(element.also))
        self._running.discard(element)
        self._known[element] = cost
        return cost

    def weighed(self, element: _Element | None) -> float:
        """An element that another one refers to."""
        return self.of(element) * (_FILTER_COST if element is not None and element.name == "filter" else 1)

    def size(self, element: _Element) -> float:
        """How many elements show what is set on an element for all in it."""
        if element not in self._sizes:
            self._sizes[element] = element.own + self.sum(element.first, element.last, element)
        return self._sizes[element]

    def sum(self, first: int, last: int, but: _Element | None = None) -> float:
        total = 0.0
        for place in range(first, last):
            target = self.targets[place]
            owner = target.owner
            if owner is not None and owner is but:
                continue
            if cost := self.weighed(self.by_id.get(target.target_id)):
                times = self.size(owner) if owner is not None else 1
                total += cost * times * (self.points + 1 if target.at_points else 1)
                if total > _MOST_MORE:
                    break
        return total


def _properties(attribute: str, value: str) -> Iterator[tuple[str, str]]:
    """The properties that an attribute sets."""
    if attribute != "style":
        yield attribute, value
        return
    for each in value.split(";"):
        name, colon, _ = each.partition(":")
        name = name.strip()
        yield (name if colon and _PROPERTY.fullmatch(name) else ""), each


def _filter_cost(name: str, attribute: str, value: str) -> int:
    """What parts of filters cost beside others."""
    if name == "feMorphology" and attribute == "radius":
        numbers = (float(each) for each in _NUMBER.findall(value))
        return math.ceil(min(max(numbers, default=0), _MOST_MORE))
    if name == "feConvolveMatrix" and attribute == "kernelMatrix":
        return len(value) // 2
    return 4 if name == "feTurbulence" and attribute == "baseFrequency" else 0


def _written(text: str) -> Iterator[str]:
    """A text, and what it means to CSS if it has escapes."""
    yield text
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: _character(found[1]) if found[1] else found[2], text)


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if 0 < number <= 0x10FFFF else "\ufffd"


def _targets_in(value: str) -> set[str]:
    """What a value may refer to: each ``#name`` in it, as CSS and as URLs write it."""
    found: set[str] = set()
    if "#" not in value and "\\" not in value:
        return found
    for text in _written(value):
        at = text.find("#")
        if at >= 0:
            found.update(_names(text[at + 1 : at + 1 + _LONGEST_NAME]))
        while at >= 0 and len(found) <= _MOST_MORE:
            piece = text[at + 1 : at + 1 + _LONGEST_NAME]
            for end in _ENDS:
                found.update(_names(end.split(piece, 1)[0]))
            at = text.find("#", at + 1)
    return found


def _names(text: str) -> Iterator[str]:
    yield text.strip()
    if "%" in text:
        yield unquote(text).strip()


def _content(kind: str, data: str) -> bytes:
    """What is in a ``data:`` URL."""
    content = unquote_to_bytes(data)
    if _BASE64.search(kind) is None:
        return content
    found = _BASE64_TEXT.match(content)
    text = found[0] if found is not None else b""
    if len(text) % 4 == 1:
        text = text[:-1]  # perhaps it was cut
    return base64.b64decode(text + b"=" * (-len(text) % 4))
