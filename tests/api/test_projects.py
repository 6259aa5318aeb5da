"""Projects over the API: create, list, change, close, open, delete, and what is refused."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.controller.storage import project_swap
from tests.support.server import Server

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_project_has_the_keys_of_gns3_and_of_the_document(server: Server) -> None:
    project = await server.request("POST", "/v2/projects", {"name": "test"}, 201)
    for key, value in {"name": "test", "temporary": False, "status": "opened", "filename": "test.gns3"}.items():
        assert project[key] == value
    assert (Path(project["path"]) / "test.gns3").exists()
    assert (await server.request("GET", f"/v2/projects/{project['project_id']}", None, 200)) == project


async def test_a_known_id_gives_the_project_that_has_it(server: Server) -> None:
    body = {"name": "one", "project_id": str(uuid4())}
    first = await server.request("POST", "/v2/projects", body, 201)
    assert await server.request("POST", "/v2/projects", {**body, "name": "two"}, 201) == first


async def test_a_name_in_use_is_refused_to_json_clients_and_not_to_plain_curl(server: Server) -> None:
    await server.request("POST", "/v2/projects", {"name": "test"}, 201)
    error = await server.request("POST", "/v2/projects", {"name": "test"}, 409)
    assert error["status"] == 409
    assert "name" in error["message"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = await server.http.post("/v2/projects", content=b'{"name": "test"}', headers=form)
    assert reply.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({}, 400, "name"),
        ({"name": ""}, 400, "name"),
        ({"name": None}, 400, "name"),
        ({"name": "x", "surprise": 1}, 400, "surprise"),
        ({"name": "x", "zoom": "100"}, 400, "zoom"),
        ({"name": "x", "project_id": "x"}, 400, "project_id"),
        ({"name": "a/b"}, 409, "name"),
        ({"name": "x" * 300}, 400, "name"),
        ({"name": "x" * 250}, 409, "name"),
        ({"name": "x", "path": "/somewhere/else"}, 403, "path"),
        ({"name": "x", "path": "/some\0where"}, 400, "path"),
    ],
)
async def test_a_refused_project_leaves_nothing(
    server: Server, body: dict[str, Any], status: int, complaint: str
) -> None:
    error = await server.request("POST", "/v2/projects", body, status)
    assert error["status"] == status
    assert complaint in error["message"]
    assert await server.request("GET", "/v2/projects", None, 200) == []
    assert not list(server.config.projects_path.glob("*"))


async def test_change_close_open_and_delete(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    changed = await server.request("PUT", path, {"name": "renamed", "zoom": 50}, 200)
    assert (changed["name"], changed["zoom"], changed["filename"]) == ("renamed", 50, "lab.gns3")
    assert (await server.request("PUT", path, {"status": "closed"}, 400))["status"] == 400
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/close", None, 204)
    assert (await server.request("GET", path, None, 200))["status"] == "closed"
    changed = await server.request("PUT", path, {"zoom": 75}, 200)
    opened = await server.request("POST", f"{path}/open", None, 201)
    assert (opened["name"], opened["zoom"], opened["status"]) == ("renamed", 75, "opened")
    await server.request("DELETE", path, None, 204)
    await server.request("GET", path, None, 404)
    assert not Path(project["path"]).exists()


async def test_a_deleted_folder_goes_as_a_whole_and_nothing_stays(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[Path] = []
    monkeypatch.setattr(project_swap, "discard_tree", lambda folder: removed.append(folder))
    await server.request("DELETE", f"/v2/projects/{project['project_id']}", None, 204)
    while not removed:
        await trio.sleep(0.001)
    [aside] = removed  # as after a crash just now
    assert list(server.config.projects_path.glob("[!.]*")) == []
    assert (aside / project["filename"]).exists()
    monkeypatch.undo()
    project_swap.recover(server.config.projects_path)
    assert not aside.exists()


@pytest.mark.parametrize("path", [f"/v2/projects/{UNKNOWN}", "/v2/projects/nope", f"/v2/projects/{UNKNOWN}/nodes"])
async def test_an_unknown_project_is_404(server: Server, path: str) -> None:
    error = await server.request("GET", path, None, 404)
    assert "doesn't exist" in error["message"]


async def test_errors_have_the_same_shape_everywhere(server: Server) -> None:
    for method, path, status in [
        ("GET", "/nothing/here", 404),
        ("GET", "/v2/projects/", 404),
        ("PATCH", "/v2/projects", 405),
        ("DELETE", "/v2/version", 405),
        ("POST", "/v1/nothing", 404),
    ]:
        reply = await server.http.request(method, path)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/json"
        assert reply.json()["status"] == status
        assert reply.json()["message"]
        assert status != 405 or reply.headers["allow"]


async def test_a_body_that_is_not_json_is_400_with_what_the_gui_reads(server: Server) -> None:
    reply = await server.http.post("/v2/projects", content=b"{name: test}")
    assert reply.status_code == 400
    assert {"status", "message", "path", "method", "request"} <= reply.json().keys()


async def test_an_error_does_not_repeat_megabytes(server: Server) -> None:
    error = await server.request("POST", "/v2/projects", {"name": "x", "node_type": ["/" * 1_000_000]}, 400)
    assert len(error["message"]) < 5000


async def test_a_huge_body_is_413(server: Server) -> None:
    reply = await server.http.post("/v2/projects", content=b" " * (17 * 1024 * 1024))
    assert reply.status_code == 413
    assert reply.json()["status"] == 413


async def test_a_body_is_json_whatever_its_type_says(server: Server) -> None:
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        reply = await server.http.post(
            "/v2/version", content=b'{"version": "2.2.61"}', headers={"content-type": content_type}
        )
        assert reply.status_code == 200
    assert (await server.http.post("/v2/version?version=2.2.61")).status_code == 200
    assert (await server.http.post("/v2/version", json={"version": "1.0"})).status_code == 409


async def test_a_400_says_what_was_asked(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    reply = await server.http.post(f"{path}/nodes", content=b'{"name": ')
    assert reply.status_code == 400
    error = reply.json()
    assert error["request"] == {"malformed_json": '{"name": '}
    assert (error["method"], error["path"]) == ("POST", "/v2/projects/{project_id}/nodes")
    error = await server.request("PUT", path, {"zoom": "x"}, 400)
    assert (error["path"], error["request"]) == ("/v2/projects/{project_id}", {"zoom": "x"})
    hosted = f"/v2/compute/projects/{project['project_id']}/vpcs/nodes/{project['project_id']}/adapters/0/ports/0/nio"
    error = await server.request("POST", hosted, {}, 400)
    assert error["path"].endswith("/adapters/{adapter_number}/ports/{port_number}/nio")
