"""Drawings, labels and styles of links are made and changed by mouse and keyboard, and stored as GNS3's clients do."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import choose_link, open_lab

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63fccfc0500f00048401"
    "8084a98c210000000049454e44ae426082"
)


def drag(page: Page, start: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + by[0] / 2, start[1] + by[1] / 2)
    page.mouse.move(start[0] + by[0], start[1] + by[1])
    page.mouse.up()


def middle(what: Locator) -> tuple[float, float]:
    box = what.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawings(host: Host, project: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = host.request("GET", f"/v2/projects/{project['project_id']}/drawings")
    return found


def empty_place(page: Page) -> tuple[float, float]:
    """A point of the map without objects; the map has the focus then."""
    map_box = page.locator(".scene > svg").bounding_box()
    assert map_box is not None
    place = map_box["x"] + 60, map_box["y"] + map_box["height"] - 200
    page.mouse.click(*place)
    return place


@pytest.mark.refused_requests  # a redo asks whether the drawing is there
def test_a_shape_is_drawn_changed_and_taken_back(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    x, y = empty_place(page)
    page.keyboard.press("b")
    expect(page.locator(".drawing-hint")).to_contain_text("Drag to draw a rectangle")
    drag(page, (x, y), (200, 100))
    shape = page.get_by_role("button", name="Rectangle", exact=True).and_(page.locator(".drawing"))
    expect(shape).to_have_class(re.compile("selected"))
    [made] = drawings(host, pair)
    assert re.fullmatch(
        r'<svg height="(\d+)" width="(\d+)"><rect fill="#dbe7f5" fill-opacity="1.0" height="\1" stroke="#5b6f8a" '
        r'stroke-width="2" width="\2" /></svg>',
        made["svg"],
    )
    panel = page.locator("aside")
    panel.get_by_label("Border style").select_option("dash-dot")
    panel.get_by_label("Fill").fill("#ff0000")
    panel.get_by_label("Corner radius").fill("8")
    panel.get_by_label("Corner radius").press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", re.compile("corner radius"))
    [changed] = drawings(host, pair)
    for part in ('fill="#ff0000"', 'stroke-dasharray="5, 25, 25"', 'rx="8"'):
        assert part in changed["svg"]

    drag(page, middle(page.locator(".handle.se")), (60, 40))
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", re.compile("Resize"))
    shape.focus()
    page.keyboard.press("r")
    expect(panel.get_by_label("Rotation")).to_have_value("15")
    [turned] = drawings(host, pair)
    assert (turned["rotation"], turned["svg"] == changed["svg"]) == (15, False)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(panel.get_by_label("Corner radius")).to_have_value("0")
    assert drawings(host, pair)[0]["svg"] == changed["svg"].replace(' rx="8" ry="8"', "")
    page.reload()
    expect(page.locator(".drawing")).to_have_count(1)
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    expect(page.locator(".drawing")).to_have_count(0)
    page.get_by_role("button", name="Redo").click()
    expect(page.locator(".drawing")).to_have_count(1)
    assert drawings(host, pair) == [made]


def test_a_note_is_typed_where_it_stands(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    place = empty_place(page)
    page.keyboard.press("t")
    page.mouse.click(*place)
    page.keyboard.type("R&D <office>")
    page.keyboard.press("Enter")
    page.keyboard.type("10.0.0.0/24")
    page.keyboard.press("Escape")
    note = page.get_by_role("button", name="Note “R&D <office> 10.0.0.0/24”")
    expect(note).to_be_focused()
    [made] = drawings(host, pair)
    assert made["svg"].endswith(">R&amp;D &lt;office&gt;\n10.0.0.0/24</text></svg>")
    page.keyboard.press("F2")
    page.keyboard.type("Sales")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Note “Sales”")).to_be_focused()
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # without a text there is no note
    assert len(drawings(host, pair)) == 1


def test_a_picture_is_added_and_others_are_refused(
    page: Page, host: Host, pair: dict[str, Any], tmp_path: Path
) -> None:
    open_lab(page, host, pair)
    hostile = "onload='top.x = 1'><script>top.x = 1</script>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20' {hostile}</svg>"
    files = {"a.png": PNG, "a.svg": svg.encode(), "a.txt": b"hello"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for count, name in enumerate(("a.png", "a.svg"), 1):
        page.locator("#picture-file").set_input_files(tmp_path / name)
        expect(page.locator(".drawing")).to_have_count(count)
    assert ['xlink:href="data:image/png;base64,' in each["svg"] for each in drawings(host, pair)] == [True, False]
    assert page.evaluate("window.x") is None
    page.locator("#picture-file").set_input_files(tmp_path / "a.txt")
    expect(page.locator(".message.error")).to_contain_text("a.txt is not a picture. PNG, JPEG and SVG are possible.")


def test_labels_and_links_get_another_look(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    path = f"/v2/projects/{pair['project_id']}"
    node = page.locator("[aria-label^='PC1,']")
    node.click()
    drag(page, middle(node.locator(".label-part")), (50, 30))
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("title", re.compile("Move the label of PC1"))
    [first] = [each for each in host.request("GET", f"{path}/nodes") if each["name"] == "PC1"]
    assert (first["x"], first["label"]["x"] is None) == (-250, False)
    page.get_by_role("tab", name="Look").click()
    page.locator("aside").get_by_label("Rotation").fill("90")
    page.locator("aside").get_by_label("Rotation").press("Enter")
    expect(undo).to_have_attribute("title", re.compile("Change the label of PC1"))
    [turned] = [each for each in host.request("GET", f"{path}/nodes") if each["name"] == "PC1"]
    assert turned["label"]["rotation"] == 90

    choose_link(page)
    page.get_by_role("tab", name="Look").click()
    page.locator("aside").get_by_label("Line", exact=True).select_option("dots")
    expect(undo).to_have_attribute("title", re.compile("Change the style of"))
    drag(page, middle(page.locator(".port-names .label-part").first), (10, 40))
    expect(undo).to_have_attribute("title", re.compile("Move a port label"))
    [link] = host.request("GET", f"{path}/links")
    assert link["link_style"] == {"type": 3}
    assert ["x" in end["label"] for end in link["nodes"]] == [True, False]
    undo.click()
    expect(undo).to_have_attribute("title", re.compile("Change the style of"))
    assert not any("x" in end["label"] for end in host.request("GET", f"{path}/links")[0]["nodes"])
