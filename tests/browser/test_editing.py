"""Editing on the map: many at once, undo and redo, links from port to port, menus, copies, grid and locks."""

import re
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab

Json = dict[str, Any]
PCS = ("PC1", "PC2", "PC3")
SCRIPT = "ip 10.0.0.1/24\n"
LAB = {
    "nodes": {
        **{
            name: {"node_type": "vpcs", "x": 150 * place, "y": 150, "properties": {"startup_script": SCRIPT}}
            for place, name in enumerate(PCS)
        },
        "SW": {"node_type": "ethernet_switch", "x": 150, "y": -50},
    },
    "links": [
        {
            "ends": ["PC1", "SW:1"],
            "filters": {"delay": [20, 5]},
            "impairments": [{"type": "rate", "bits_per_second": 512000}],
        },
        {"ends": ["PC2", "SW:2"], "link_style": {"color": "#ff0000"}},
    ],
    "drawings": [{"svg": '<svg width="40" height="20"><rect width="40" height="20"/></svg>', "x": 20, "y": 60}],
}


@pytest.fixture
def lab(host: Host, labs: list[Json]) -> Json:
    labs.append(host.lab("editing", LAB))
    return labs[-1]


class Edited:
    """What a lab has on the server."""

    def __init__(self, host: Host, project: Json) -> None:
        self.host = host
        self.path = f"/v2/projects/{project['project_id']}"

    def all(self, kind: str) -> list[Json]:
        found: list[Json] = self.host.request("GET", f"{self.path}/{kind}")
        return found

    def node(self, name: str) -> Json:
        (node,) = [node for node in self.all("nodes") if node["name"] == name]
        return node

    def contents(self) -> dict[str, list[Json]]:
        """All that a user has made, with the scripts; not what the server chooses anew."""
        kinds = ("nodes", "links", "drawings", "impairments")
        found = {kind: sorted(self.all(kind), key=lambda each: str(sorted(each.items()))) for kind in kinds}
        for node in found["nodes"]:
            for name in ("console", "command_line"):
                del node[name]
            if node["node_type"] == "vpcs":
                with urlopen(f"{self.host.url}{self.path}/nodes/{node['node_id']}/files/startup.vpc") as file:
                    node["script"] = file.read()
        return found


def node_of(page: Page, name: str) -> Locator:
    return page.locator(f".node[aria-label^='{name},'] image")


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def middle(locator: Locator) -> tuple[float, float]:
    found = box(locator)
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def surround_all(page: Page) -> None:
    """A rubber band around the whole map."""
    area = box(page.locator("svg[aria-label=Lab]"))
    page.keyboard.down("Shift")
    page.mouse.move(area["x"] + 5, area["y"] + 5)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 5, area["y"] + area["height"] - 5, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")


