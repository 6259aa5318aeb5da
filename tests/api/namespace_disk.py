"""A server on a file system that is full, or that has become read-only. Run by ``test_disk.py``."""

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import orjson
import psutil
import pytest

from gns3trio.config import Config
from tests.support.archives import export, import_
from tests.support.lab import connect, create
from tests.support.projects import all_of_projects
from tests.support.server import Server, node_path


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


@pytest.fixture
def config(config: Config) -> Iterator[Config]:
    """Projects on a small file system of their own."""
    folder = config.projects_path
    folder.mkdir(parents=True)
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", folder)
    yield config
    subprocess.run(["umount", "-l", str(folder)], check=True)


@attrs.frozen
class Trouble:
    """A disk that refuses, and works again."""

    folder: Path
    kind: str

    @property
    def filler(self) -> Path:
        return self.folder / ".filler"

    def begin(self) -> None:
        if self.kind == "read-only":
            mount("-o", "remount,ro", self.folder)
            return
        self.filler.mkdir()
        if self.kind == "full":
            fill_disk(self.filler / "file")
            return
        with pytest.raises(OSError, match="space"):  # no file more, as with a quota
            for number in count():
                (self.filler / str(number)).touch()

    def end(self) -> None:
        if self.kind == "read-only":
            mount("-o", "remount,rw", self.folder)
        else:
            shutil.rmtree(self.filler)


@pytest.fixture(params=["full", "read-only", "no inodes"])
def trouble(config: Config, request: pytest.FixtureRequest) -> Trouble:
    if request.param == "no inodes":
        mount("-o", "remount,nr_inodes=300", config.projects_path)
    return Trouble(config.projects_path, request.param)


def fill_disk(filler: Path) -> None:
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(bytes(4096))


def saved_names(project: dict[str, Any]) -> list[str]:
    file = Path(project["path"]) / project["filename"]
    return [node["name"] for node in orjson.loads(file.read_bytes())["topology"]["nodes"]]


