"""Where nodes are drawn: places for new ones whose users name none, and arrangements."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self
from uuid import UUID

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node, drawn_as
from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.layout.arrange import Box, Layout, arranged
from gns3trio.natural_order import natural_key
from gns3trio.slices import Slices

Fields = Mapping[str, Any]
Place = tuple[int, int]

# The size of a symbol whose node does not tell it.
_USUAL_SIZE = 60


def with_place(nodes: Nodes, fields: Fields) -> Fields:
    """The fields of a new node, with a free place if they have neither ``x`` nor ``y``."""
    if "x" in fields or "y" in fields:
        return fields
    x, y = nodes.free_places().near()
    return {**fields, "x": x, "y": y}


async def with_places(nodes: Nodes, new: Sequence[Fields], links: Iterable[tuple[UUID, UUID]] = ()) -> list[Fields]:
    """The fields of new nodes, with places for those that have neither ``x`` nor ``y``: near a node with which they are
    linked, or else in the middle. ``links`` are the ids of linked nodes. If the project is empty and no node has a
    place, the new ones are arranged in layers.
    """
    placeless = {fields["node_id"] for fields in new if "x" not in fields and "y" not in fields}
    if not placeless:
        return list(new)
    pairs = list(links)
    if len(placeless) == len(new) > 1 and not nodes:
        places = await _arranged_new(new, pairs)
    else:
        places = await _beside_others(nodes, new, placeless, pairs)
    return [
        {**fields, "x": places[fields["node_id"]][0], "y": places[fields["node_id"]][1]}
        if fields["node_id"] in places
        else fields
        for fields in new
    ]


async def _arranged_new(new: Sequence[Fields], links: Iterable[tuple[UUID, UUID]]) -> dict[UUID, Place]:
    drawn = [_Drawn.of_fields(fields) for fields in new]
    return await threads.layouts.run(_arrange, "layered", drawn, list(links), [])


@frozen
class _Drawn:
    """A node to be arranged."""

    node_id: UUID
    name: str
    box: Box

    @classmethod
    def of_fields(cls, fields: Fields) -> Self:
        looks = {**drawn_as(fields["node_type"]), **fields}
        size = looks.get("width") or _USUAL_SIZE, looks.get("height") or _USUAL_SIZE
        return cls(fields["node_id"], fields["name"], Box(0, 0, *size))

    @classmethod
    def of_record(cls, record: NodeRecord) -> Self:
        box = Box(record.x, record.y, record.width or _USUAL_SIZE, record.height or _USUAL_SIZE)
        return cls(record.node_id, record.name, box)


async def _beside_others(
    nodes: Nodes, new: Sequence[Fields], placeless: set[UUID], links: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, Place]:
    beside: dict[UUID, list[UUID]] = {}
    for first, second in links:
        beside.setdefault(first, []).append(second)
        beside.setdefault(second, []).append(first)
    known = {each["node_id"]: (each.get("x", 0), each.get("y", 0)) for each in new if each["node_id"] not in placeless}
    free = nodes.free_places()
    for x, y in known.values():
        free.take(x, y)
    places: dict[UUID, Place] = {}
    slices = Slices()
    for fields in new:
        node_id = fields["node_id"]
        if node_id in placeless:
            others = (places.get(each) or known.get(each) or _place_of(nodes, each) for each in beside.get(node_id, ()))
            places[node_id] = free.near(*next(filter(None, others), (0, 0)))
        await slices.pause()
    return places


def _place_of(nodes: Nodes, node_id: UUID) -> Place | None:
    node = nodes.get(node_id)
    return (node.record.x, node.record.y) if node is not None else None


async def arranged_nodes(
    nodes: Sequence[Node], layout: Layout, links: Sequence[tuple[UUID, UUID]], others: Sequence[Node]
) -> dict[UUID, Place]:
    """The places of nodes in an arrangement, in which they cover none of the ``others``, which stay."""
    records, stay = [node.record for node in nodes], [(node.record.x, node.record.y) for node in others]

    def work() -> dict[UUID, Place]:
        return _arrange(layout, list(map(_Drawn.of_record, records)), links, stay)

    return await threads.layouts.run(work)


def _arrange(
    layout: Layout, nodes: Sequence[_Drawn], links: Sequence[tuple[UUID, UUID]], others: Sequence[Place]
) -> dict[UUID, Place]:
    """Called in a thread, because a large lab takes seconds."""
    # By name, so that the ends of a row are PC1 and PC9, whatever came first.
    nodes = sorted(nodes, key=lambda node: (natural_key(node.name), node.node_id))
    number = {node.node_id: place for place, node in enumerate(nodes)}
    pairs = [(number[a], number[b]) for a, b in links if a in number and b in number]
    return dict(zip(number, arranged(layout, [node.box for node in nodes], pairs, others), strict=True))
