"""A server on a file system that is full, or that has become read-only. Run by ``test_disk.py``."""

import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from gns3trio.config import Config
from tests.api.conftest import Server, node_path
from tests.api.test_nodes import create
from tests.api.test_portable import export, import_


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
    before = sorted(server.config.projects_path.rglob("*"))
    inner = with_file(data, "zeros", bytes(1_000_000))  # there is room to unpack it, but not to write it anew
    for refused in (
        with_file(data, "zeros", bytes(3_000_000)),
        with_file(data, "noise", os.urandom(3_000_000)),
        with_file(data, "snapshots/s.gns3snapshot", inner),
    ):
        error = await import_(server, refused, 503)
        assert "the disk has no room for it" in error["message"]
        assert sorted(server.config.projects_path.rglob("*")) == before
    error = await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 503)
    assert "the disk has no room for it" in error["message"]
    assert sorted(server.config.projects_path.rglob("*")) == before
    await create(server, project, name="after")
    assert saved_names(project) == ["before", "after"]
    await import_(server, data)


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
