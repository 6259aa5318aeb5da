"""``python -m benchmarks.page``: for how long the page of a large lab does not react, at each thing that a user does.

The method is in ../README.md.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx
from playwright.sync_api import Browser, Page, expect

from benchmarks.page.busy_map import OURS, WEB_UI, BusyFigures, busy_lab, measure_busy, median
from benchmarks.page.large_lab import Json, large_lab
from benchmarks.servers import Candidate, gns3trio, request, server
from tests.browser.conftest import chromium

PATIENCE_SECONDS = 60.0
# PCs that need no process, and a console port for each.
OPTIONS = "--vpcs-engine builtin --console-start-port-range 30001 --console-end-port-range 60000"
# Before the page begins: the longest time between two frames.
WATCH = """() => {
  window.longestGap = 0;
  let last = performance.now();
  const frame = (now) => {
    window.longestGap = Math.max(window.longestGap, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
# Resolves when two frames have been drawn, and what was to be done after them is done.
SETTLED = (
    """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))"""
)


@attrs.frozen
class Figure:
    """What an action cost: milliseconds of the longest task, of the task with most CPU time, and between two frames.

    ``elements`` are those of the document.
    """

    task: float
    cpu: float
    gap: float
    elements: int


@attrs.define
class Watcher:
    """Measures actions of a page."""

    browser: Browser
    page: Page
    screenshots: Path | None
    figures: dict[str, Figure] = attrs.field(factory=dict)

    @contextmanager
    def action(self, name: str) -> Iterator[None]:
        """Measure what happens in the block."""
        self.browser.start_tracing(page=self.page, categories=["toplevel"])
        self.page.evaluate("window.longestGap = 0")
        yield
        self.page.evaluate(SETTLED)
        gap, elements = self.page.evaluate("[window.longestGap, document.getElementsByTagName('*').length]")
        task, cpu = longest_task(self.browser.stop_tracing())
        self.figures[name] = Figure(task, cpu, gap, elements)
        print(f"{name:30}{task:>12.0f} ms{cpu:>12.0f} ms{gap:>12.0f} ms{elements:>12}", flush=True)
        if self.screenshots:
            self.page.screenshot(path=self.screenshots / f"{name.replace(' ', '-').replace(',', '')}.png")


def longest_task(trace: bytes) -> tuple[float, float]:
    """The longest task of a page's thread, and the most CPU time of one, in milliseconds, of a trace of Chromium.

    The format is Chromium's "Trace Event Format", with times in microseconds.
    """
    events = json.loads(trace)["traceEvents"]
    pages = {(each["pid"], each["tid"]) for each in events if each.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [each for each in events if each["name"].endswith("RunTask") and (each["pid"], each["tid"]) in pages]
    if not tasks:
        raise SystemExit("the trace of Chromium has no tasks")
    return max(each.get("dur", 0) for each in tasks) / 1000, max(each.get("tdur", 0) for each in tasks) / 1000


def measure(page: Page, url: str, http: httpx.Client, project: str, lab: Json, watcher: Watcher) -> None:
    """Do what a user does with a lab."""
    counts = page.locator("aside .hint").first
    page.goto(f"{url}/projects/{project}")
    expect(counts).to_contain_text("0 nodes")
    with watcher.action("another client creates all"):
        for part in ("nodes", "links"):
            request(http, "POST", f"/projects/{project}/batch", {part: lab[part]})
        expect(counts).to_contain_text(f"{len(lab['links']):,} links")
    nodes = http.get(f"/projects/{project}/nodes").json()
    started = sum(node["status"] == "started" for node in nodes)
    with watcher.action("open"):
        page.goto(f"{url}/projects/{project}")
        expect(counts).to_contain_text(f"{len(nodes):,} nodes, {started:,} started")
    area = page.locator(".scene > svg").bounding_box()
    assert area is not None
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    with watcher.action("pan, far"):
        drag(page, x, y)
    with watcher.action("zoom in"):
        wheel(page, -100, 24)
    with watcher.action("pan, near"):
        drag(page, x, y)
    with watcher.action("select a node"):
        page.keyboard.press("Escape")
        node = nearest_node(page, x, y)
        page.mouse.click(*node)
    with watcher.action("move a node"):
        drag(page, *node)
    with watcher.action("zoom out"):
        page.keyboard.press("Escape")
        page.mouse.move(x, y)
        wheel(page, 100, 30)
    with watcher.action("start all, far"):
        act_on_all(page, http, project, "start", len(nodes))
    with watcher.action("stop all, far"):
        act_on_all(page, http, project, "stop", started)
    with watcher.action("zoom in again"):
        wheel(page, -100, 30)
    with watcher.action("start all, near"):
        act_on_all(page, http, project, "start", len(nodes))
    with watcher.action("search"):
        search(page, f"PC{len(nodes) // 2}")
    with watcher.action("add a node"):
        page.get_by_role("button", name="Add node").click()
        expect(page.locator("aside h2")).not_to_have_text(f"PC{len(nodes) // 2}")
    with watcher.action("close the project"):
        http.post(f"/projects/{project}/close", json={}).raise_for_status()
        expect(page.get_by_role("heading", name="was closed.")).to_be_visible()


def drag(page: Page, x: float, y: float) -> None:
    """Drag what is there, to the left and back."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 300, y - 200, steps=30)
    page.mouse.move(x - 10, y - 10, steps=30)
    page.mouse.up()


def wheel(page: Page, turn: float, times: int) -> None:
    """Turn the wheel of the mouse."""
    for _ in range(times):
        page.mouse.wheel(0, turn)
        page.evaluate("new Promise(requestAnimationFrame)")


def nearest_node(page: Page, x: float, y: float) -> tuple[float, float]:
    """The middle of the node that is nearest to a point."""
    boxes = [box for each in page.locator(".node image").all() if (box := each.bounding_box())]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    return min(middles, key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)


def act_on_all(page: Page, http: httpx.Client, project: str, action: str, started: int) -> None:
    """Start or stop all nodes, until the page shows it."""
    http.post(f"/projects/{project}/nodes/{action}", json={}).raise_for_status()
    page.wait_for_function(
        "wanted => document.querySelector('aside .hint')?.textContent.includes(`${wanted} started`)", arg=f"{started:,}"
    )


def search(page: Page, name: str) -> None:
    """Find a node by its name, with the keyboard."""
    field = page.get_by_label("Find a node or link")
    field.press_sequentially(name)
    page.locator("aside .list button").first.click()
    expect(page.locator("aside h2")).to_have_text(name)


def measure_busy_map(port: int, web_ui: Path | None, rounds: int) -> None:
    """Measure and print how a map of 1,000 nodes is while others change it."""
    more = f" --web-ui-path {web_ui}" if web_ui else ""
    pages = [OURS, *([WEB_UI] if web_ui else [])]
    figures: dict[str, list[BusyFigures]] = {page.name: [] for page in pages}
    with (
        tempfile.TemporaryDirectory() as folder,
        server(ours(more), folder, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
        chromium("--disable-gpu") as browser,
    ):
        project = request(http, "POST", "/projects", {"name": "busy", "auto_close": False})["project_id"]
        request(http, "PUT", f"/projects/{project}/topology", busy_lab())
        print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, Chromium {browser.version}, drawn by software")
        print(
            f"{'':14}{'first paint':>14}{'all nodes':>14}{'frames/s':>12}{'longest gap':>14}{'events/s':>12}{'load':>8}"
        )
        for _ in range(rounds):
            for page in pages:
                figures[page.name].append(each := measure_busy(browser, f"http://127.0.0.1:{port}", project, page))
                print_busy(page.name, each)
        print("\nmedians")
        for page in pages:
            print_busy(page.name, median(figures[page.name]))


def print_busy(name: str, each: BusyFigures) -> None:
    """Print a row."""
    print(
        f"{name:14}{each.paint:>11.0f} ms{each.drawn:>11.0f} ms{each.frames:>12.1f}{each.gap:>11.0f} ms"
        f"{each.events:>12.0f}{os.getloadavg()[0]:>8.1f}",
        flush=True,
    )


def ours(more: str = "") -> Candidate:
    """This server, for a large lab."""
    ours = gns3trio("gns3trio", sys.executable)
    return Candidate(ours.name, f"{ours.command} {OPTIONS}{more}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000, help="nodes of the lab (default 10000)")
    parser.add_argument("--port", type=int, default=3999, help="TCP port that the server gets (default 3999)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--busy", action="store_true", help="measure a map of 1,000 nodes that others change, instead")
    parser.add_argument("--web-ui", type=Path, metavar="FOLDER", help="with --busy: GNS3's web UI, measured beside it")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of --busy (default 3)")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="write a picture after each action there")
    options = parser.parse_args()
    if options.busy:
        measure_busy_map(options.port, options.web_ui, options.rounds)
        return
    lab = large_lab(options.nodes)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(ours(), folder, options.port),
        httpx.Client(base_url=f"http://127.0.0.1:{options.port}/v2", timeout=PATIENCE_SECONDS) as http,
        chromium() as browser,
    ):
        project = request(http, "POST", "/projects", {"name": "large", "auto_close": False})["project_id"]
        print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, Chromium {browser.version}")
        print(f"{len(lab['nodes'])} nodes, {len(lab['links'])} links\n")
        print(f"{'':30}{'longest task':>15}{'most CPU':>15}{'longest gap':>15}{'elements':>12}")
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        page.add_init_script(f"({WATCH})()")
        watcher = Watcher(browser, page, options.screenshots)
        measure(page, f"http://127.0.0.1:{options.port}", http, project, lab, watcher)
    if options.json:
        options.json.write_text(json.dumps({name: attrs.asdict(each) for name, each in watcher.figures.items()}))


if __name__ == "__main__":
    main()
