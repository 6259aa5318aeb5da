"""Our own page, used as people use it."""

import http.client
import json
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PAIR, Host
from tests.browser.lab_page import choose_link, open_lab, start_all

Box = dict[str, float]  # x, y, width, height


def box(page: Page, selector: str) -> Box:
    return boxes(page, selector)[0]


def boxes(page: Page, selector: str) -> list[Box]:
    found = [each.bounding_box() for each in page.locator(selector).all()]
    return [{edge: each[edge] for edge in ("x", "y", "width", "height")} for each in found if each is not None]


def is_within(inner: Box, outer: Box) -> bool:
    return all(
        outer[edge] <= inner[edge] and inner[edge] + inner[size] <= outer[edge] + outer[size]
        for edge, size in (("x", "width"), ("y", "height"))
    )


def overlap(a: Box, b: Box) -> bool:
    return all(
        a[edge] < b[edge] + b[size] and b[edge] < a[edge] + a[size] for edge, size in (("x", "width"), ("y", "height"))
    )


def no_two_overlap(found: list[Box]) -> bool:
    return not any(overlap(a, b) for a, b in combinations(found, 2))


def test_projects_are_made_opened_and_deleted(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.get_by_role("button", name="New project").click()
    page.get_by_role("dialog").get_by_label("Name").fill("from the page")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#title")).to_have_text("from the page")
    page.get_by_role("button", name="Add node").click()
    page.get_by_label("Type of the new node").select_option("ethernet_switch")
    page.get_by_role("button", name="Add node").click()
    expect(page.locator(".node")).to_have_count(2)
    page.get_by_role("link", name="gns3trio").click()
    row = page.locator("tr", has_text="from the page")
    row.get_by_role("button", name="Close").click()
    expect(row.locator(".status")).to_have_text("closed")
    host.request("POST", "/v2/projects", {"name": "from a client"})
    expect(page.locator("tr", has_text="from a client")).to_be_visible()
    row.get_by_role("button", name="Delete").click()
    page.locator("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_nodes_turn_green_and_the_console_answers(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    expect(page.locator(".node.started")).to_have_count(0)
    host.request("POST", f"/v2/projects/{pair['project_id']}/nodes/start", {})  # another client: the event tells
    expect(page.locator(".node.started")).to_have_count(2)
    page.locator("[aria-label^='PC1,']").dblclick()
    terminal = page.locator(".terminal .xterm-accessibility")
    page.locator(".xterm-helper-textarea").press_sequentially("show ip\n")
    expect(terminal).to_contain_text("10.0.0.1/24")


def test_a_lab_goes_on_when_its_page_is_left(page: Page, host: Host, pair: dict[str, Any]) -> None:
    """GNS3's rule closes a project 5 s after the last client that attends to it has left: the page does not."""
    with page.expect_websocket(lambda stream: "/events/ws?" in stream.url) as stream:
        open_lab(page, host, pair)
    assert f"project_id={pair['project_id']}&attend=false" in stream.value.url


def test_a_project_that_somebody_closes(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    host.request("POST", f"/v2/projects/{pair['project_id']}/close", {})
    expect(page.get_by_role("heading", name="pair was closed.")).to_be_visible()
    page.get_by_role("button", name="Open again").click()
    expect(page.locator(".node")).to_have_count(2)


def test_places_of_nodes_that_move_in_quick_succession_are_kept(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    path = f"/v2/projects/{pair['project_id']}/nodes"
    ids = {node["name"]: node["node_id"] for node in host.request("GET", path)}
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # time stands still: both moves are in one moment
    for name in ids:
        page.locator(f"[aria-label^='{name},']").focus()
        page.keyboard.press("Shift+ArrowDown")
    with page.expect_response(f"**/{ids['PC1']}"), page.expect_response(f"**/{ids['PC2']}"):
        page.clock.run_for(1000)
    assert [node["y"] for node in host.request("GET", path)] == [10, 10]


def test_a_lab_is_built_by_keyboard(page: Page, host: Host) -> None:
    project = host.lab("keys", {"nodes": PAIR["nodes"]})
    open_lab(page, host, project)
    page.locator("[aria-label^='PC1,']").focus()
    page.keyboard.press("l")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".node.selected")).to_have_attribute("aria-label", re.compile("^PC2,"))
    page.keyboard.press("Enter")
    expect(page.locator(".link")).to_have_count(1)
    page.locator("[aria-label^='PC1,']").focus()
    page.keyboard.press("Shift+ArrowDown")
    with page.expect_response("**/nodes/*"):
        page.keyboard.press("Shift+ArrowDown")
    nodes = {n["name"]: n for n in host.request("GET", f"/v2/projects/{project['project_id']}/nodes")}
    assert (nodes["PC1"]["x"], nodes["PC1"]["y"]) == (-250, 20)
    page.keyboard.press("Delete")
    page.locator("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(page.locator(".node")).to_have_count(1)
    expect(page.locator(".link")).to_have_count(0)
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


def test_a_new_node_covers_no_other(page: Page, host: Host) -> None:
    project = host.lab("many", {"nodes": {}})
    page.goto(f"{host.url}/projects/{project['project_id']}")
    for made in range(12):
        expect(page.locator(".node")).to_have_count(made)
        page.get_by_role("button", name="Add node" if made else "Add a first node").click()
    expect(page.locator(".node")).to_have_count(12)
    assert no_two_overlap(boxes(page, ".node image"))
    assert all(is_within(each, box(page, ".scene > svg")) for each in boxes(page, ".node image"))
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


def test_texts_of_parallel_links_do_not_lie_on_each_other(page: Page, host: Host) -> None:
    places = {"A": (0, 0), "B": (0, 250), "C": (300, 250)}
    nodes = {name: {"node_type": "ethernet_switch", "x": x, "y": y} for name, (x, y) in places.items()}
    ends = [["A:0", "B:0"], ["A:1", "B:1"], ["B:2", "A:2"], ["B:3", "C:3"], ["B:4", "C:4"], ["C:5", "B:5"]]
    links = [{"ends": each, "filters": {"delay": [20, 5]}} for each in ends]
    project = host.lab("parallel", {"nodes": nodes, "links": links})
    open_lab(page, host, project)
    expect(page.locator(".link .filters")).to_have_text(["delay 20 ± 5 ms"] * len(links))
    texts = boxes(page, ".link .filters")
    for text in texts:  # the edge around the letters is in the colour of the ground
        text.update(y=text["y"] + 2.5, height=text["height"] - 5)
    assert no_two_overlap(texts)
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


def test_the_drawer_covers_no_node(page: Page, host: Host, pair: dict[str, Any]) -> None:
    host.request("PUT", f"/v2/projects/{pair['project_id']}/topology", TALL)
    open_lab(page, host, pair)
    page.locator("[aria-label^='PC1,']").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)
    page.get_by_role("button", name="Console").click()
    expect(page.locator(".drawer")).to_be_visible()
    page.locator("[aria-label^='PC2,']").click()
    expect(page.locator("aside h2")).to_have_text("PC2")
    page.get_by_role("button", name="Larger").click()  # what the user looks at stays
    before = page.locator(".scene > svg > g.map").get_attribute("transform")
    page.get_by_role("button", name="Close PC1").click()
    expect(page.locator(".drawer")).to_be_hidden()
    page.evaluate(FRAME)
    assert page.locator(".scene > svg > g.map").get_attribute("transform") == before


TALL = {"nodes": {"PC1": {"node_type": "vpcs", "x": 0, "y": -250}, "PC2": {"node_type": "vpcs", "x": 0, "y": 250}}}
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def test_a_narrow_screen_shows_all(page: Page, host: Host, pair: dict[str, Any]) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    host.request("PUT", f"/v2/projects/{pair['project_id']}", {"name": "A lab with a rather long name"})
    open_lab(page, host, pair)
    start_all(page)
    for name in ("PC1", "PC2"):
        page.locator(f"[aria-label^='{name},']").click()
        expect(page.locator("aside h2")).to_have_text(name)
    page.get_by_role("button", name="Console").click()
    expect(page.locator(".drawer")).to_be_in_viewport()
    page.get_by_role("button", name="Link to…").click()
    bar = boxes(page, ".bar > *")
    assert no_two_overlap(bar)
    assert box(page, "#title")["width"] > 150
    assert not overlap(box(page, ".tools"), box(page, ".scene > svg"))
    assert box(page, ".bar")["height"] < 2 * max(each["height"] for each in bar)
    assert not overlap(box(page, "aside"), box(page, ".drawer"))
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_filters_follow_a_slider_that_is_dragged(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    applied: list[int] = []
    page.on("request", lambda request: applied.append(1) if request.method == "PUT" else None)
    page.locator("#slider-delay-0").hover(position={"x": 8, "y": 8})  # it waits until nothing moves the bar any more
    page.mouse.down()
    bar = box(page, "#slider-delay-0")
    middle = bar["y"] + bar["height"] / 2
    page.mouse.move(bar["x"] + bar["width"] / 2, middle, steps=50)
    expect(page.locator(".link .filters")).to_have_text("delay 150 ms")  # before the button is released
    assert len(applied) < 25
    page.mouse.up()


def test_the_same_message_is_shown_once(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".message")).to_contain_text("3 times")


@pytest.mark.refused_requests
def test_a_path_that_is_none_leads_home(page: Page, host: Host) -> None:
    reply = page.goto(f"{host.url}/nowhere")
    assert reply is not None
    assert reply.status == 404
    page.get_by_role("link", name="Projects").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


def test_a_drawing_can_do_nothing(page: Page, host: Host) -> None:
    script = "<script>window.hacked=1</script>"
    svg = f"<svg width='90' height='90' onload='window.hacked=1'>{script}<rect width='9' height='9'/></svg>"
    project = host.lab("drawing", {**PAIR, "drawings": [{"svg": svg}]})
    open_lab(page, host, project)
    expect(page.locator("svg image[href^='data:']")).to_have_count(1)
    assert page.evaluate("window.hacked") is None
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


def test_a_link_of_a_file_with_one_end_is_in_nobodys_way(page: Page, host: Host, pair: dict[str, Any]) -> None:
    path = f"/v2/projects/{pair['project_id']}"
    host.request("POST", f"{path}/close")
    file = Path(pair["path"]) / pair["filename"]
    document = json.loads(file.read_bytes())
    links = document["topology"]["links"]
    links += [{**links[0], "link_id": str(uuid4()), "nodes": ends} for ends in ([], links[0]["nodes"][:1])]
    file.write_text(json.dumps(document))
    host.request("POST", f"{path}/open")
    open_lab(page, host, pair)
    expect(page.locator(".link")).to_have_count(1)
    page.locator("[aria-label^='PC1,']").focus()
    for expected in ("^Link PC1", "^PC2,"):
        page.keyboard.press("ArrowRight")
        expect(page.locator(".scene .selected")).to_have_attribute("aria-label", re.compile(expected))


NODES = 1000
EVENTS_A_SECOND = 240
# Before the page begins: when all nodes are painted, and how many events come.
WATCH = """count => {
  window.events = 0;
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(...all) {
      super(...all);
      this.addEventListener('message', ({data}) => { window.events += data.split('"node.updated"').length - 1; });
    }
  };
  new MutationObserver((_, seen) => {
    if (document.getElementsByClassName('node').length < count) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.drawn = performance.now(); }));
  }).observe(document, {subtree: true, childList: true});
}"""

# When the drawing is updated: at most once a frame.
COUNT = """() => {
  [window.before, window.begin, window.updates] = [window.events, performance.now(), []];
  new MutationObserver(() => {
    window.updates.push((performance.now() - window.begin) / 1000);
  }).observe(document.querySelector('.scene > svg'), {subtree: true, attributes: true, childList: true});
}"""
SHOWS = """moved => [...document.getElementsByClassName('node')].every(
  (node) => node.transform.baseVal[0].matrix.e === moved[node.dataset.id])"""


def move_all(host: Host, path: str) -> None:
    """Another client moves every node once, some hundred a second."""
    nodes = [node["node_id"] for node in host.request("GET", f"{path}/nodes")]
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc)
    begin = time.monotonic()
    for n in range(NODES):
        time.sleep(max(begin + n / EVENTS_A_SECOND - time.monotonic(), 0))
        connection.request("PUT", f"{path}/nodes/{nodes[7 * n % NODES]}", json.dumps({"x": 37 * n % 4000 + 5}))
        connection.getresponse().read()
    connection.close()


def big_lab() -> dict[str, Any]:
    """1,000 nodes: hubs with seven hubs each, in a tree."""
    nodes = {f"H{n}": {"node_type": "ethernet_hub", "x": 110 * (n % 40), "y": 110 * (n // 40)} for n in range(NODES)}
    links = [{"ends": [f"H{(n - 1) // 7}:{(n - 1) % 7}", f"H{n}:7"]} for n in range(1, NODES)]
    return {"nodes": nodes, "links": links}


def test_a_thousand_nodes_stay_usable(page: Page, host: Host) -> None:
    project = host.lab("big", big_lab())
    path = f"/v2/projects/{project['project_id']}"
    page.add_init_script(f"({WATCH})({NODES})")
    open_lab(page, host, project)
    expect(page.locator(".node")).to_have_count(NODES)
    expect(page.locator(".link")).to_have_count(NODES - 1)
    page.wait_for_function("window.drawn")
    paint = page.evaluate("Math.max(...performance.getEntriesByType('paint').map((each) => each.startTime))")
    drawn = page.evaluate("window.drawn")
    print(f"\n{NODES} nodes: first paint {paint:.0f} ms, all drawn {drawn:.0f} ms")
    page.evaluate(COUNT)
    move_all(host, path)
    page.wait_for_function(SHOWS, arg={node["node_id"]: node["x"] for node in host.request("GET", f"{path}/nodes")})
    updates, events = page.evaluate("[window.updates, window.events - window.before]")
    pause = max(later - before for before, later in pairwise([0, *updates]))
    rates = [count / updates[-1] for count in (events, len(updates))]
    print(f"{rates[0]:.0f} events/s: {rates[1]:.1f} updates/s, the longest pause {1000 * pause:.0f} ms")
    assert 2 < len(updates) < NODES  # while they come, and not for each
    expect(page.locator(".node .lamp").first).to_be_visible()  # however far
    page.get_by_label("Find a node or link").fill("H777")
    page.locator("aside .list button").first.click()
    expect(page.locator("aside h2")).to_have_text("H777")
    expect(page.locator("[aria-label^='H777,'] text")).to_be_visible()  # so near that it can be read
    chosen, scene = box(page, "[aria-label^='H777,'] image"), box(page, ".scene > svg")
    assert abs(chosen["x"] + chosen["width"] / 2 - scene["x"] - scene["width"] / 2) < 5
    assert abs(chosen["y"] + chosen["height"] / 2 - scene["y"] - scene["height"] / 2) < 5
    host.request("DELETE", path)


def test_the_viewer_of_the_api(page: Page, host: Host) -> None:
    page.goto(f"{host.url}/docs")
    expect(page.get_by_role("heading", name="gns3trio")).to_be_visible()
    page.locator("#operations-tag-Topology").click()
    page.locator(".opblock", has_text="batch").click()
    expect(page.get_by_text("all or nothing").first).to_be_visible()
