"""The picture that ``gns3trio topology draw`` makes."""

import base64
import json
import math
import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gns3trio.commands.scene import draw
from gns3trio.commands.scene_style import Box, is_picture, picture
from gns3trio.commands.scene_theme import Theme

Json = dict[str, Any]
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
STYLE = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"
EM = 10 * 4 / 3
SIZE = 40


def node(name: str, x: int, **fields: Any) -> Json:
    """A node whose center is at ``x``, 0."""
    ports = [{"adapter_number": 0, "port_number": number, "short_name": f"e{number}"} for number in range(9)]
    place = {"x": x - SIZE // 2, "y": -SIZE // 2, "z": 1, "width": SIZE, "height": SIZE}
    label = {"text": name, "x": None, "y": -25, "rotation": 0, "style": None}
    looks = {"symbol": ":/symbols/ethernet_switch.svg", "label": label, "status": "started"}
    return {"node_id": name, "name": name, "node_type": "ethernet_switch", "ports": ports, **place, **looks, **fields}


def link(ends: tuple[str, str], port: int, *labels: Json, filters: Json | None = None, **fields: Any) -> Json:
    nodes = [{"node_id": name, "adapter_number": 0, "port_number": port, "label": {"text": "0/0"}} for name in ends]
    for end, label in zip(nodes, labels, strict=False):
        end["label"] = label
    return {"nodes": nodes, "suspend": False, "filters": filters or {}, "link_style": {}, **fields}


def drawing(svg: str, **fields: Any) -> Json:
    return {"svg": svg, "x": 0, "y": 0, "z": 2, "rotation": 0, **fields}


def parse(*parts: Any, **others: Any) -> ElementTree.Element:
    return ElementTree.fromstring(draw("lab", *parts, **others))


def places(found: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Where each text is that is not turned, by what it says."""
    texts = (text for text in found.iter(f"{SVG}text") if "transform" not in text.attrib)
    return {str(text.text): (float(text.attrib["x"]), float(text.attrib["y"])) for text in texts}


def embedded(image: ElementTree.Element) -> ElementTree.Element:
    """The SVG in an image."""
    head, _, data = image.attrib[HREF].partition(",")
    assert head == "data:image/svg+xml;base64"
    return ElementTree.fromstring(base64.b64decode(data))


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_parallel_links_are_apart_and_reach_their_nodes(count: int) -> None:
    ends = [("A", "B"), ("B", "A")]
    links = [link(ends[number % 2], number) for number in range(count)]
    found = parse([node("A", 0), node("B", 200)], links)
    lines = [{name: float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2")} for line in found.iter(f"{SVG}line")]
    ways = sorted(line["y1"] for line in lines)
    assert len(lines) == count and [line["y2"] for line in lines] == [line["y1"] for line in lines]
    assert all(b - a > 5 for a, b in pairwise(ways))
    assert all(abs(way) < SIZE / 2 for way in ways)
    texts = [(float(text.attrib["x"]), float(text.attrib["y"])) for text in found.iter(f"{SVG}text")]
    assert len(texts) == 2 * count + 2
    assert min(math.dist(a, b) for a, b in combinations(texts, 2)) > 10


def test_ports_are_named_at_their_ends() -> None:
    found = places(parse([node("A", 0), node("B", 200)], [link(("A", "B"), 3, filters={"delay": [20]})]))
    assert found.keys() == {"A", "B", "e3", "20 ms"}
    assert found["20 ms"][0] == 100
    assert (found["A"][0], found["B"][0]) == (0, 200)
    assert found["A"][1] < -SIZE / 2  # above its symbol
    assert SIZE / 2 < found["e3"][0] < 60 or 140 < found["e3"][0] < 200 - SIZE / 2


def test_names_of_ports_make_room_for_each_other() -> None:
    """Links that leave a node in nearly the same direction."""
    others = [node(f"N{number}", 600, y=40 * number - 100, label={"x": 200, "y": 0}) for number in range(5)]
    links = [link(("A", other["node_id"]), number) for number, other in enumerate(others)]
    for each in links:
        each["nodes"][1]["label"] = {"text": "", "x": 0, "y": 0}
    found = places(parse([node("A", 0), *others], links))
    ports = [found[f"e{number}"] for number in range(5)]
    assert not any(abs(a[0] - b[0]) < 12 and abs(a[1] - b[1]) < 10 for a, b in combinations(ports, 2))


def test_nodes_at_one_place_are_drawn() -> None:
    parse([node("A", 0), node("B", 0)], [link(("A", "B"), 0), link(("A", "A"), 1)])
    parse([node("A", 0, width=2**31 - 1, height=0), node("B", 0, width=0, height=0)], [link(("A", "B"), 0)])
    parse([], [])


def test_names_are_where_their_user_put_them() -> None:
    name = {"text": "A", "x": 80, "y": 20, "rotation": 90, "style": STYLE}
    port = {"text": "Gi0/1", "x": 50, "y": 90, "rotation": 0, "style": STYLE}
    found = parse([node("A", 20, label=name), node("B", 220)], [link(("A", "B"), 0, port)])
    texts = {text.text: text.attrib for text in found.iter(f"{SVG}text")}
    assert texts["A"]["transform"] == f"translate(80 {20 - SIZE // 2}) rotate(90)"
    assert texts["Gi0/1"]["transform"] == f"translate(50 {90 - SIZE // 2}) rotate(0)"
    assert float(texts["A"]["y"]) == pytest.approx(EM + 3, abs=0.01)
    assert (texts["A"]["font-weight"], texts["A"]["fill"]) == ("bold", "#000000")
    assert float(texts["A"]["font-size"]) == pytest.approx(EM, abs=0.01)


def test_texts_that_would_cover_each_other_make_room() -> None:
    """Clients of GNS3 put the names of ports at places where those of other links are."""
    label = {"text": "Gi0/0", "x": 40, "y": 40, "rotation": 0, "style": STYLE}
    links = [link(("A", "B"), number, label) for number in range(4)]
    found = parse([node("A", 0), node("B", 400)], links)
    corners = [text.attrib["transform"] for text in found.iter(f"{SVG}text") if text.text == "Gi0/0"]
    places = [tuple(map(float, re.findall(r"-?[\d.]+", corner)[:2])) for corner in corners]
    assert places[0] == (40 - SIZE / 2, 40 - SIZE / 2) and len({*places}) == 4
    assert all(abs(ax - bx) > 30 or abs(ay - by) > 12 for (ax, ay), (bx, by) in combinations(places, 2))
    assert all(math.dist(places[0], place) < 50 for place in places)


def test_conditions_are_on_a_plate_with_their_direction() -> None:
    wire = link(("A", "B"), 0, filters={"packet_loss": [5]}, link_id="L")
    told = [
        {"type": "rate", "direction": "a_to_b", "bits_per_second": 10_000_000, "burst_bytes": 3028},
        {"type": "delay", "direction": "b_to_a", "jitter_milliseconds": 2, "milliseconds": 20},
        {"type": "made up", "direction": "both", "evil": "<script>"},
    ]
    found = parse([node("A", 0), node("B", 600)], [wire], impairments={"L": told})
    (plate,) = (each for each in found.iter(f"{SVG}rect") if each.attrib["class"] == "plate")
    assert "5 % loss · 10 Mbit/s → · 20 ± 2 ms ← · made up" in [text.text for text in found.iter(f"{SVG}text")]
    assert float(plate.attrib["x"]) < 300 < float(plate.attrib["x"]) + float(plate.attrib["width"])


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_on_dark_paper_black_is_light(theme: Theme) -> None:
    """A style sheet does it, so that viewers without one show the picture as on white paper."""
    label = {"text": "A", "x": 0, "y": 90, "style": "fill: #ff0000"}
    styles = [{}, {"color": "#000000"}, {"color": "#00ff00"}]
    links = [link(("A", "B"), number, link_style=style) for number, style in enumerate(styles)]
    note = drawing("<svg width='9' height='9'><text>note</text></svg>")
    found = parse([node("A", 0, label=label), node("B", 200)], links, [note], theme=theme)
    sheets = [each.text or "" for each in found.iter(f"{SVG}style")]
    inner = [each.text or "" for each in embedded(next(found.iter(f"{SVG}image"))).iter(f"{SVG}style")]
    assert len(sheets) == len(inner) == (0 if theme == "light" else 1)
    assert all(("prefers-color-scheme" in sheet) == (theme == "auto") for sheet in sheets + inner)
    classes = {str(text.text): text.attrib["class"] for text in found.iter(f"{SVG}text")}
    assert (classes["A"], classes["B"]) == ("halo", "ink halo")
    assert [line.attrib.get("class") for line in found.iter(f"{SVG}line")] == ["wire", "wire", None]


def test_a_type_of_picture_that_a_server_makes_up_is_none() -> None:
    assert is_picture("image/svg+xml") and not is_picture('image/png"/><script>alert(1)</script>')


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ({"color": "#ff0000", "width": 4, "type": 1}, ("#ff0000", "4", None)),
        ({"color": "blue", "type": 2}, ("blue", "2", "8 4")),
        ({"width": 3, "type": 3}, ("#5c6470", "3", "3 6")),
        ({"type": 5}, ("#5c6470", "2", "8 4 2 4 2 4")),
        ({"color": 'url(x)"/>', "width": "4", "type": [2]}, ("#5c6470", "2", None)),
        ({}, ("#5c6470", "2", None)),
    ],
)
def test_links_have_the_style_of_their_user(style: Json, expected: tuple[str, str, str | None]) -> None:
    found = parse([node("A", 0), node("B", 200)], [link(("A", "B"), 0, link_style=style)])
    line = next(found.iter(f"{SVG}line")).attrib
    assert (line["stroke"], line["stroke-width"], line.get("stroke-dasharray")) == expected


def test_a_suspended_link_is_dashed_whatever_its_style() -> None:
    links = [link(("A", "B"), 0, link_style={"type": 3}, suspend=True)]
    line = next(parse([node("A", 0), node("B", 200)], links).iter(f"{SVG}line"))
    assert line.attrib["stroke-dasharray"] == "6 4"


def test_each_symbol_is_in_the_picture_once() -> None:
    nodes = [node("A", 0), node("B", 200), node("C", 400, symbol="other.png")]
    symbols = {":/symbols/ethernet_switch.svg": "data:image/svg+xml;base64,AAAA", "unused.svg": "data:,"}
    found = parse(nodes, [], (), symbols)
    (symbol,) = found.iter(f"{SVG}symbol")
    used = list(found.iter(f"{SVG}use"))
    assert [each.attrib[HREF] for each in used] == [f"#{symbol.attrib['id']}"] * 2
    assert [float(each.attrib["x"]) for each in used] == [-SIZE / 2, 200 - SIZE / 2]
    assert [each.attrib[HREF] for each in symbol] == ["data:image/svg+xml;base64,AAAA"]


def test_a_drawing_lies_where_its_z_says() -> None:
    box = "<svg width='90' height='30'><rect width='90' height='30' stroke-width='10'/></svg>"
    found = parse([node("A", 0)], [], [drawing(box, z=2, x=300), drawing(box, z=-1, x=10, rotation=90)])
    below, above = found.iter(f"{SVG}image")
    assert below.attrib["transform"] == "translate(10 0) rotate(90)"
    assert above.attrib["transform"] == "translate(300 0) rotate(0)"
    assert list(found).index(below) < list(found).index(next(found.iter(f"{SVG}circle"))) < list(found).index(above)
    left, _, width, _ = map(float, found.attrib["viewBox"].split())
    assert left + width > 300 + 95
    view = [float(above.attrib[name]) for name in ("x", "y", "width", "height")]
    assert view[0] <= -5 and view[1] <= -5 and view[0] + view[2] >= 95 and view[1] + view[3] >= 35
    assert list(map(float, embedded(above).attrib["viewBox"].split())) == view


@pytest.mark.parametrize("text", ["one line", "noten noteno\n   no00000", "ends\n\nlate\n", "&lt;&amp;&gt;"])
def test_a_note_is_seen_whole(text: str) -> None:
    svg = f'<svg height="32" width="40"><text font-family="TypeWriter" font-size="10.0">{text}</text></svg>'
    shape, box = picture(svg)
    root = ElementTree.fromstring(shape)
    (note,) = root
    lines = list(note)
    expected = ElementTree.fromstring(f"<text>{text}</text>").text
    assert "\n".join(line.text or "" for line in lines) == expected
    assert lines[0].attrib["y"] == "1em" and {line.attrib["x"] for line in lines} == {"4"}
    ems = [float(line.attrib["y"].removesuffix("em")) for line in lines]
    assert all(1 < b - a < 1.5 for a, b in pairwise(ems))
    assert box is not None
    assert box.bottom > ems[-1] * EM and box.right > max(40, 4 + 0.6 * EM * max(map(len, text.split("\n"))) * 0.5)


@pytest.mark.parametrize(
    "svg",
    [
        '<svg width="90" height="90"><text x="20" y="60">here</text></svg>',
        '<svg width="90" height="90"><g transform="translate(20 60)"><text>here</text></g></svg>',
    ],
)
def test_a_text_with_a_place_of_its_own_keeps_it(svg: str) -> None:
    shape, _ = picture(svg)
    text = next(ElementTree.fromstring(shape).iter(f"{SVG}text"))
    assert text.text == "here" and not list(text)


def test_a_drawing_with_a_view_of_its_own_keeps_it() -> None:
    svg = '<svg viewBox="0 0 10 10" width="90" height="80"><rect stroke-width="4" width="10" height="10"/></svg>'
    shape, box = picture(svg)
    assert box == Box(0, 0, 90, 80)
    assert ElementTree.fromstring(shape).attrib["viewBox"] == "0 0 10 10"


@pytest.mark.parametrize(
    "svg", ["", "no SVG", "<svg", "<svg></svg>", "<svg width='1e9' height='-1'/>", "<html><p/></html>"]
)
def test_a_drawing_without_a_size_is_left_out(svg: str) -> None:
    assert list(parse([node("A", 0)], [], [drawing(svg)]).iter(f"{SVG}image")) == []


def test_hostile_texts_are_texts() -> None:
    evil = '"/><script>alert(1)</script><text x="'
    label = {"text": evil, "x": 1, "y": 2, "style": f"fill: {evil};font-family: {evil};font-size: {evil}"}
    nodes = [node(evil, 0, label=label), node("B", 200)]
    shape = f"<svg width='9' height='9'><script>alert(1)</script><text>{evil}</text></svg>"
    links = [link((evil, "B"), 0, label, link_style={"color": evil, "width": 1, "type": 2})]
    found = parse(nodes, links, [drawing(shape)])
    assert list(found.iter(f"{SVG}script")) == []
    assert [text.text for text in found.iter(f"{SVG}text")].count(evil) == 2


def test_a_drawing_that_no_viewer_could_draw_is_a_box_that_says_so() -> None:
    hostile = json.loads((Path(__file__).parents[1] / "pictures/pictures.json").read_text())[0]["svg"]
    shape, box = picture(hostile)
    assert "Too complex to be shown" in shape and "<use" not in shape
    assert box is not None
