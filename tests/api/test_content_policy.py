"""What browsers may do with our replies; what they really do is in ``tests/browser/test_uploaded_files.py``."""

from typing import Any

import pytest

from gns3trio.api.content_policy import POLICY, SANDBOX
from tests.support.lab import create
from tests.support.server import Server, node_path

DRAWING = '<svg height="9" width="9"><script>alert(1)</script></svg>'


async def test_whatever_is_no_page_is_in_a_sandbox(server: Server, project: dict[str, Any]) -> None:
    """Also what is made of names that others gave, and errors that repeat them."""
    path = f"/v2/projects/{project['project_id']}"
    node = await create(server, project)
    await server.http.post(f"{path}/files/a.html", content=b"<script>alert(1)</script>")
    await server.http.post(f"{node_path(project, node)}/files/a.html", content=b"<script>alert(1)</script>")
    await server.request("POST", f"{path}/drawings", {"svg": DRAWING}, 201)
    for each in (
        f"{path}/files/a.html",
        f"{node_path(project, node)}/files/a.html",
        f"{path}/drawings",
        f"{path}/topology",
        f"{path}/export",
        "/v2/symbols/:/symbols/computer.svg/raw",
        "/v2/projects/<script>",
        "/v2/nowhere/<script>",
        "/metrics",
        "/openapi.json",
        "/health",
    ):
        reply = await server.http.get(each, headers={"accept": "application/yaml, */*"})
        assert reply.headers[POLICY.decode()] == SANDBOX.decode(), each
        assert reply.headers["x-content-type-options"] == "nosniff"
    refused = await server.http.post("/v2/projects", headers={"origin": "http://evil.example"})
    assert (refused.status_code, refused.headers[POLICY.decode()]) == (403, SANDBOX.decode())


@pytest.mark.parametrize("path", ["/", "/docs", "/controller", "/compute", "/upload", "/static/app/app.js"])
async def test_pages_load_nothing_from_elsewhere_and_are_framed_by_nobody(server: Server, path: str) -> None:
    policy = (await server.http.get(path)).headers.get_list(POLICY.decode())
    assert len(policy) == 1
    assert "frame-ancestors 'none'" in policy[0]
    assert "default-src 'none'" in policy[0]
    assert "http" not in policy[0]


@pytest.mark.parametrize(
    ("name", "media_type", "saved"),
    [
        ("notes.txt", "text/plain", False),
        ("map.png", "image/png", False),
        ("page.html", "application/octet-stream", True),
        ("code.mjs", "application/octet-stream", True),
        ("style.css", "application/octet-stream", True),
        ("no ending", "application/octet-stream", True),
        ("archive.tar.gz", "application/octet-stream", True),
    ],
)
async def test_a_file_shows_or_is_saved(
    server: Server, project: dict[str, Any], name: str, media_type: str, saved: bool
) -> None:
    path = f"/v2/projects/{project['project_id']}/files/{name}"
    await server.http.post(path, content=b"x")
    reply = await server.http.get(path)
    assert reply.headers["content-type"] == media_type
    assert reply.headers.get("content-disposition") == (f'attachment; filename="{name}"' if saved else None)
