"""A lab with thousands of nodes on our page: groups at a distance, nodes when near, a search, and few elements."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Host

Json = dict[str, Any]
NODES = 2000
COLUMNS = 50
PCS = 4  # the last nodes are VPCS, which can be stopped
# Ten elements each for 400 nodes and 500 links, and what surrounds them.
MOST_ELEMENTS = 10_000
MOST_ROWS = 60


def hub(number: int, **fields: Any) -> Json:
    return {
        "node_type": "vpcs" if number >= NODES - PCS else "ethernet_hub",
        "x": 130 * (number % COLUMNS),
        "y": 110 * (number // COLUMNS),
        **fields,
    }


def large_lab() -> Json:
    """A grid of hubs, each row a chain."""
    nodes = {f"H{n}": hub(n) for n in range(NODES)}
    links = [{"ends": [f"H{n}:0", f"H{n + 1}:1"]} for n in range(NODES - PCS - 1) if (n + 1) % COLUMNS]
    return {"nodes": nodes, "links": links}


@pytest.fixture(scope="module")
def large(host: Host) -> Iterator[Json]:
    project = host.lab("large", large_lab())
    yield project
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


@pytest.fixture
def piled(host: Host, labs: list[Json]) -> Json:
    """All nodes at one place, as an API client makes them that gives none."""
    nodes = {f"H{n}": {"node_type": "ethernet_hub", "x": 0, "y": 0} for n in range(1300)}
    labs.append(host.lab("piled", {"nodes": nodes}))
    return labs[-1]


# Whether the groups, and the nodes without one, are all nodes: they are drawn over several frames.
ALL_DRAWN = """count => {
  const texts = [...document.querySelectorAll('.scene .group text')].map((each) => each.textContent);
  const groups = texts.map((text) => Number(text.replace(',', '')));
  return groups.reduce((sum, each) => sum + each, document.querySelectorAll('.scene .node').length) === count;
}"""


def open_far(page: Page, host: Host, project: Json, nodes: int = NODES) -> None:
    page.goto(f"{host.url}/projects/{project['project_id']}")
    page.wait_for_function(ALL_DRAWN, arg=nodes)


def groups(page: Page) -> Locator:
    return page.locator(".scene .group")


def zoom_in(page: Page, place: Locator) -> None:
    """Turn the wheel over something until nodes have their names."""
    box = place.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(30):
        if page.locator(".scene .node text").first.is_visible():
            break
        page.mouse.wheel(0, -100)
        page.evaluate("new Promise(requestAnimationFrame)")
    expect(groups(page)).to_have_count(0)


def elements(page: Page) -> int:
    count: int = page.evaluate("document.getElementsByTagName('*').length")
    return count


def test_at_a_distance_nodes_are_groups(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    assert 10 < groups(page).count() < 200
    assert page.locator(".bundle").count() > 0
    assert elements(page) < MOST_ELEMENTS / 4
    label = groups(page).first.get_attribute("aria-label")
    assert label is not None
    assert re.fullmatch(r"Group of [\d,]+ nodes, [\d,]+ started", label)


def test_groups_resolve_when_they_are_neared(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    zoom_in(page, groups(page).nth(groups(page).count() // 2))
    expect(page.locator(".scene .node text").first).to_be_visible()
    expect(page.locator(".scene .link").first).to_be_visible()
    assert page.locator(".scene .node").count() < 500
    assert elements(page) < MOST_ELEMENTS
    page.get_by_role("button", name="Fit").click()
    expect(groups(page).first).to_be_visible()
    assert elements(page) < MOST_ELEMENTS / 4


def test_a_double_click_nears_a_group(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    groups(page).nth(groups(page).count() // 2).dblclick()
    expect(groups(page)).to_have_count(0)
    expect(page.locator(".scene .node text").first).to_be_visible()
    expect(page.locator(".scene .selected")).to_have_count(0)


def test_what_comes_into_view_is_drawn(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    zoom_in(page, groups(page).first)
    first = page.locator(".scene .node").first.get_attribute("aria-label")
    box = page.locator(".scene > svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 9, box["y"] + box["height"] - 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 9, box["y"] + 9, steps=5)
    page.mouse.up()
    expect(page.locator(f'.scene .node[aria-label="{first}"]')).to_have_count(0)
    expect(page.locator(".scene .node text").first).to_be_visible()


def test_a_node_is_found_by_the_keyboard(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    page.keyboard.press("/")
    page.keyboard.type("h1777")
    expect(page.locator(".overview [role='status']")).to_have_text(re.compile("^3 found"))  # with its links
    page.keyboard.press("Enter")
    expect(page.locator("aside h2")).to_have_text("H1777")
    node = page.locator("[aria-label^='H1777,']")
    expect(node).to_be_focused()
    expect(node).to_have_class(re.compile("selected"))
    expect(node).to_be_in_viewport()
    expect(node.locator("text")).to_be_visible()
    page.keyboard.press("Control+f")  # the next one
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("aside h2")).to_have_text(re.compile("H1777 e. . H1778|H1776 e. . H1777"))
    page.keyboard.press("/")
    expect(page.get_by_label("Find a node or link")).to_have_value("h1777")
    page.keyboard.type("stopped vpcs")
    expect(page.locator("aside .list li")).to_have_count(PCS)


def test_a_list_of_all_has_the_rows_in_view(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    rows = page.locator("aside .list li")
    expect(rows.first).to_have_text(re.compile("^H0started"))
    assert rows.count() < MOST_ROWS
    links = len(large_lab()["links"])
    expect(rows.first).to_have_attribute("aria-setsize", str(NODES + links))
    rows.first.locator("button").focus()
    page.keyboard.press("End")
    last = page.locator("aside .list li:focus-within")
    expect(last).to_have_attribute("aria-posinset", str(NODES + links))
    assert rows.count() < MOST_ROWS
    page.keyboard.press("ArrowUp")
    expect(last).to_have_attribute("aria-posinset", str(NODES + links - 1))


def test_groups_are_reached_and_opened_by_the_keyboard(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    page.locator(".scene > svg [tabindex='0']").focus()
    first = page.locator(".scene :focus").get_attribute("data-id")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".group.selected")).to_be_focused()
    assert page.locator(".scene :focus").get_attribute("data-id") != first
    expect(page.locator("aside h2")).to_have_text(re.compile("^Group of"))
    expect(page.locator("aside .list li").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(groups(page)).to_have_count(0)
    expect(page.locator(".scene .node.selected")).to_be_focused()
    expect(page.locator("aside h2")).to_have_text(re.compile(r"^H\d+$"))


def test_a_list_of_ports_has_the_rows_in_view(page: Page, host: Host, labs: list[Json]) -> None:
    ports = [{"name": f"e{n}", "port_number": n} for n in range(1000)]
    switch = {"node_type": "ethernet_hub", "properties": {"ports_mapping": ports}}
    labs.append(
        host.lab("ports", {"nodes": {"A": switch, "B": {**switch, "x": 300}}, "links": [{"ends": ["A:700", "B:3"]}]})
    )
    page.goto(f"{host.url}/projects/{labs[-1]['project_id']}")
    page.locator("[aria-label^='A,']").click()
    rows = page.locator("aside .list li")
    expect(rows.first).to_have_text("e0free")
    assert rows.count() < MOST_ROWS
    page.locator("aside .rows").evaluate("(list) => { list.scrollTop = list.scrollHeight * 0.7; }")
    page.locator("aside .list").get_by_role("button", name="e700 B e3").click()
    expect(page.locator("aside h2")).to_contain_text("A e700")


def test_a_group_tells_what_runs(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    path = f"/v2/projects/{large['project_id']}/nodes"
    name = "aria-label"
    labels = [each.get_attribute(name) or "" for each in groups(page).all()]
    counts = [[int(each) for each in re.findall(r"\d+", label.replace(",", ""))] for label in labels]
    assert sum(count - started for count, started in counts) == PCS
    host.request("POST", f"{path}/start", {})
    expect(page.locator("aside .hint").first).to_contain_text(f"{NODES:,} started")
    for each in groups(page).all():
        expect(each).to_have_attribute(name, re.compile(r"Group of ([\d,]+) nodes, \1 started"))
    host.request("POST", f"{path}/stop", {})


def test_the_selected_node_is_drawn_however_far(page: Page, host: Host, large: Json) -> None:
    open_far(page, host, large)
    page.keyboard.press("/")
    page.keyboard.type("H1234")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-label^='H1234,']")).to_be_focused()
    page.get_by_role("button", name="Fit").click()
    expect(groups(page).first).to_be_visible()
    expect(page.locator(".scene .node.selected")).to_have_attribute("aria-label", re.compile("^H1234,"))


def test_nodes_at_one_place_can_be_chosen(page: Page, host: Host, piled: Json) -> None:
    open_far(page, host, piled, 1300)
    expect(groups(page)).to_have_count(1)
    groups(page).click()
    expect(page.locator("aside h2")).to_have_text("Group of 1,300 nodes")
    page.get_by_label("Find a node or link").fill("H777")
    page.keyboard.press("Enter")
    expect(page.locator("aside h2")).to_have_text("H777")
    expect(page.locator(".scene .node")).to_have_count(1)


def test_a_lab_that_grows_is_grouped_and_one_that_shrinks_is_not(page: Page, host: Host, piled: Json) -> None:
    path = f"/v2/projects/{piled['project_id']}"
    open_far(page, host, piled, 1300)
    nodes = host.request("GET", f"{path}/nodes")
    for node in nodes[:101]:
        host.request("DELETE", f"{path}/nodes/{node['node_id']}")
    expect(page.locator(".scene .node")).to_have_count(1199)
    expect(groups(page)).to_have_count(0)
    body = {"node_type": "ethernet_hub", "compute_id": "local"}
    new = [{**body, "name": f"N{n}", "x": 0, "y": 0} for n in range(2)]
    host.request("POST", f"{path}/batch", {"nodes": new})
    expect(groups(page)).to_have_count(1)
    expect(groups(page)).to_have_attribute("aria-label", re.compile("^Group of 1,201 nodes"))
    expect(page.locator(".scene .node")).to_have_count(0)
