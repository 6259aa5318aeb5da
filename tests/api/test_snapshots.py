"""Snapshots over the API: kept, listed the same after a restart, restored as a whole or not at all."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import trio

from gns3trio.config import Config
from gns3trio.controller.archives import snapshot_changes
from gns3trio.controller.project.contents import Contents
from gns3trio.controller.storage import project_swap
from gns3trio.errors import Conflict
from gns3trio.notifications.topics import project_topic
from gns3trio.server import RunningServer, open_server
from tests.support.archives import leftovers
from tests.support.lab import create, make_lab, meaning
from tests.support.plain_http import NO_TLS
from tests.support.server import Server, node_path

KEYS = {"snapshot_id", "name", "created_at", "description", "filename", "project_id"}


def base(project: dict[str, Any]) -> str:
    return f"/v2/projects/{project['project_id']}"


async def take(server: Server, project: dict[str, Any], name: str = "s1") -> Any:
    return await server.request("POST", f"{base(project)}/snapshots", {"name": name}, 201)


async def restore(server: Server, project: dict[str, Any], snapshot: dict[str, Any], status: int = 201) -> Any:
    return await server.request("POST", f"{base(project)}/snapshots/{snapshot['snapshot_id']}/restore", None, status)


async def test_a_snapshot_is_kept_as_gns3_keeps_it(server: Server, project: dict[str, Any]) -> None:
    first, _ = await make_lab(server, project)
    snapshot = await take(server, project, "a b ü")
    assert snapshot.keys() == KEYS
    assert (snapshot["filename"], snapshot["project_id"]) == ("a b ü.gns3snapshot", project["project_id"])
    folder = Path(project["path"]) / "snapshots"
    assert json.loads((folder / "snapshots.conf").read_bytes()) == [snapshot]
    with zipfile.ZipFile(folder / snapshot["filename"]) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert f"project-files/vpcs/{first['node_id']}/startup.vpc" in archive.namelist()
        assert json.loads(archive.read("project.gns3"))["project_id"] == project["project_id"]
    assert await server.request("GET", f"{base(project)}/snapshots", None, 200) == [snapshot]
    assert (await server.request("GET", f"{base(project)}/stats", None, 200))["snapshots"] == 1
    await server.request("DELETE", f"{base(project)}/snapshots/{snapshot['snapshot_id']}", None, 204)
    assert await server.request("GET", f"{base(project)}/snapshots", None, 200) == []
    await server.request("DELETE", f"{base(project)}/snapshots/{snapshot['snapshot_id']}", None, 404)
    await server.request("POST", f"{base(project)}/snapshots/nope/restore", None, 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *(
            (body, 400)
            for body in ({}, {"name": ""}, {"name": 5}, {"name": " "}, {"name": "a\0b"}, {"name": "x", "y": 1})
        ),
        *(({"name": name}, 409) for name in ("a/b", "..", "x" * 255, "s1")),
    ],
)
async def test_names_that_are_refused(
    server: Server, project: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    await take(server, project)
    assert (
        "name" in (await server.request("POST", f"{base(project)}/snapshots", body, status))["message"] or status == 400
    )
    assert len(await server.request("GET", f"{base(project)}/snapshots", None, 200)) == 1


async def test_a_restore_brings_everything_back(
    server: Server, project: dict[str, Any], running: RunningServer
) -> None:
    first, link = await make_lab(server, project)
    before = await meaning(server, project)
    snapshot = await take(server, project)
    later = await take(server, project, "s2")
    # From here on all is changed, and something runs.
    await server.request("PUT", base(project), {"name": "renamed", "zoom": 30}, 200)
    await server.request("DELETE", f"{base(project)}/links/{link['link_id']}", None, 204)
    new = await create(server, project, name="new")
    await server.request("POST", f"{node_path(project, new)}/start", None, 200)
    await server.http.post(f"{node_path(project, first)}/files/startup.vpc", content=b"ip 1.1.1.1\n")
    captures = Path(project["path"]) / "project-files" / "captures"
    captures.mkdir()
    (captures / "a.pcap").write_bytes(b"captured")
    (Path(project["path"]) / "notes").write_bytes(b"later")
    hub = running.events.v2
    with hub.subscribe(project_topic(UUID(project["project_id"]))) as events:
        restored = await restore(server, project, snapshot)
        actions = [json.loads(line)["action"] for line in await events.receive()]
    assert (restored["status"], restored["name"], restored["filename"], restored["zoom"]) == (
        "opened",
        "renamed",
        "lab.gns3",
        100,
    )
    assert actions.count("node.created") == 3
    assert actions.count("link.created") == 2
    assert actions.count("drawing.created") == 2
    assert actions[-1] == "snapshot.restored"
    assert await meaning(server, project) == before
    assert not Path(new["node_directory"]).exists()
    assert (captures / "a.pcap").read_bytes() == b"captured"
    assert (Path(project["path"]) / "notes").read_bytes() == b"later"
    assert await server.request("GET", f"{base(project)}/snapshots", None, 200) == [snapshot, later]
    assert not leftovers(server)
    node = await server.request("GET", node_path(project, first), None, 200)
    assert (node["status"], node["console"]) == ("stopped", first["console"])
    await server.request("POST", f"{node_path(project, first)}/start", None, 200)


async def test_our_filters_after_a_restore_are_saved_again(server: Server, project: dict[str, Any]) -> None:
    _, link = await make_lab(server, project)
    path = f"{base(project)}/links/{link['link_id']}/impairments"
    kept = await server.request("GET", path, None, 200)
    await server.request("PUT", path, {"impairments": []}, 200)
    snapshot = await take(server, project)
    await server.request("PUT", path, kept, 200)
    await restore(server, project, snapshot)
    assert (await server.request("GET", path, None, 200))["impairments"] == []
    await server.request("PUT", path, kept, 200)
    assert (Path(project["path"]) / "project-files" / "gns3trio.json").exists()


async def test_snapshots_are_the_same_after_a_restart(config: Config) -> None:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        await make_lab(server, project)
        await take(server, project)
        folder = Path(project["path"]) / "snapshots"
        shutil.copy(folder / "s1.gns3snapshot", folder / "old one_010120_101112.gns3project")  # as earlier 2.2
        before = await server.request("GET", f"{base(project)}/snapshots", None, 200)
    assert [snapshot["name"] for snapshot in before] == ["old one", "s1"]
    assert before[0]["created_at"] == 1577873472  # 2020-01-01 10:11:12 UTC
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        assert await server.request("GET", f"{base(project)}/snapshots", None, 200) == before
        await restore(server, project, before[0], 403)
        await server.request("POST", f"{base(project)}/snapshots", {"name": "x"}, 403)
        await server.request("POST", f"{base(project)}/open", None, 201)
        await restore(server, project, before[0])
        await take(server, project, "s2")
        names = [s["name"] for s in await server.request("GET", f"{base(project)}/snapshots", None, 200)]
        assert names == ["old one", "s1", "s2"]


@pytest.mark.parametrize("damage", ["text", "empty", "no topology", "no project"])
async def test_a_damaged_snapshot_changes_nothing(server: Server, project: dict[str, Any], damage: str) -> None:
    await make_lab(server, project)
    snapshot = await take(server, project)
    await create(server, project, name="later")
    before = await meaning(server, project)
    file = Path(project["path"]) / "snapshots" / snapshot["filename"]
    if damage == "text":
        file.write_bytes(b"damaged")
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x" if damage == "no topology" else "project.gns3", b"{}")
    await restore(server, project, snapshot, 409)
    assert await meaning(server, project) == before
    assert not leftovers(server)


async def test_a_restore_that_fails_late_is_undone(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are there already, and the nodes cannot be made from them."""
    await make_lab(server, project)
    snapshot = await take(server, project)
    extra = await create(server, project, name="later")
    before = await meaning(server, project)
    revive = Contents.revive
    calls = 0

    async def fail_once(self: Contents, topology: Any) -> None:
        nonlocal calls
        calls += 1
        await revive(self, topology)
        if calls == 1:
            raise Conflict("no port is free")

    with monkeypatch.context() as broken:
        broken.setattr(Contents, "revive", fail_once)
        assert "no port" in (await restore(server, project, snapshot, 409))["message"]
    assert await meaning(server, project) == before
    assert Path(extra["node_directory"]).is_dir()
    with monkeypatch.context() as disk:
        disk.setattr(project_swap, "sync_folder", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        await restore(server, project, snapshot, 503)
    assert await meaning(server, project) == before
    assert not leftovers(server)
    await restore(server, project, snapshot)


async def test_a_list_that_is_damaged_or_names_other_files(server: Server, project: dict[str, Any]) -> None:
    snapshot = await take(server, project)
    file = Path(project["path"]) / "snapshots" / "snapshots.conf"
    escape = {**snapshot, "snapshot_id": str(uuid4()), "filename": "../lab.gns3"}
    file.write_text(json.dumps([escape, {"x": 1}, 5, snapshot]))
    assert await server.request("GET", f"{base(project)}/snapshots", None, 200) == [snapshot]
    file.write_text("damaged")
    (found,) = await server.request("GET", f"{base(project)}/snapshots", None, 200)
    assert found["name"] == "s1"
    await server.request("DELETE", f"{base(project)}/snapshots/{found['snapshot_id']}", None, 204)


async def test_a_project_is_deleted_while_its_snapshots_are_used(server: Server) -> None:
    for number in range(10):
        project = await server.request("POST", "/v2/projects", {"name": f"lab {number}"}, 201)
        path = f"/v2/projects/{project['project_id']}"
        kept, other = [await server.request("POST", f"{path}/snapshots", {"name": name}, 201) for name in ("a", "b")]
        answers: list[int] = []

        async def ask(method: str, path: str, answers: list[int] = answers) -> None:
            reply = await server.http.request(method, path)
            answers.append(reply.status_code)
            assert reply.status_code in (201, 204, 403, 404, 409), reply.text

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "POST", f"{path}/snapshots/{kept['snapshot_id']}/restore")
            nursery.start_soon(ask, "DELETE", f"{path}/snapshots/{other['snapshot_id']}")
            nursery.start_soon(ask, "DELETE", path)
        assert 204 in answers
        assert not Path(project["path"]).exists()


