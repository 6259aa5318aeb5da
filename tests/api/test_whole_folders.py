"""All of a project's folder travels: symbolic links that stay in it, empty folders, files of nodes that are no more,
names and dates that the format of archives does not know. What does not travel is told, and nothing outside is read.
"""

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio

from gns3trio.config import Config
from gns3trio.controller.archives import file_tree
from gns3trio.controller.archives import writer as archive_writer
from gns3trio.project_layout import OWN_FIELDS_FILE
from tests.support.archives import export, import_, leftovers
from tests.support.lab import create
from tests.support.project_files import put
from tests.support.projects import all_of_projects, listed, open_one
from tests.support.server import Server, node_path, started
from tests.support.websockets import ws_events

ORPHAN = f"project-files/vpcs/{uuid4()}"
WAYS = ["export", "duplicate", "snapshot"]


def fill(folder: Path, node: str) -> None:
    """What people and their programs put into a project."""
    (folder / ORPHAN).mkdir(parents=True)
    (folder / ORPHAN / "startup.vpc").write_text("set pcname gone\n")
    (folder / "docs" / "empty" / "emptier").mkdir(parents=True)
    (folder / "docs" / "notes.txt").write_text("notes")
    (folder / "readme").symlink_to("docs/notes.txt")
    (folder / "to a folder").symlink_to("docs")
    (folder / "chain").symlink_to("to a folder/notes.txt")
    (folder / "docs" / "script").symlink_to(f"../project-files/vpcs/{node}/startup.vpc")
    (folder / "circle").symlink_to("circle")
    (folder / "dangling").symlink_to("nowhere")
    shared = folder / "project-files" / "shared"
    (shared / "empty").mkdir(parents=True)
    (shared / "up").symlink_to("../../docs/notes.txt")


def described(folder: Path) -> dict[str, str | bytes]:
    """The content of a project's folder by names, without what belongs to one project only."""
    found: dict[str, str | bytes] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        # The MAC addresses of VPCS are a project's own, too.
        if name.startswith((".gns3trio-", "snapshots")) or path.suffix == ".gns3" or name == OWN_FIELDS_FILE:
            continue
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[name] = "empty"
    return found


async def copy_of(server: Server, project: dict[str, Any], way: str) -> Path:
    """The folder of a copy of a project, or of the project itself with the content that a snapshot kept."""
    path = f"/v2/projects/{project['project_id']}"
    if way == "export":
        return Path((await import_(server, await export(server, project)))["path"])
    if way == "duplicate":
        return Path((await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201))["path"])
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
    folder = Path(project["path"])
    (folder / "project-files" / "shared" / "up").unlink()
    (folder / "docs" / "notes.txt").write_text("changed")
    await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    return folder


@pytest.mark.parametrize("way", WAYS)
async def test_links_empty_folders_and_files_of_gone_nodes_travel(
    server: Server, project: dict[str, Any], way: str
) -> None:
    node = await create(server, project, properties={"startup_script": "set pcname PC1\n"})
    folder = Path(project["path"])
    fill(folder, node["node_id"])
    before = described(folder)
    copy = await copy_of(server, project, way)
    after = described(copy)
    (script,) = (name for name in after if name.endswith("startup.vpc") and not name.startswith(ORPHAN))
    new_id = script.split("/")[2]
    assert (new_id == node["node_id"]) is (way == "snapshot")
    renamed = {
        name.replace(node["node_id"], new_id): text.replace(node["node_id"], new_id) if isinstance(text, str) else text
        for name, text in before.items()
    }
    assert after == renamed
    assert (copy / "docs" / "script").read_text() == "set pcname PC1\n"  # it leads to the script of the copy's node
    assert not leftovers(server)


