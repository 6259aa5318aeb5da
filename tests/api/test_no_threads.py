"""A system that starts no threads: what needs one is 503, what needs none goes on, and the server recovers."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import trio
import trio.testing

from gns3trio import freed_memory
from gns3trio.controller.people import audit_trail
from gns3trio.forwarder import captures
from tests.support.lab import Lab
from tests.support.server import Server
from tests.support.threads import no_threads


async def test_requests_are_refused_and_go_on_later(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    async with no_threads(monkeypatch):
        for method, where, body in (
            ("POST", "/v2/projects", {"name": "another"}),
            ("PUT", path, {"name": "renamed"}),
            ("POST", f"{path}/snapshots", {"name": "now"}),
            ("GET", f"{path}/export", None),
            ("GET", "/v2/statistics", None),
        ):
            error = await server.request(method, where, body, 503)
            assert error["message"].startswith("The server has no processes or threads left"), error
        await server.request("GET", path, None, 200)
    await server.request("PUT", path, {"name": "renamed"}, 200)
    await server.request("POST", f"{path}/snapshots", {"name": "now"}, 201)


async def test_captures_and_what_runs_beside_requests_survive(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "NO_THREAD_SECONDS", 0.01)
    monkeypatch.setattr(freed_memory, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(audit_trail, "NO_THREAD_SECONDS", 0.01)
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    capture = await lab.server.request("POST", f"{path}/captures", {}, 201)
    async with no_threads(monkeypatch):
        await lab.ping()
        await trio.sleep(5 * captures.PAUSE_SECONDS)
        await lab.server.request("DELETE", f"{path}/captures/{capture['capture_id']}", None, 204)
    await lab.server.request("POST", f"{path}/captures", {}, 201)
    await lab.ping()
    entries = await lab.server.request("GET", "/v2/audit?limit=2", None, 200)
    assert [entry["method"] for entry in entries] == ["POST", "DELETE"]  # what was done without threads is recorded


async def test_the_audit_trail_is_complete_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with no_threads(monkeypatch), audit_trail.open_audit_trail(tmp_path) as trail:
        trail.add({"action": "first"})
        await trio.testing.wait_all_tasks_blocked()
        trail.add({"action": "second"})
    lines = (tmp_path / audit_trail.AUDIT_FILE).read_bytes().splitlines()
    assert [orjson.loads(line)["action"] for line in lines] == ["first", "second"]
