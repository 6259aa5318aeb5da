"""The campus of the documents is made on the page, and used: with a mouse and a keyboard, and with fingers on a phone.

The server is only asked whether what was made is right.
"""

import re

from playwright.sync_api import Page, expect

from tests.browser.campus import CAMPUS, Json, lab_of, make_campus, open_new_lab, outline, wire
from tests.browser.conftest import Host
from tests.browser.document_pictures import take_picture
from tests.browser.hands import Fingers, Hands, Mouse, at, node, tool
from tests.browser.lab_page import show_tab

NODES = 25
# Of a ping that is delayed by 40 ms there and back, or longer beside other work.
DELAYED = r"time=([89]\d|\d{3,})\."


def test_a_campus_by_mouse_and_keyboard(page: Page, host: Host, labs: list[Json]) -> None:
    hands = Mouse(page)
    open_new_lab(hands, host, "campus")
    labs.append(lab_of(host, "campus"))
    topology = f"/v2/projects/{labs[-1]['project_id']}/topology"
    for _ in range(4):
        page.keyboard.press("-")
    make_campus(hands)
    assert outline(host.request("GET", topology)) == outline(CAMPUS)

    # It runs: a ping crosses three switches in its VLAN.
    page.mouse.click(*at(hands, 0, 640))
    page.keyboard.press("0")
    start(hands)
    terminal = page.get_by_role("group", name="Console of PC1")
    node(page, "PC1").dblclick()
    page.keyboard.type("ping 10.0.10.13 -t\n")
    expect(terminal).to_contain_text(re.compile(r"10\.0\.10\.13 icmp_seq=\d+ ttl=64 time="))

    # Its link is impaired and captured meanwhile.
    wire(page, "Core", "SW3").click()
    show_tab(page, "Filters")
    page.get_by_label("Delay in ms").fill("40")
    page.keyboard.press("Enter")
    expect(wire(page, "Core", "SW3")).to_have_attribute("aria-label", re.compile("delay 40 ms"))
    expect(terminal).to_contain_text(re.compile(rf"icmp_seq=\d+ ttl=64 {DELAYED}"))
    take_picture(page.locator("aside"), "pictures/delay")
    show_tab(page, "Overview")
    take_picture(page, "page", also_dark=True, seconds=25)
    show_tab(page, "Captures")
    page.get_by_role("button", name="Start capture").click()
    expect(page.locator(".packets tbody")).to_contain_text("echo reply")
    take_picture(page.locator(".drawer"), "pictures/packets", seconds=10)
    page.get_by_role("button", name="Stop capture").click()
    page.locator(".drawer").get_by_role("tab", name="PC1").click()
    terminal.locator(".xterm-helper-textarea").press("Control+c")

    # A snapshot keeps it as it is.
    tool(page, "Snapshots").click()
    dialog = page.get_by_role("dialog", name="Snapshots")
    dialog.get_by_label("Name of the new snapshot").fill("works")
    page.keyboard.press("Enter")
    row = dialog.get_by_role("row", name="works")
    expect(row).to_be_visible()
    expect(page.locator(".node.started")).to_have_count(NODES)  # those that were stopped for it run again
    page.keyboard.press("Escape")
    kept = host.request("GET", topology)

    node(page, "SW3").click()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(page.locator(".node")).to_have_count(NODES - 1)
    expect(page.locator(".link")).to_have_count(24 - 7)
    tool(page, "Snapshots").click()
    row.get_by_role("button", name="Compare").click()
    expect(dialog.locator(".comparison")).to_contain_text("SW3 removed")
    take_picture(dialog, "pictures/snapshots")
    row.get_by_role("button", name="Restore…").click()
    question = page.get_by_role("dialog", name="Restore “works”?")
    question.get_by_role("checkbox").uncheck()
    question.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator(".node")).to_have_count(NODES)
    assert host.request("GET", topology) == kept
    start(hands)
    expect(terminal).to_contain_text("Connected again")
    terminal.locator(".xterm-helper-textarea").press_sequentially("ping 10.0.10.14 -c 2\n")
    expect(terminal).to_contain_text(re.compile(rf"10\.0\.10\.14 icmp_seq=2 ttl=64 {DELAYED}"))


def start(hands: Hands) -> None:
    hands.press(tool(hands.page, "Start all"))
    expect(hands.page.locator(".node.started")).to_have_count(NODES)


def test_a_campus_by_fingers_on_a_phone(phone: Page, host: Host, labs: list[Json]) -> None:
    page = phone
    hands = Fingers(page, page.context.new_cdp_session(page))
    open_new_lab(hands, host, "pocket campus")
    labs.append(lab_of(host, "pocket campus"))
    topology = f"/v2/projects/{labs[-1]['project_id']}/topology"
    hands.pinch(195, 380, 150, 54)
    make_campus(hands)
    assert outline(host.request("GET", topology)) == outline(CAMPUS)
    start(hands)

    # Near enough to be pressed: two fingers, then a node.
    x, y = at(hands, -570, 342)
    hands.pinch(x, y, 20, 60)
    hands.press(node(page, "PC1"))
    expect(page.locator("aside").get_by_role("heading", name="PC1")).to_be_in_viewport()
    take_picture(page, "pictures/phone")
    hands.press(page.get_by_role("button", name="Fit", exact=True))

    wire(page, "Core", "SW3").tap()
    show_tab(page, "Filters")
    page.get_by_label("Delay in ms").fill("40")
    page.keyboard.press("Enter")
    expect(wire(page, "Core", "SW3")).to_have_attribute("aria-label", re.compile("delay 40 ms"))
    show_tab(page, "Captures")
    hands.press(page.get_by_role("button", name="Start capture"))
    expect(page.locator(".packets")).to_be_visible()  # which closes the sheet
    hands.show_map()
    node(page, "PC1").tap()
    hands.press(page.locator("aside").get_by_role("button", name="Console"))
    terminal = page.get_by_role("group", name="Console of PC1")
    terminal.locator(".xterm-helper-textarea").press_sequentially("ping 10.0.10.13 -c 2\n")
    expect(terminal).to_contain_text(re.compile(rf"icmp_seq=2 ttl=64 {DELAYED}"))
    page.locator(".drawer").get_by_role("tab", name=re.compile("^Packets|Core")).tap()
    expect(page.locator(".packets tbody")).to_contain_text("echo reply")

    tool(page, "Snapshots").tap()
    dialog = page.get_by_role("dialog", name="Snapshots")
    dialog.get_by_label("Name of the new snapshot").fill("works")
    hands.press(dialog.get_by_role("button", name="Stop nodes and take snapshot"))
    row = dialog.get_by_role("row", name="works")
    expect(row).to_be_visible()
    expect(page.locator(".node.started")).to_have_count(NODES)  # those that were stopped for it run again
    hands.press(dialog.get_by_role("button", name="Close"))
    hands.menu(at(hands, 440, 216), "Delete")
    hands.press(page.get_by_role("dialog").get_by_role("button", name="Delete"))
    expect(page.locator(".node")).to_have_count(NODES - 1)
    tool(page, "Snapshots").tap()
    hands.press(row.get_by_role("button", name="Restore…"))
    question = page.get_by_role("dialog", name="Restore “works”?")
    question.get_by_role("checkbox").uncheck()
    hands.press(question.get_by_role("button", name="Restore", exact=True))
    expect(page.locator(".node")).to_have_count(NODES)
    start(hands)
