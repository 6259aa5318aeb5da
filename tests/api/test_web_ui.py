"""The GNS3 web UI: taken out of a wheel, and served as its single page expects."""

import argparse
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import pytest

from gns3trio.commands import web_ui
from gns3trio.errors import LabError
from tests.support.server import Server

FILES = {
    "index.html": "<!doctype html><base href='/static/web-ui/'>",
    "main.1234abcd.js": "console.log(1)",
    "assets/icon.svg": "<svg/>",
    "styles.99ff.css": "body {}",
}


def make_wheel(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gns3server/server.py", "raise SystemExit('not to be taken')")
        for name, text in files.items():
            archive.writestr(f"gns3server/static/web-ui/{name}", text)
    return path


async def test_it_is_installed_and_served(server: Server, tmp_path: Path) -> None:
    missing = await server.request("GET", "/static/web-ui/bundled", None, 404)
    assert "gns3trio web-ui install" in missing["message"]
    arguments = argparse.Namespace(
        config=Path("/dev/null"),
        projects_path=str(server.config.projects_path),
        gns3_version="3.0.6",
        wheel=make_wheel(tmp_path / "one.whl", {**FILES, "old.js": "x"}),
    )
    assert web_ui.run(arguments) == 0
    arguments.wheel = make_wheel(tmp_path / "two.whl", FILES)
    assert web_ui.run(arguments) == 0  # replaces the other one as a whole
    folder = server.config.web_ui_folder
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(FILES)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["web-ui"]

    for path in ("bundled", "server/1/projects", "..%2F..%2Fcontroller.json", "old.js"):
        reply = await server.http.get(f"/static/web-ui/{path}")
        assert (reply.status_code, reply.text) == (200, FILES["index.html"]), path
        assert reply.headers["content-type"] == "text/html"
        assert reply.headers["cache-control"] == "no-cache"
    script = await server.http.get("/static/web-ui/main.1234abcd.js")
    assert (script.headers["content-type"], script.text) == ("application/javascript", "console.log(1)")
    assert "immutable" in script.headers["cache-control"]
    assert (await server.http.get("/static/web-ui/assets/icon.svg")).headers["content-type"] == "image/svg+xml"
    assert "./static/web-ui/bundled" in (await server.http.get("/")).text


async def test_its_short_addresses_lead_to_this_server(server: Server) -> None:
    """Not to its own list of servers, which is empty; and also below the path of a reverse proxy."""
    for path in ("/static/web-ui/", "/static/web-ui"):
        reply = await server.http.get(path)
        assert reply.status_code == 307
        assert urljoin(f"http://lab.example/lab{path}", reply.headers["location"]).endswith(
            "/lab/static/web-ui/bundled"
        )


@pytest.mark.parametrize(("asked", "version"), [(None, "2.2.61"), ("3.0.6", "3.0.6")])
def test_the_version_that_is_asked_for_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None, version: str
) -> None:
    downloaded = []

    def download(folder: Path, version: str) -> Path:
        downloaded.append(version)
        return make_wheel(folder / "x.whl", FILES)

    monkeypatch.setattr(web_ui, "_download", download)
    arguments = argparse.Namespace(
        config=Path("/dev/null"), projects_path=str(tmp_path / "projects"), gns3_version=asked, wheel=None
    )
    assert web_ui.run(arguments) == 0
    assert downloaded == [version]


@pytest.mark.parametrize("files", [{}, {"main.js": "x"}, {"index.html": "x", "../../evil": "x"}])
def test_what_is_no_web_ui_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    folder = tmp_path / "web-ui"
    folder.mkdir()
    (folder / "index.html").write_text("the old one")
    with pytest.raises(LabError):
        web_ui.install(make_wheel(tmp_path / "x.whl", files), folder)
    (tmp_path / "broken.whl").write_bytes(b"PK nonsense")
    with pytest.raises(LabError, match=r"broken\.whl"):
        web_ui.install(tmp_path / "broken.whl", folder)
    assert (folder / "index.html").read_text() == "the old one"
