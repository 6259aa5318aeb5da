"""Projects are found where they are, whoever named their folders, and what is doubtful is told instead of hidden."""

import logging
import os
import shutil
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import orjson
import pytest
import trio

from gns3trio.config import Config
from gns3trio.controller.storage import files as storage
from gns3trio.controller.storage.files import make_project_folder
from tests.support.lab import create
from tests.support.project_files import document, put, replace_by
from tests.support.projects import all_of_projects, listed, open_one
from tests.support.server import Server, started
from tests.support.websockets import ws_events

# --- folders of any name ---


async def test_folders_that_are_named_after_their_projects(config: Config) -> None:
    """As GNS3's desktop makes them; at the start, after a reload, through a link, and beside what is no project."""
    for number in range(47):
        put(config.projects_path / f"lab {number}", f"lab {number}")
    put(config.projects_path.parent / "another disk" / "linked", "linked")
    (config.projects_path / "linked").symlink_to(config.projects_path.parent / "another disk" / "linked")
    put(config.projects_path / ".hidden", "hidden")
    (config.projects_path / "notes").mkdir()
    (config.projects_path / "loop").symlink_to("loop")
    (config.projects_path / "dangling").symlink_to("nowhere")
    (config.projects_path / "readme.gns3").write_text("a file, no folder")
    async with started(config) as server:
        found = await listed(server)
        assert found.keys() == {*(f"lab {number}" for number in range(47)), "linked"}
        assert found["lab 3"]["path"] == str(config.projects_path / "lab 3")
        late = put(config.projects_path / "ä later one", "later")
        await server.request("POST", "/v2/reload", None, 200)
        assert (await listed(server))["later"]["project_id"] == late["project_id"]
        for name in ("lab 3", "linked", "later"):
            await open_one(server, found.get(name, late))
        await create(server, found["lab 3"], name="PC2")
        await server.request("DELETE", f"/v2/projects/{found['lab 4']['project_id']}", None, 204)
        assert not (config.projects_path / "lab 4").exists()
    saved = orjson.loads((config.projects_path / "lab 3" / "lab 3.gns3").read_bytes())
    assert [each["name"] for each in saved["topology"]["nodes"]] == ["PC1", "PC2"]
    async with started(config) as server:
        assert len(await listed(server)) == 48


async def test_a_folder_that_is_named_by_another_id(config: Config) -> None:
    folder = config.projects_path / str(uuid4())
    content = put(folder, "moved")
    async with started(config) as server:
        found = (await listed(server))["moved"]
        assert (found["project_id"], found["path"]) == (content["project_id"], str(folder))
        assert "error" not in found
        await open_one(server, found)


async def test_snapshots_of_a_project_in_a_folder_with_a_long_name(config: Config) -> None:
    folder = config.projects_path / ("x" * 255)
    put(folder, "long")
    async with started(config) as server:
        found = (await listed(server))["long"]
        path = f"/v2/projects/{found['project_id']}"
        await open_one(server, found)
        snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
        await create(server, found, name="PC2")
        await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
        assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 1
    assert [path.name for path in all_of_projects(config) if path.parent == config.projects_path] == [folder.name]


async def test_names_that_no_client_can_be_told(config: Config) -> None:
    """The list works, and says what to do; after it is done the project is there."""
    bad = Path(os.fsdecode(os.fsencode(config.projects_path) + b"/l\xe4b"))
    put(bad, "folder")
    put(config.projects_path / "fine", "fine")
    inside = config.projects_path / "inside"
    put(inside, "file")
    (inside / "file.gns3").rename(inside / os.fsdecode(b"f\xefle.gns3"))
    async with started(config) as server:
        found = await listed(server)
        assert found.keys() == {"folder", "fine", "file"}
        for name in ("folder", "file"):
            assert "not UTF-8" in found[name]["error"]
            assert "not UTF-8" in (await open_one(server, found[name], 409))["message"]
            await server.request("PUT", f"/v2/projects/{found[name]['project_id']}", {"zoom": 50}, 409)
        copy = await server.request(
            "POST", f"/v2/projects/{found['folder']['project_id']}/duplicate", {"name": "copy"}, 201
        )
        await open_one(server, copy)
        bad.rename(config.projects_path / "lab")
        await server.request("POST", "/v2/reload", None, 200)
        await open_one(server, (await listed(server))["folder"])


# --- places elsewhere ---


