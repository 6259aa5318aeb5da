"""Generated traffic on our page: from one PC in its panel, and a mesh between many."""

import csv
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Position, expect

from tests.browser.conftest import PATIENCE, Host
from tests.browser.lab_page import open_lab, show_tab

HOSTILE = "<img src=x onerror=alert(1)>"
# Matches each second packet of a flow: its data say that it is sent or returned, and have an odd sequence number.
# ARP is not lost: a sender whose three requests are all lost by chance sends nothing.
EACH_SECOND_PACKET = "udp[16] <= 2 and udp[47] & 1 = 1"


def star(names: list[str], bad: str) -> dict[str, Any]:
    """PCs at a switch, of which one has a cable that loses each second packet that is sent to it."""
    pcs = {
        name: {
            "node_type": "vpcs",
            "engine": "builtin",
            "x": 160 * place,
            "properties": {"startup_script": f"ip 10.0.0.{place + 1}/24\n"},
        }
        for place, name in enumerate(names)
    }
    switch = {"node_type": "ethernet_switch", "x": 160, "y": 180, "properties": {"ports_mapping": ports(len(names))}}
    links: list[dict[str, Any]] = [{"ends": [name, f"SW:{place}"]} for place, name in enumerate(names)]
    links[names.index(bad)]["impairments"] = [{"type": "bpf", "expression": EACH_SECOND_PACKET, "direction": "b_to_a"}]
    return {"nodes": {"SW": switch, **pcs}, "links": links}


def ports(count: int) -> list[dict[str, Any]]:
    return [{"name": f"E{n}", "port_number": n, "type": "access", "vlan": 1} for n in range(count)]


def started(host: Host, labs: list[dict[str, Any]], names: list[str], bad: str) -> dict[str, Any]:
    """A lab whose PCs run and have their addresses."""
    lab = host.lab("star", star(names, bad))
    labs.append(lab)
    path = f"/v2/projects/{lab['project_id']}"
    host.request("POST", f"{path}/nodes/start", {})
    for node in host.request("GET", f"{path}/nodes"):
        if node["node_type"] == "vpcs":
            wait_for_address(node)
    return lab


def wait_for_address(node: dict[str, Any]) -> None:
    """Until the startup script of a PC has been run, as its console tells."""
    with socket.create_connection((node["console_host"], node["console"]), timeout=PATIENCE) as console:
        told = b""
        while re.search(rb"255\.255\.255\.0\s+PC\d> ", told) is None:
            piece = console.recv(4096)
            assert piece, told
            told += piece


@pytest.fixture
def three(host: Host, labs: list[dict[str, Any]]) -> dict[str, Any]:
    return started(host, labs, ["PC1", "PC2", "PC3"], "PC3")


