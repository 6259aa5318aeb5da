"""What people do first on our page."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host


def open_lab(page: Page, host: Host, project: dict[str, Any]) -> None:
    page.goto(f"{host.url}/projects/{project['project_id']}")
    expect(page.locator(".node").first).to_be_visible()


def start_all(page: Page) -> None:
    page.get_by_role("button", name="Start all").click()
    expect(page.locator(".node.started")).to_have_count(2)


def choose_link(page: Page, tab: str = "Overview") -> None:
    page.locator(".link").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("aside h2")).to_contain_text("PC2 e0")
    show_tab(page, tab)


def show_tab(page: Page, name: str) -> None:
    """Show a tab of the panel."""
    page.locator("aside").get_by_role("tab", name=name).click()


def link_path(host: Host, pair: dict[str, Any]) -> str:
    """The path of the only link."""
    (link,) = host.request("GET", f"/v2/projects/{pair['project_id']}/links")
    return f"/v2/projects/{pair['project_id']}/links/{link['link_id']}"


def ping(page: Page) -> float:
    """Ping PC2 from PC1; the median of the times in milliseconds."""
    page.locator("[aria-label^='PC1,']").click()
    show_tab(page, "Traffic")
    page.get_by_label("Address to ping").fill("10.0.0.2")
    page.get_by_role("button", name="Ping").click()
    expect(page.locator("#ping-result")).to_have_text(re.compile(r"^20 replies, 0 lost; "))
    shown = re.search(r"/ ([\d.]+) / ", page.locator("#ping-result").inner_text())
    assert shown is not None
    assert page.locator("aside .plot circle").count() == 20
    return float(shown[1])