async def test_projects_outside_of_the_folder_for_projects_are_listed_again(config: Config, tmp_path: Path) -> None:
    config = attrs.evolve(config, local=True)
    nested, hidden = config.projects_path / "course" / "week 1", config.projects_path / ".hidden"
    put(tmp_path / "by hand", "loaded")
    places = {"far": tmp_path / "far", "nested": nested, "hidden": hidden}
    async with started(config) as server:
        for name, place in places.items():
            await server.request("POST", "/v2/projects", {"name": name, "path": str(place)}, 201)
        await server.request("POST", "/v2/projects/load", {"path": f"{tmp_path}/by hand/loaded.gns3"}, 201)
        far = (await listed(server))["far"]
        body = {"name": "copy", "path": str(tmp_path / "copy")}
        await server.request("POST", f"/v2/projects/{far['project_id']}/duplicate", body, 201)
        archive = (await server.http.get(f"/v2/projects/{far['project_id']}/export")).content
        query = f"?name=imported&path={tmp_path}/imported"
        reply = await server.http.post(f"/v2/projects/{uuid4()}/import{query}", content=archive)
        assert reply.status_code == 201, reply.text
        before = await listed(server)
        assert len(before) == 6
    async with started(config) as server:
        after = await listed(server)
        for name in before:
            assert after[name]["path"] == before[name]["path"]
            await open_one(server, after[name])
        await server.request("DELETE", f"/v2/projects/{after['nested']['project_id']}", None, 204)
    async with started(config) as server:
        assert (await listed(server)).keys() == before.keys() - {"nested"}


async def test_a_place_that_is_not_there_is_told_until_it_is_back_or_deleted(config: Config, tmp_path: Path) -> None:
    config = attrs.evolve(config, local=True)
    place, away = tmp_path / "disk" / "far", tmp_path / "away"
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "far", "path": str(place)}, 201)
        path = f"/v2/projects/{project['project_id']}"
    place.rename(away)
    async with started(config) as server:
        found = (await listed(server))["far"]
        assert (found["project_id"], found["path"]) == (project["project_id"], str(place))
        assert "its disk is not there" in found["error"]
        await open_one(server, found, 409)
        away.rename(place)
        opened = await open_one(server, found)
        assert "error" not in opened
        await server.request("POST", f"{path}/close", None, 204)
        await server.request("DELETE", path, None, 409)
        assert place.exists()
        shutil.rmtree(place)
        await server.request("POST", "/v2/reload", None, 200)
        assert "error" in (await listed(server))["far"]
        await server.request("DELETE", path, None, 204)
        await server.request("POST", "/v2/reload", None, 200)
        assert await listed(server) == {}
    async with started(config) as server:
        assert await listed(server) == {}


@pytest.mark.parametrize(
    "path",
    [
        ".gns3trio-lab",
        ".gns3trio-old-x",
        "course/.gns3trio-x/lab",
        ".gns3trio/web-ui",
        ".gns3trio/new/lab",
        "{project}/project-files/lab",
        "{project}/lab",
        "../elsewhere/.gns3trio-lab",
    ],
)
async def test_places_that_the_server_or_another_project_needs_are_refused(config: Config, path: str) -> None:
    """What begins as our unfinished files would be deleted at the next start; a project is deleted with its folder."""
    config = attrs.evolve(config, local=True)
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "outer"}, 201)
        await server.request("PUT", f"/v2/projects/{project['project_id']}", {"zoom": 50}, 200)
        place = os.path.normpath(config.projects_path / path.format(project=project["project_id"]))
        await server.request("POST", "/v2/projects", {"name": "x", "path": place}, 403)
        body = {"name": "x", "path": place}
        await server.request("POST", f"/v2/projects/{project['project_id']}/duplicate", body, 403)


async def test_what_is_not_made_is_not_remembered(config: Config, tmp_path: Path) -> None:
    config = attrs.evolve(config, local=True)
    (tmp_path / "file").write_text("no folder")
    async with started(config) as server:
        await server.request("POST", "/v2/projects", {"name": "x", "path": f"{tmp_path}/file/lab"}, 409)
        put(tmp_path / "torn", "torn", revision=11)
        await server.request("POST", "/v2/projects/load", {"path": f"{tmp_path}/torn/torn.gns3"}, 409)
        (tmp_path / "loop").symlink_to("loop")
        await server.request("POST", "/v2/projects", {"name": "x", "path": f"{tmp_path}/loop/lab"}, 409)
    async with started(config) as server:
        assert await listed(server) == {}


# --- several files in one folder ---