def open_mesh(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    page.get_by_role("button", name="Mesh", exact=True).click()


def send(page: Page, seconds: str, rate: str = "100") -> None:
    page.locator(".mesh").get_by_label("Time (s)").fill(seconds)
    page.locator(".mesh").get_by_label("Rate").fill(rate)
    page.locator(".mesh").get_by_role("button", name="Send").click()


def test_a_mesh_becomes_a_heat_map_and_a_list_of_pairs(
    page: Page, host: Host, three: dict[str, Any], tmp_path: Path
) -> None:
    open_mesh(page, host, three)
    page.locator(".mesh").get_by_label("Round trip").check()
    send(page, "1")
    rows = page.locator(".pairs li")
    expect(rows).to_have_count(6)
    for worst in (rows.nth(0), rows.nth(1)):
        expect(worst).to_contain_text("PC3")
    page.get_by_role("button", name="From").click()
    expect(rows.first.locator(".name").first).to_have_text("PC1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    download.value.save_as(tmp_path / "mesh.csv")
    with (tmp_path / "mesh.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert {(row["sender"], row["receiver"]) for row in table} == {
        (a, b) for a in ("PC1", "PC2", "PC3") for b in ("PC1", "PC2", "PC3") if a != b
    }
    assert {float(row["loss_percent"]) for row in table if row["receiver"] == "PC3"} == {50.0}
    with page.expect_download() as download:
        page.get_by_role("button", name="Save JSON").click()
    download.value.save_as(tmp_path / "mesh.json")
    assert len(json.loads((tmp_path / "mesh.json").read_text())["pairs"]) == 6


def test_a_cell_of_the_heat_map_names_its_pair_and_selects_it(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_mesh(page, host, three)
    send(page, "0.5")
    cells = page.get_by_role("application")
    page.mouse.move(5, 5)  # from the cell that lies where the button was
    cells.focus()
    told = page.locator(".heat .pair")
    expect(told).to_contain_text("PC1 → PC2: 0 of 50 lost")
    cells.press("ArrowRight")
    expect(told).to_contain_text("PC1 → PC3: ")
    cells.press("Enter")
    expect(page.locator(".node.selected")).to_have_count(2)
    expect(page.locator("aside h2")).to_have_text("PC1")
    cells.press("ArrowDown")
    expect(told).to_contain_text("PC2 → PC3: ")
    size = cells.bounding_box()
    assert size is not None
    first_of_second_row = Position(x=size["width"] - 2.5 * 44, y=size["height"] - 1.5 * 44)
    cells.hover(position=first_of_second_row)
    expect(told).to_contain_text("PC2 → PC1: ")
    cells.click(position=first_of_second_row)
    expect(page.locator("aside h2")).to_have_text("PC2")
    page.locator(".node", has_text="SW").click()
    expect(page.locator(".node.selected")).to_have_count(1)


def test_what_the_heat_map_shows_can_be_chosen(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_mesh(page, host, three)
    send(page, "0.5")
    show = page.locator(".mesh").get_by_label("Show")
    expect(show.locator("option")).to_have_text(["Loss", "Median latency", "99th percentile of latency", "Rate"])
    before = page.get_by_role("application").screenshot()
    show.select_option("Rate")
    expect(page.locator(".scale b")).to_have_text("Rate (kbit/s)")
    assert page.get_by_role("application").screenshot() != before


def test_only_named_pcs_take_part(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_mesh(page, host, three)
    page.get_by_label("Who").select_option("only these:")
    page.locator(".node", has_text="PC2").click()
    page.get_by_role("button", name="Add selected").click()
    page.get_by_label("Names of the PCs").press("End")
    page.get_by_label("Names of the PCs").press_sequentially(", PC3")
    send(page, "0.2")
    expect(page.locator(".pairs li")).to_have_count(2)
    page.get_by_label("Names of the PCs").fill("PC1, PC9")
    page.locator(".mesh").get_by_role("button", name="Send").click()
    expect(page.locator(".message.error")).to_contain_text("No node is called 'PC9'.")


def test_a_mesh_that_is_cancelled_ends(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_mesh(page, host, three)
    send(page, "600", "10")
    expect(page.locator(".mesh")).to_contain_text("6 pairs, ")
    expect(page.locator("#title")).to_have_text("star")
    page.locator(".mesh").get_by_role("button", name="Cancel").click()
    expect(page.locator(".mesh")).to_contain_text("Cancelled.")
    send(page, "0.2")
    expect(page.locator(".pairs li")).to_have_count(6)


def test_a_mesh_ends_when_its_tab_is_closed(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_mesh(page, host, three)
    send(page, "600", "10")
    expect(page.locator(".mesh")).to_contain_text("6 pairs, ")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/mesh")):
        page.get_by_role("button", name="Close Mesh").click()


def report_of(count: int) -> dict[str, Any]:
    """A report of every pair of so many nodes, as the server would give it."""
    latency = {"p50_us": 12.5, "p99_us": 40.0, "max_us": 99.0}
    counts = {"sent": 100, "duplicated": 0, "reordered": 0, "bits_per_second": 10240.0}
    pairs: list[dict[str, Any]] = [
        {
            "sender": a,
            "receiver": b,
            **counts,
            "arrived": 100 - (a * b) % 7,
            "lost": (a * b) % 7,
            "loss_percent": float((a * b) % 7),
            "latency": latency,
            "round_trip": None,
            "ended": "done",
        }
        for a in range(count)
        for b in range(count)
        if a != b
    ]
    nodes = [{"node_id": f"n{n}", "name": f"PC{n}", "address": "10.0.0.1"} for n in range(count)]
    sums = {key: sum(pair[key] for pair in pairs) for key in ("sent", "arrived", "lost")}
    whole = {"possible_pairs": len(pairs), "packets_per_second": 10.0, "data_bytes": 128}
    return {"nodes": nodes, "pairs": pairs, **whole, **sums}


@pytest.mark.parametrize(("count", "has_map"), [(141, True), (142, False)])
def test_the_largest_meshes(page: Page, host: Host, three: dict[str, Any], count: int, has_map: bool) -> None:
    """Only rows in view are elements; a mesh of too many PCs for a heat map is a list."""
    report = report_of(count)
    page.route("**/mesh", lambda route: route.fulfill(status=201, json=report))
    open_mesh(page, host, three)
    send(page, "1")
    expect(page.locator(".mesh")).to_contain_text(f"{count * (count - 1):,} pairs between {count} PCs")
    rows = page.locator(".pairs li")
    expect(rows.first).to_have_attribute("aria-setsize", str(count * (count - 1)))
    assert rows.count() < 60
    expect(rows.first).to_contain_text("6.00 %")
    page.get_by_role("button", name="Loss").click()  # the other way round
    expect(rows.first).to_contain_text("0 %")
    expect(page.get_by_role("application")).to_have_count(int(has_map))
    rows.first.locator("button").click()
    expect(page.locator(".message.error")).to_contain_text("A PC of this pair was deleted.")


def test_a_mesh_does_not_disturb_the_list_of_projects(page: Page, host: Host, three: dict[str, Any]) -> None:
    page.goto(host.url)
    row = page.locator(f"#project-{three['project_id']}")
    expect(row).to_be_visible()
    host.request("POST", f"/v2/projects/{three['project_id']}/mesh", {"seconds": 0.5, "drain_seconds": 0})
    host.request("PUT", f"/v2/projects/{three['project_id']}", {"name": "renamed"})
    expect(row).to_contain_text("renamed")


@pytest.mark.refused_requests  # the browser logs them as errors
def test_what_the_server_says_against_a_mesh_is_shown(page: Page, host: Host, three: dict[str, Any]) -> None:
    host.request("POST", f"/v2/projects/{three['project_id']}/nodes/stop", {})
    open_mesh(page, host, three)
    send(page, "1")
    expect(page.locator(".message.error")).to_contain_text("a mesh needs 2 started nodes")
    expect(page.locator(".mesh").get_by_role("button", name="Send")).to_be_enabled()


def test_names_are_only_text(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    names = [HOSTILE, "=1+1", "x" * 200]
    lab = started(host, labs, ["PC1", "PC2", "PC3"], "PC1")
    path = f"/v2/projects/{lab['project_id']}/nodes"
    pcs = {node["name"]: node["node_id"] for node in host.request("GET", path)}
    for old, new in zip(("PC1", "PC2", "PC3"), names, strict=True):
        host.request("PUT", f"{path}/{pcs[old]}", {"name": new})
    given = {node["name"] for node in host.request("GET", path)} - {"SW"}
    open_mesh(page, host, lab)
    send(page, "0.2")
    expect(page.locator(".pairs li")).to_have_count(6)
    assert set(page.locator(".pairs .name").all_inner_texts()) == given
    assert page.locator(".mesh img").count() == 0


def test_traffic_from_one_pc_to_another(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_lab(page, host, three)
    page.locator(".node", has_text="PC1").click()
    show_tab(page, "Traffic")
    traffic = page.get_by_role("region", name="Traffic")
    traffic.get_by_label("To").fill("PC2")
    traffic.get_by_label("Rate").fill("100")
    traffic.get_by_label("Time (s)").fill("1")
    traffic.get_by_label("Round trip").check()
    traffic.get_by_role("button", name="Send").click()
    expect(traffic.locator("dl")).to_contain_text("100 packets of 512 bytes")
    expect(traffic.locator("tbody tr")).to_have_count(2)
    traffic.get_by_label("To").fill("10.0.0.3")
    traffic.get_by_role("button", name="Send").click()
    expect(traffic).to_contain_text("To 10.0.0.3")
    expect(traffic.locator("dl")).to_contain_text("not known")


@pytest.mark.refused_requests  # the browser logs them as errors
def test_traffic_that_is_refused_or_cancelled(page: Page, host: Host, three: dict[str, Any]) -> None:
    open_lab(page, host, three)
    page.locator(".node", has_text="PC1").click()
    show_tab(page, "Traffic")
    traffic = page.get_by_role("region", name="Traffic")
    traffic.get_by_label("To").fill("SW")
    traffic.get_by_role("button", name="Send").click()
    expect(page.locator(".message.error")).to_contain_text("SW")
    traffic.get_by_label("To").fill("PC2")
    traffic.get_by_label("Time (s)").fill("600")
    traffic.get_by_role("button", name="Send").click()
    expect(traffic.get_by_role("status")).to_contain_text("sent to 10.0.0.2")
    traffic.get_by_role("button", name="Cancel").click()
    expect(traffic.get_by_role("status")).to_have_text("Cancelled.")


def test_only_a_built_in_pc_offers_traffic(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    page.locator(".node", has_text="PC1").click()
    expect(page.get_by_label("Engine")).to_have_value("")
    show_tab(page, "Traffic")
    expect(page.get_by_role("region", name="Traffic")).to_have_count(0)
    show_tab(page, "Overview")
    page.get_by_label("Engine").select_option("builtin")
    show_tab(page, "Traffic")
    expect(page.get_by_role("region", name="Traffic")).to_have_count(1)
