"""A lab looks on our page as in GNS3's clients: notes, shapes, styles of links, places of names, what lies above what.

Positions are those that the GNS3 web UI and the desktop GUI give: letters begin 4 pixels from the left of a text,
sizes of letters are points, and a note's first baseline is 1em below its top.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab

Json = dict[str, Any]
STYLE = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"
EM = 10 * 4 / 3
NOTE = '<svg height="{height}" width="{width}"><text fill="#000000" fill-opacity="1.0" font-family="TypeWriter" '
NOTE += 'font-size="10.0" font-weight="bold">{text}</text></svg>'

# What an image of a drawing shows: its view, and the boxes of what is in it, in the drawing's own coordinates.
CONTENT = """image => {
  const text = decodeURIComponent(image.getAttribute('href').split(/,(.*)/s)[1]);
  const svg = document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);
  document.body.append(svg);
  const lines = [...svg.querySelectorAll('tspan')].filter((each) => each.textContent);
  const box = ({x, y, width, height}) => ({x, y, right: x + width, bottom: y + height});
  const shown = {
    view: box(svg.viewBox.baseVal),
    place: ['x', 'y', 'width', 'height'].map((name) => image[name].baseVal.value),
    baselines: lines.map((each) => each.getStartPositionOfChar(0).y),
    boxes: [...svg.querySelectorAll('text')].map((each) => box(each.getBBox())),
    starts: lines.map((each) => {
      const letter = [...each.textContent].findIndex((each) => each !== ' ');
      return each.getStartPositionOfChar(letter).x;
    }),
  };
  svg.remove();
  return shown;
}"""

# The box of an element in the coordinates of the lab.
BOX = """element => {
  const scene = document.querySelector('.scene > svg > g.map');
  const shape = element.getBBox();
  const way = scene.getScreenCTM().inverse().multiply(element.getScreenCTM());
  const corners = [[shape.x, shape.y], [shape.x + shape.width, shape.y + shape.height]].map(
    ([x, y]) => new DOMPoint(x, y).matrixTransform(way));
  const [xs, ys] = [corners.map(({x}) => x), corners.map(({y}) => y)];
  return {x: Math.min(...xs), y: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys)};
}"""


class Lab:
    """A project that is built by requests, as GNS3's clients build it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.project: Json = host.request("POST", "/v2/projects", {"name": "map"})
        self.path = f"/v2/projects/{self.project['project_id']}"
        self.ids: dict[str, str] = {}

    def add_node(self, name: str, x: int, y: int, **fields: Any) -> None:
        body = {"name": name, "node_type": "ethernet_switch", "compute_id": "local", "x": x, "y": y, **fields}
        if "label" in body:
            body["label"] = {"text": name, "rotation": 0, "style": STYLE, **body["label"]}
        self.ids[name] = self.host.request("POST", f"{self.path}/nodes", body)["node_id"]

    def add_link(self, *ends: tuple[str, int, Json | None], **fields: Any) -> str:
        nodes = [{"node_id": self.ids[name], "adapter_number": 0, "port_number": port} for name, port, _ in ends]
        for node, (_, _, label) in zip(nodes, ends, strict=True):
            if label is not None:
                node["label"] = {"rotation": 0, "style": STYLE, **label}
        link_id: str = self.host.request("POST", f"{self.path}/links", {"nodes": nodes, **fields})["link_id"]
        return link_id

    def draw(self, svg: str, x: int = 0, y: int = 0, **fields: Any) -> None:
        self.host.request("POST", f"{self.path}/drawings", {"svg": svg, "x": x, "y": y, **fields})


@pytest.fixture
def lab(host: Host) -> Iterator[Lab]:
    lab = Lab(host)
    yield lab
    host.request("DELETE", lab.path)


def drawn_text(page: Page, name: str) -> Locator:
    return page.locator(f"[aria-label^='{name},'] text")


@pytest.mark.parametrize(
    ("text", "width", "height"),
    [
        ("00.000.0.0/00", 102, 24),
        ("noten noteno\n   no00000", 74, 32),
        ("from above\n\nto below\n", 110, 72),
        ("more than there is room for", 40, 24),
        ("&lt;&amp;&gt;", 40, 24),
    ],
)
def test_a_note_is_read_whole(page: Page, lab: Lab, text: str, width: int, height: int) -> None:
    lab.add_node("SW1", 0, -200)
    lab.draw(NOTE.format(text=text, width=width, height=height))
    open_lab(page, lab.host, lab.project)
    shown = page.locator(".drawing image").evaluate(CONTENT)
    view, (box,) = shown["view"], shown["boxes"]
    assert view["x"] <= box["x"] and view["y"] <= box["y"]
    assert box["right"] <= view["right"] and box["bottom"] <= view["bottom"]
    assert shown["place"] == [view["x"], view["y"], view["right"] - view["x"], view["bottom"] - view["y"]]
    assert box["y"] >= 0
    assert box["x"] == pytest.approx(4, abs=1)
    assert shown["baselines"][0] == pytest.approx(EM + 3, abs=0.01)  # its first line has a margin above
    assert all(EM < b - a < 3 * EM for a, b in pairwise(shown["baselines"]))


