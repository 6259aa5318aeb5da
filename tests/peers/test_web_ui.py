"""The GNS3 web UI 2.2, unmodified, in a real browser at our server."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Host
from tests.peers.web_ui import (
    choose,
    drag,
    lab,
    open_web_console,
    page,
    served_with_web_ui,
    start,
    suspend_all,
    watching,
)
from tests.support.machines import SMALLEST_GUEST, needs_qemu

__all__ = ["lab", "page"]  # fixtures


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with served_with_web_ui(tmp_path_factory.mktemp("projects")) as host:
        yield host


def test_nodes_turn_green_by_websocket_and_the_console_answers(page: Page, host: Host, lab: dict[str, Any]) -> None:
    green = page.locator(".nodeRow svg rect[fill=green]")
    expect(green).to_have_count(0)
    host.request("POST", f"/v2/projects/{lab['project_id']}/nodes/start", {})  # another client: only the event tells
    expect(green).to_have_count(2)
    open_web_console(page, page.locator("g.node").first, b"IP/MASK     : 10.0.0.", "show ip\n")


def test_a_capture_is_started_and_stopped(page: Page, host: Host, lab: dict[str, Any]) -> None:
    links = f"/v2/projects/{lab['project_id']}/links"
    page.locator("button", has_text="play_arrow").first.click()  # it captures between nodes that run only
    expect(page.locator(".nodeRow svg rect[fill=green]")).to_have_count(2)
    choose(page, "g.link path.ethernet_link", "Start capture")
    with page.expect_response(lambda reply: reply.url.endswith("/start_capture")) as started:
        page.locator("mat-dialog-container mat-select").click()
        page.locator("mat-option", has_text="Ethernet").click()
        page.locator("mat-dialog-container button", has_text="Ok").click()
    assert started.value.status == 201
    [link] = host.request("GET", links)
    assert link["capturing"]
    with page.expect_response(lambda reply: reply.url.endswith("/stop_capture")):
        choose(page, "g.link path.ethernet_link", "Stop capture")
    assert not host.request("GET", links)[0]["capturing"]


def test_templates_are_listed(page: Page, host: Host, lab: dict[str, Any]) -> None:
    page.locator("app-template button").first.click()
    for name in ("VPCS", "Ethernet switch", "Cloud"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    assert json.dumps(host.request("GET", "/v2/templates")).count('"builtin": true') > 0


def test_a_template_is_made_and_dragged_into_the_lab(page: Page, host: Host, lab: dict[str, Any]) -> None:
    page.goto(f"{host.url}/static/web-ui/server/1/preferences/vpcs/addtemplate")
    page.locator("input[formcontrolname=templateName]").fill("My PC")
    page.get_by_role("button", name="Add template").click()
    expect(page.locator("app-vpcs-templates").get_by_text("My PC")).to_be_visible()
    with watching(page, lab):
        page.goto(f"{host.url}/static/web-ui/server/1/project/{lab['project_id']}")
    expect(page.locator("g.node")).to_have_count(2)
    drag(page, "My PC")
    [mine] = [each for each in host.request("GET", "/v2/templates") if each["name"] == "My PC"]
    nodes = host.request("GET", f"/v2/projects/{lab['project_id']}/nodes")
    assert [each["node_type"] for each in nodes if each["template_id"] == mine["template_id"]] == ["vpcs"]


def test_a_snapshot_brings_the_lab_back(page: Page, host: Host, lab: dict[str, Any]) -> None:
    page.locator("button", has_text="filter_none").click()
    page.locator("mat-dialog-container input").fill("before")
    page.locator("mat-dialog-container button", has_text="Add").click()
    expect(page.get_by_text("Snapshot 'before' has been created.")).to_be_visible()
    nodes = f"/v2/projects/{lab['project_id']}/nodes"
    host.request("DELETE", f"{nodes}/{host.request('GET', nodes)[0]['node_id']}")  # another client
    expect(page.locator("g.node")).to_have_count(1)
    expect(page.locator("g.link")).to_have_count(0)
    page.locator("button", has_text="filter_none").click()
    page.get_by_role("button", name="Go to snapshots").click()
    row = page.locator("app-list-of-snapshots").get_by_role("row", name="before")
    row.locator("button", has_text="restore").click()
    expect(page.get_by_text("Snapshot before has been restored.")).to_be_visible()
    with watching(page, lab):
        page.goto(f"{host.url}/static/web-ui/server/1/project/{lab['project_id']}")
    expect(page.locator("g.node")).to_have_count(2)
    expect(page.locator("g.link path.ethernet_link")).to_have_count(1)
    assert {each["name"] for each in host.request("GET", nodes)} == {"PC1", "PC2"}


@needs_qemu
def test_a_machine_is_made_started_and_opened(page: Page, host: Host, lab: dict[str, Any]) -> None:
    image = urllib.request.Request(f"{host.url}/v2/compute/qemu/images/guest.img", SMALLEST_GUEST, method="POST")
    urllib.request.urlopen(image, timeout=PATIENCE).close()
    template = {"name": "Router", "template_type": "qemu", "compute_id": "local", "hda_disk_image": "guest.img"}
    template |= {"hda_disk_interface": "ide", "ram": 16, "options": "-no-kvm"}
    host.request("POST", "/v2/templates", template)
    with watching(page, lab):
        page.goto(f"{host.url}/static/web-ui/server/1/project/{lab['project_id']}")
    expect(page.locator("g.node")).to_have_count(2)
    drag(page, "Router")
    machine = start(page, "Router-1")
    open_web_console(page, machine, b"R")
    suspend_all(page, "Router-1")
