"""Topology documents, which people write: nodes by name, links by names and ports. Sans-IO.

    nodes:
      PC1: {node_type: vpcs, x: -100}
      SW1: {node_type: ethernet_switch}
    links:
      - ends: [PC1, "SW1:3"]
        filters: {delay: [20, 2]}

An end is ``NODE`` (its first free port), ``NODE:PORT`` or ``NODE:ADAPTER/PORT``, with the numbers of the API. A link
whose ends do not name their ports is any link between the two nodes that is there, so applying a document twice changes
nothing. Fields that a document omits are not changed; a new node without ``x`` and ``y`` gets a free place. Without the
key ``links`` or ``drawings``, all links or drawings are kept. Nodes that are not in the document are deleted.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define, frozen
from gns3trio.compute.expressions import CheckExpression
from gns3trio.compute.node_types import RunningTypeName, node_types
from gns3trio.conditions.core_filter import MAX_FILTERS
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.impairments import Impairment, check_impairments
from gns3trio.controller.gns3_format.fields import ADAPTER, check_fields
from gns3trio.controller.gns3_format.records import Label
from gns3trio.controller.names import Name
from gns3trio.controller.project.drawings import EMPTY_SVG
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_DRAWINGS, MAX_ENGINE, MAX_LINK_ENDS, MAX_LINKS, MAX_NODES, Bound, Int32, Svg

_END = re.compile(r"(?P<node>.+?)(?::(?:(?P<adapter>\d{1,4})/)?(?P<port>\d{1,5}))?")
_port_number = v.optional(v.PORT)


ConsoleType = Literal["vnc", "telnet", "http", "https", "spice", "spice+agent", "none", None]


def _check_adapters(node: object, attribute: object, adapters: list[dict[str, Any]]) -> None:
    """An attrs validator: raises ValueError for ``custom_adapters`` that a project's file cannot contain."""
    for index, adapter in enumerate(adapters):
        try:
            check_fields(adapter, ADAPTER)
        except ValueError as error:
            raise ValueError(f"custom_adapters[{index}].{error}") from None


@define(kw_only=True)
class DesiredNode:
    """A node. Omitted fields are not changed; in a new node they have GNS3's defaults. ``engine`` and ``console_type``
    are among those of its type (``GET /v2/node_types``); null for the engine is the server's default. ``compute`` is
    the name or id of the host that runs it; without one, with null or ``auto``, it stays where it is, and for a new
    node the server chooses.
    """

    node_type: RunningTypeName
    compute: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    x: Int32 = 0
    y: Int32 = 0
    z: Int32 = 1
    symbol: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    width: Int32 = 0
    height: Int32 = 0
    label: Label = field(factory=Label)
    locked: bool = False
    console: int | None = field(default=None, validator=_port_number)
    console_type: ConsoleType = None
    console_auto_start: bool = False
    properties: dict[str, Any] = field(factory=dict)
    first_port_name: str | None = None
    port_name_format: str = "Ethernet{0}"
    port_segment_size: Int32 = field(default=0, validator=v.ge(0))
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=_check_adapters)
    engine: Annotated[str, Bound(MAX_ENGINE)] | None = None


@define(kw_only=True)
class DesiredLink:
    """A link. ``filters`` are GNS3's; ``impairments`` are as for ``PUT .../impairments``."""

    ends: Annotated[list[str], Bound(MAX_LINK_ENDS)]
    filters: dict[str, Any] = field(factory=dict)
    impairments: Annotated[list[Impairment], Bound(MAX_FILTERS)] = field(factory=list)
    seed: int | None = field(default=None, validator=v.optional(v.ge(0)))
    suspend: bool = False
    link_style: dict[str, Any] = field(factory=dict)


@define(kw_only=True)
class DesiredDrawing:
    """A drawing; lengths are in pixels of the scene, ``rotation`` in degrees."""

    svg: Svg = EMPTY_SVG
    x: Int32 = 0
    y: Int32 = 0
    z: Int32 = 2
    locked: bool = False
    rotation: int = field(default=0, validator=v.and_(v.ge(-359), v.le(360)))


@define(kw_only=True)
class DesiredTopology:
    """A whole document. Without ``links`` or ``drawings`` those of the project stay. ``left_out`` lists, for people,
    the parts of an exported project that are not in the document, with reasons; it has no effect.
    """

    nodes: Annotated[dict[Name, DesiredNode], Bound(MAX_NODES)]
    links: Annotated[list[DesiredLink], Bound(MAX_LINKS)] | None = None
    drawings: Annotated[list[DesiredDrawing], Bound(MAX_DRAWINGS)] | None = None
    left_out: Annotated[dict[str, str], Bound(MAX_NODES + MAX_LINKS)] | None = None


@frozen(order=True)
class End:
    """A port of a node, by the node's name."""

    node: str
    adapter_number: int = 0
    port_number: int = 0

    def __str__(self) -> str:
        port = f"{self.adapter_number}/{self.port_number}" if self.adapter_number else str(self.port_number)
        return f"{self.node}:{port}"


Ends = tuple[End, End]


