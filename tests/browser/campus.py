"""The campus of ``docs/campus.yaml``, as somebody makes it on the page."""

import re
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Host
from tests.browser.document_pictures import take_picture
from tests.browser.hands import Hands, Mouse, Point, at, middle, node, tool

Json = dict[str, Any]

CAMPUS: Json = yaml.safe_load((Path(__file__).parent.parent.parent / "docs" / "campus.yaml").read_text())
BUILDINGS = {"Library": "#e8f1fb", "Science": "#edf6e8", "Dormitories": "#fdf3e1"}  # with their colours
# From one building to the next, in the lab.
NEXT = 440
# A place of the lab where there is nothing.
NOTHING = -560.0, -60.0
# How far a copy lies from the original.
BESIDE = 40


def outline(document: Json) -> Json:
    """What a lab is, wherever its things lie and whatever colours they have."""
    texts = [re.sub("<[^>]*>", "", each["svg"]) for each in document["drawings"]]
    return {
        "nodes": {name: _outline_of_node(each) for name, each in document["nodes"].items()},
        "links": {frozenset(end if ":" in end else f"{end}:0" for end in each["ends"]) for each in document["links"]},
        "notes": sorted(filter(None, texts)),
        "shapes": texts.count(""),
    }


def _outline_of_node(each: Json) -> Json:
    properties = each.get("properties", {})
    ports = [(port["type"], port.get("vlan", port.get("lport"))) for port in properties.get("ports_mapping", ())]
    return {"type": each["node_type"], "script": properties.get("startup_script", "").strip(), "ports": ports}


def lab_of(host: Host, name: str) -> Json:
    (project,) = [each for each in host.request("GET", "/v2/projects") if each["name"] == name]
    return dict(project)


def open_new_lab(hands: Hands, host: Host, name: str) -> None:
    page = hands.page
    page.goto(host.url)
    hands.press(page.get_by_role("button", name="New project"))
    page.get_by_role("dialog").get_by_label("Name").fill(name)
    hands.press(page.get_by_role("button", name="Create"))
    expect(page.locator("#title")).to_have_text(name)
    expect(page.get_by_role("heading", name="This lab is empty")).to_be_visible()


def make_campus(hands: Hands) -> None:
    """In an empty lab that is seen from -690, -140 to 690, 570."""
    page = hands.page
    make_building(hands)
    hands.surround(at(hands, -675, 155), at(hands, -205, 565))
    several = "7 nodes, 6 links and 2 drawings"
    expect(page.locator("aside h2")).to_have_text(several)
    hands.do("Copy", "Control+c")
    told = page.locator(".message", has_text=f"Copied {several}.")
    hands.press(told.get_by_role("button", name="Dismiss"))
    hands.end_selecting()
    for times, (name, colour) in enumerate(list(BUILDINGS.items())[1:], 1):
        hands.do("Paste", "Control+v")
        expect_undo(page, f"Paste {several}")
        expect(page.locator(f".node.selected[aria-label^='SW{times + 1},']")).to_be_visible()
        switch = middle(node(page, f"SW{times + 1}"))
        scale = at(hands, 1, 0)[0] - at(hands, 0, 0)[0]
        by = scale * times * (NEXT - BESIDE), -scale * times * BESIDE
        hands.drag(switch, (switch[0] + by[0], switch[1] + by[1]))
        expect_undo(page, "Move 7 nodes and 2 drawings")
        fill(hands, at(hands, -375 + NEXT * times, 530), colour)
        rename_note(hands, at(hands, -642 + NEXT * times + 14, 181 + 12), name)
    show(hands, page.locator(".scene"), "copies", top=400)
    make_data_centre(hands)
    for vlan, (top, bottom), server in ((10, (312, 330), "PC19"), (20, (428, 445), "PC20")):
        hands.press_at(at(hands, *NOTHING))
        hands.surround(at(hands, -680, top), at(hands, 680, bottom))
        hands.also(node(page, server))
        expect(page.locator("aside h2")).to_have_text("10 nodes")
        hands.end_selecting()
        hands.press(page.locator("aside").get_by_role("button", name="Settings…"))
        dialog = page.get_by_role("dialog", name=re.compile("^Settings of 10 "))
        dialog.get_by_label("Start-up script").fill(f"ip 10.0.{vlan}.{{n}}/24")
        if vlan == 10:
            show(hands, dialog, "addresses")
        hands.press(dialog.get_by_role("button", name="Save", exact=True))
        expect(dialog.get_by_text("Saved.")).to_be_visible()
        hands.press(dialog.get_by_role("button", name="Close"))
    expect(page.locator(".node")).to_have_count(25)
    expect(page.locator(".link")).to_have_count(24)


