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


@pytest.mark.parametrize("path", ["/v2/version", "/nowhere/ws", "/v3/notifications/ws"])
async def test_a_websocket_where_there_is_none(server: Server, path: str) -> None:
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(server.url.replace("http", "ws") + path):
            pass
    assert rejected.value.status_code == 404


async def test_clients_of_gns3_3_are_told_the_version(server: Server) -> None:
    """In the shape that they know, so that they say that it differs."""
    version = await server.request("GET", "/v3/version", None, 200)
    assert version == {"controller_host": "127.0.0.1", "local": False, "version": "2.2.61"}
    refused = await server.request("POST", "/v3/version", {"version": "3.0.6"}, 409)
    assert "3.0.6" in refused["message"]
    assert "2.2.61" in refused["message"]
    capabilities = await server.request("GET", "/v3/compute/capabilities", None, 200)
    assert capabilities["version"] == "2.2.61"
    for method, path in (("POST", "/v3/access/users/authenticate"), ("GET", "/v3/projects"), ("GET", "/v3/compute/x")):
        refused = await server.request(method, path, {} if method == "POST" else None, 404)
        assert "GNS3 3" in refused["message"]
