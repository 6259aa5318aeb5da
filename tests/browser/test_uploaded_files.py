"""Files that somebody uploaded, opened in a browser: they show or are saved, and nothing in them runs."""

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error

from tests.browser.conftest import PATIENCE, Host

# What a script would do in the name of whoever opens the file.
MADE = "made by a script"
ACT = f"fetch('/v2/projects', {{method: 'POST', body: JSON.stringify({{name: '{MADE}'}})}})"
SCRIPT = f"<script>{ACT}</script>"
XHTML = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{SCRIPT}</body></html>'
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{SCRIPT}<rect width="20" height="20"/></svg>'
STYLESHEET = f"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><html><body>{SCRIPT}</body></html></xsl:template></xsl:stylesheet>"""
FILES = {
    "evil.html": f"<!doctype html>{SCRIPT}",
    "evil.svg": SVG,
    "evil.xhtml": XHTML,
    "evil.xml": f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="evil.xsl"?>{XHTML}',
    "evil.xsl": STYLESHEET,
    "evil.pdf": f"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS({ACT})>>>>endobj\n<html>{SCRIPT}</html>",
    "evil": f"<!doctype html><html>{SCRIPT}</html>",
    "evil.txt": f"<!doctype html><html>{SCRIPT}</html>",
    "evil.mht": f"MIME-Version: 1.0\nContent-Type: text/html\n\n<html>{SCRIPT}</html>",
    "evil.png": f"<!doctype html><html>{SCRIPT}</html>",
    "evil.js": ACT,
}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 800, "height": 600})
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def made(context: BrowserContext) -> list[str]:
    """The requests by which a script would act."""
    found: list[str] = []
    context.on("request", lambda request: found.append(request.url) if request.method == "POST" else None)
    return found


def upload(host: Host, path: str, content: str) -> None:
    request = urllib.request.Request(host.url + path, method="POST", data=content.encode())
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


def place(host: Host, pair: dict[str, Any], where: str, name: str) -> str:
    """Upload one of the files, and what it refers to; returns its path."""
    project = f"/v2/projects/{pair['project_id']}"
    node = host.request("GET", f"{project}/nodes")[0]["node_id"]
    folders = {"project": f"{project}/files", "node": f"{project}/nodes/{node}/files", "symbol": "/v2/symbols"}
    names = {name} if where == "symbol" else {name, "evil.xsl"}
    for each in names:
        upload(host, f"{folders[where]}/{each}{'/raw' if where == 'symbol' else ''}", FILES[each])
    return f"{folders[where]}/{name}{'/raw' if where == 'symbol' else ''}"


SHOWN = {("project", "evil.txt"), ("project", "evil.png"), ("symbol", "evil.svg")}  # the others are saved
CASES = [(where, name) for where in ("project", "node") for name in FILES] + [("symbol", "evil.svg")]


def answer(context: BrowserContext, url: str, html: str) -> None:
    """What the browser gets at an address, without the server."""
    headers = {"content-type": "text/html"}
    context.route(url, lambda route: route.fulfill(body=html, headers=headers))


@pytest.mark.parametrize(("where", "name"), CASES)
def test_nothing_in_it_runs(
    context: BrowserContext, host: Host, pair: dict[str, Any], made: list[str], where: str, name: str
) -> None:
    url = host.url + place(host, pair, where, name)
    for address, html in (
        ("http://elsewhere.example/frame", f"<iframe src='{url}'></iframe>"),
        ("http://elsewhere.example/object", f"<object data='{url}'></object>"),
        (url, ""),
    ):
        if html:
            answer(context, address, html)
        page = context.new_page()
        if html or (where, name) in SHOWN:
            page.goto(address, wait_until="load")
        else:
            with page.expect_download() as saved, suppress(Error):  # of the navigation, which becomes a download
                page.goto(address)
            assert saved.value.suggested_filename.startswith(name)
        page.close()
    assert made == []
    assert MADE not in {project["name"] for project in host.request("GET", "/v2/projects")}


def test_a_script_that_is_not_held_back_is_seen(context: BrowserContext, host: Host, made: list[str]) -> None:
    """Else the other tests here would show nothing."""
    answer(context, f"{host.url}/held-back-by-nothing", FILES["evil.html"])
    page = context.new_page()
    with page.expect_response(f"{host.url}/v2/projects") as reply:
        page.goto(f"{host.url}/held-back-by-nothing")
    assert made == [f"{host.url}/v2/projects"]
    assert reply.value.json()["name"] == MADE
    host.request("DELETE", f"/v2/projects/{reply.value.json()['project_id']}")


def test_an_uploaded_script_is_none_of_a_page(
    context: BrowserContext, host: Host, pair: dict[str, Any], made: list[str]
) -> None:
    """Neither of our own nor of another site."""
    urls = [host.url + place(host, pair, where, "evil.js") for where in ("project", "node")]
    answer(context, "http://elsewhere.example/", "<body></body>")
    page = context.new_page()
    for address in (f"{host.url}/controller", host.url, "http://elsewhere.example/"):
        page.goto(address)
        for url in urls:
            ran = page.evaluate(
                """url => new Promise((done) => {
                  const script = Object.assign(document.createElement('script'), {src: url});
                  script.onload = () => done(true);
                  script.onerror = () => done(false);
                  document.body.append(script);
                })""",
                url,
            )
            assert not ran, address
    assert made == []


def test_an_uploaded_symbol_shows(context: BrowserContext, host: Host, pair: dict[str, Any], made: list[str]) -> None:
    url = host.url + place(host, pair, "symbol", "evil.svg")
    page = context.new_page()
    page.goto(f"{host.url}/projects/{pair['project_id']}")
    size = page.evaluate("async url => { const i = new Image(); i.src = url; await i.decode(); return i.width }", url)
    assert size == 20
    assert made == []
    page.goto(url)  # as a picture of its own
    assert page.evaluate("document.documentElement.getBoundingClientRect().width") == 20


def test_our_own_pages_are_framed_by_nobody(context: BrowserContext, host: Host, pair: dict[str, Any]) -> None:
    for path in ("/", f"/projects/{pair['project_id']}", "/docs", "/controller", "/nowhere"):
        answer(context, "http://elsewhere.example/", f"<iframe src='{host.url}{path}'></iframe>")
        page = context.new_page()
        page.goto("http://elsewhere.example/")
        assert page.frames[1].url.startswith("chrome-error:"), path
        page.close()
