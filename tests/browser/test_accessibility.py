"""No view of the page has a fault that axe finds: it tests the rules of WCAG 2 that a program can test."""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Host
from tests.browser.lab_page import open_lab, show_tab
from tests.browser.picture import LAB

# All rules of axe, those of WCAG 2 and those of good practice, or only the given ones.
RUN = """async rules => (await axe.run(document, {
  resultTypes: ['violations'], rules: {'target-size': {enabled: true}}, ...(rules.length && {runOnly: rules}),
})).violations.flatMap(({id, nodes}) =>
  nodes.map(({target, failureSummary}) => `${id}: ${target.join(' ')}: ${failureSummary}`))"""
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


class Checker:
    """Collects the faults of what a page shows, in light and in dark."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    def check(self, view: str) -> None:
        """Look at what the page shows now."""
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))")
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(AXE_SCRIPT)
            rules = ["color-contrast"] if scheme == "dark" else []  # nothing else differs
            self.found += [f"{view}, {scheme}: {each}" for each in self.page.evaluate(RUN, rules)]

    def require_none(self) -> None:
        """Fail with all faults that were found."""
        if self.found:
            pytest.fail("\n".join(self.found))


@pytest.fixture
def checker(browser: Browser) -> Iterator[Checker]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    yield Checker(context.new_page())
    context.close()


def test_the_views_of_a_lab(checker: Checker, host: Host) -> None:
    page = checker.page
    project = host.lab("accessible", LAB)
    path = f"/v2/projects/{project['project_id']}"
    open_lab(page, host, project)
    checker.check("a lab")
    host.request("POST", f"{path}/nodes/start", {})
    expect(page.locator(".node.started")).to_have_count(6)
    page.locator("[aria-label^='PC1,']").click()
    for tab in tabs(page):
        show_tab(page, tab)
        checker.check(f"the tab {tab} of a node")
    for name in ("PC1", "PC2"):
        page.locator(f"[aria-label^='{name},']").dblclick()
        expect(page.get_by_role("group", name=f"Console of {name}")).to_contain_text(name)
    page.get_by_role("button", name="Side by side").click()
    page.get_by_role("button", name="Type into several consoles at once").click()
    page.get_by_role("button", name="Find in this console").click()
    checker.check("consoles")
    for name in ("PC2", "PC1"):
        page.get_by_role("button", name=f"Close {name}").click()
    page.locator("[aria-label^='SW1,']").click()
    checker.check("a switch")
    show_tab(page, "Settings")
    page.get_by_text("Several at once").click()
    page.get_by_label("VLAN of port 0").fill("5000")
    page.get_by_role("button", name="Save", exact=True).click()
    checker.check("settings with an error")
    page.get_by_role("button", name="Discard").click()
    page.get_by_label("Symbol", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("button", name="router", exact=True)).to_be_visible()
    checker.check("symbols")
    page.keyboard.press("Escape")
    page.locator(".link").first.focus()
    page.keyboard.press("Space")
    for tab in tabs(page):
        show_tab(page, tab)
        checker.check(f"the tab {tab} of a link")
    show_tab(page, "Captures")
    page.get_by_role("button", name="Start capture").click()
    expect(page.locator(".drawer .packets")).to_be_visible()
    checker.check("packets")
    page.locator("[aria-label^='PC1,']").dblclick()
    expect(page.locator(".terminal .xterm-accessibility")).to_contain_text("to get help")
    checker.check("a console")
    page.get_by_role("button", name="Mesh").click()
    expect(page.locator(".drawer .mesh")).to_be_visible()
    checker.check("the mesh")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop all").focus()
    page.keyboard.press("?")
    if page.locator("dialog").count():
        checker.check("the list of keys")
        page.keyboard.press("Escape")
    page.locator("[aria-label^='PC1,']").click()
    page.locator("aside").get_by_role("button", name="Delete", exact=True).click()
    checker.check("a question")
    host.request("DELETE", path)
    checker.require_none()


def tabs(page: Page) -> list[str]:
    """The titles of the tabs of the panel."""
    expect(page.locator("aside").get_by_role("tab").first).to_be_visible()
    return page.locator("aside").get_by_role("tab").all_inner_texts()


def test_the_other_views(checker: Checker, host: Host) -> None:
    page = checker.page
    page.route("**/v2/projects", lambda route: route.fulfill(json=[]))
    page.goto(host.url)
    expect(page.get_by_role("heading", name="There is no lab yet")).to_be_visible()
    checker.check("no project")
    page.unroute("**/v2/projects")
    project = host.lab("empty", {"nodes": {}})
    page.goto(host.url)
    expect(page.get_by_role("link", name="empty", exact=True)).to_be_visible()
    checker.check("projects")
    page.get_by_role("button", name="New project").click()
    checker.check("a form")
    page.goto(f"{host.url}/projects/{project['project_id']}")
    expect(page.locator("#title")).to_have_text("empty")
    checker.check("an empty lab")
    for name in ("hosts", "images", "people", "login", "templates"):
        page.goto(f"{host.url}/{name}")
        expect(page.get_by_role("heading").first).to_be_visible()
        checker.check(name)
    page.get_by_role("button", name="Copy… VPCS").click()
    checker.check("a template")
    page.goto(f"{host.url}/no/where")
    checker.check("nothing")
    page.goto(f"{host.url}/docs")
    expect(page.get_by_role("heading", name="gns3trio")).to_be_visible()
    checker.check("the viewer of the API")
    host.request("DELETE", f"/v2/projects/{project['project_id']}")
    checker.require_none()
