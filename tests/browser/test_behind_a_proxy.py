"""Our page below a path of a reverse proxy, with a public name, TLS and a password."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PAIR, PATIENCE, VPCS, Host, chromium
from tests.reverse_proxies import NAME, PREFIX, Proxy, free_port, running

WAYS = [Proxy("nginx", prefix=PREFIX), Proxy("caddy", prefix=PREFIX, strips=False)]
PASSWORD = "change me"


@pytest.fixture(params=WAYS, ids=["nginx", "caddy"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Host]]:
    """The address of our page, and the server behind it, where requests need no password from here."""
    proxy: Proxy = request.param
    port = free_port()
    command = [sys.executable, "-m", "gns3trio", "serve", "--port", "0", "--log-level", "warning"]
    command += ["--projects-path", str(tmp_path / "projects"), "--vpcs-path", VPCS]
    command += ["--allowed-hosts", f"{NAME}:{port}", "--trusted-proxies", "127.0.0.1"]
    command += [] if proxy.strips else ["--path-prefix", proxy.prefix]
    environment = {**os.environ, "GNS3TRIO_USER": "lab", "GNS3TRIO_PASSWORD": PASSWORD}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with running(proxy, tmp_path / "proxy", port, urlsplit(url).port or 0):
            yield f"https://{NAME}:{port}{proxy.prefix}", Host(url, ("lab", PASSWORD))
        process.terminate()


def test_the_page_works_below_a_path(place: tuple[str, Host]) -> None:
    url, host = place
    project = host.lab("pair", PAIR)
    with chromium("--ignore-certificate-errors", f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        wrong = watch(page, url)
        page.goto(url)  # without the slash at the end
        page.get_by_label("User").fill("lab")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="pair", exact=True).click()
        expect(page.locator(".node")).to_have_count(2)
        assert page.url == f"{url}/projects/{project['project_id']}"
        page.get_by_role("button", name="Start all").click()
        expect(page.locator(".node.started")).to_have_count(2)  # events tell
        page.locator("[aria-label^='PC1,']").dblclick()
        page.locator(".xterm-helper-textarea").press_sequentially("show ip\n")
        expect(page.locator(".terminal .xterm-accessibility")).to_contain_text("10.0.0.1/24")
        page.get_by_role("link", name="gns3trio").click()
        page.get_by_role("button", name="Export").click()
        page.get_by_role("radio", name="Description (.yaml)").check()
        with page.expect_download() as download:
            page.get_by_role("dialog").get_by_role("button", name="Export").click()
        assert download.value.suggested_filename == "pair.yaml"
        page.get_by_role("link", name="API", exact=True).click()
        page.locator("#operations-tag-Server_and_events").click()
        page.locator(".opblock", has=page.get_by_text("/v2/version", exact=True)).first.click()
        page.get_by_role("button", name="Try it out").click()
        with page.expect_response(f"{url}/v2/version") as asked:
            page.get_by_role("button", name="Execute").click()
        assert asked.value.status == 200
        assert wrong == []
        page.goto(f"{url}/no/where")
        page.get_by_role("link", name="Projects", exact=True).click()
        expect(page.get_by_role("link", name="pair", exact=True)).to_be_visible()
        page.close()


def watch(page: Page, url: str) -> list[str]:
    """What goes wrong: errors, and requests that leave the path."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith((url, "data:", "blob:")) else None)
    return wrong
