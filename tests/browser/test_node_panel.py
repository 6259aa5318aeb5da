"""The panel of a node on our page: what runs it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab


@pytest.fixture
def pc(page: Page, host: Host, pair: dict[str, Any]) -> str:
    """The path of the engine of PC1, whose panel is open."""
    open_lab(page, host, pair)
    page.locator(".node", has_text="PC1").click()
    path = f"/v2/projects/{pair['project_id']}/nodes"
    (node,) = (node for node in host.request("GET", path) if node["name"] == "PC1")
    return f"{path}/{node['node_id']}"


def test_the_engine_is_chosen_while_the_node_is_stopped(page: Page, host: Host, pc: str) -> None:
    engine = page.get_by_label("Engine")
    expect(engine.locator("option:checked")).to_have_text("process (the server's default)")
    with page.expect_response(lambda reply: reply.request.method == "PUT" and reply.url.endswith("/engine")):
        engine.select_option("builtin")
    assert host.request("GET", f"{pc}/engine") == {"engine": "builtin", "is_default": False}
    page.get_by_role("button", name="Undo").click()
    expect(engine.locator("option:checked")).to_have_text("process (the server's default)")
    page.get_by_role("button", name="Redo").click()
    expect(engine.locator("option:checked")).to_have_text("builtin")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(engine).to_be_disabled()
    expect(page.get_by_text("Stop the node to change its engine.")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(engine).to_be_enabled()
    expect(engine).to_have_value("builtin")


def test_a_change_of_another_client_is_shown(page: Page, host: Host, pc: str) -> None:
    host.request("PUT", f"{pc}/engine", {"engine": "builtin"})
    expect(page.get_by_label("Engine")).to_have_value("builtin")


def test_what_a_node_takes_is_shown(page: Page, host: Host, pc: str) -> None:
    facts = page.locator("aside dl")
    expect(facts).to_contain_text("Disk")
    host.request("POST", f"{pc}/start")
    expect(facts).to_contain_text("% of a processor")
    expect(facts).to_contain_text("Memory")
    host.request("POST", f"{pc}/stop")
    expect(facts).not_to_contain_text("Memory")


def test_a_node_without_a_choice_shows_none(page: Page, host: Host, pc: str) -> None:
    page.get_by_label("Type of the new node").select_option("ethernet_switch")
    page.get_by_role("button", name="Add node").click()
    expect(page.locator("aside h2")).to_have_text("Switch1")
    expect(page.get_by_label("Engine")).to_have_count(0)


def test_a_nat_shows_its_way_and_its_forwarded_ports(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    forward = {"host_port": 8443, "guest_address": "192.168.122.9", "guest_port": 443}
    nat = {"node_type": "nat", "properties": {"port_forwards": [forward]}}
    lab = host.lab("nat", {"nodes": {"Internet": nat}})
    labs.append(lab)
    open_lab(page, host, lab)
    page.locator(".node", has_text="Internet").click()
    (node,) = host.request("GET", f"/v2/projects/{lab['project_id']}/nodes")
    facts = page.locator("aside dl").first
    expect(facts).to_contain_text("user mode" if node["properties"]["gateway"] == "user" else "bridge")
    expect(facts).to_contain_text("tcp 127.0.0.1:8443 to 192.168.122.9:443")


def test_a_node_without_a_console_offers_none(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    lab = host.lab("hub", {"nodes": {"Hub": {"node_type": "ethernet_hub"}, "PC": {"node_type": "vpcs", "x": 200}}})
    labs.append(lab)
    open_lab(page, host, lab)
    console = page.get_by_role("button", name="Console")
    page.locator(".node", has_text="PC").click()
    expect(console).to_be_visible()
    page.locator(".node", has_text="Hub").click()
    expect(console).to_be_hidden()
    page.locator(".node", has_text="Hub").dblclick()
    expect(page.get_by_text("Hub has no console.")).to_be_visible()
