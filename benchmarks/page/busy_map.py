"""A map of 1,000 nodes on which a node is dragged while other clients change 200 nodes a second, beside GNS3's web UI.

Both pages are of the same server, and take turns. A frame is a call of ``requestAnimationFrame``: the browser makes no
more of them than it can draw.
"""

import http.client
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from urllib.parse import urlsplit

import attrs
from playwright.sync_api import Browser, Page, expect

from benchmarks.page.large_lab import Json

NODES = 1000
COLUMNS = 40
APART = 110
EVENTS_A_SECOND = 200
# Clients that change nodes, each one after the other.
CLIENTS = 4
# Then the others end, too, so that a page that falls behind can catch up.
DRAG_SECONDS = 4.0
# The upper left corner of the lab, so that nodes are in the window of both pages.
LEFT, TOP = -2000, -1200

# Before a page begins: when it has painted first, and when all nodes are painted.
WATCH = """([selector, count]) => {
  new MutationObserver((_, seen) => {
    if (document.querySelectorAll(selector).length < count) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.allDrawn = performance.now(); }));
  }).observe(document, {subtree: true, childList: true});
}"""
COUNT_FRAMES = """() => {
  window.frames_ = [];
  const frame = (now) => { window.frames_.push(now); window.counting = requestAnimationFrame(frame); };
  window.counting = requestAnimationFrame(frame);
}"""
FRAMES = "() => { cancelAnimationFrame(window.counting); return window.frames_; }"
FIRST_PAINT = (
    "() => performance.getEntriesByType('paint').find(({name}) => name === 'first-contentful-paint')?.startTime"
)
FIND_NODE = """selector => {
  for (const node of document.querySelectorAll(`${selector} image`)) {
    const {left, top, width, height} = node.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (x > 100 && x < 800 && y > 150 && y < 350 && document.elementFromPoint(x, y) === node) return [x, y];
  }
  return null;
}"""
PLACES = """selector => [...document.querySelectorAll(`${selector} image`)].map((each) => {
  const {left, top} = each.getBoundingClientRect();
  return `${left.toFixed()} ${top.toFixed()}`;
}).join()"""


@attrs.frozen
class MapPage:
    """A page that shows the map: its path, and how its nodes are found."""

    name: str
    path: str
    nodes: str


OURS = MapPage("gns3trio", "/projects/{project}", ".map .node")
WEB_UI = MapPage("GNS3 web UI", "/static/web-ui/server/1/project/{project}", "g.node")


@attrs.frozen
class BusyFigures:
    """Milliseconds to the first paint and until all nodes are drawn; frames a second while a node is dragged and until
    the page has caught up, and the longest time between two of them; events a second.
    """

    paint: float
    drawn: float
    frames: float
    gap: float
    events: float


def busy_lab() -> Json:
    """A topology document: hubs with seven hubs each, in a tree."""
    nodes = {
        f"H{n}": {"node_type": "ethernet_hub", "x": LEFT + APART * (n % COLUMNS), "y": TOP + APART * (n // COLUMNS)}
        for n in range(NODES)
    }
    return {"nodes": nodes, "links": [{"ends": [f"H{(n - 1) // 7}:{(n - 1) % 7}", f"H{n}:7"]} for n in range(1, NODES)]}


def measure_busy(browser: Browser, url: str, project: str, shown: MapPage) -> BusyFigures:
    """Open the page, and drag a node on it while others change."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(120_000)
    # The web UI counts its visitors at another host.
    page.route(lambda address: not address.startswith(url), lambda route: route.abort())
    if shown is WEB_UI:
        page.goto(f"{url}/static/web-ui/bundled")
        page.wait_for_url("**/server/1/projects")  # now the page knows this server
        page.wait_for_load_state("networkidle")
    page.add_init_script(f"({WATCH})({json.dumps([shown.nodes, NODES])})")
    page.goto(url + shown.path.format(project=project))
    page.wait_for_function("() => window.allDrawn")
    paint, drawn = page.evaluate(FIRST_PAINT), page.evaluate("window.allDrawn")
    expect(page.locator(shown.nodes)).to_have_count(NODES)
    x, y = middle_of_dragged(page, shown)
    before = page.evaluate(PLACES, shown.nodes)
    page.mouse.move(x, y)
    page.mouse.down()
    # Before the changes begin: a page that falls behind answers nothing until it has caught up.
    page.evaluate(COUNT_FRAMES)
    with changing(url, project) as counted:
        began, step = time.monotonic(), 0
        while time.monotonic() < began + DRAG_SECONDS:
            step += 1
            page.mouse.move(x + 4 + 3 * (step % 80), y + 4 + 2 * (step % 60))
    times = page.evaluate(FRAMES)
    page.mouse.up()
    events = sum(counted) / DRAG_SECONDS
    if page.evaluate(PLACES, shown.nodes) == before:
        raise SystemExit(f"{shown.name}: nothing has moved")
    page.close()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return BusyFigures(paint, drawn, 1000 * len(gaps) / sum(gaps), max(gaps), events)


def middle_of_dragged(page: Page, shown: MapPage) -> tuple[float, float]:
    """Where a node is in the upper half of the map, with nothing over it."""
    place = page.evaluate(FIND_NODE, shown.nodes)
    if place is None:
        raise SystemExit(f"{shown.name}: no node is in the window")
    return place[0], place[1]


@contextmanager
def changing(url: str, project: str) -> Iterator[list[int]]:
    """Other clients change nodes, one after the other: yields the numbers of changes so far."""
    counted, ended = [0] * CLIENTS, threading.Event()
    path = f"/v2/projects/{project}/nodes"
    with urllib.request.urlopen(url + path) as reply:
        ids = [node["node_id"] for node in json.load(reply)]

    def change(client: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        begin = time.monotonic()
        while not ended.is_set() and time.monotonic() < begin + DRAG_SECONDS:
            number = counted[client] * CLIENTS + client
            time.sleep(max(begin + number / EVENTS_A_SECOND - time.monotonic(), 0))
            # In the lower half, where the node that is dragged is not.
            node = ids[NODES - 1 - number % (NODES // 2)]
            connection.request("PUT", f"{path}/{node}", json.dumps({"x": LEFT + 37 * number % 4000}))
            connection.getresponse().read()
            counted[client] += 1
        connection.close()

    threads = [threading.Thread(target=change, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def median(figures: list[BusyFigures]) -> BusyFigures:
    """The median of each figure."""
    return BusyFigures(*(statistics.median(each) for each in zip(*map(attrs.astuple, figures), strict=True)))
