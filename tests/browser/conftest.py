"""Our page in a real browser, at a server of its own process. A page that logs an error or asks another host fails."""

import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

VPCS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")[0]
PATIENCE = 60
SCHEME: Literal["dark", "light"] = "dark" if os.environ.get("GNS3TRIO_TEST_SCHEME") == "dark" else "light"
expect.set_options(timeout=PATIENCE * 1000)


_running: list[Playwright] = []


@attrs.frozen
class Host:
    """A server, and requests to it, with user and password if it has such."""

    url: str
    credentials: tuple[str, str] | None = None

    def request(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        if self.credentials is not None:
            words = base64.b64encode(":".join(self.credentials).encode()).decode()
            request.add_header("Authorization", f"Basic {words}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def lab(self, name: str, topology: Any) -> dict[str, Any]:
        """A new project with this topology."""
        project: dict[str, Any] = self.request("POST", "/v2/projects", {"name": name})
        self.request("PUT", f"/v2/projects/{project['project_id']}/topology", topology)
        return project


@contextmanager
def served(folder: Path, program: str = "gns3trio", port: int = 0, *options: str) -> Iterator[Host]:
    """A server: a process of a Python module that takes the commands of ours."""
    command = [sys.executable, "-m", program, "serve", "--port", str(port), "--log-level", "warning"]
    command += ["--projects-path", str(folder), "--vpcs-path", VPCS, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Host(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with served(tmp_path_factory.mktemp("projects")) as host:
        yield host


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The browser of this machine, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("these tests need a browser: apt-get install chromium")
    with _playwright() as playwright:
        gentle = Path(__file__).parent / "gentle-chromium"
        environment: dict[str, str | float | bool] = {**os.environ, "GNS3TRIO_TEST_CHROMIUM": program}
        browser = playwright.chromium.launch(executable_path=gentle, env=environment, args=["--no-sandbox", *options])
        yield browser
        browser.close()


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """The one Playwright of this process: it cannot run twice at a time."""
    if _running:
        yield _running[0]
        return
    with sync_playwright() as playwright:
        _running.append(playwright)
        try:
            yield playwright
        finally:
            _running.clear()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def labs(host: Host) -> Iterator[list[dict[str, Any]]]:
    """Projects of a test. They are deleted after its page has ended, which would otherwise ask for what is gone."""
    projects: list[dict[str, Any]] = []
    yield projects
    for project in projects:
        host.request("DELETE", f"/v2/projects/{project['project_id']}")


@pytest.fixture
def page(browser: Browser, host: Host, labs: list[dict[str, Any]], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page; screenshots go where GNS3TRIO_TEST_SCREENSHOTS says."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=SCHEME)
    yield from _page(context, host, request)


@pytest.fixture
def phone(browser: Browser, host: Host, labs: list[dict[str, Any]], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on the small screen of a phone."""
    size: ViewportSize = {"width": 390, "height": 844}
    context = browser.new_context(
        viewport=size, has_touch=True, is_mobile=True, reduced_motion="reduce", color_scheme=SCHEME
    )
    yield from _page(context, host, request)


def _page(context: BrowserContext, host: Host, request: pytest.FixtureRequest) -> Iterator[Page]:
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    wrong: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not is_hint_for_novnc(message):
            wrong.append(f"{message.text} {message.location.get('url')}")

    page.on("console", note)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: wrong.append(r.url) if not is_own(r.url, host) else None)
    yield page
    if folder := os.environ.get("GNS3TRIO_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{request.node.name}.png"))
    context.close()
    if request.node.get_closest_marker("refused_requests") is None:
        assert wrong == []


def is_hint_for_novnc(message: ConsoleMessage) -> bool:
    """Chromium's advice on how noVNC, which is not ours, reads its canvas when the screen changes its size twice."""
    return "willReadFrequently" in message.text and "/vendor/novnc/" in message.location.get("url", "")


def is_own(url: str, host: Host) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob") or parts.netloc == urlsplit(host.url).netloc


@pytest.fixture
def pair(host: Host, labs: list[dict[str, Any]]) -> dict[str, Any]:
    """A project with two stopped VPCS at a link."""
    labs.append(host.lab("pair", PAIR))
    return labs[-1]


PAIR = {
    "nodes": {
        "PC1": {"node_type": "vpcs", "x": -250, "properties": {"startup_script": "ip 10.0.0.1/24\n"}},
        "PC2": {"node_type": "vpcs", "x": 250, "properties": {"startup_script": "ip 10.0.0.2/24\n"}},
    },
    "links": [{"ends": ["PC1", "PC2"]}],
}
