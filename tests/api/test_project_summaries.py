"""What the list of projects tells of each."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.lab import Lab
from tests.support.server import Server, node_path

Json = dict[str, Any]


async def summary(server: Server, project: Json) -> Json:
    listed: list[Json] = await server.request("GET", "/v2/project_summaries", None, 200)
    (found,) = [each for each in listed if each["project_id"] == project["project_id"]]
    return found


async def test_an_open_and_a_closed_project(server: Server, pair: Lab) -> None:
    switch = await pair.node("ethernet_switch", name="SW")
    await pair.link((pair.nodes[0], 0), (switch, 0))
    await server.request("POST", f"{node_path(pair.project, pair.nodes[0])}/start", None, 200)
    opened = await summary(server, pair.project)
    # A switch always runs, and is not counted.
    assert (opened["nodes"], opened["links"], opened["started"]) == (3, 1, 1)
    await server.request("POST", f"{pair.path}/close", None, 204)
    closed = await summary(server, pair.project)
    file = Path(pair.project["path"], pair.project["filename"])
    assert closed == {**opened, "started": 0, "changed_at": file.stat().st_mtime}


@pytest.mark.parametrize("text", ["", "[]", '{"topology": 7}', '{"topology": {"nodes": 7}}', "{" * 100_000])
async def test_what_a_damaged_file_has_is_not_known(server: Server, project: Json, text: str) -> None:
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    file = Path(project["path"], project["filename"])
    file.write_text(text)
    found = await summary(server, project)
    assert found["nodes"] == (0 if '"nodes"' in text else None)
    assert found["changed_at"] == file.stat().st_mtime
    file.unlink()
    gone = await summary(server, project)
    assert (gone["nodes"], gone["links"], gone["changed_at"]) == (None, None, None)


async def test_a_very_large_file_is_not_read(server: Server, pair: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.request("POST", f"{pair.path}/close", None, 204)
    monkeypatch.setattr("gns3trio.controller.storage.file_summary.MAX_COUNTED_BYTES", 100)
    found = await summary(server, pair.project)
    assert (found["nodes"], found["links"]) == (None, None)
    assert found["changed_at"] > 0