def make_building(hands: Hands) -> None:
    page = hands.page
    page.get_by_label("Type of the new node").select_option("Ethernet switch")
    hands.press(tool(page, "Add node"))
    expect(page.locator(".node")).to_have_count(1)
    move(hands, "Switch1", (-440, 216))
    set_up(hands, "SW1", {"0-2": 10, "3-5": 20}, trunks="7")
    add_several(hands, 6)
    expect(page.locator(".link")).to_have_count(6)
    hands.drag(middle(node(page, "PC2")), at(hands, -440, 342))  # all that were added, which lie in two rows
    expect_undo(page, "Move 6 nodes")
    hands.do("Rectangle", "b")
    hands.drag(at(hands, -652, 175), at(hands, -228, 545))
    expect_undo(page, "Add rectangle")
    add_note(hands, at(hands, -642, 181), "Library")
    fill(hands, at(hands, -375, 530), BUILDINGS["Library"])


def make_data_centre(hands: Hands) -> None:
    page = hands.page
    add_node(hands, "Ethernet switch", at(hands, 0, 36))
    set_up(hands, "Core", {"0, 2": 10, "1": 20}, trunks="5-7")
    add_several(hands, 2)
    hands.press_at(at(hands, *NOTHING))
    for name, place in (("PC19", (142, -48)), ("PC20", (262, -48))):
        move(hands, name, place)
    add_node(hands, "Cloud", at(hands, -200, -30))
    set_up_cloud(hands)
    link(hands, "Core", "Internet", {"Core": "Ethernet2"})
    for number in (1, 2, 3):
        link(hands, "Core", f"SW{number}", {"Core": f"Ethernet{number + 4}", f"SW{number}": "Ethernet7"})
    hands.do("Rectangle", "b")
    hands.drag(at(hands, -330, -130), at(hands, 330, 105))
    expect_undo(page, "Add rectangle")
    add_note(hands, at(hands, -320, -124), "Data centre")
    fill(hands, at(hands, 310, 90), "#f1edf8")


def show(hands: Hands, what: Locator, name: str, *, top: int = 0) -> None:
    """A picture of a part of the page for the documents, which show it as it is on a large screen."""
    if isinstance(hands, Mouse):
        take_picture(what, f"pictures/{name}", top=top)


def add_node(hands: Hands, kind: str, place: Point) -> None:
    page = hands.page
    count = page.locator(".node").count()
    hands.show_map()
    page.get_by_label("Type of the new node").select_option(kind)
    hands.menu(place, "Add node")
    expect(page.locator(".node")).to_have_count(count + 1)


def add_several(hands: Hands, count: int) -> None:
    """PCs below the switch that is selected, linked with it."""
    page = hands.page
    before = page.locator(".node").count()
    hands.press(tool(page, "Add several…"))
    dialog = page.get_by_role("dialog", name="Add several nodes")
    dialog.get_by_label("Type").select_option("VPCS")
    dialog.get_by_label("How many").fill(str(count))
    if before == 1:
        show(hands, dialog, "add-several")
    hands.press(dialog.get_by_role("button", name="Add", exact=True))
    expect(page.locator(".node")).to_have_count(before + count)
    expect(page.locator("aside h2")).to_have_text(f"{count} nodes")
    hands.show_map()


