"""Drawings: shapes and pictures beside the nodes."""

import base64
import struct
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from gns3trio.controller.project import drawings
from tests.support.server import Server

SVG = '<svg width="10" height="10"><rect width="10" height="10"/></svg>'


async def test_a_drawing_lives_and_is_saved(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    plain = await server.request("POST", f"{path}/drawings", {}, 201)
    assert plain == {
        "drawing_id": plain["drawing_id"],
        "locked": False,
        "project_id": project["project_id"],
        "rotation": 0,
        "svg": "<svg></svg>",
        "x": 0,
        "y": 0,
        "z": 2,
    }
    own_id = str(uuid4())
    body = {"drawing_id": own_id, "svg": SVG, "x": 5, "rotation": -90}
    drawing = await server.request("POST", f"{path}/drawings", body, 201)
    assert (drawing["drawing_id"], drawing["svg"], drawing["x"], drawing["rotation"]) == (own_id, SVG, 5, -90)
    assert await server.request("POST", f"{path}/drawings", {**body, "x": 9}, 201) == drawing
    moved = await server.request("PUT", f"{path}/drawings/{own_id}", {"x": 77, "locked": True}, 201)
    assert (moved["x"], moved["locked"], moved["svg"]) == (77, True, SVG)
    error = await server.request("DELETE", f"{path}/drawings/{own_id}", None, 409)
    assert "locked" in error["message"]
    await server.request("DELETE", f"{path}/drawings/{plain['drawing_id']}", None, 204)
    error = await server.request("DELETE", f"{path}/drawings/{plain['drawing_id']}", None, 404)
    assert "doesn't exist" in error["message"]
    assert (await server.request("GET", f"{path}/stats", None, 200))["drawings"] == 1

    await server.request("POST", f"{path}/close", None, 204)
    (saved,) = await server.request("GET", f"{path}/drawings", None, 200)
    assert saved == {k: v for k, v in moved.items() if k != "project_id"}
    await server.request("POST", f"{path}/drawings", {}, 403)
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/drawings/{own_id}", None, 200) == moved


async def test_wrong_values_are_refused_and_change_nothing(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/drawings"
    drawing = await server.request("POST", path, {"svg": SVG}, 201)
    for field, value in (("rotation", 361), ("x", "1"), ("svg", None), ("svg", "a\0"), ("locked", 1), ("color", "red")):
        for method, where in (("POST", path), ("PUT", f"{path}/{drawing['drawing_id']}")):
            error = await server.request(method, where, {"y": 3, field: value}, 400)
            assert field in error["message"]
    assert await server.request("GET", path, None, 200) == [drawing]


async def test_a_long_picture_is_a_file_of_its_own(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    pictures = Path(project["path"]) / "project-files" / "images"
    long = SVG.replace("/>", " " * 2000 + "/>")
    drawing = await server.request("POST", f"{path}/drawings", {"svg": long}, 201)
    assert drawing["svg"] == long
    (picture,) = pictures.iterdir()
    assert picture.read_text() == long
    await server.request("POST", f"{path}/close", None, 204)
    (saved,) = await server.request("GET", f"{path}/drawings", None, 200)
    assert saved["svg"] == picture.name
    await server.request("POST", f"{path}/open", None, 201)
    assert (await server.request("GET", f"{path}/drawings", None, 200))[0]["svg"] == long
    await server.request("PUT", f"{path}/drawings/{drawing['drawing_id']}", {"svg": SVG}, 201)
    await server.request("POST", f"{path}/close", None, 204)
    assert list(pictures.iterdir()) == []  # nobody names it any more


async def test_a_picture_that_gns3_kept_as_png_is_shown(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/close", None, 204)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 31, 17) + bytes(5)
    pictures = Path(project["path"]) / "project-files" / "images"
    pictures.mkdir(parents=True)
    (pictures / "abc.png").write_bytes(png)
    file = Path(project["path"]) / project["filename"]
    topology = orjson.loads(file.read_bytes())
    known = {"drawing_id": str(uuid4()), "svg": "abc.png", "x": 1, "y": 2, "z": 1, "rotation": 0}
    topology["topology"]["drawings"] = [
        {**known, "of_a_newer_gns3": 1},
        {"drawing_id": str(uuid4()), "svg": "../../secret.svg"},
    ]
    file.write_bytes(orjson.dumps(topology))
    await server.request("POST", f"{path}/open", None, 201)
    shown, other = await server.request("GET", f"{path}/drawings", None, 200)
    assert base64.b64encode(png).decode() in shown["svg"]
    assert 'width="31" height="17"' in shown["svg"]
    assert other["svg"] == "../../secret.svg"  # a text like any other: no path is followed
    await server.request("POST", f"{path}/close", None, 204)
    assert orjson.loads(file.read_bytes())["topology"]["drawings"][0] == known
    own_fields = orjson.loads((Path(project["path"]) / "project-files" / "gns3trio.json").read_bytes())
    assert own_fields["unknown"] == {known["drawing_id"]: {"of_a_newer_gns3": 1}}


async def test_pictures_without_end_are_shown_empty_and_kept(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients get all of them in one reply; a file may name one many times, or a huge one."""
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    long = f"<svg><text>{'long ' * 300}</text></svg>"
    first = [await server.request("POST", f"{path}/drawings", {"svg": long}, 201) for _ in range(3)]
    monkeypatch.setattr(drawings, "MAX_PICTURES_BYTES", 2 * len(long) + 10)
    for _ in range(2):
        await server.request("POST", f"{path}/close", None, 204)
        await server.request("POST", f"{path}/open", None, 201)
        shown = await server.request("GET", f"{path}/drawings", None, 200)
        assert [drawing["svg"] for drawing in shown] == [long, long, "<svg></svg>"]
        await server.request("PUT", f"{path}/drawings/{first[2]['drawing_id']}", {"x": 7}, 201)
    (picture,) = (folder / "project-files" / "images").iterdir()
    saved = orjson.loads((folder / project["filename"]).read_bytes())["topology"]["drawings"]
    assert [drawing["svg"] for drawing in saved] == [picture.name] * 3