async def test_a_file_in_the_place_of_a_new_projects_files(server: Server) -> None:
    project_id = str(uuid4())
    folder = server.config.projects_path / project_id
    folder.mkdir(parents=True)
    (folder / "project-files").write_bytes(b"")
    reply = await server.request("POST", "/v2/projects", {"name": "lab", "project_id": project_id}, 409)
    assert "project-files is not a folder" in reply["message"]


def by_name(comparison: dict[str, Any]) -> dict[str, tuple[str, str, list[str]]]:
    return {each["name"]: (each["action"], each["kind"], sorted(each["fields"])) for each in comparison["changes"]}


async def compare(server: Server, project: dict[str, Any], snapshot: dict[str, Any], to: str = "") -> dict[str, Any]:
    path = f"{base(project)}/snapshots/{snapshot['snapshot_id']}/compare{to}"
    found: dict[str, Any] = await server.request("GET", path, None, 200)
    return found


async def test_a_snapshot_is_compared_with_now(server: Server, project: dict[str, Any]) -> None:
    first, link = await make_lab(server, project)
    snapshot = await take(server, project)
    assert await compare(server, project, snapshot) == {"changes": [], "not_compared": []}

    nodes = await server.request("GET", f"{base(project)}/nodes", None, 200)
    [gone, *_] = [each for each in nodes if each["node_id"] not in {end["node_id"] for end in link["nodes"]}]
    await server.request("DELETE", node_path(project, gone), None, 204)
    new = await create(server, project, name="new")
    await server.request("PUT", node_path(project, first), {"name": "renamed", "x": 777}, 200)
    (Path(first["node_directory"]) / ".prepared.startup.vpc").write_bytes(b"made at each start")
    script = b"set pcname renamed\nip 1.1.1.1\n"
    await server.http.post(f"{node_path(project, first)}/files/startup.vpc", content=script)
    filters = {"filters": {"delay": [7, 0]}}
    await server.request("PUT", f"{base(project)}/links/{link['link_id']}", filters, 201)
    await server.request("PUT", base(project), {"zoom": 30}, 200)
    drawing = await server.request(
        "POST", f"{base(project)}/drawings", {"svg": "<svg><text>a &lt;b&gt;</text></svg>"}, 201
    )

    compared = await compare(server, project, snapshot)
    changes = by_name(compared)
    assert changes["new"] == ("create", "node", [])
    assert changes[gone["name"]] == ("delete", "node", [])
    assert changes["renamed"] == ("update", "node", ["name", "x"])
    assert changes[project["name"]] == ("update", "project", ["zoom"])
    assert changes["note “a <b>”"] == ("create", "drawing", [])
    assert changes["renamed: startup.vpc"] == ("update", "file", ["content"])
    [told] = [each for each in compared["changes"] if each["id"] == link["link_id"]]
    assert told["fields"]["filters.delay"] == {"from": [10, 0], "to": [7, 0]}
    [file] = [each for each in compared["changes"] if each["name"] == "renamed: startup.vpc"]
    assert file["fields"]["content"]["to"].endswith("ip 1.1.1.1\n")

    later = await take(server, project, "s2")
    assert await compare(server, project, snapshot, f"?to={later['snapshot_id']}") == compared
    assert await compare(server, project, later) == {"changes": [], "not_compared": []}
    backwards = by_name(await compare(server, project, later, f"?to={snapshot['snapshot_id']}"))
    assert backwards["new"] == ("delete", "node", [])
    await server.request("POST", f"{base(project)}/close", None, 204)
    assert await compare(server, project, snapshot) == compared
    await server.request("POST", f"{base(project)}/open", None, 201)
    await restore(server, project, snapshot)
    assert await compare(server, project, snapshot) == {"changes": [], "not_compared": []}
    assert drawing["drawing_id"] not in {each["id"] for each in (await compare(server, project, snapshot))["changes"]}
    assert new["node_id"] in {each["id"] for each in (await compare(server, project, later))["changes"]}