async def test_a_second_file_never_hides_the_project(config: Config) -> None:
    """Uploaded, or copied by hand; of the same project or of another one; before its name or after it."""
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
        await create(server, project, name="PC1")
        await server.request("PUT", path, {"name": "renamed"}, 200)
        other = orjson.dumps({**document([]), "name": "aaa"})
        same = orjson.dumps({**document([]), "name": "a", "project_id": project["project_id"]})
        for name, content in (("aaa.gns3", other), ("a.gns3", same), ("zzz.gns3", b"torn")):
            assert (await server.http.post(f"{path}/files/{name}", content=content)).status_code == 201
    async with started(config) as server:
        found = await listed(server)
        assert found.keys() == {"renamed"}
        assert found["renamed"]["filename"] == "lab.gns3"
        assert found["renamed"]["project_id"] == project["project_id"]
        async with ws_events(server, f"{path}/notifications/ws") as stream:
            await open_one(server, project)
            told = (await stream.until("log.warning"))["message"]
        assert "file is lab.gns3" in told
        assert all(name in told for name in ("aaa.gns3", "a.gns3", "zzz.gns3"))
        assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 1
    (config.state_folder / "controller.json").unlink()  # another server, which has no record of it
    assert {each.name for each in folder.glob("*.gns3")} == {"lab.gns3", "aaa.gns3", "a.gns3", "zzz.gns3"}
    async with started(config) as server:
        (found,) = await server.request("GET", "/v2/projects", None, 200)
        assert (found["project_id"], found["filename"]) == (project["project_id"], "lab.gns3")


@pytest.mark.parametrize("api", ["/v2/projects", "/v2/compute/projects"])
async def test_a_second_file_that_looks_more_like_the_project_does_not_hide_it(config: Config, api: str) -> None:
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        await create(server, project, name="PC1")
        await server.request("PUT", f"/v2/projects/{project['project_id']}", {"name": "renamed"}, 200)
        same = orjson.dumps({**document([]), "name": "renamed", "project_id": project["project_id"]})
        reply = await server.http.post(f"{api}/{project['project_id']}/files/renamed.gns3", content=same)
        assert reply.status_code == 201
    async with started(config) as server:
        assert (await listed(server))["renamed"]["filename"] == "lab.gns3"


@pytest.mark.parametrize("folder", ["lab", "a folder", "4e5b8d4c-6f0a-4d7b-9f0e-2b8f6f2f1a11"])
async def test_of_several_files_made_by_hand_the_likeliest_counts_and_stays_it(
    config: Config, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = config.projects_path / folder
    content = put(place, "lab")
    shutil.copy(place / "lab.gns3", place / "a copy of lab.gns3")
    shutil.copy(place / "lab.gns3", place / "lab (2).gns3")
    async with started(config) as server:
        assert (await listed(server))["lab"]["filename"] == "lab.gns3"
    assert [r.levelno for r in caplog.records if "file is lab.gns3" in r.message] == [logging.WARNING]
    put(place, "lb", project_id=content["project_id"])  # shorter, and its name is that in it
    async with started(config) as server:
        assert (await listed(server))["lab"]["filename"] == "lab.gns3"


async def test_a_damaged_file_stays_the_projects_own_beside_that_of_another(config: Config) -> None:
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
        await open_one(server, project)
    folder = Path(project["path"])
    (folder / "lab.gns3").write_bytes(b"torn by a cr")
    put(folder, "other")
    for place in (folder, folder.with_name("named otherwise")):
        if place != folder:
            folder.rename(place)
        async with started(config) as server:
            (found,) = await server.request("GET", "/v2/projects", None, 200)
            assert (found["project_id"], found["filename"]) == (project["project_id"], "lab.gns3")
            assert "not JSON" in found["error"]
    async with started(config) as server:
        await server.request("POST", f"/v2/projects/{project['project_id']}/recover", None, 201)


async def test_a_project_whose_file_is_gone_is_listed_as_long_as_versions_are_kept(config: Config) -> None:
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        path = f"/v2/projects/{project['project_id']}"
        await create(server, project)
        await server.request("POST", f"{path}/close", None, 204)
        await open_one(server, project)
    (Path(project["path"]) / "lab.gns3").unlink()
    async with started(config) as server:
        assert "is gone" in (await listed(server))["lab"]["error"]
        assert "/recover" in (await open_one(server, project, 409))["message"]
        await server.request("POST", f"{path}/recover", None, 201)
        assert len(await server.request("GET", f"{path}/nodes", None, 200)) == 1


async def test_the_file_of_another_project_does_not_take_the_place_of_its_own(
    server: Server, project: dict[str, Any]
) -> None:
    """A client that writes it gets told, and whatever else it writes there, the file that was there is kept."""
    path, file = f"/v2/projects/{project['project_id']}", Path(project["path"], "lab.gns3")
    await create(server, project)
    await server.request("POST", f"{path}/close", None, 204)
    before = file.read_bytes()
    for wrong in (orjson.dumps(document([])), b"no project", b""):
        assert (await server.http.post(f"{path}/files/lab.gns3", content=wrong)).status_code == 409
    assert file.read_bytes() == before
    empty = orjson.dumps({**document([]), "project_id": project["project_id"]})
    assert (await server.http.post(f"{path}/files/lab.gns3", content=empty)).status_code == 201
    await server.request("POST", f"{path}/open", None, 201)
    assert await server.request("GET", f"{path}/nodes", None, 200) == []
    versions = await server.request("GET", f"{path}/versions", None, 200)
    assert [version["nodes"] for version in versions] == [0, 1]


def replace_by_odd(file: Path, kind: str) -> None:
    """Put something in the file's place that is no file, or make it larger than any that is read."""
    if kind == "large":
        os.truncate(file, 2 << 30)
    else:
        replace_by(file, kind)


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "large"])
async def test_odd_things_beside_the_file_keep_no_project_closed(
    server: Server, project: dict[str, Any], kind: str
) -> None:
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    await server.request("POST", f"{path}/close", None, 204)
    for name in ("project-files/gns3trio.json", "snapshots/snapshots.conf", ".gns3trio-versions/x"):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"{}")
        replace_by_odd(file, kind)
    with trio.fail_after(60):
        await server.request("POST", f"{path}/open", None, 201)
        await create(server, project)
        assert await server.request("GET", f"{path}/snapshots", None, 200) == []
        assert len(await server.request("GET", f"{path}/versions", None, 200)) == 1


