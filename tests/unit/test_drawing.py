"""The picture that ``gns3trio topology draw`` makes."""

import math
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from gns3trio.commands.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"


def node(name: str, x: int) -> dict[str, Any]:
    ports = [{"adapter_number": 0, "port_number": number, "short_name": f"e{number}"} for number in range(9)]
    place = {"x": x, "y": 0, "width": 0, "height": 0}
    return {"node_id": name, "name": name, "node_type": "ethernet_switch", "status": "started", "ports": ports, **place}


def link(ends: tuple[str, str], port: int, **filters: list[int]) -> dict[str, Any]:
    nodes = [{"node_id": name, "adapter_number": 0, "port_number": port} for name in ends]
    return {"nodes": nodes, "suspend": False, "filters": filters}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_parallel_links_are_apart_and_reach_their_nodes(count: int) -> None:
    ends = [("A", "B"), ("B", "A")]
    links = [link(ends[number % 2], number) for number in range(count)]
    picture = ElementTree.fromstring(draw("lab", [node("A", 0), node("B", 200)], links))
    lines = [
        {name: float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2")} for line in picture.iter(f"{SVG}line")
    ]
    places = sorted(line["y1"] for line in lines)
    assert len(lines) == count and [line["y2"] for line in lines] == [line["y1"] for line in lines]
    assert all(b - a > 5 for a, b in pairwise(places))
    assert all(abs(place) < float(picture.find(f"{SVG}circle").attrib["r"]) for place in places)  # type: ignore[union-attr]
    texts = [(float(text.attrib["x"]), float(text.attrib["y"])) for text in picture.iter(f"{SVG}text")]
    assert min(math.dist(a, b) for a in texts for b in texts if a != b) > 10


def test_ports_are_named_at_their_ends() -> None:
    links = [link(("A", "B"), 3, delay=[20])]
    picture = ElementTree.fromstring(draw("lab", [node("A", 0), node("B", 200)], links))
    texts = {(text.text, float(text.attrib["x"])) for text in picture.iter(f"{SVG}text")}
    assert texts == {("e3", 38), ("e3", 162), ("delay=20", 100), ("A", 0), ("B", 200)}


def test_nodes_at_one_place_are_drawn() -> None:
    ElementTree.fromstring(draw("lab", [node("A", 0), node("B", 0)], [link(("A", "B"), 0), link(("A", "A"), 1)]))