async def test_files_that_are_too_large_are_named(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await make_lab(server, project)
    disk = Path(project["path"]) / "disk"
    disk.write_bytes(b"0" * 100_000)
    snapshot = await take(server, project)
    disk.write_bytes(b"1" * 100_000)
    fields = (await compare(server, project, snapshot))["changes"][0]["fields"]
    assert fields == {}  # of the same size, and no text to be shown
    monkeypatch.setattr(snapshot_changes, "MAX_READ_BYTES", 50_000)
    assert await compare(server, project, snapshot) == {"changes": [], "not_compared": ["disk"]}
    disk.write_bytes(b"1" * 100_001)
    assert (await compare(server, project, snapshot))["changes"][0]["fields"] == {
        "bytes": {"from": 100000, "to": 100001}
    }
    assert first["node_id"]


@pytest.mark.parametrize("damage", ["text", "no topology"])
async def test_a_damaged_snapshot_is_not_compared(server: Server, project: dict[str, Any], damage: str) -> None:
    snapshot = await take(server, project)
    file = Path(project["path"]) / "snapshots" / snapshot["filename"]
    if damage == "text":
        file.write_bytes(b"damaged")
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x", b"{}")
    path = f"{base(project)}/snapshots"
    await server.request("GET", f"{path}/{snapshot['snapshot_id']}/compare", None, 409)
    await server.request("GET", f"{path}/{uuid4()}/compare", None, 404)
    await server.request("GET", f"{path}/{snapshot['snapshot_id']}/compare?to={uuid4()}", None, 404)
    assert "to" in (await server.request("GET", f"{path}/{uuid4()}/compare?with=x", None, 400))["message"]