def set_up(hands: Hands, name: str, vlans: dict[str, int], trunks: str) -> None:
    """Name the switch that is selected, and fill the table of its ports."""
    page = hands.page
    side = page.locator("aside")
    hands.press(side.get_by_role("tab", name="Settings"))
    side.get_by_label("Name", exact=True).fill(name)
    hands.press(side.get_by_text("Several at once"))
    which, vlan = side.get_by_label("Ports to set, such as 0-7 or 0, 2"), side.get_by_label("VLAN of several")
    for ports, number in vlans.items():
        which.fill(ports)
        vlan.fill(str(number))
        hands.press(side.get_by_role("button", name="Set", exact=True))
    which.fill(trunks)
    vlan.fill("")
    side.get_by_label("Type of several", exact=True).select_option(label="trunk (802.1Q)")
    hands.press(side.get_by_role("button", name="Set", exact=True))
    if name == "SW1":
        show(hands, side.locator(".of-table .items"), "ports")
    save(hands)
    expect(side.get_by_role("heading", name=name)).to_be_visible()
    hands.show_map()


def set_up_cloud(hands: Hands) -> None:
    """Only a tunnel leads out of it."""
    page = hands.page
    side = page.locator("aside")
    hands.press(side.get_by_role("tab", name="Settings"))
    side.get_by_label("Name", exact=True).fill("Internet")
    removals = side.get_by_role("button", name=re.compile("^Remove row"))
    while removals.count():
        hands.press(removals.first)
    hands.press(side.get_by_role("button", name="Add row", exact=True))
    side.get_by_label("Leads to of row 1").select_option(label="UDP tunnel")
    for column, value in (("Local port", "20001"), ("Remote address", "127.0.0.1"), ("Remote port", "20002")):
        side.get_by_label(f"{column} of row 1").fill(value)
    side.get_by_label("Name of row 1").fill("far")
    save(hands)
    hands.show_map()


def save(hands: Hands) -> None:
    side = hands.page.locator("aside")
    hands.press(side.get_by_role("button", name="Save", exact=True))
    expect(side.locator(".save [role='status']")).to_contain_text("Saved.")


def move(hands: Hands, name: str, place: tuple[float, float]) -> None:
    """Drag the middle of a node to a point of the lab."""
    hands.drag(middle(node(hands.page, name)), at(hands, *place))
    expect_undo(hands.page, f"Move {name}")


def add_note(hands: Hands, place: Point, text: str) -> None:
    page = hands.page
    hands.do("Note", "t")
    hands.press_at(place)
    type_note(page, text)


def rename_note(hands: Hands, place: Point, text: str) -> None:
    hands.menu(place, "Edit text")
    type_note(hands.page, text)


def fill(hands: Hands, place: Point, colour: str) -> None:
    """Colour the area at a place of the map."""
    page = hands.page
    hands.press_at(place)
    page.locator("aside").get_by_label("Fill").fill(colour)
    expect_undo(page, "fill")
    hands.show_map()


def type_note(page: Page, text: str) -> None:
    expect(page.get_by_label("Text of the note")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name=f"Note “{text}”")).to_be_focused()


def link(hands: Hands, first: str, second: str, ports: dict[str, str]) -> None:
    """Link two nodes at these of their ports; one with a single free port has no choice."""
    page = hands.page
    count = page.locator(".link").count()
    hands.begin_link(node(page, first), node(page, second))
    dialog = page.get_by_role("dialog", name=f"Link {first} and {second}")
    for name, port in ports.items():
        dialog.get_by_label(f"Port of {name}").select_option(port)
    hands.press(dialog.get_by_role("button", name="Link", exact=True))
    expect(page.locator(".link")).to_have_count(count + 1)
    hands.show_map()


def wire(page: Page, first: str, second: str) -> Locator:
    """A link on the map."""
    return page.locator(f".link[aria-label*='{first} '][aria-label*='{second} ']")


def expect_undo(page: Page, text: str) -> None:
    """Something was changed, which the button tells that takes it back."""
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", re.compile(text, re.IGNORECASE))
