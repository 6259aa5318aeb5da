"""The page of a lab on the screen of a phone, with fingers."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.hands import Fingers
from tests.browser.lab_page import open_lab

COLUMNS = 4
NODES = {
    f"Node{n}": {"node_type": "ethernet_hub", "x": 130 * (n % COLUMNS), "y": 130 * (n // COLUMNS)} for n in range(24)
}
NODES["Node0"]["node_type"] = "vpcs"  # it has a console
# The scale of the map.
SCALE = "() => new DOMMatrix(getComputedStyle(document.querySelector('.map')).transform).a"
LEAST_LETTERS = 8  # pixels
LEAST_TARGET = 44


def test_a_lab_on_a_phone(phone: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    labs.append(host.lab("phone", {"nodes": NODES}))
    open_lab(phone, host, labs[-1])
    names = phone.locator(".node text")
    expect(names).to_have_count(24)
    for name in (names.first, names.last):  # at this scale, too
        box = name.bounding_box()
        assert box is not None and box["height"] > LEAST_LETTERS

    sheet, handle = phone.locator("aside"), phone.get_by_role("button", name="Show all details")
    svg = phone.locator(".scene > svg").bounding_box()
    assert svg is not None and svg["height"] > 844 / 2  # the map is first
    phone.locator("[aria-label^='Node0,']").tap()
    expect(sheet.get_by_role("heading", name="Node0")).to_be_in_viewport()
    assert phone.locator(".scene > svg").bounding_box() == svg  # it has not moved under the finger
    handle.tap()
    expect(sheet.get_by_text("Ports")).to_be_in_viewport()
    phone.get_by_role("button", name="Show less of the details").tap()
    expect(handle).to_be_visible()

    for target in phone.locator(":is(.tools, aside) :is(button, select):visible").all():
        size = target.bounding_box()
        assert size is not None and size["height"] >= LEAST_TARGET, target

    handle.tap()
    sheet.get_by_role("button", name="Console").tap()
    expect(handle).to_be_visible()  # the sheet does not cover what was opened
    console = phone.get_by_role("group", name="Console of Node0")
    expect(console).to_be_in_viewport()
    console.get_by_role("button", name="Start").tap()
    expect(console).to_contain_text("to get help")
    console.get_by_role("textbox").press_sequentially("show ip\n")
    expect(console).to_contain_text("MASK")
    console.get_by_role("button", name="Up").tap()  # the keyboard of a phone has no such key
    expect(console).to_contain_text(re.compile("MASK.*show ip", re.DOTALL))
    phone.get_by_role("button", name="Close Node0").tap()
    expect(phone.locator(".drawer")).to_be_hidden()

    before = phone.evaluate(SCALE)
    hands = Fingers(phone, phone.context.new_cdp_session(phone))
    hands.pinch(svg["x"] + svg["width"] / 2, svg["y"] + svg["height"] / 2, 20, 60)
    phone.wait_for_function(f"before => ({SCALE})() > 1.8 * before", arg=before)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
