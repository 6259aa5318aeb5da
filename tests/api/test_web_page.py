"""The files of our own page, as the server gives them; what they do is in ``tests/browser``."""

from pathlib import Path
from typing import Any

import pytest

import gns3trio
from tests.support.server import Server


async def test_the_page_and_its_files(server: Server, project: dict[str, Any]) -> None:
    for path in ("/", f"/projects/{project['project_id']}"):
        reply = await server.http.get(path)
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self';" in reply.headers["content-security-policy"]
        assert f'src="{"../" if len(path) > 1 else "./"}static/app/app.js"' in reply.text
    for path, kind in (
        ("app.js", "text/javascript"),
        ("vendor/xterm.mjs", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        reply = await server.http.get(f"/static/app/{path}")
        assert reply.headers["content-type"].partition(";")[0] == kind
        again = await server.http.get(f"/static/app/{path}", headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_style_sheet_is_all_its_parts(server: Server) -> None:
    style = (await server.http.get("/static/app/style.css")).text
    parts = [path.read_text() for path in (Path(gns3trio.__file__).parent / "web/style").iterdir()]
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