async def test_what_a_snapshot_of_gns3_lacks_stays_in_a_restore(server: Server, project: dict[str, Any]) -> None:
    """It holds no links, no empty folders and no files of nodes that are no more; what belongs to a newer node goes."""
    node = await create(server, project)
    folder, path = Path(project["path"]), f"/v2/projects/{project['project_id']}"
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
    file = folder / "snapshots" / snapshot["filename"]
    with zipfile.ZipFile(file) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**kept, "project-files/was a folder": b"and is a file"}.items():
            archive.writestr(name, data)
    fill(folder, node["node_id"])
    (folder / "project-files" / "was a folder" / "empty").mkdir(parents=True)
    (folder / "project-files" / "vpcs" / node["node_id"] / "link").symlink_to("startup.vpc")
    (folder / "project-files" / "shared" / "away").symlink_to("/etc/passwd")
    newer = await create(server, project, name="newer")
    (Path(newer["node_directory"]) / "link").symlink_to("startup.vpc")
    before = described(folder)
    await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    after = described(folder)
    expected = {name: what for name, what in before.items() if newer["node_id"] not in name}
    del expected["project-files/was a folder/empty"]
    assert after == {**expected, "project-files/was a folder": b"and is a file"}


async def test_the_copy_of_a_node_has_its_links_and_empty_folders(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    folder = Path(node["node_directory"])
    (folder / "empty" / "deeper").mkdir(parents=True)
    (folder / "inside").symlink_to("startup.vpc")
    (folder / "shared").symlink_to("../../../shared")
    (folder / "out").symlink_to("../../../../other project")
    async with ws_events(server, f"/v2/projects/{project['project_id']}/notifications/ws") as stream:
        copy = await server.request("POST", f"{node_path(project, node)}/duplicate", {"x": 1, "y": 1}, 201)
        assert "out is a link that leads out" in (await stream.until("log.warning"))["message"]
    assert {name: what for name, what in described(Path(copy["node_directory"])).items() if name != "startup.vpc"} == {
        "empty/deeper": "empty",
        "inside": "-> startup.vpc",
        "shared": "-> ../../../shared",
    }


@pytest.mark.parametrize("way", WAYS)
async def test_links_that_lead_out_are_left_out_and_told(
    server: Server, project: dict[str, Any], tmp_path: Path, way: str
) -> None:
    """Nothing that they lead to is read. A snapshot needs none of them: they stay."""
    folder = Path(project["path"])
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("secret")
    links = {
        "absolute": f"{tmp_path}/secret/key.txt",
        "relative": "../../secret/key.txt",
        "by a detour": "project-files/../../../secret",
        "project-files/qemu": f"{tmp_path}/secret",
        "project-files/captures": "../docs",
        "images": "docs",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    (folder / "docs").mkdir()
    async with ws_events(server, f"/v2/projects/{project['project_id']}/notifications/ws") as stream:
        if way == "snapshot":
            snapshot = await server.request(
                "POST", f"/v2/projects/{project['project_id']}/snapshots", {"name": "s"}, 201
            )
            data = (folder / "snapshots" / snapshot["filename"]).read_bytes()
        else:
            data = await export(server, project)
            told = (await stream.until("log.warning"))["message"]
            assert "absolute is a link that leads out of the project" in told
        await server.request("POST", f"/v2/projects/{project['project_id']}/duplicate", {"name": "copy"}, 201)
    assert b"secret" not in data
    copy = Path((await listed(server))["copy"]["path"]) if way == "duplicate" else None
    if copy is None:
        copy = Path((await import_(server, data))["path"])
    assert not [path for path in copy.rglob("*") if path.is_symlink()]
    if way == "snapshot":
        await server.request(
            "POST", f"/v2/projects/{project['project_id']}/snapshots/{snapshot['snapshot_id']}/restore", None, 201
        )
        for name, target in links.items():
            assert os.readlink(folder / name) == target


async def test_a_folder_that_becomes_a_link_while_it_is_read_is_not_followed(
    server: Server, project: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(project["path"])
    (folder / "docs").mkdir()
    (folder / "docs" / "a.txt").write_text("mine")
    (folder / "b.txt").write_text("mine too")
    (tmp_path / "a.txt").write_text("secret")
    real = file_tree.open_below

    def swapped(root: int, name: str, flags: int) -> int:
        if not (folder / "docs").is_symlink():
            (folder / "docs").rename(folder / "away")
            (folder / "docs").symlink_to(tmp_path)
            (folder / "b.txt").unlink()
            (folder / "b.txt").symlink_to(tmp_path / "a.txt")
        return real(root, name, flags)

    monkeypatch.setattr(file_tree, "open_below", swapped)
    with zipfile.ZipFile(io.BytesIO(await export(server, project))) as archive:
        assert not {"docs/a.txt", "b.txt"} & set(archive.namelist())
    monkeypatch.undo()
    assert "b.txt" not in described(Path((await import_(server, await export(server, project)))["path"]))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "../x", "a/../../.."])
async def test_an_archive_with_a_link_that_leads_out_is_refused(
    server: Server, project: dict[str, Any], target: str
) -> None:
    data = io.BytesIO(await export(server, project))
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr(info, target)
    before = all_of_projects(server.config)
    assert "leads out of the project" in (await import_(server, data.getvalue(), 409))["message"]
    assert all_of_projects(server.config) == before


# --- names and dates ---

NOT_UTF8 = os.fsdecode(b"caf\xe9.txt")


@pytest.mark.parametrize("way", WAYS)
async def test_names_that_are_not_utf8_travel(server: Server, project: dict[str, Any], way: str) -> None:
    folder = Path(project["path"])
    (folder / "docs").mkdir()
    (folder / "docs" / "notes.txt").write_text("notes")
    for name in (NOT_UTF8, "caf%E9.txt", os.fsdecode(b"f\xff/\xfe"), os.fsdecode(b"project-files/\xff/deep/er")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.fsencode(name))
    (folder / os.fsdecode(b"empty \x80")).mkdir()
    (folder / os.fsdecode(b"l\xefnk")).symlink_to(NOT_UTF8)
    (folder / "project-files" / "shared").mkdir()
    (folder / "project-files" / "shared" / "up").write_bytes(b"x")
    before = described(folder)
    after = described(await copy_of(server, project, way))
    if way == "snapshot":
        before.pop("project-files/shared/up")
        after.pop("project-files/shared/up")
        before["docs/notes.txt"] = b"notes"
    assert after == before


async def test_other_programs_read_names_that_are_not_utf8(server: Server, project: dict[str, Any]) -> None:
    (Path(project["path"]) / NOT_UTF8).write_text("x")
    with zipfile.ZipFile(io.BytesIO(await export(server, project))) as archive:
        assert archive.read("caf%E9.txt") == b"x"


DATES = [-(10**12), -1, 0, 315532799, 4354819198, 4354819200, 5 * 10**9, 10**11, 10**12]


@pytest.mark.parametrize("way", WAYS)
async def test_any_date_travels(server: Server, project: dict[str, Any], way: str) -> None:
    """The format knows those from 1980 to 2107; file systems know others."""
    folder = Path(project["path"])
    (folder / "docs").mkdir()
    (folder / "docs" / "notes.txt").write_text("notes")
    (folder / "project-files" / "shared").mkdir()
    (folder / "project-files" / "shared" / "up").write_bytes(b"x")
    for number, date in enumerate(DATES):
        file = folder / "project-files" / f"{number}.txt"
        file.write_text(str(date))
        os.utime(file, (date, date))
    copy = await copy_of(server, project, way)
    for number, date in enumerate(DATES):
        assert (copy / "project-files" / f"{number}.txt").read_text() == str(date)


@pytest.mark.parametrize("date", DATES)
async def test_files_and_snapshots_of_any_date_are_shown(server: Server, project: dict[str, Any], date: int) -> None:
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    (folder / "old.txt").write_text("x")
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "unlisted.gns3snapshot").write_bytes(b"x")
    for name in ("old.txt", "snapshots/unlisted.gns3snapshot"):
        os.utime(folder / name, (date, date))
    reply = await server.http.get(f"{path}/files/old.txt")
    assert (reply.status_code, reply.text) == (200, "x")
    (snapshot,) = await server.request("GET", f"{path}/snapshots", None, 200)
    assert snapshot["name"] == "unlisted"


