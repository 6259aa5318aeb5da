"""Requests to paths where something else is than the client takes for granted: they are told what."""

from typing import Any

import pytest
from trio_websocket import ConnectionRejected, open_websocket_url

from tests.support.lab import create
from tests.support.server import Server, node_path


async def test_a_plain_request_to_a_websocket(server: Server, project: dict[str, Any]) -> None:
    """As a reverse proxy makes of a websocket's."""
    node = await create(server, project)
    for path in (
        "/notifications/ws",
        "/v2/notifications/ws",
        "/v2/events/ws",
        "/v2/compute/notifications/ws",
        f"/v2/projects/{project['project_id']}/notifications/ws",
        f"{node_path(project, node)}/console/ws",
        f"/v2/compute/projects/{project['project_id']}/vpcs/nodes/{node['node_id']}/console/ws",
    ):
        reply = await server.http.get(path)
        assert (reply.status_code, reply.json()["status"]) == (426, 426), path
        assert reply.headers["upgrade"] == "websocket"
        assert "proxy" in reply.json()["message"]
        assert (await server.http.head(path)).status_code == 426
        refused = await server.http.post(path)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    await server.request("GET", "/nowhere/ws", None, 404)


@pytest.mark.parametrize("path", ["/v2/version", "/nowhere/ws", "/v3/version"])
async def test_a_websocket_where_there_is_none(server: Server, path: str) -> None:
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(server.url.replace("http", "ws") + path):
            pass
    assert rejected.value.status_code == 404


async def test_a_slash_too_many_in_version_3(server: Server) -> None:
    """It is redirected, whatever the method, and the client needs no login to hear it."""
    for method in ("GET", "POST"):
        reply = await server.http.request(method, "/v3/version/?a=b%20c")
        assert (reply.status_code, reply.headers["location"]) == (307, "../version?a=b%20c")
    followed = await server.http.get("/v3/version/", follow_redirects=True)
    assert followed.json()["version"] == "3.0.6"
    await server.request("GET", "/v2/version/", None, 404)
    await server.request("GET", "/v3/nowhere/", None, 404)


async def test_errors_of_version_3(server: Server) -> None:
    """Those of a handler have a message only, and those of the paths a detail."""
    for method, path, status in (
        ("GET", "/v3/nowhere", 404),
        ("DELETE", "/v3/version", 405),
        ("GET", "/v3//version", 404),
    ):
        reply = await server.http.request(method, path)
        assert (reply.status_code, reply.json().keys()) == (status, {"detail"}), path
    reply = await server.http.get("/v3/compute/nowhere")
    assert (reply.status_code, reply.json().keys()) == (404, {"message"})
    for body, headers in (
        (b"{}", {}),
        (b"", {}),
        (b"null", {}),
        (b"[]", {}),
        (b'{"version": 3}', {}),
        (b'{"version": "3.0.6"}', {"content-type": "text/plain"}),
    ):
        reply = await server.http.post("/v3/version", content=body, headers=headers)
        assert (reply.status_code, reply.json().keys()) == (422, {"message"}), body
    reply = await server.http.post(
        "/v3/version", content=b'{"version": "3.0.6", "more": 1}', headers={"content-type": "application/x+json"}
    )
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
