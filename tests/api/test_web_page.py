"""The files of our own page, as the server gives them; what they do is in ``tests/browser``."""

import re
from pathlib import Path
from typing import Any

import pytest

import gns3trio
from gns3trio.api.page_files import takes_gzip
from tests.support.server import Server

WEB = Path(gns3trio.__file__).parent / "web"


async def test_the_page_and_its_files(server: Server, project: dict[str, Any]) -> None:
    for path in ("/", f"/projects/{project['project_id']}"):
        reply = await server.http.get(path)
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self';" in reply.headers["content-security-policy"]
        assert re.search(f'src="{"../" if len(path) > 1 else "./"}static/app/[0-9a-f]{{16}}/app.js"', reply.text)
    for path, kind in (
        ("app.js", "text/javascript"),
        ("vendor/xterm.mjs", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        reply = await server.http.get(f"/static/app/{path}")
        assert reply.headers["content-type"].partition(";")[0] == kind
        assert reply.headers["cache-control"] == "no-cache"
        again = await server.http.get(f"/static/app/{path}", headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == reply.headers["etag"]


async def test_a_browser_keeps_the_files_of_this_version(server: Server) -> None:
    """Every file that a page names, and no request is sent for it again; that of another version is asked for."""
    page = (await server.http.get("/")).text
    named = set(re.findall(r'(?:src|href)="\./(static/app/[^"]+)"', page))
    assert len(named) > 60  # the modules, too: they are not found one after the other
    for path in named:
        reply = await server.http.get(f"/{path}")
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable", path
    assert any(path.endswith("/map/graph.js") for path in named)
    assert not any("vendor/xterm.mjs" in path for path in named)  # what only a console needs is loaded with it
    other = await server.http.get(f"/static/app/{'0' * 16}/app.js")
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["app.js", "style.css", "icon.svg", "vendor/swagger-ui-bundle.js"])
async def test_a_file_is_compressed_for_who_takes_that(server: Server, path: str) -> None:
    plain, packed = [
        await server.http.get(f"/static/app/{path}", headers={"accept-encoding": coding})
        for coding in ("identity", "br, gzip")
    ]
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding, Origin"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0, gzip", True),
        ("identity", False),
    ],
)
def test_who_takes_gzip(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


async def test_the_style_sheet_is_all_its_parts(server: Server) -> None:
    style = (await server.http.get("/static/app/style.css")).text
    parts = [path.read_text() for path in (WEB / "vendor/xterm.css", *(WEB / "style").iterdir())]
    assert sorted(style.split("\n")) == sorted("\n".join(parts).split("\n"))
    assert style.index("color-scheme") < style.index(".bar") < style.index("@media (max-width")


@pytest.mark.parametrize(
    "path", ["absent.js", "..%2F__init__.py", "%2Fetc%2Fpasswd", "vendor", "", "vendor%2F..%2Fapp.js"]
)
async def test_nothing_else_is_given(server: Server, path: str) -> None:
    await server.request("GET", f"/static/app/{path}", None, 404)


BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_a_page_for_what_is_not_there(server: Server) -> None:
    for path, root in (
        ("/nowhere", "./"),
        ("/<b>", "./"),
        ("/no/where%2Fat/all", "../../"),
        ("/projects/00000000-0000-4000-8000-000000000000", "../"),
    ):
        reply = await server.http.get(path, headers=BROWSER)
        assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert f'href="{root}"' in reply.text
        assert "<b>" not in reply.text


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/nowhere", "*/*"), ("/nowhere", "application/json, text/html"), ("/v2/nowhere", BROWSER["accept"])],
)
async def test_programs_get_json_for_what_is_not_there(server: Server, path: str, accept: str) -> None:
    reply = await server.http.get(path, headers={"accept": accept})
    assert (reply.status_code, reply.json()["status"]) == (404, 404)


async def test_an_unknown_project_has_no_page(server: Server) -> None:
    await server.request("GET", "/projects/00000000-0000-4000-8000-000000000000", None, 404)
