"""A session in the web UI of GNS3 3, unmodified, in a real browser: what a user does in it, at any server."""

from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import is_zipfile

from playwright.sync_api import Browser, Locator, Page, Response, WebSocket, expect

from tests.browser.conftest import PATIENCE

USER, PASSWORD = "admin", "admin"


@contextmanager
def new_page(browser: Browser, url: str, wrong: list[str]) -> Iterator[Page]:
    """A page; what its console shows, and which requests fail, is added to ``wrong``.

    It counts its visitors at other hosts, which are out of reach here.
    """
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    context.route(lambda address: not address.startswith(url), lambda route: route.abort())
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()


def log_in(page: Page, url: str) -> None:
    """Log in at the first page of the web UI; at the end, the list of projects."""
    page.goto(f"{url}/static/web-ui/bundled")
    page.locator("input").nth(0).fill(USER)
    page.locator("input").nth(1).fill(PASSWORD)
    page.get_by_role("button", name="Login").click()
    page.wait_for_url("**/controller/1/projects")


def create_project(page: Page, name: str) -> str:
    """An empty project, in which the page is then; its id."""
    page.get_by_role("button", name="Add blank project").click()
    dialog(page).locator("input").fill(name)
    with watching(page):
        dialog(page).get_by_role("button", name="Add project").click()
    page.wait_for_url("**/project/*")
    return page.url.rpartition("/")[2]


@contextmanager
def watching(page: Page) -> Iterator[None]:
    """The page goes to a project; at the end it sees what happens there."""
    with page.expect_websocket(lambda socket: "/notifications/ws" in socket.url) as opened:
        yield
    opened.value.wait_for_event("framereceived")


def dialog(page: Page) -> Locator:
    """The dialog that is open."""
    return page.locator("mat-dialog-container")


def press(page: Page, tooltip: str) -> None:
    """A button of the bars around the map, by what it tells when pointed at."""
    page.locator(f'button[mattooltip="{tooltip}"]').click()


def choose(page: Page, what: Locator, item: str) -> None:
    """An item of the context menu of something in the map."""
    what.click(button="right", force=True)  # a level line has no height: it is not "visible"
    page.locator("[mat-menu-item]", has_text=item).first.click()


def choose_of_link(page: Page, item: str) -> None:
    """An item of the context menu of the link. In its middle there are pictures, of its filters or its capture."""
    expect(page.locator(".cdk-overlay-backdrop")).to_have_count(0)  # of a dialog that is going
    box = page.locator("g.link path").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3, button="right")
    page.locator("[mat-menu-item]", has_text=item).first.click()


def drag(page: Page, template: str, x: int, y: int) -> None:
    """Drag a template into the map."""
    count = page.locator("g.node").count()
    press(page, "Add a node")
    page.locator(".templateIcon").filter(has_text=template).locator("img").hover()
    page.mouse.down()
    page.mouse.move(x, y, steps=5)
    page.mouse.up()
    page.keyboard.press("Escape")  # the list of templates
    expect(page.locator(".templateIcon")).to_have_count(0)
    expect(page.locator("g.node")).to_have_count(count + 1)


def draw_link(page: Page) -> None:
    """A link between the first two nodes, at their first free ports."""
    press(page, "Add a link")
    for node in range(2):
        page.locator("g.node").nth(node).click(force=True)
        page.locator("[mat-menu-item]").first.click()
    expect(page.locator("g.link path.ethernet_link")).to_have_count(1)
    press(page, "Add a link")


def all_nodes(page: Page, tooltip: str, state: str, count: int) -> None:
    """Press a button that acts on all nodes, and answer its question; the list beside the map shows their state."""
    press(page, tooltip)
    dialog(page).get_by_role("button", name="Yes").click()
    expect(page.locator(f".nodeRow svg rect[fill={state}]")).to_have_count(count)


def open_console(page: Page, typed: str, expected: bytes) -> None:
    """The console of the first node answers; the terminal itself is drawn on a canvas."""
    with page.expect_websocket(lambda socket: "/console/ws" in socket.url) as opened:
        choose(page, page.locator("g.node").first, "Web console")
    received = bytearray()

    def keep(payload: str | bytes) -> None:
        received.extend(payload.encode() if isinstance(payload, str) else payload)

    console: WebSocket = opened.value
    console.on("framereceived", keep)
    page.locator(".xterm-helper-textarea").press_sequentially(typed)
    while expected not in received:
        console.wait_for_event("framereceived")
    page.locator("app-console-wrapper button", has_text="close").last.click()


