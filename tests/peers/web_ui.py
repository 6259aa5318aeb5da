"""The GNS3 web UI 2.2 in a real browser, at a server of ours: what its tests share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests.browser.conftest import PAIR, PATIENCE, VPCS, Host

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


def start(page: Page, name: str) -> Locator:
    """Start a node of this name by its menu; the node in the map."""
    node = page.locator("g.node", has_text=name)
    node.click(button="right", force=True)
    page.locator("[mat-menu-item]", has_text="Start").first.click()
    expect(page.locator(".nodeRow", has_text=name).locator("svg rect[fill=green]")).to_have_count(1)
    return node


def suspend_all(page: Page, name: str) -> None:
    """Press the button that suspends all nodes, until this one is suspended."""
    page.locator("button", has_text="pause").first.click()
    expect(page.locator(".nodeRow", has_text=name).locator("svg rect[fill=yellow]")).to_have_count(1)


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
