"""The settings and files of nodes: a form made of what the server says of their type."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab

LAB = {
    "nodes": {
        "PC1": {"node_type": "vpcs", "x": -250, "properties": {"startup_script": "ip 10.0.0.1/24\n"}},
        "PC2": {"node_type": "vpcs", "x": 250, "properties": {"startup_script": "ip 10.0.0.2/24\n"}},
        "SW1": {"node_type": "ethernet_switch", "y": 150},
        "Net": {"node_type": "cloud", "x": 250, "y": 200, "properties": {"ports_mapping": []}},
    },
}


@pytest.fixture
def lab(host: Host, labs: list[dict[str, Any]]) -> dict[str, Any]:
    labs.append(host.lab("forms", LAB))
    return labs[-1]


def node(host: Host, lab: dict[str, Any], name: str) -> Any:
    nodes = host.request("GET", f"/v2/projects/{lab['project_id']}/nodes")
    return next(each for each in nodes if each["name"] == name)


def choose(page: Page, name: str, tab: str) -> None:
    page.locator(f"[aria-label^='{name},']").click()
    page.get_by_role("tab", name=tab).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("aside .save [role='status']")).to_contain_text("Saved.")


def test_the_vlans_of_a_switch_are_set_and_undone(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    choose(page, "SW1", "Settings")
    page.get_by_text("Several at once").click()
    page.get_by_label("Ports to set, such as 0-7 or 0, 2").fill("1-3")
    page.get_by_label("VLAN of several").fill("10")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_label("Type of port 0").select_option(label="trunk (802.1Q)")
    page.get_by_role("button", name="Remove port 7").click()
    page.get_by_label("Port of port 6").fill("12")
    save(page)
    ports = node(host, lab, "SW1")["properties"]["ports_mapping"]
    assert [port["vlan"] for port in ports] == [1, 10, 10, 10, 1, 1, 1]
    assert (ports[0]["type"], ports[-1]["port_number"], ports[-1]["name"]) == ("dot1q", 12, "Ethernet12")
    # An error stands at the field, and what was typed stays.
    page.get_by_label("VLAN of port 2").fill("5000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("aside .of-table > .error")).to_contain_text("port 2, VLAN: It must be from 1 to 4094.")
    expect(page.get_by_label("VLAN of port 2")).to_be_focused()
    expect(page.get_by_label("VLAN of port 2")).to_have_value("5000")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("VLAN of port 2")).to_have_value("10")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("VLAN of port 2")).to_have_value("1")
    assert len(node(host, lab, "SW1")["properties"]["ports_mapping"]) == 8

    # What is linked to a port stands beside it.
    ends = [
        {"node_id": node(host, lab, name)["node_id"], "adapter_number": 0, "port_number": port}
        for name, port in (("PC1", 0), ("SW1", 5))
    ]
    host.request("POST", f"/v2/projects/{lab['project_id']}/links", {"nodes": ends})
    expect(page.locator(".link")).to_have_count(1)
    choose(page, "PC1", "Settings")
    choose(page, "SW1", "Settings")
    told = page.get_by_role("table", name="Ports").locator(".noted .hint")
    expect(told).to_have_text(["PC1"])


def test_a_start_up_script_is_written_while_the_node_runs(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    host.request("POST", f"/v2/projects/{lab['project_id']}/nodes/start", {})
    choose(page, "PC1", "Settings")
    script = page.get_by_label("Start-up script")
    expect(script).to_have_value("ip 10.0.0.1/24\n")
    expect(page.get_by_text("Takes effect at the next start.")).to_be_visible()
    page.get_by_role("button", name="Larger…").click()
    page.locator("dialog textarea").fill("ip 10.0.0.7/24\nset pcname %h\n")
    page.get_by_role("button", name="Done").click()
    # It is kept when another node is looked at, and over a reload.
    choose(page, "PC2", "Settings")
    expect(script).to_have_value("ip 10.0.0.2/24\n")
    page.reload()
    choose(page, "PC1", "Settings")
    expect(script).to_have_value("ip 10.0.0.7/24\nset pcname %h\n")
    expect(page.get_by_text("What you changed is not saved yet.")).to_be_visible()
    save(page)
    expect(page.locator("aside .save")).to_contain_text("takes effect when PC1 starts the next time")
    expect(script).to_have_value("ip 10.0.0.7/24\nset pcname PC1\n")
    page.get_by_label("Name", exact=True).fill("PC2")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Another node has this name.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("PC2")


def test_a_symbol_is_uploaded_and_chosen(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    choose(page, "PC1", "Settings")
    page.get_by_label("Symbol").click()
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="alert(1)"><script>1</script></svg>'
    )
    picture: FilePayload = {"name": "my router.svg", "mimeType": "image/svg+xml", "buffer": hostile.encode()}
    page.get_by_label("Picture to upload").set_input_files([picture])
    expect(page.locator(".symbol-choice")).to_contain_text("my router")
    save(page)
    made = node(host, lab, "PC1")
    assert (made["symbol"], made["width"], made["height"]) == ("my_router.svg", 40, 30)
    expect(page.locator("[aria-label^='PC1,'] image")).to_have_attribute("href", "/v2/symbols/my_router.svg/raw")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".symbol-choice")).not_to_contain_text("my router")
    assert node(host, lab, "PC1")["width"] != 40
    host.request("DELETE", "/v2/symbols/my_router.svg/raw")


def test_several_nodes_are_set_at_once(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    page.locator("[aria-label^='PC1,']").click()
    page.locator("[aria-label^='PC2,']").click(modifiers=["Control"])
    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_count(0)
    dialog.get_by_text("Console", exact=True).first.click()
    dialog.get_by_label("Console", exact=True).select_option(label="none")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("Saved.")).to_be_visible()
    assert {node(host, lab, name)["console_type"] for name in ("PC1", "PC2")} == {"none"}
    assert node(host, lab, "PC1")["properties"]["startup_script"] == "ip 10.0.0.1/24\n"


@pytest.mark.refused_requests
def test_the_interfaces_of_a_cloud(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    choose(page, "Net", "Settings")
    page.get_by_role("button", name="Add row", exact=True).click()
    page.get_by_label("Interface of row 1").fill("lo")
    offered = page.locator("datalist option[value='lo']")
    expect(offered).to_have_count(1)
    page.get_by_role("button", name="Add row", exact=True).click()
    page.get_by_label("Leads to of row 2").select_option(label="UDP tunnel")
    page.get_by_label("Local port of row 2").fill("20001")
    page.get_by_label("Remote address of row 2").fill("nowhere")
    page.get_by_label("Remote port of row 2").fill("20002")
    page.get_by_label("Name of row 2").fill("far")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("aside .of-table > .error")).to_contain_text("row 2, Remote address: 'nowhere'")
    page.get_by_label("Remote address of row 2").fill("127.0.0.1")
    save(page)
    assert node(host, lab, "Net")["properties"]["ports_mapping"] == [
        {"interface": "lo", "name": "lo", "port_number": 0, "type": "ethernet"},
        {"lport": 20001, "name": "far", "port_number": 1, "rhost": "127.0.0.1", "rport": 20002, "type": "udp"},
    ]


def test_files_of_a_node(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    choose(page, "PC1", "Files")
    files = page.get_by_role("region", name="Files")
    files.get_by_role("button", name="startup.vpc", exact=True).click()
    page.get_by_label("Text").fill("ip 10.0.0.9/24\n")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    path = f"/v2/projects/{lab['project_id']}/nodes/{node(host, lab, 'PC1')['node_id']}/files"
    sizes = {file["path"]: file["size"] for file in host.request("GET", path)["files"]}
    assert sizes["startup.vpc"] == len("ip 10.0.0.9/24\n")
    picture: FilePayload = {"name": "notes.bin", "mimeType": "application/octet-stream", "buffer": b"a\0b"}
    page.get_by_label("Files to upload").set_input_files([picture])
    files.get_by_role("button", name="notes.bin", exact=True).click()
    expect(page.get_by_text("notes.bin is not a text")).to_be_visible()
    with page.expect_download() as download:
        files.get_by_role("link", name="Download notes.bin").click()
    assert download.value.suggested_filename == "notes.bin"
    files.get_by_role("button", name="Delete notes.bin").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(files.get_by_role("button", name="notes.bin", exact=True)).to_have_count(0)
    files.get_by_role("button", name="New text…").click()
    page.get_by_label("Name", exact=True).fill("notes/today.txt")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(files.get_by_role("button", name="notes/today.txt", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Add notes/today.txt of PC1.")).to_be_visible()
    assert "today" not in str(host.request("GET", path))
    page.get_by_role("button", name="Undo").click()
    files.get_by_role("button", name="startup.vpc", exact=True).click()
    expect(page.get_by_label("Text")).to_have_value("ip 10.0.0.1/24\n")
