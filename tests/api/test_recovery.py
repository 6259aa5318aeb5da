"""The kept versions of a project's file, and files of older GNS3 versions."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import trio

from gns3trio.controller.storage.kept_versions import MAX_VERSIONS, VERSIONS_FOLDER
from gns3trio.server import RunningServer
from tests.support.lab import create
from tests.support.old_project_files import GENERATION_1, PC, PROJECT
from tests.support.project_files import replace_by
from tests.support.server import Server
from tests.support.websockets import ws_events


async def reopen(server: Server, path: str, status: int = 201) -> Any:
    await server.request("POST", f"{path}/close", None, 204)
    return await server.request("POST", f"{path}/open", None, status)


async def test_a_damaged_file_is_replaced_by_a_kept_version(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    file = Path(project["path"]) / project["filename"]
    error = await server.request("POST", f"{path}/recover", None, 409)
    assert "is open" in error["message"]
    await create(server, project)
    await reopen(server, path)
    await create(server, project)
    await reopen(server, path)
    versions = await server.request("GET", f"{path}/versions", None, 200)
    assert [version["nodes"] for version in versions] == [2, 1]
    await server.request("POST", f"{path}/close", None, 204)
    file.write_bytes(b"torn by a cr")
    error = await server.request("POST", f"{path}/open", None, 409)
    assert "not JSON" in error["message"]
    assert "with 2 nodes is kept" in error["message"]
    assert "/recover" in (await server.request("GET", path, None, 200))["error"]
    await server.request("POST", f"{path}/recover", {"version": "../../etc/passwd"}, 404)
    assert file.read_bytes() == b"torn by a cr"
    recovered = await server.request("POST", f"{path}/recover", {}, 201)
    assert recovered["status"] == "opened"
    assert "error" not in recovered
    assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 2
    (aside,) = file.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"torn by a cr"
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/recover", {"version": versions[1]["version"]}, 201)
    assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 1


async def test_a_project_whose_file_vanished(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    await create(server, project)
    await reopen(server, path)
    await server.request("POST", f"{path}/close", None, 204)
    (Path(project["path"]) / project["filename"]).unlink()
    error = await server.request("POST", f"{path}/open", None, 409)
    assert "with 1 node is kept" in error["message"]
    await server.request("POST", f"{path}/recover", None, 201)
    assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 1


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder"])
async def test_what_is_no_file_is_a_clear_answer(server: Server, project: dict[str, Any], kind: str) -> None:
    """A FIFO kept a thread, and so the server, for ever. Several recoveries in a second keep all that they replace."""
    path = f"/v2/projects/{project['project_id']}"
    file = Path(project["path"]) / project["filename"]
    await reopen(server, path)
    for _ in range(3):
        await server.request("POST", f"{path}/close", None, 204)
        file.write_bytes(b"torn by a cr")
        await server.request("POST", f"{path}/recover", None, 201)
        await server.request("POST", f"{path}/close", None, 204)
        replace_by(file, kind)
        with trio.fail_after(60):
            error = await server.request("POST", f"{path}/open", None, 409)
            assert "/recover" in error["message"]
            assert "is not a regular file" in error["message"]
            await server.request("POST", "/v2/reload", None, 200)
            await server.request("POST", f"{path}/recover", None, 201)
    assert len(list(file.parent.glob("*.damaged-*"))) == 6


async def test_an_open_project_replaces_a_fifo(server: Server, project: dict[str, Any]) -> None:
    file = Path(project["path"]) / project["filename"]
    replace_by(file, "fifo")
    with trio.fail_after(60):
        await create(server, project)
    assert len(orjson.loads(file.read_bytes())["topology"]["nodes"]) == 1


async def test_versions_are_few(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    for number in range(MAX_VERSIONS + 3):
        await server.request("PUT", path, {"zoom": 50 + number}, 200)
        await reopen(server, path)
    await reopen(server, path)  # nothing has changed: no version more
    folder = Path(project["path"]) / VERSIONS_FOLDER
    assert len(list(folder.iterdir())) == MAX_VERSIONS
    (folder / "note.txt").write_text("not ours")
    await reopen(server, path)
    assert (folder / "note.txt").exists()


async def test_no_version_is_a_clear_answer(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/close", None, 204)
    (Path(project["path"]) / project["filename"]).write_bytes(b"")
    error = await server.request("POST", f"{path}/recover", None, 409)
    assert "no kept version" in error["message"]


async def test_a_project_of_gns3_1_opens_and_its_file_is_kept(server: Server, running: RunningServer) -> None:
    folder = server.config.projects_path / PROJECT
    (folder / "project-files" / "vpcs" / PC).mkdir(parents=True)
    (folder / "project-files" / "vpcs" / PC / "startup.vpc").write_text("set pcname PC1\n")
    old = orjson.dumps(GENERATION_1)
    (folder / "old lab.gns3").write_bytes(old)
    await server.request("POST", "/v2/reload", None, 200)
    path = f"/v2/projects/{PROJECT}"
    assert (folder / "old lab.gns3").read_bytes() == old
    await server.request("POST", f"{path}/open", None, 201)
    nodes = await server.request("GET", f"{path}/nodes", None, 200)
    assert [(node["name"], node["node_type"]) for node in nodes] == [
        ("PC1", "vpcs"),
        ("SW1", "ethernet_switch"),
        ("R1", "dynamips"),
    ]
    assert len(await server.request("GET", f"{path}/links", None, 200)) == 1
    script = await server.http.get(f"{path}/nodes/{PC}/files/startup.vpc")
    assert script.text == "set pcname PC1\n"
    error = await server.request("POST", f"{path}/nodes/{nodes[2]['node_id']}/start", None, 409)
    assert "dynamips" in error["message"]
    await server.request("PUT", f"{path}/nodes/{nodes[2]['node_id']}", {"x": 7}, 200)
    await server.request("POST", f"{path}/close", None, 204)
    assert (folder / "old lab.gns3.backup4").read_bytes() == old
    saved = orjson.loads((folder / "old lab.gns3").read_bytes())
    assert saved["revision"] == 9
    router = saved["topology"]["nodes"][2]
    assert (router["properties"], router["x"]) == ({"image": "c3725.image", "platform": "c3725", "ram": 128}, 7)


async def test_a_file_that_another_program_replaced_is_kept(server: Server, project: dict[str, Any]) -> None:
    """The open project wins; what the other one wrote is a version."""
    path = f"/v2/projects/{project['project_id']}"
    file = Path(project["path"]) / project["filename"]
    node = await create(server, project)
    document = orjson.loads(file.read_bytes())
    foreign = orjson.dumps({**document, "topology": {**document["topology"], "nodes": []}, "zoom": 33})
    file.write_bytes(foreign)
    async with ws_events(server, f"{path}/notifications/ws") as stream:
        await server.request("PUT", f"{path}/nodes/{node['node_id']}", {"name": "still here"}, 200)
        assert "changed by another program" in (await stream.until("log.warning"))["message"]
    assert orjson.loads(file.read_bytes())["topology"]["nodes"][0]["name"] == "stillhere"
    (kept, *_) = (Path(project["path"]) / VERSIONS_FOLDER).iterdir()
    assert kept.read_bytes() == foreign
    await server.request("PUT", f"{path}/nodes/{node['node_id']}", {"name": "again"}, 200)
    assert len(list((Path(project["path"]) / VERSIONS_FOLDER).iterdir())) == 1


async def test_a_folder_that_vanishes_is_told_and_saved_again_when_it_is_back(
    server: Server, project: dict[str, Any]
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    folder = Path(project["path"])
    node = await create(server, project)
    away = folder.with_name("away")
    folder.rename(away)
    async with ws_events(server, f"{path}/notifications/ws") as stream:
        await server.request("PUT", f"{path}/nodes/{node['node_id']}", {"x": 77}, 200)  # saved soon, not at once
        assert "could not be saved" in (await stream.until("log.error"))["message"]
    away.rename(folder)
    await server.request("POST", f"{path}/close", None, 204)
    saved = orjson.loads((folder / project["filename"]).read_bytes())
    assert saved["topology"]["nodes"][0]["x"] == 77