def test_blanks_before_a_line_of_a_note_count(page: Page, lab: Lab) -> None:
    lab.add_node("SW1", 0, -200)
    lab.draw(NOTE.format(text="noten noteno\n      no", width=74, height=32))
    open_lab(page, lab.host, lab.project)
    first, second = page.locator(".drawing image").evaluate(CONTENT)["starts"]
    assert first == pytest.approx(4)
    assert second > first + EM


def test_a_text_with_a_place_of_its_own_keeps_it(page: Page, lab: Lab) -> None:
    lab.add_node("SW1", 0, -200)
    lab.draw('<svg width="90" height="90"><text x="20" y="60">here</text></svg>')
    open_lab(page, lab.host, lab.project)
    (box,) = page.locator(".drawing image").evaluate(CONTENT)["boxes"]
    assert box["x"] == pytest.approx(20, abs=2)
    assert box["y"] < 60 < box["bottom"]


@pytest.mark.parametrize(
    ("size", "shape", "stroke"),
    [
        ((100, 60), '<rect width="100" height="60" stroke="#ff0000" stroke-width="10"/>', 10),
        ((100.0, 60.0), '<ellipse cx="50" cy="30" rx="50" ry="30" stroke="#ff0000" stroke-width="4"/>', 4),
        ((0, 577), '<line x1="0" x2="0" y1="0" y2="577" stroke="#000000" stroke-width="2"/>', 2),
        ((80, 0), '<line x1="0" x2="80" y1="0" y2="0" stroke="#000000" stroke-width="8"/>', 8),
    ],
)
def test_a_stroke_at_the_edge_is_as_wide_as_elsewhere(
    page: Page, lab: Lab, size: tuple[float, float], shape: str, stroke: int
) -> None:
    width, height = size
    lab.add_node("SW1", 0, -200)
    lab.draw(f'<svg width="{width}" height="{height}">{shape}</svg>', 20, 30)
    open_lab(page, lab.host, lab.project)
    image = page.locator(".drawing image")
    view, box = image.evaluate(CONTENT)["view"], image.evaluate(BOX)
    assert view["x"] <= -stroke / 2 and view["right"] >= width + stroke / 2
    assert view["y"] <= -stroke / 2 and view["bottom"] >= height + stroke / 2
    assert (box["x"] - view["x"], box["y"] - view["y"]) == pytest.approx((20, 30))  # and is where it was
    assert box["right"] - box["x"] == pytest.approx(view["right"] - view["x"])  # and as large


def test_a_turned_drawing_is_seen_whole(page: Page, lab: Lab) -> None:
    lab.add_node("SW1", 0, 0)
    lab.draw('<svg width="900" height="20"><rect width="900" height="20"/></svg>', 300, 0, rotation=90)
    open_lab(page, lab.host, lab.project)
    box = page.locator(".drawing image").bounding_box()
    scene = page.locator(".scene > svg").bounding_box()
    assert box is not None and scene is not None
    assert scene["y"] < box["y"] and box["y"] + box["height"] < scene["y"] + scene["height"]


HOSTILE = [
    "<svg width='90' height='90' onload='window.hacked=1'><script>window.hacked=1</script><text>a</text></svg>",
    "<svg width='90' height='90'><image href='http://127.0.0.1:1/a.png' width='9' height='9'/></svg>",
    "<svg width='90' height='90'><style>@import url(http://127.0.0.1:1/a.css);</style><text>a</text></svg>",
    "<svg width='9' height='9'><foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>a</p></foreignObject></svg>",
    '<!DOCTYPE svg [<!ENTITY a "<script>window.hacked=1</script>">]><svg width="9" height="9"><text>&a;</text></svg>',
    "<svg width='9' height='9'><text><script>window.hacked=1</script></text></svg>",
    "<svg width='9' height='9'><text>&lt;script>window.hacked=1&lt;/script></text></svg>",
    "<svg width='1e999' height='-5'><rect stroke-width='1e999' width='9' height='9'/></svg>",
    "<svg><svg:a xmlns:svg='x'/></svg>",
    "<html><script>window.hacked=1</script></html>",
    "no SVG",
    "",
]