def set_delay(page: Page, milliseconds: int) -> None:
    """A packet filter of the link."""
    choose_of_link(page, "Packet filters")
    page.get_by_role("tab", name="Delay").click()
    dialog(page).locator("mat-tab-body input").first.fill(str(milliseconds))
    with replied(page, "/links/", "PUT"):
        dialog(page).get_by_role("button", name="Apply").click()


def capture(page: Page) -> None:
    """A capture at the link begins and ends."""
    choose_of_link(page, "Start capture")
    dialog(page).locator("mat-select").click()
    page.locator("mat-option", has_text="Ethernet").click()
    with replied(page, "/capture/start"):
        dialog(page).locator("button", has_text="Ok").click()
    with replied(page, "/capture/stop"):
        choose_of_link(page, "Stop capture")


def suspend_and_resume(page: Page) -> None:
    """The link is suspended, and resumed."""
    for item in ("Suspend", "Resume"):
        with replied(page, "/links/", "PUT"):
            choose_of_link(page, item)


def take_snapshot(page: Page, name: str) -> None:
    """A snapshot, and the list of snapshots."""
    press(page, "Manage snapshots")
    dialog(page).locator("input").fill(name)
    dialog(page).locator("button", has_text="Add").click()
    expect(page.get_by_text(f"Snapshot '{name}' has been created.")).to_be_visible()


@contextmanager
def replied(page: Page, part: str, method: str = "POST") -> Iterator[None]:
    """What is done in the block makes a request, which succeeds."""

    def is_it(reply: Response) -> bool:
        return part in reply.url and reply.request.method == method

    with page.expect_response(is_it) as reply:
        yield
    assert reply.value.ok, f"{reply.value.status} {reply.value.url}"


def export(page: Page, url: str, name: str) -> None:
    """Download the project, from the list of projects."""
    page.goto(f"{url}/static/web-ui/controller/1/projects")
    press(page, "Export project")
    with page.expect_download() as download:
        dialog(page).get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == f"{name}.gns3project"
    assert is_zipfile(download.value.path())


def add_user(page: Page, url: str, name: str) -> None:
    """A user, in the page of the users; and what the pages beside it list."""
    page.goto(f"{url}/static/web-ui/controller/1/management/users")
    page.get_by_role("button", name="Add User").click()
    new = {"username": name, "full_name": "A Student", "email": f"{name}@lab.example.com"}
    for field, value in (new | {"password": "a password", "confirmPassword": "a password"}).items():
        dialog(page).locator(f"input[formcontrolname={field}]").fill(value)
    with replied(page, "/access/users"):
        dialog(page).locator("button").last.click()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    for tab, shown in (("Groups", "Administrators"), ("Roles", "Auditor"), ("Pools", "0 of 0")):
        page.get_by_text(tab, exact=True).first.click()
        expect(page.locator("main").get_by_text(shown).first).to_be_visible()
    page.get_by_text("Users", exact=True).first.click()
    with replied(page, "/groups", "GET"):
        page.get_by_role("link", name=name).click()
    page.goto(f"{url}/static/web-ui/controller/1/loggeduser")
    expect(page.get_by_text(f"Username: {USER}")).to_be_visible()


def use(page: Page, url: str) -> None:
    """The whole session."""
    log_in(page, url)
    create_project(page, "from the web UI")
    drag(page, "VPCS", 500, 300)
    drag(page, "VPCS", 900, 500)
    drag(page, "Ethernet switch", 600, 600)
    draw_link(page)
    all_nodes(page, "Start/Resume all nodes", "green", 3)
    open_console(page, "show ip\n", b"IP/MASK     : ")
    set_delay(page, 20)
    capture(page)
    suspend_and_resume(page)
    all_nodes(page, "Stop all nodes", "red", 2)
    take_snapshot(page, "before")
    export(page, url, "from the web UI")
    add_user(page, url, "student")