@frozen
class WantedEnd:
    """An end of a link in a document: a node, and its port, or None for the first that is free."""

    node: str
    port: End | None

    def __str__(self) -> str:
        return self.node if self.port is None else str(self.port)

    def is_at(self, end: End) -> bool:
        """Whether an end of a link is as wanted."""
        return self.port == end if self.port is not None else self.node == end.node


@frozen
class Wish:
    """A part of the document: its ``name`` in messages, and its checked fields that are ``given``."""

    name: str
    given: Mapping[str, Any]


@frozen
class LinkWish(Wish):
    """A link of the document. ``where`` is its place there, for errors."""

    where: str
    ends: tuple[WantedEnd, WantedEnd]

    @property
    def open_ends(self) -> int:
        """How many of its ports are to be chosen."""
        return sum(end.port is None for end in self.ends)

    def fits(self, ends: Iterable[End]) -> bool:
        """Whether a link with these ends may be the one that is meant."""
        return all(any(map(wanted.is_at, ends)) for wanted in self.ends)


@frozen
class Document:
    """A checked document, in its order."""

    nodes: Mapping[str, Wish]
    links: list[LinkWish] | None
    drawings: list[Wish] | None


_converter = make_strict_converter(forbid_extra_keys=True)


def parse_document(raw: Any, check_expression: CheckExpression) -> Document:
    """Check a document. Raises Invalid with the names of all wrong fields."""
    topology = structure(_converter, raw, DesiredTopology)
    nodes = {name: Wish(name, _given(node, raw["nodes"][name])) for name, node in topology.nodes.items()}
    for name, node in topology.nodes.items():
        _check_engine(name, node)
        _check_console_type(name, node)
    links: list[LinkWish] = []
    taken: dict[End, int] = {}
    for index, link in enumerate(topology.links or ()):
        where = f"links[{index}]"
        joined = _parse_ends(link.ends, where, nodes)
        for number, port in enumerate(end.port for end in joined):
            if port is None:
                continue
            if port in taken:
                raise Invalid(f"{where}.ends[{number}]: links[{taken[port]}] is at port {port} already")
            taken[port] = index
        given = _given(link, raw["links"][index])
        _check_filters(link, given, raw["links"][index], where, check_expression)
        links.append(LinkWish(f"{joined[0]} - {joined[1]}", given, where, joined))
    drawings = [
        Wish(f"drawings[{index}]", _given(drawing, raw["drawings"][index]))
        for index, drawing in enumerate(topology.drawings or ())
    ]
    return Document(nodes, None if topology.links is None else links, None if topology.drawings is None else drawings)


def _check_engine(name: str, node: DesiredNode) -> None:
    engines = node_types[node.node_type].engines
    if node.engine is not None and node.engine not in engines:
        there_are = f"there are {' and '.join(engines)}" if engines else f"a {node.node_type} has no choice of engines"
        raise Invalid(f"nodes[{name}].engine: there is no {node.engine!r}: {there_are}")


def _check_console_type(name: str, node: DesiredNode) -> None:
    there_are = node_types[node.node_type].console_types
    if node.console_type not in (None, "none", *there_are):
        has = f"a {node.node_type} has {', '.join(there_are)}"
        raise Invalid(f"nodes[{name}].console_type: {has}, and not {node.console_type!r}")


def _given(checked: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: getattr(checked, f.name) for f in attrs.fields(type(checked)) if f.name in raw}


def _check_filters(
    link: DesiredLink, given: dict[str, Any], raw: Mapping[str, Any], where: str, check_expression: CheckExpression
) -> None:
    try:
        if "filters" in given:
            given["filters"] = check_gns3_filters(link.filters, check_expression)
        check_impairments(link.impairments, raw.get("impairments", ()), check_expression)
    except Invalid as error:
        raise Invalid(f"{where}.{error}") from None


def parse_end(text: str) -> WantedEnd:
    """``PC1``, ``SW1:3`` or ``R1:1/0``. A name that contains a colon must be written with its port."""
    found = _END.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is not NODE, NODE:PORT or NODE:ADAPTER/PORT")
    node, adapter, port = found["node"], found["adapter"], found["port"]
    return WantedEnd(node, None if port is None else End(node, int(adapter or 0), int(port)))


def _parse_ends(texts: list[str], where: str, nodes: Iterable[str]) -> tuple[WantedEnd, WantedEnd]:
    if len(texts) != 2:
        raise Invalid(f"{where}.ends: a link has two ends, got {len(texts)}")
    ends = []
    for number, text in enumerate(texts):
        try:
            end = parse_end(text)
        except Invalid as error:
            raise Invalid(f"{where}.ends[{number}]: {error}") from None
        if end.node not in nodes:
            raise Invalid(f"{where}.ends[{number}]: there is no node {end.node!r} in nodes")
        ends.append(end)
    first, second = ends
    if first.node == second.node:
        raise Invalid(f"{where}.ends: a node cannot be linked to itself")
    return first, second


def covers(actual: Any, wanted: Any) -> bool:
    """Whether ``actual`` contains everything in ``wanted``; additional keys in its objects do not matter."""
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            name in actual and covers(actual[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(actual) == len(wanted) and all(map(covers, actual, wanted))
    return bool(actual == wanted)