def test_a_hostile_drawing_can_do_nothing(page: Page, lab: Lab) -> None:
    """The page's own fixture fails at a request to another host and at an error in the console."""
    lab.add_node("SW1", 0, 0)
    for svg in HOSTILE:
        lab.draw(svg)
    lab.draw("<svg width='20' height='20'><rect width='20' height='20'/></svg>", 200, 0)
    open_lab(page, lab.host, lab.project)
    expect(page.locator(".drawing image[href^='data:image/svg+xml']")).to_have_count(len(HOSTILE) + 1)
    expect(page.locator(".scene > svg :is(script, foreignObject, style, iframe)")).to_have_count(0)
    assert page.evaluate("window.hacked") is None


def test_a_hostile_style_can_do_nothing(page: Page, lab: Lab) -> None:
    away = "url(http://127.0.0.1:1/a.svg#a)"
    style = f"fill: {away};position: fixed;background: {away};font-size: 1e9;filter: {away};fill-opacity: 0.5"
    lab.add_node("SW1", 0, 0, label={"x": 0, "y": -25, "style": style})
    lab.add_node("SW2", 200, 0)
    lab.add_link(("SW1", 0, None), ("SW2", 0, None), link_style={"color": away, "width": -4, "type": "3; x: y"})
    open_lab(page, lab.host, lab.project)
    text = drawn_text(page, "SW1")
    expect(text).to_have_css("fill-opacity", "0.5")
    expect(text).to_have_css("position", "static")
    expect(text).to_have_css("filter", "none")
    expect(page.locator(".link .wire")).to_have_css("stroke-width", "2px")
    assert "127.0.0.1:1/" not in page.locator(".scene > svg").evaluate("svg => svg.outerHTML")


def test_a_style_of_another_shape_is_none(page: Page, lab: Lab) -> None:
    for name, x in (("SW1", 0), ("SW2", 200)):
        lab.add_node(name, x, 0)
    for port, style in enumerate(({"type": "constructor"}, {"color": {}, "width": "wide", "type": []})):
        lab.add_link(("SW1", port, None), ("SW2", port, None), link_style=style)
    open_lab(page, lab.host, lab.project)
    expect(page.locator(".link .wire")).to_have_count(2)
    for wire in page.locator(".link .wire").all():
        expect(wire).to_have_css("stroke-dasharray", "none")


def test_links_have_the_style_of_their_user(page: Page, lab: Lab) -> None:
    lab.add_node("SW1", 0, 0)
    lab.add_node("SW2", 400, 0)
    solid, dashed, dotted, plain = (
        lab.add_link(("SW1", port, None), ("SW2", port, None), link_style=style)
        for port, style in enumerate(
            (
                {"color": "#ff0000", "width": 4, "type": 1},
                {"color": "#00ff00", "width": 3, "type": 2},
                {"color": "blue", "type": 3},
                {},
            )
        )
    )
    open_lab(page, lab.host, lab.project)

    def wire(link_id: str) -> Locator:
        return page.locator(f"[data-id='{link_id}'] .wire")

    expect(wire(solid)).to_have_css("stroke", "rgb(255, 0, 0)")
    expect(wire(solid)).to_have_css("stroke-width", "4px")
    expect(wire(solid)).to_have_css("stroke-dasharray", "none")
    expect(wire(dashed)).to_have_css("stroke", "rgb(0, 255, 0)")
    expect(wire(dashed)).to_have_css("stroke-dasharray", "15px, 3px")
    expect(wire(dotted)).to_have_css("stroke", "rgb(0, 0, 255)")
    expect(wire(dotted)).to_have_css("stroke-width", "2px")
    expect(wire(dotted)).to_have_css("stroke-dasharray", "4px, 2px")
    expect(wire(plain)).to_have_css("stroke-dasharray", "none")
    lab.host.request("PUT", f"{lab.path}/links/{plain}", {"link_style": {"color": "#ff00ff", "width": 6, "type": 4}})
    expect(wire(plain)).to_have_css("stroke", "rgb(255, 0, 255)")
    expect(wire(plain)).to_have_css("stroke-dasharray", "30px, 6px, 12px, 6px")
    lab.host.request("PUT", f"{lab.path}/links/{solid}", {"suspend": True})
    expect(wire(solid)).not_to_have_css("stroke", "rgb(255, 0, 0)")  # what is wrong goes before the colour


