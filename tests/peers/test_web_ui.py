"""The GNS3 web UI 2.2, unmodified, in a real browser at our server."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests.browser.conftest import PAIR, PATIENCE, VPCS, Host, browser
from tests.support.machines import SMALLEST_GUEST, needs_qemu

__all__ = ["browser"]  # a fixture

GNS3SERVER = os.environ.get("GNS3SERVER", "")
# What the bundle itself does wrong, wherever it is served: it counts its visitors at another host, which is refused.
ITS_OWN = ("net::ERR_", "googletagmanager")


@contextmanager
def served_with_web_ui(projects: Path, *options: str) -> Iterator[Host]:
    """A server of ours that has GNS3's web UI."""
    [web_ui] = Path(GNS3SERVER).parent.parent.glob("lib/python*/site-packages/gns3server/static/web-ui")
    command = [sys.executable, "-m", "gns3trio", "serve", "--port", "0", "--log-level", "warning"]
    command += ["--projects-path", str(projects), "--vpcs-path", VPCS, "--web-ui-path", str(web_ui), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Host(process.stdout.readline().split()[-1])
        process.terminate()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with served_with_web_ui(tmp_path_factory.mktemp("projects")) as host:
        yield host


@pytest.fixture
def page(browser: Browser, host: Host) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    context.route(lambda url: not url.startswith(host.url), lambda route: route.abort())
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda reply: wrong.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None)
    yield page
    context.close()
    assert [text for text in wrong if not any(own in text for own in ITS_OWN)] == []


@contextmanager
def watching(page: Page, project: dict[str, Any]) -> Iterator[None]:
    """The page goes to a project; at the end it sees what happens there."""
    with page.expect_websocket(lambda socket: f"{project['project_id']}/notifications/ws" in socket.url) as opened:
        yield
    opened.value.wait_for_event("framereceived")


@pytest.fixture
def lab(page: Page, host: Host) -> Iterator[dict[str, Any]]:
    """A project with two stopped VPCS at a link, opened from the list of projects."""
    project = host.lab("pair", PAIR)
    page.goto(f"{host.url}/static/web-ui/")
    with watching(page, project):
        page.get_by_role("link", name="pair").click()
    expect(page.locator("g.node")).to_have_count(2)
    yield project
    host.request("DELETE", f"/v2/projects/{project['project_id']}")


def choose(page: Page, what: str, item: str) -> None:
    """An item of the context menu of something in the map."""
    page.locator(what).first.click(button="right", force=True)  # a level line has no height: not "visible"
    page.locator("[mat-menu-item]", has_text=item).first.click()


def drag(page: Page, template: str) -> None:
    """Drag a template into the lab, which has two nodes."""
    page.locator("app-template button").first.click()
    page.locator(".templateIcon", has_text=template).locator("img").hover()
    page.mouse.down()
    page.mouse.move(500, 650, steps=5)
    page.mouse.up()
    expect(page.locator("g.node")).to_have_count(3)
    page.keyboard.press("Escape")  # the list of templates
    expect(page.locator(".templateIcon")).to_have_count(0)


def open_web_console(page: Page, node: Locator, expected: bytes, typed: str = "") -> None:
    """The console of a node in the page; the terminal itself is drawn on a canvas."""
    with page.expect_websocket(lambda socket: socket.url.endswith("/console/ws")) as opened:
        node.click(button="right", force=True)
        page.locator("[mat-menu-item]", has_text="Web console").first.click()
    received = bytearray()

    def keep(payload: str | bytes) -> None:
        received.extend(payload.encode() if isinstance(payload, str) else payload)

    console: WebSocket = opened.value
    console.on("framereceived", keep)
    if typed:
        page.locator(".xterm-helper-textarea").press_sequentially(typed)
    while expected not in received:
        console.wait_for_event("framereceived")


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
    machine = page.locator("g.node", has_text="Router-1")
    machine.click(button="right", force=True)
    page.locator("[mat-menu-item]", has_text="Start").first.click()
    expect(page.locator(".nodeRow", has_text="Router-1").locator("svg rect[fill=green]")).to_have_count(1)
    open_web_console(page, machine, b"R")
    page.locator("button", has_text="pause").first.click()
    expect(page.locator(".nodeRow", has_text="Router-1").locator("svg rect[fill=yellow]")).to_have_count(1)
