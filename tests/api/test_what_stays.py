"""What a PUT cannot change is told, not ignored: ids, types, and where a node runs."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.lab import Lab
from tests.support.server import Server

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *(("nodes", {name: str(uuid4())}) for name in ("node_id", "project_id", "template_id")),
        *(("nodes", change) for change in ({"node_type": "cloud"}, {"compute_id": "far"})),
        *(("links", {name: str(uuid4())}) for name in ("link_id", "project_id")),
        ("links", {"link_type": "serial"}),
        *(("drawings", {name: str(uuid4())}) for name in ("drawing_id", "project_id")),
        *(("vms", change) for change in ({"vm_type": "nat"}, {"vm_id": str(uuid4())}, {"compute_id": "far"})),
    ],
)
async def test_what_cannot_be_changed_is_told(pair: Lab, kind: str, change: Json) -> None:
    """And what is sent back as it was is taken."""
    far = {"compute_id": "far", "protocol": "http", "host": "127.0.0.1", "port": 1}
    await pair.server.request("POST", "/v2/computes", far, 201)
    link = await pair.link((pair.nodes[0], 0), (pair.nodes[1], 0))
    drawing = await pair.server.request("POST", f"{pair.path}/drawings", {}, 201)
    node = pair.nodes[0]
    if kind == "nodes":
        template = await pair.server.request(
            "POST",
            f"{pair.path}/templates/19021f99-e36f-394d-b4a1-8aaa902ab9cc",
            {"x": 0, "y": 0, "compute_id": "local"},
        )
        node = template
    made = {"nodes": node, "vms": node, "links": link, "drawings": drawing}[kind]
    made_id = made[{"nodes": "node_id", "vms": "node_id", "links": "link_id", "drawings": "drawing_id"}[kind]]
    path = f"{pair.path}/{kind}/{made_id}"
    before = await pair.server.request("GET", path, None, 200)
    error = await pair.server.request("PUT", path, change, 409)
    assert error["message"].startswith(next(iter(change)))
    assert await pair.server.request("GET", path, None, 200) == before
    same = {name: before[name] for name in change}
    assert await pair.server.request("PUT", path, same) == before


async def test_an_unknown_compute_is_told(pair: Lab) -> None:
    path = f"{pair.path}/nodes/{pair.nodes[0]['node_id']}"
    await pair.server.request("POST", f"{path}/start", None, 200)
    error = await pair.server.request("PUT", path, {"compute_id": "nowhere"}, 404)
    assert "nowhere" in error["message"]
    status = {"status": "stopped", "command_line": "x", "ports": [], "console_host": "::", "node_directory": "/x"}
    shown = await pair.server.request("PUT", path, status, 200)  # may have been seen before it changed
    assert (shown["status"], len(shown["ports"])) == ("started", 1)


async def test_what_templates_and_computes_stay(server: Server) -> None:
    body = {"name": "mine", "template_type": "vpcs", "compute_id": None}
    template = await server.request("POST", "/v2/templates", body, 201)
    path = f"/v2/templates/{template['template_id']}"
    for change in ({"template_type": "cloud"}, {"template_id": str(uuid4())}, {"builtin": True}):
        error = await server.request("PUT", path, change, 409)
        assert error["message"].startswith(next(iter(change)))
    assert await server.request("PUT", path, template, 200) == template
    assert (await server.request("PUT", path, {"compute_id": "local"}, 200))["compute_id"] == "local"
    config = f"{path}/base-config/mine.txt"
    await server.request("PUT", config, {"content": "ip", "filename": "other.txt"}, 409)
    await server.request("PUT", config, {"content": "ip", "filename": "mine.txt"}, 200)
    far = {"compute_id": "far", "protocol": "http", "host": "127.0.0.1", "port": 1}
    await server.request("POST", "/v2/computes", far, 201)
    error = await server.request("PUT", "/v2/computes/far", {"compute_id": "near"}, 409)
    assert error["message"].startswith("compute_id")
    await server.request("PUT", "/v2/computes/far", far, 200)