# --- one project in several folders ---


async def test_a_copied_folder_is_listed_as_a_copy(config: Config) -> None:
    async with started(config) as server:
        project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
        path = f"/v2/projects/{project['project_id']}"
        first = await create(server, project, properties={"startup_script": "set pcname first\n"})
        await server.request("POST", f"{path}/close", None, 204)
        copy = config.projects_path / "a copy"
        shutil.copytree(project["path"], copy)
        before = (copy / "lab.gns3").read_bytes()
        await server.request("POST", "/v2/reload", None, 200)
        found = await listed(server)
    async with started(config) as server:
        assert await listed(server) == found
        assert found.keys() == {"lab", "lab (a copy)"}
        assert found["lab"]["path"] == project["path"]
        copied = found["lab (a copy)"]
        assert copied["project_id"] != project["project_id"]
        assert all(text in copied["error"] for text in (project["path"], str(copy), "duplicate"))
        assert "duplicate" in (await open_one(server, copied, 409))["message"]
        of_copy = f"/v2/projects/{copied['project_id']}"
        await server.request("PUT", of_copy, {"name": "mine"}, 409)
        await server.request("POST", f"{of_copy}/recover", None, 409)
        await open_one(server, project)
        made = await server.request("POST", f"{of_copy}/duplicate", {"name": "mine"}, 201)
        await open_one(server, made)
        (node,) = await server.request("GET", f"/v2/projects/{made['project_id']}/nodes", None, 200)
        assert node["node_id"] != first["node_id"]
        script = await server.http.get(f"/v2/projects/{made['project_id']}/nodes/{node['node_id']}/files/startup.vpc")
        assert script.text == "set pcname first\n"
        assert (await server.http.get(f"{of_copy}/export")).status_code == 200
        assert (copy / "lab.gns3").read_bytes() == before
        await server.request("DELETE", of_copy, None, 204)
        assert not copy.exists()
        assert Path(project["path"]).exists()
        assert (await listed(server)).keys() == {"lab", "mine"}


async def test_a_copy_takes_the_place_of_the_project_when_that_is_gone(config: Config) -> None:
    put(config.projects_path / "lab", "lab", project_id=(project_id := str(uuid4())))
    shutil.copytree(config.projects_path / "lab", config.projects_path / "lab (copy)")
    shutil.copytree(config.projects_path / "lab", config.projects_path / "copy")
    async with started(config) as server:
        found = await listed(server)
        assert found.keys() == {"lab", "lab (copy)", "lab (lab (copy))"}
        await server.request("DELETE", f"/v2/projects/{project_id}", None, 204)
        await server.request("POST", "/v2/reload", None, 200)
        found = await listed(server)
        assert found["lab"]["project_id"] == project_id
        assert "error" not in found["lab"]
        assert len(found) == 2
        await open_one(server, found["lab"])