async def test_what_no_archive_holds_is_told_before_the_first_byte(server: Server, project: dict[str, Any]) -> None:
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    deep = folder / "/".join("d" * 70)
    deep.mkdir(parents=True)
    for refused in (
        await server.request("GET", f"{path}/export", None, 409),
        await server.request("POST", f"{path}/snapshots", {"name": "s"}, 409),
    ):
        assert "too deep" in refused["message"]
    assert "too deep" in (await server.http.post(f"{path}/files/{'d/' * 70}x", content=b"")).text
    assert not list((folder / "snapshots").glob("*")) and not leftovers(server)
    await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201)


async def test_too_many_files_are_told_before_the_first_byte(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (Path(project["path"]) / f"{number}.txt").write_text("x")
    monkeypatch.setattr(archive_writer, "MAX_ENTRIES", 20)
    refused = await server.request("GET", f"/v2/projects/{project['project_id']}/export", None, 409)
    assert "an archive holds 18" in refused["message"]


async def test_a_file_that_may_not_be_read_is_told_before_the_first_byte(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v2/projects/{project['project_id']}"
    (Path(project["path"]) / "locked.txt").write_text("x")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and allowed(path, mode))  # as root
    for refused in (
        await server.request("GET", f"{path}/export", None, 409),
        await server.request("POST", f"{path}/snapshots", {"name": "s"}, 409),
    ):
        assert "locked.txt may not be read" in refused["message"]


async def test_files_that_change_while_they_are_exported(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They vanish, grow, shrink, become something else: the archive is whole, and has what there was to read."""
    folder = Path(project["path"])
    names = ("gone", "grows", "shrinks", "fifo", "folder")
    for name in names:
        (folder / name).write_bytes(b"x" * 1_000_000)
    real = file_tree.open_file_below

    def changing(root: int, name: str) -> Any:
        if name == "gone":
            (folder / name).unlink()
        elif name in ("fifo", "folder"):
            (folder / name).unlink()
            os.mkfifo(folder / name) if name == "fifo" else (folder / name).mkdir()
        opened = real(root, name)
        if name in ("grows", "shrinks"):
            os.truncate(folder / name, 5_000_000 if name == "grows" else 10)
        return opened

    monkeypatch.setattr(archive_writer, "open_file_below", changing)
    with trio.fail_after(60):
        data = await export(server, project)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        sizes = {info.filename: info.file_size for info in archive.infolist() if info.filename in names}
    assert sizes == {"grows": 1_000_000, "shrinks": 10}


# --- names of projects ---


@pytest.mark.parametrize("name", ["é" * 200, "x" * 300, "a/b", ".hidden", "x" * 240, " ", "日" * 80])
async def test_a_project_with_a_name_that_no_file_can_have_travels(config: Config, name: str) -> None:
    """Another program called it so; its copies get a name near to it."""
    put(config.projects_path / "lab", "lab")
    file = config.projects_path / "lab" / "lab.gns3"
    content = {**orjson.loads(file.read_bytes()), "name": name}
    file.write_bytes(orjson.dumps(content))
    async with started(config) as server:
        (project,) = await server.request("GET", "/v2/projects", None, 200)
        await open_one(server, project)
        path = f"/v2/projects/{project['project_id']}"
        data = await export(server, project)
        copies = [
            await import_(server, data),
            await import_(server, data),
            await server.request("POST", f"{path}/duplicate", {"name": None}, 201),
        ]
        snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
        await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
        assert len({each["name"] for each in copies}) == 3
        for each in copies:
            assert Path(each["path"], each["filename"]).is_file()
            await open_one(server, each)


# --- depth ---


async def test_folders_deeper_than_a_path_can_be(config: Config) -> None:
    """Programs make them one in the other. They stop no start, and go with their project."""
    put(config.projects_path / "lab", "lab")

    def dig() -> None:
        at = os.open(config.projects_path / "lab", os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("d", dir_fd=at)
            below = os.open("d", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        os.close(at)

    await trio.to_thread.run_sync(dig)
    async with started(config) as server:
        project = (await listed(server))["lab"]
        path = f"/v2/projects/{project['project_id']}"
        await open_one(server, project)
        for refused in (
            await server.request("GET", f"{path}/export", None, 503),
            await server.request("POST", f"{path}/snapshots", {"name": "s"}, 503),
            await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 503),
        ):
            assert "too long" in refused["message"]
        await server.request("DELETE", path, None, 204)
        with trio.fail_after(60):
            while any(path != config.state_folder for path in config.projects_path.iterdir()):
                await trio.sleep(0.01)
