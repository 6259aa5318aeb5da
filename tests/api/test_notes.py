"""The notes of a project, and the lock of all that is in it: what the page needs beside GNS3's API."""

from pathlib import Path
from typing import Any

from tests.support.lab import make_lab
from tests.support.server import Server, node_path


async def test_notes_are_gns3s_readme(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/notes"
    file = Path(project["path"]) / "README.txt"
    assert await server.request("GET", path, None, 200) == {"text": ""}
    text = "Two offices\nüber <b>"
    assert await server.request("PUT", path, {"text": text}, 200) == {"text": text}
    assert file.read_text() == text
    await server.http.post(f"/v2/projects/{project['project_id']}/files/README.txt", content=b"by GNS3 \xff")
    assert await server.request("GET", path, None, 200) == {"text": "by GNS3 �"}
    assert "text" in (await server.request("PUT", path, {"text": "x" * 300_000}, 400))["message"]
    await server.request("PUT", path, {}, 400)
    assert file.read_bytes() == b"by GNS3 \xff"
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    await server.request("PUT", path, {"text": "closed"}, 200)
    assert await server.request("GET", path, None, 200) == {"text": "closed"}


async def test_notes_that_are_no_plain_text_file(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/notes"
    file = Path(project["path"]) / "README.txt"
    file.write_bytes(b"x" * (1 << 20))
    assert "too large" in (await server.request("GET", path, None, 409))["message"]
    file.unlink()
    file.symlink_to("/etc/hostname")
    await server.request("GET", path, None, 403)


async def test_everything_is_locked_and_unlocked(server: Server, project: dict[str, Any]) -> None:
    first, _ = await make_lab(server, project)
    path = f"/v2/projects/{project['project_id']}/lock"
    assert await server.request("GET", path, None, 200) == {"locked": False}
    assert await server.request("PUT", path, {"locked": True}, 200) == {"locked": True}
    assert (await server.request("GET", node_path(project, first), None, 200))["locked"]
    drawings = await server.request("GET", f"/v2/projects/{project['project_id']}/drawings", None, 200)
    assert drawings and all(each["locked"] for each in drawings)
    assert await server.request("GET", path, None, 200) == {"locked": True}
    assert await server.request("PUT", path, {"locked": False}, 200) == {"locked": False}
    assert not (await server.request("GET", node_path(project, first), None, 200))["locked"]
    await server.request("PUT", path, {"locked": 1}, 400)