async def test_the_project_stays_the_same_when_copies_come(config: Config) -> None:
    """Whatever the copies are called, and also when the copy comes while the server does not run."""
    put(config.projects_path / "other name", "lab", project_id=str(uuid4()))
    shutil.copytree(config.projects_path / "other name", config.projects_path / "z other name")
    async with started(config) as server:
        assert (await listed(server))["lab"]["path"].endswith("/other name")
    shutil.copytree(config.projects_path / "other name", config.projects_path / "lab")
    async with started(config) as server:
        assert (await listed(server))["lab"]["path"].endswith("/other name")


# --- what is no file ---


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "dangling", "loop", "large", "zeros", "list"])
async def test_odd_things_in_the_place_of_files_do_not_stall_the_start(config: Config, kind: str) -> None:
    files = [config.projects_path / name / f"{name}.gns3" for name in ("odd", str(uuid4()))]
    for file in (*files, config.projects_path / "fine" / "0.gns3"):
        put(file.parent, file.stem)
        if kind in ("fifo", "socket", "device", "folder"):
            replace_by(file, kind)
        elif kind in ("dangling", "loop"):
            file.unlink()
            file.symlink_to(file.name if kind == "loop" else "nowhere")
        elif kind == "list":
            file.write_bytes(b"[" * 1_000_000)
        else:
            os.truncate(file, (2 << 30) if kind == "large" else 100)
    put(config.projects_path / "fine", "fine")
    with trio.fail_after(60):
        async with started(config) as server:
            found = await listed(server)
            assert found.keys() == {"fine", *(file.stem for file in files)}
            assert "error" not in found["fine"]
            await open_one(server, found["fine"])
            for file in files:
                assert found[file.stem]["error"]
                await open_one(server, found[file.stem], 409)
            await server.request("DELETE", f"/v2/projects/{found['odd']['project_id']}", None, 204)


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "large"])
async def test_a_state_file_that_is_none_is_kept_aside(config: Config, kind: str) -> None:
    file = config.state_folder / "controller.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"{}")
    replace_by_odd(file, kind)
    with trio.fail_after(60):
        async with started(config) as server:
            body = {"name": "mine", "template_type": "vpcs", "compute_id": "local"}
            await server.request("POST", "/v2/templates", body, 201)
    assert file.is_file()
    (aside,) = file.parent.glob("controller.json.damaged-*")
    assert os.path.lexists(aside)


async def test_looking_again_while_projects_come_and_go(server: Server, project: dict[str, Any]) -> None:
    """None is listed twice, as a copy of itself, or after its end."""
    archive = (await server.http.get(f"/v2/projects/{project['project_id']}/export")).content
    left = {project["project_id"]}

    async def reload() -> None:
        for _ in range(10):
            await server.request("POST", "/v2/reload", None, 200)

    async def come_and_go(number: int) -> None:
        made = await server.request("POST", "/v2/projects", {"name": f"made {number}"}, 201)
        body = {"name": f"copy {number}"}
        copy = await server.request("POST", f"/v2/projects/{made['project_id']}/duplicate", body, 201)
        await server.request("DELETE", f"/v2/projects/{made['project_id']}", None, 204)
        imported = await server.http.post(f"/v2/projects/{uuid4()}/import?name=in{number}", content=archive)
        left.update({copy["project_id"], imported.json()["project_id"]})

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(come_and_go, number)
        for _ in range(3):
            nursery.start_soon(reload)
    assert {each["project_id"] for each in (await listed(server)).values()} == left
    await server.request("POST", "/v2/reload", None, 200)
    found = await listed(server)
    assert {each["project_id"] for each in found.values()} == left
    assert not [each for each in found.values() if "error" in each]


async def test_looking_again_keeps_a_project_that_is_just_being_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no file yet, as those that are gone."""
    reached, go_on = trio.Event(), threading.Event()

    def make_slowly(folder: Path) -> bool:
        trio.from_thread.run_sync(reached.set)
        assert go_on.wait(60)
        return make_project_folder(folder)

    monkeypatch.setattr(storage, "make_project_folder", make_slowly)

    async def look_again() -> None:
        try:
            await reached.wait()
            await server.request("POST", "/v2/reload", None, 200)
        finally:
            go_on.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look_again)
        made = await server.request("POST", "/v2/projects", {"name": "slow"}, 201)
    assert (await listed(server))["slow"]["project_id"] == made["project_id"]
