"""Consoles: terminals in the drawer and in windows, the screens of machines, addresses for viewers, and pages."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab
from tests.support.machines import needs_qemu

# Whether the picture has several colours: a black one has one, a text two.
IS_DRAWN = """() => {
  const canvas = document.querySelector(".screen-pane canvas");
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

    # The screen ends with the machine, and comes back with it by itself.
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(screen).to_contain_text("VM is not running. The console opens when it starts.")
    screen.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)
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


def console(page: Page, name: str) -> Locator:
    """What the terminal of a node shows."""
    return page.get_by_role("group", name=f"Console of {name}").locator(".xterm-accessibility")


def keyboard(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"Console of {name}").locator(".xterm-helper-textarea")


def drawer_tab(page: Page, name: str) -> Locator:
    return page.locator(".drawer").get_by_role("tab", name=name)


def test_a_console_comes_back_with_its_node(page: Page, host: Host, pair: dict[str, Any]) -> None:
    """It waits for the first start, too. What was on the screen stays."""
    open_lab(page, host, pair)
    page.locator("[aria-label^='PC1,']").dblclick()
    group = page.get_by_role("group", name="Console of PC1")
    expect(group).to_contain_text("PC1 is not running. The console opens when it starts.")
    group.get_by_role("button", name="Start", exact=True).click()
    expect(console(page, "PC1")).to_contain_text("to get help")
    keyboard(page, "PC1").press_sequentially("show ip\n")
    expect(console(page, "PC1")).to_contain_text("10.0.0.1/24")
    (node,) = [n for n in host.request("GET", f"/v2/projects/{pair['project_id']}/nodes") if n["name"] == "PC1"]
    path = f"/v2/projects/{pair['project_id']}/nodes/{node['node_id']}"
    host.request("POST", f"{path}/stop", {})
    expect(group.get_by_role("button", name="Start", exact=True)).to_be_visible()
    host.request("PUT", path, {"name": "R1"})
    expect(drawer_tab(page, "R1")).to_be_visible()
    host.request("POST", f"{path}/start", {})
    expect(console(page, "R1")).to_contain_text("Connected again at")
    page.get_by_role("separator", name="Height of the drawer").press("End")
    keyboard(page, "R1").press_sequentially("show ip\n")
    expect(console(page, "R1")).to_contain_text(re.compile(r"R1> show ip.*10\.0\.0\.1/24", re.DOTALL))
    expect(console(page, "R1")).to_contain_text(re.compile(r"PC1>.*stopped.*Connected again", re.DOTALL))


def test_several_consoles(page: Page, host: Host, pair: dict[str, Any]) -> None:
    """Side by side, typed into at once, searched, the same after a reload, and one in a window of its own."""
    host.request("POST", f"/v2/projects/{pair['project_id']}/nodes/start", {})
    open_lab(page, host, pair)
    for name in ("PC1", "PC2"):
        page.locator(f"[aria-label^='{name},']").dblclick()
        expect(console(page, name)).to_contain_text("to get help")
    page.get_by_role("button", name="Side by side").click()
    expect(console(page, "PC1")).to_be_visible()
    page.get_by_role("button", name="Type into several consoles at once").click()
    several = page.get_by_role("group", name="Type into several consoles")
    expect(several).to_contain_text("What you type goes to 2 consoles:")
    keyboard(page, "PC2").press_sequentially("show ip\n")
    expect(console(page, "PC1")).to_contain_text("10.0.0.1/24")
    expect(console(page, "PC2")).to_contain_text("10.0.0.2/24")
    several.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Full screen", exact=True).click()
    page.keyboard.type("show mac\n")  # without another click
    expect(console(page, "PC2")).to_contain_text("show mac")
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
    expect(console(page, "PC1")).not_to_contain_text("show mac")

    keyboard(page, "PC2").press("Control+Shift+F")
    find = page.get_by_role("searchbox")
    find.fill("MASK")
    expect(page.get_by_role("search")).to_contain_text("1 of 1")
    find.press("Escape")
    expect(keyboard(page, "PC2")).to_be_focused()
    keyboard(page, "PC2").press("Control+Shift+ArrowUp")
    expect(drawer_tab(page, "PC2")).to_be_focused()
    page.keyboard.press("Home")
    expect(drawer_tab(page, "PC1")).to_be_focused()
    edge = page.get_by_role("separator", name="Height of the drawer")
    edge.press("PageUp")
    height = page.locator(".drawer").bounding_box()

    page.reload()
    for name in ("PC1", "PC2"):
        expect(console(page, name)).to_contain_text("to get help")
    assert page.locator(".drawer").bounding_box() == height
    with page.expect_popup() as opened:
        page.get_by_role("button", name="In a window of its own").click()
    window = opened.value
    expect(drawer_tab(page, "PC1")).to_have_count(0)
    page.close()
    expect(window.get_by_role("heading", name="PC1")).to_be_visible()
    expect(console(window, "PC1")).to_contain_text("to get help")
    keyboard(window, "PC1").press_sequentially("show ip\n")
    expect(console(window, "PC1")).to_contain_text("10.0.0.1/24")


# A node that prints much and hostile things, as fast as it can.
HOSTILE = (
    "\x1b]0;owned\x07\x1b]52;c;aGVsbG8=\x07\x1b[2147483647L\x1b[2147483647ba"
    + "\u0301" * 30000
    + "\x1b[?1003h\x1b[8;500;500t"
)


def test_what_a_node_prints_harms_nothing(page: Page, host: Host, pair: dict[str, Any]) -> None:
    host.request("POST", f"/v2/projects/{pair['project_id']}/nodes/start", {})
    connections: list[WebSocketRoute] = []

    def flood(connection: WebSocketRoute) -> None:
        connections.append(connection)
        connection.send(HOSTILE.encode() if len(connections) == 1 else b"back again\r\n")
        if len(connections) == 1:
            for _ in range(20):
                connection.send(b"0123456789abcdef" * 65536)  # 1 MiB
            connection.send(b"\r\nthis is the end\r\n")

    page.route_web_socket(re.compile("/console/ws$"), flood)
    open_lab(page, host, pair)
    title = page.title()
    page.locator("[aria-label^='PC1,']").dblclick()
    expect(console(page, "PC1")).to_contain_text("this is the end")
    expect(page.locator(".node")).to_have_count(2)
    assert page.title() == title
    page.get_by_role("button", name="Find in this console").click()
    page.get_by_role("searchbox").fill("were left out")
    expect(page.get_by_role("search")).to_contain_text("of")
    connections[0].close()
    expect(console(page, "PC1")).to_contain_text("back again")