def test_names_of_nodes_are_where_their_user_put_them(page: Page, lab: Lab) -> None:
    lab.add_node("Placed", 0, 0, label={"x": 80, "y": 20})
    lab.add_node("Turned", 300, 0, label={"x": -20, "y": 0, "rotation": 90})
    lab.add_node("Centred", 600, 0, label={"x": None, "y": -25})
    open_lab(page, lab.host, lab.project)
    placed, turned, centred = (drawn_text(page, name).evaluate(BOX) for name in ("Placed", "Turned", "Centred"))
    assert placed["x"] == pytest.approx(84, abs=2)
    assert 20 <= placed["y"] < 28 and placed["bottom"] < 46
    expect(drawn_text(page, "Placed")).to_have_css("font-size", re.compile(r"^13\.33\d*px$"))
    expect(drawn_text(page, "Placed")).to_have_css("font-weight", "700")
    assert turned["bottom"] - turned["y"] > 2 * (turned["right"] - turned["x"])
    assert turned["right"] <= 280 and turned["y"] == pytest.approx(4, abs=2)
    width = lab.host.request("GET", f"{lab.path}/nodes/{lab.ids['Centred']}")["width"]
    assert (centred["x"] + centred["right"]) / 2 == pytest.approx(600 + width / 2, abs=1)
    assert centred["y"] > -30 and centred["bottom"] <= 0


def test_ports_are_named(page: Page, lab: Lab) -> None:
    lab.add_node("SW1", 0, 0)
    lab.add_node("SW2", 400, 0)
    link_id = lab.add_link(("SW1", 3, {"text": "Gi0/1", "x": 70, "y": 30}), ("SW2", 4, None))
    open_lab(page, lab.host, lab.project)
    placed, on_wire = page.locator(".port-names text").all()
    expect(placed).to_be_hidden()
    page.locator(f"[data-id='{link_id}']").focus()
    page.keyboard.press("Space")  # of the link that is chosen they are seen
    expect(placed).to_be_visible()
    page.keyboard.press("Escape")
    expect(placed).to_be_hidden()
    page.get_by_role("button", name="Port names").click()
    expect(placed).to_be_visible()
    expect(placed).to_have_text("Gi0/1")
    expect(on_wire).to_have_text("e4")
    box, other = placed.evaluate(BOX), on_wire.evaluate(BOX)
    assert box["x"] == pytest.approx(74, abs=2) and 30 <= box["y"] < 38
    wire = page.locator(".link .wire").evaluate(BOX)
    assert other["right"] < 400 < other["right"] + 40  # beside its node
    assert other["y"] < wire["y"] < other["bottom"]
    assert lab.host.request("GET", lab.path)["show_interface_labels"] is True  # as GNS3's clients keep it
    lab.host.request("PUT", lab.path, {"show_interface_labels": False})
    expect(placed).to_be_hidden()
    expect(page.get_by_role("button", name="Port names")).to_have_attribute("aria-pressed", "false")


ORDER = """names => {
  const found = names.map((name) => document.querySelector(name));
  return found.slice(1).every((each, place) => found[place].compareDocumentPosition(each) & 4);
}"""


def test_what_is_drawn_above_nodes_lies_above_them(page: Page, lab: Lab) -> None:
    box = "<svg width='300' height='90'><rect width='300' height='90' fill='{}'/></svg>"
    lab.add_node("Low", 0, 0, z=-1)
    lab.add_node("High", 200, 0, z=5)
    lab.add_link(("Low", 0, None), ("High", 0, None))
    for z in (7, 3, -2, -1):
        lab.draw(box.format("#eeeeee"), -10, -10, z=z)
    open_lab(page, lab.host, lab.project)
    expect(page.locator(".drawing")).to_have_count(4)
    names = ("[data-z='-2'] .drawing", "[data-z='-1'] .link", "[data-z='-1'] .node", "[data-z='-1'] .drawing")
    assert page.evaluate(ORDER, [*names, "[data-z='3'] .drawing", "[data-z='5'] .node", "[data-z='7'] .drawing"])
    page.locator("[aria-label^='Low,']").click()  # what lies beneath a drawing can be chosen all the same
    expect(page.locator(".node.selected")).to_have_attribute("aria-label", re.compile("^Low,"))
    lab.host.request("PUT", f"{lab.path}/nodes/{lab.ids['Low']}", {"z": 8})
    expect(page.locator("[data-z='8'] .node")).to_have_count(1)
    expect(page.locator("[data-z='5'] .link")).to_have_count(1)
    assert page.evaluate(ORDER, ["[data-z='7'] .drawing", "[data-z='8'] .node"])
