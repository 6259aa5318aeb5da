"""Consoles that are not texts: the screens of machines, addresses for viewers, and pages."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab
from tests.support.machines import needs_qemu

# Whether the picture has several colours: a black one has one, a text two.
IS_DRAWN = """() => {
  const canvas = document.querySelector(".screen canvas");
  if (!canvas?.width || !canvas.height) return false;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size > 1;
}"""


@pytest.fixture
def lab(host: Host, labs: list[dict[str, Any]], request: pytest.FixtureRequest) -> dict[str, Any]:
    """A machine that finds nothing to boot, and says so on its screen."""
    labs.append(host.request("POST", "/v2/projects", {"name": "machine"}))
    properties = {"options": "-no-kvm", "ram": 32, "adapters": 0}
    body = {"name": "VM", "node_type": "qemu", "compute_id": "local", "console_type": request.param}
    host.request("POST", f"/v2/projects/{labs[-1]['project_id']}/nodes", {**body, "properties": properties})
    return labs[-1]


@needs_qemu
@pytest.mark.parametrize("lab", ["vnc"], indirect=True)
def test_the_screen_of_a_machine_is_shown(page: Page, host: Host, lab: dict[str, Any]) -> None:
    open_lab(page, host, lab)
    page.locator("[aria-label^='VM,']").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)
    page.get_by_role("button", name="Console").click()
    screen = page.get_by_role("group", name="Screen of VM")
    page.wait_for_function(IS_DRAWN)
    page.keyboard.press("a")
    screen.get_by_role("button", name="Ctrl+Alt+Del").click()

    # It is suspended, which does not hide its screen, and goes on.
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.locator(".node.suspended")).to_have_count(1)
    expect(page.locator("aside .status")).to_have_text("suspended")
    page.get_by_role("button", name="Close VM").click()
    expect(screen).to_have_count(0)
    page.get_by_role("button", name="Console").click()
    page.wait_for_function(IS_DRAWN)
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)

    # The screen ends with the machine, and comes back with it.
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(screen).to_contain_text("The console is closed.")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)
    page.locator("[aria-label^='VM,']").dblclick()
    expect(page.locator(".drawer").get_by_role("tab")).to_have_count(1)
    page.wait_for_function(IS_DRAWN)


@needs_qemu
@pytest.mark.parametrize("lab", ["spice"], indirect=True)
def test_a_screen_for_other_viewers_has_an_address(page: Page, host: Host, lab: dict[str, Any]) -> None:
    (node,) = host.request("GET", f"/v2/projects/{lab['project_id']}/nodes")
    address = f"spice://{node['console_host']}:{node['console']}"
    open_lab(page, host, lab)
    page.locator("[aria-label^='VM,']").dblclick()
    expect(page.get_by_text(f"Open {address} with a viewer.")).to_be_visible()
    expect(page.locator("aside dl").first).to_contain_text(address)
    expect(page.get_by_role("button", name="Console")).to_be_hidden()
    expect(page.get_by_role("button", name="Suspend", exact=True)).to_be_disabled()


def test_a_console_that_is_a_page_is_opened_in_a_tab(page: Page, host: Host, pair: dict[str, Any]) -> None:
    """As containers have them. Here, the server's answer is changed on its way, and nothing is at the address."""

    def change(route: Route) -> None:
        reply = route.fetch()
        changed = {"console_type": "http", "console": 9, "properties": {"console_http_path": "//other.example/x"}}
        route.fulfill(response=reply, json=[{**node, **changed} for node in reply.json()])

    host.request("POST", f"/v2/projects/{pair['project_id']}/nodes/start", {})
    page.context.route("http://127.0.0.1:9/**", lambda route: route.fulfill(body="a page"))
    page.route(re.compile(rf"/v2/projects/{pair['project_id']}/nodes(\?|$)"), change)
    open_lab(page, host, pair)
    with page.context.expect_page() as opened:
        page.locator("[aria-label^='PC1,']").dblclick()
    assert opened.value.url == "http://127.0.0.1:9/other.example/x"
    assert opened.value.evaluate("window.opener") is None
    expect(page.get_by_role("button", name="Console")).to_be_visible()