def test_many_are_moved_deleted_and_brought_back(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    open_lab(page, host, lab)
    told = page.locator("#messages")
    before = edited.contents()
    surround_all(page)
    expect(page.locator("aside h2")).to_have_text("4 nodes, 2 links and 1 drawing")
    node_of(page, "SW").hover()
    page.mouse.down()
    page.mouse.move(*(each + 40 for each in middle(node_of(page, "SW"))), steps=3)
    page.mouse.up()
    expect(page.get_by_role("button", name="Undo")).to_have_attribute(
        "title", "Undo: Move 4 nodes and 1 drawing (Ctrl+Z)"
    )
    moved = edited.contents()
    dx = edited.node("PC1")["x"]
    assert dx > 0
    assert [(n["x"] - o["x"]) for n, o in zip(moved["nodes"], before["nodes"], strict=True)] == [dx] * 4
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Undo brings them back.")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".node, .link, .drawing")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(told).to_contain_text("Undone: Delete 4 nodes, 2 links and 1 drawing.")
    assert edited.contents() == moved
    page.keyboard.press("Control+Shift+z")
    expect(told).to_contain_text("Redone: Delete")
    expect(page.locator(".node")).to_have_count(0)
    page.reload()  # the changes outlive it
    for left in ("Move", None):
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Undo")).to_be_focused()
        expect(told).to_contain_text("Undone: Delete" if left else "Undone: Move")
    assert edited.contents() == before


def test_what_others_have_changed_is_not_overwritten(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    open_lab(page, host, lab)
    page.locator("[aria-label^='PC1,']").focus()
    page.keyboard.press("Shift+ArrowDown")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_enabled()
    host.request("PUT", f"{edited.path}/nodes/{edited.node('PC1')['node_id']}", {"y": 7})
    undo.click()
    expect(page.locator(".message.error")).to_contain_text("PC1 was changed meanwhile by somebody else")
    assert edited.node("PC1")["y"] == 7
    expect(undo).to_be_disabled()


@pytest.mark.refused_requests  # what was not created cannot be deleted
def test_a_page_that_is_left_while_it_pastes_can_take_that_back(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    before = edited.contents()
    open_lab(page, host, lab)
    node_of(page, "PC1").focus()
    page.keyboard.press("Control+a")
    # The links of the copies are never answered.
    page.route("**/links", lambda route: None if route.request.method == "POST" else route.continue_())
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/links")):
        page.keyboard.press("Control+d")
    page.unroute("**/links")
    page.reload()
    expect(page.locator(".message.warning")).to_contain_text(
        "“Duplicate 4 nodes, 2 links and 1 drawing” was perhaps not"
    )
    assert len(edited.all("nodes")) == 8
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Undone: Duplicate")
    assert edited.contents() == before


def test_a_node_gets_a_name_that_is_free(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    open_lab(page, host, lab)
    node_of(page, "PC1").click()
    page.locator("aside").get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("PC2")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_contain_text("Another node has this name.")
    expect(dialog.get_by_label("Name")).to_have_value("PC2")
    dialog.get_by_label("Name").fill("Desk")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.locator("aside h2")).to_have_text("Desk")
    host.request("PUT", f"{edited.path}/nodes/{edited.node('PC2')['node_id']}", {"name": "PC1"})
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".message.error")).to_contain_text("another node has the name PC1 now")
    assert edited.node("Desk")


def test_the_escape_key_ends_a_drag_and_nothing_was_moved(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    before = edited.contents()
    open_lab(page, host, lab)
    x, y = middle(node_of(page, "PC1"))
    start = box(node_of(page, "PC1"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    assert box(node_of(page, "PC1")) != start
    page.keyboard.press("Escape")
    page.mouse.move(x + 90, y + 70, steps=4)
    page.mouse.up()
    assert box(node_of(page, "PC1")) == start
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert edited.contents() == before

    # What was typed into the form of a node that somebody deletes is not lost without a word.
    node_of(page, "PC1").click()
    page.locator("aside").get_by_role("tab", name="Settings").click()
    page.locator("aside").get_by_label("Name").fill("typed")
    host.request("DELETE", f"{edited.path}/nodes/{edited.node('PC1')['node_id']}")
    expect(page.locator(".message.warning")).to_contain_text("PC1 was deleted. What you have typed")


def test_links_lead_from_port_to_port(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    open_lab(page, host, lab)
    node_of(page, "PC3").hover()
    page.mouse.move(*middle(page.locator(".handle")))
    page.mouse.down()
    page.mouse.move(*middle(node_of(page, "SW")), steps=3)
    expect(page.locator(".new-link")).to_be_attached()
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Port of SW").select_option("Ethernet5")
    dialog.get_by_role("button", name="Link").click()
    expect(page.locator("aside h2")).to_have_text(re.compile("^PC3 e0 . SW e5$"))
    page.keyboard.press("Control+z")
    expect(page.locator(".link")).to_have_count(2)

    page.keyboard.press("Escape")
    add = page.get_by_role("button", name="Add link")
    add.click()
    hint = page.locator(".map-hint")
    expect(hint).to_have_text("Click the first node (Esc cancels).")
    page.keyboard.press("Escape")
    expect(hint).to_be_hidden()
    expect(add).to_be_focused()
    add.click()
    node_of(page, "PC3").click()
    expect(hint).to_have_text("Link PC3: click the second node (Esc cancels).")
    node_of(page, "SW").click()
    page.keyboard.press("Enter")  # the first free ports are the default
    expect(page.locator(".link")).to_have_count(3)
    expect(page.locator("aside h2")).to_have_text(re.compile("^PC3 e0 . SW e0$"))
    assert len(edited.all("links")) == 3


def test_menus_and_copies(page: Page, host: Host, lab: Json, labs: list[Json]) -> None:
    open_lab(page, host, lab)
    menu = page.get_by_role("menu")
    node_of(page, "PC2").click(button="right")
    expect(menu.get_by_role("menuitem", name="Console")).to_be_visible()
    expect(menu.get_by_role("menuitem", name="Reload")).to_have_attribute("aria-disabled", "true")
    menu.get_by_role("menuitem", name="Start").click()
    expect(page.locator(".node.started[aria-label^='PC2,']")).to_be_visible()
    node_of(page, "PC2").click(button="right")
    with page.expect_response(re.compile("/reload$")):
        menu.get_by_role("menuitem", name="Reload").click()
    page.keyboard.press("F2")
    dialog = page.get_by_role("dialog", name="Rename PC2")
    dialog.get_by_label("Name").fill("PC3")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Another node has this name.")
    dialog.get_by_label("Name").fill("PC5")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-label^='PC5,']")).to_be_visible()
    page.keyboard.press("Control+z")
    node_of(page, "PC2").click(button="right")
    page.keyboard.press("Escape")
    expect(page.locator("[aria-label^='PC2,']")).to_be_focused()
    page.keyboard.press("Shift+F10")
    menu.get_by_role("menuitem", name="Duplicate").press("Enter")
    expect(page.locator(".node")).to_have_count(5)
    page.keyboard.press("Control+z")
    expect(page.locator(".node")).to_have_count(4)

    node_of(page, "PC1").click()
    node_of(page, "SW").click(modifiers=["Control"])
    expect(page.locator("aside h2")).to_have_text("2 nodes")
    page.keyboard.press("Control+c")
    expect(page.locator("#messages")).to_contain_text("Copied 2 nodes and 1 link.")
    page.keyboard.press("Control+v")
    expect(page.locator(".node")).to_have_count(6)
    expect(page.locator("aside h2")).to_have_text("2 nodes and 1 link")

    other = host.lab("other", {"nodes": {"X": {"node_type": "ethernet_hub"}}})
    labs.append(other)
    open_lab(page, host, other)
    page.get_by_role("button", name="Paste").click()
    expect(page.locator(".node")).to_have_count(3)
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", re.compile("Paste 2 nodes and 1 link"))
    pasted = Edited(host, other)
    (link,) = pasted.all("links")
    assert link["filters"] == {"delay": [20, 5]}
    assert len(pasted.all("impairments")[0]["impairments"]) == 1
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.setData('text/plain', '{"format": "gns3trio-objects", "version": 1, "nodes": [{"body": {"node_id": 5}}]}');
      document.body.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: data}));
    }""")
    expect(page.locator(".message.error")).to_contain_text("damaged at nodes[0].node_id")
    expect(page.locator(".node")).to_have_count(3)


def test_grid_layers_locks_and_keys(page: Page, host: Host, lab: Json) -> None:
    edited = Edited(host, lab)
    open_lab(page, host, lab)
    for name in ("Grid", "Snap"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".grid")).to_be_visible()
    assert {host.request("GET", edited.path)[name] for name in ("show_grid", "snap_to_grid")} == {True}
    page.locator("[aria-label^='PC1,']").focus()
    with page.expect_response("**/nodes/*"):
        page.keyboard.press("Shift+ArrowRight")
    node = edited.node("PC1")
    assert (node["x"] + node["width"] / 2) % 75 == pytest.approx(0, abs=1)
    page.keyboard.press("]")
    expect(page.locator("[data-z='2'] [aria-label^='PC1,']")).to_be_visible()
    page.locator("[aria-label^='PC2,']").focus()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(page.locator("[aria-label^='PC2,']")).to_have_count(0)
    expect(
        page.locator("[aria-label^='PC1,'], [aria-label^='PC3,'], [aria-label^='SW,']").and_(page.locator(":focus"))
    ).to_have_count(1)
    page.locator("[aria-label^='PC1,']").press("Space")  # what has the focus now is not chosen by that
    page.keyboard.press("Shift+L")
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", "Undo: Lock PC1 (Ctrl+Z)")
    expect(page.locator("[aria-label^='PC1,'][aria-label$=', locked']")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.locator(".message.error")).to_contain_text("PC1 is locked. Unlock it first.")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Undo")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(page.locator("[aria-label^='PC1,']")).to_be_focused()