def with_file(data: bytes, name: str, content: bytes) -> bytes:
    """The archive with a file more."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def open_files() -> int:
    return len(psutil.Process().open_files())


async def test_a_full_disk(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    node = await create(server, project, name="before")
    filler = server.config.projects_path / "filler"
    fill_disk(filler)
    before, files = saved_names(project), open_files()
    for number in range(5):
        body = {"name": f"lost{number}", "node_type": "ethernet_hub", "compute_id": "local"}
        assert "full" in (await server.request("POST", f"{path}/nodes", body, 503))["message"]
        await server.request("PUT", node_path(project, node), {"name": "other"}, 503)
        await server.request("DELETE", node_path(project, node), None, 503)
        await server.request("POST", "/v2/projects", {"name": f"no room {number}"}, 503)
        for where in (f"{path}/files/big.bin", f"{node_path(project, node)}/files/big.bin"):
            assert (await server.http.post(where, content=bytes(100_000))).status_code == 503
        assert (await server.http.post("/v2/symbols/big.svg/raw", content=bytes(100_000))).status_code == 503
    assert [each["name"] for each in await server.request("GET", f"{path}/nodes", None, 200)] == before == ["before"]
    assert saved_names(project) == before
    assert open_files() == files
    assert not list(Path(project["path"]).rglob(".gns3trio-*"))
    filler.unlink()
    await create(server, project, name="after")
    assert saved_names(project) == ["before", "after"]


async def test_an_archive_that_would_fill_the_disk(server: Server, project: dict[str, Any]) -> None:
    """It is refused while there is room, and so is one in it; the project stays as it was, and can be saved."""
    path = f"/v2/projects/{project['project_id']}"
    await create(server, project, name="before")
    data = await export(server, project)
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s1"}, 201)
    archive = Path(project["path"]) / "snapshots" / snapshot["filename"]
    archive.write_bytes(with_file(data, "zeros", bytes(3_000_000)))
    before = all_of_projects(server.config)
    inner = with_file(data, "zeros", bytes(1_000_000))  # there is room to unpack it, but not to write it anew
    for refused in (
        with_file(data, "zeros", bytes(3_000_000)),
        with_file(data, "noise", os.urandom(3_000_000)),
        with_file(data, "snapshots/s.gns3snapshot", inner),
    ):
        error = await import_(server, refused, 503)
        assert "the disk has no room for it" in error["message"]
        assert all_of_projects(server.config) == before
    error = await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 503)
    assert "the disk has no room for it" in error["message"]
    assert all_of_projects(server.config) == before
    await create(server, project, name="after")
    assert saved_names(project) == ["before", "after"]
    await import_(server, data)


async def test_a_copy_that_would_fill_the_disk(server: Server, project: dict[str, Any]) -> None:
    """It is refused while there is room for what others save: of a project, of a node, in a snapshot."""
    path = f"/v2/projects/{project['project_id']}"
    node = await create(server, project, name="before")
    reply = await server.http.post(f"{node_path(project, node)}/files/noise", content=os.urandom(1_000_000))
    assert reply.status_code == 201
    before = all_of_projects(server.config)
    for where, body in (
        (f"{path}/duplicate", {"name": "copy"}),
        (f"{path}/snapshots", {"name": "s1"}),
        (f"{node_path(project, node)}/duplicate", {"x": 0, "y": 0}),
    ):
        error = await server.request("POST", where, body, 503)
        assert "the disk has no room for it" in error["message"]
        assert [each for each in all_of_projects(server.config) if each.name != "snapshots"] == before
    await create(server, project, name="after")
    assert saved_names(project) == ["before", "after"]


async def test_a_read_only_disk(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    node = await create(server, project, name="before")
    files = open_files()
    mount("-o", "remount,ro", server.config.projects_path)
    for _ in range(5):
        body = {"name": "lost", "node_type": "ethernet_hub", "compute_id": "local"}
        await server.request("POST", f"{path}/nodes", body, 503)
        await server.request("PUT", node_path(project, node), {"name": "other"}, 503)
        await server.request("DELETE", node_path(project, node), None, 503)
        await server.request("POST", "/v2/projects", {"name": "no room"}, 503)
        await server.request("PUT", node_path(project, node), {"x": 7}, 200)  # it is saved when that can be
        await server.request("DELETE", path, None, 503)
        await server.request("POST", f"{path}/close", None, 503)
        assert (await server.request("GET", path, None, 200))["status"] == "opened"
        for where in (
            f"{path}/files/a.txt",
            f"{node_path(project, node)}/files/a.txt",
            f"{node_path(project, node)}/files/new/a.txt",
        ):
            reply = await server.http.post(where, content=b"x")
            assert (reply.status_code, "Read-only" in reply.text) == (503, True), where
    assert saved_names(project) == ["before"]
    assert open_files() == files
    mount("-o", "remount,rw", server.config.projects_path)
    await create(server, project, name="after")
    assert saved_names(project) == ["before", "after"]


LONG_SVG = f"<svg><text>{'long ' * 300}</text></svg>"


def names_of(folder: Path, trouble: Trouble) -> list[Path]:
    """All files, and the folders of nodes; other folders may be made and stay empty."""
    found = [path for path in folder.rglob("*") if trouble.filler not in path.parents]
    return sorted(path for path in found if path.is_file() or path.parent.name == "vpcs")


async def test_whatever_a_client_wants_to_write(server: Server, project: dict[str, Any], trouble: Trouble) -> None:
    """What the disk refuses is 503 with the reason, changes nothing, and works when the disk does."""
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    pc = await create(server, project, name="PC1", properties={"startup_script": "set pcname PC1\n"})
    hubs = [await create(server, project, name=f"H{number}", node_type="ethernet_hub") for number in range(2)]
    link = await connect(server, project, (hubs[0], 0), (hubs[1], 0))
    drawing = await server.request("POST", f"{path}/drawings", {"svg": LONG_SVG}, 201)
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
    template = await server.request(
        "POST", "/v2/templates", {"name": "T", "template_type": "vpcs", "compute_id": "local"}, 201
    )
    compute = {"compute_id": "far", "name": "far", "protocol": "http", "host": "192.0.2.1", "port": 3080}
    await server.request("POST", "/v2/computes", compute, 201)
    closed = await server.request("POST", "/v2/projects", {"name": "closed"}, 201)
    await server.request("POST", f"/v2/projects/{closed['project_id']}/close", None, 204)
    hosted = str(uuid4())
    await server.request("POST", "/v2/compute/projects", {"name": "hosted", "project_id": hosted}, 201)
    data = await export(server, project)
    hub = {"name": "H", "node_type": "ethernet_hub", "compute_id": "local"}
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 1} for node in hubs]
    of_link = f"{path}/links/{link['link_id']}"
    impairments = {"impairments": [{"type": "loss", "percent": 10}], "seed": 7}
    vpcs = {"name": "PC9", "node_id": str(uuid4()), "startup_script": "x" * 5000}
    wanted: list[tuple[str, str, Any]] = [
        ("POST", "/v2/projects", {"name": "new"}),
        ("POST", f"{path}/duplicate", {"name": "copy"}),
        ("POST", f"{path}/nodes", hub),
        ("POST", f"{path}/nodes", {"name": "P", "node_type": "vpcs", "compute_id": "local"}),
        ("POST", f"{node_path(project, pc)}/duplicate", {"x": 1, "y": 1}),
        ("PUT", node_path(project, pc), {"name": "other"}),
        ("PUT", node_path(project, pc), {"properties": {"startup_script": "x" * 5000}}),
        ("DELETE", node_path(project, hubs[1]), None),
        ("POST", f"{path}/templates/{template['template_id']}", {"x": 1, "y": 1}),
        ("POST", f"{path}/links", {"nodes": ends}),
        ("PUT", of_link, {"filters": {"delay": [10, 0]}}),
        ("PUT", f"{of_link}/impairments", impairments),
        ("DELETE", of_link, None),
        ("POST", f"{of_link}/start_capture", {}),
        ("POST", f"{of_link}/captures", {"file_name": "c.pcap"}),
        ("POST", f"{path}/drawings", {"svg": LONG_SVG.replace("long", "LONG")}),
        ("PUT", f"{path}/drawings/{drawing['drawing_id']}", {"svg": LONG_SVG.replace("long", "Long")}),
        ("POST", f"{path}/snapshots", {"name": "t"}),
        ("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None),
        ("PUT", path, {"zoom": 50}),
        ("PUT", f"/v2/projects/{closed['project_id']}", {"zoom": 50}),
        ("POST", "/v2/templates", {"name": "U", "template_type": "vpcs", "compute_id": "local"}),
        ("PUT", f"/v2/templates/{template['template_id']}", {"name": "V"}),
        ("POST", f"/v2/templates/{template['template_id']}/duplicate", None),
        ("PUT", f"/v2/templates/{template['template_id']}/base-config/c.txt", {"content": "x" * 5000}),
        ("POST", "/v2/computes", {**compute, "compute_id": "farther", "name": "farther"}),
        ("PUT", "/v2/computes/far", {**compute, "name": "far away"}),
        ("POST", f"/v2/compute/projects/{hosted}/vpcs/nodes", vpcs),
    ]
    uploads = [
        f"{path}/files/new.bin",
        f"{path}/files/second.gns3",
        f"{node_path(project, pc)}/files/new/deep.bin",
        "/v2/symbols/new.svg/raw",
        f"/v2/compute/projects/{hosted}/files/new.bin",
        f"/v2/projects/{uuid4()}/import",
    ]
    drawings = await server.request("GET", f"{path}/drawings", None, 200)
    before, files = names_of(server.config.projects_path, trouble), open_files()
    trouble.begin()
    refused = []
    for method, where, body in wanted:
        reply = await server.http.request(method, where, json=body)
        assert reply.status_code == 503 or reply.is_success, (method, where, reply.text)
        assert reply.status_code != 503 or reply.json()["message"], reply.text
        refused += [(method, where)] * (reply.status_code == 503)
    for where in uploads:
        reply = await server.http.post(where, content=data if where.endswith("import") else bytes(100_000))
        assert (reply.status_code, bool(reply.json()["message"])) == (503, True), (where, reply.text)
    done = [f"{method} {where}" for method, where, _ in wanted if (method, where) not in refused]
    assert names_of(server.config.projects_path, trouble) == before
    assert open_files() == files
    assert await server.request("GET", f"{path}/drawings", None, 200) == drawings
    assert done == [], done
    trouble.end()
    for method, where, body in wanted:
        if method == "POST":
            reply = await server.http.request(method, where, json=body)
            assert reply.is_success, (method, where, reply.text)
    assert (folder / "project-files" / "captures" / "c.pcap").exists()


async def test_a_project_is_closed_on_a_disk_that_refuses(
    server: Server, project: dict[str, Any], trouble: Trouble
) -> None:
    """Nothing is to be saved; a picture that no drawing has any more cannot be deleted."""
    path = f"/v2/projects/{project['project_id']}"
    drawing = await server.request("POST", f"{path}/drawings", {"svg": LONG_SVG}, 201)
    await server.request("DELETE", f"{path}/drawings/{drawing['drawing_id']}", None, 204)
    await server.request("PUT", path, {"zoom": 50}, 200)
    trouble.begin()
    await server.request("POST", f"{path}/close", None, 204)
    opened = await server.request("POST", f"{path}/open", None, 201)
    assert opened["zoom"] == 50
    assert (await server.http.get(f"{path}/export")).status_code == 200
    trouble.end()
    await create(server, project)


@pytest.mark.parametrize("date", [-(10**12), 10**12])
async def test_dates_that_no_calendar_has(server: Server, project: dict[str, Any], date: int) -> None:
    """Not every file system can keep them; this one does."""
    path, folder = f"/v2/projects/{project['project_id']}", Path(project["path"])
    (folder / "snapshots").mkdir()
    for name in ("a.txt", "snapshots/unlisted.gns3snapshot"):
        (folder / name).write_text("x")
        os.utime(folder / name, (date, date))
        assert (folder / name).stat().st_mtime == date
    assert (await server.http.get(f"{path}/files/a.txt")).text == "x"
    assert len(await server.request("GET", f"{path}/snapshots", None, 200)) == 1
    await import_(server, await export(server, project, "?include_snapshots=yes"))
    await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
