"""Single files of projects and nodes, and copies of nodes."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER
from tests.support.lab import create
from tests.support.server import Server, node_path


def files(project: dict[str, Any], path: str) -> str:
    return f"/v2/projects/{project['project_id']}/files/{path}"


async def test_a_file_of_a_project(server: Server, project: dict[str, Any]) -> None:
    reply = await server.http.post(files(project, "README.txt"), content=b"hello")
    assert (reply.status_code, reply.content) == (201, b"")
    reply = await server.http.get(files(project, "README.txt"))
    assert (reply.status_code, reply.content) == (200, b"hello")
    assert reply.headers["content-type"] == "text/plain"
    assert reply.headers["content-length"] == "5"
    assert reply.headers["last-modified"].endswith("GMT")
    await server.http.post(files(project, "README.txt"), content=b"other")
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    assert (await server.http.get(files(project, "README.txt"))).content == b"other"
    assert (await server.http.post(files(project, "x/y.txt"), content=b"")).status_code == 404
    await server.request("GET", files(project, "none"), None, 404)
    await server.request("GET", f"/v2/projects/{uuid4()}/files/README.txt", None, 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("%2e%2e/secret", 403),
        ("..%2fsecret", 403),
        ("project-files/%2e%2e/%2e%2e/secret", 403),
        ("%2fetc/passwd", 403),
        ("link", 403),
        ("folder-link/secret", 403),
        ("a%00b", 404),
        ("project-files", 404),
        ("a//b", 404),
        ("pipe", 404),
    ],
)
async def test_a_path_does_not_lead_out(server: Server, project: dict[str, Any], path: str, status: int) -> None:
    folder = Path(project["path"])
    secret = folder.parent / "secret"
    secret.write_bytes(b"secret")
    (folder / "link").symlink_to(secret)
    (folder / "folder-link").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    assert (await server.request("GET", files(project, path), None, status))["message"]
    reply = await server.http.post(files(project, path), content=b"evil")
    assert secret.read_bytes() == b"secret"
    if status == 403:
        assert reply.status_code == 403
    assert not [name for name in os.listdir(folder) if name.startswith(".gns3trio-")]
    assert not Path("/etc/passwd").read_bytes().startswith(b"evil")


async def test_the_server_writes_its_own_files(server: Server, project: dict[str, Any]) -> None:
    for name in ("lab.gns3", "project-files/gns3trio.json"):
        assert (await server.http.post(files(project, name), content=b"{}")).status_code == 409
    assert (await server.http.post(files(project, "project-files"), content=b"{}")).status_code == 409


async def test_the_books_of_the_server_are_its_own(server: Server, project: dict[str, Any]) -> None:
    """Also of a closed project: its snapshots and versions would not be found, or be others than those kept."""
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/snapshots", {"name": "s1"}, 201)
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    (version,) = (Path(project["path"]) / VERSIONS_FOLDER).iterdir()
    books = {"snapshots/snapshots.conf", f"{VERSIONS_FOLDER}/{version.name}"}
    before = {name: (Path(project["path"]) / name).read_bytes() for name in books}
    for _ in range(2):
        for name in (*books, f"{VERSIONS_FOLDER}/new", ".gns3trio-0123", "project-files/.gns3trio-0123"):
            assert (await server.http.post(files(project, name), content=b"[]")).status_code == 403
        await server.request("POST", f"{path}/close", None, 204)
    assert {name: (Path(project["path"]) / name).read_bytes() for name in books} == before
    assert (await server.http.post(files(project, "snapshots/other.gns3snapshot"), content=b"x")).status_code == 201


async def test_a_file_is_replaced_as_a_whole(server: Server, project: dict[str, Any]) -> None:
    await server.http.post(files(project, "disk"), content=b"old")
    half_sent, go_on = trio.Event(), trio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"n" * 5_000_000
        half_sent.set()
        await go_on.wait()
        yield b"n" * 15_000_000

    async with trio.open_nursery() as nursery:

        async def upload() -> None:
            reply = await server.http.post(files(project, "disk"), content=pieces())
            assert reply.status_code == 201

        nursery.start_soon(upload)
        await half_sent.wait()
        assert (await server.http.get(files(project, "disk"))).content == b"old"
        go_on.set()
    assert (await server.http.get(files(project, "disk"))).content == b"n" * 20_000_000
    assert sorted(os.listdir(project["path"])) == ["disk", "lab.gns3", "project-files"]


async def test_an_upload_that_breaks_off_leaves_the_old_file(server: Server, project: dict[str, Any]) -> None:
    folder = Path(project["path"])
    (folder / "disk").write_bytes(b"old")
    stream = await trio.open_tcp_stream(server.http.base_url.host, server.http.base_url.port or 0)
    await stream.send_all(b"POST %b HTTP/1.1\r\nHost: localhost\r\n" % files(project, "disk").encode())
    await stream.send_all(b"Content-Length: 1000\r\n\r\nnew")
    with trio.fail_after(30):
        while len(os.listdir(folder)) == 3:
            await trio.sleep(0.01)
        await stream.aclose()
        while len(os.listdir(folder)) > 3:
            await trio.sleep(0.01)
    assert (folder / "disk").read_bytes() == b"old"


@pytest.mark.parametrize("path", ["README.txt", "project-files/new/README.txt"])
async def test_an_upload_to_a_project_that_is_deleted_meanwhile(
    server: Server, project: dict[str, Any], path: str
) -> None:
    half_sent, go_on = trio.Event(), trio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"n" * 5_000_000
        half_sent.set()
        await go_on.wait()
        yield b"n"

    async with trio.open_nursery() as nursery:

        async def upload() -> None:
            reply = await server.http.post(files(project, path), content=pieces())
            assert reply.status_code == 404, reply.text

        nursery.start_soon(upload)
        await half_sent.wait()
        await server.request("DELETE", f"/v2/projects/{project['project_id']}", None, 204)
        go_on.set()
    assert not Path(project["path"]).exists()


async def test_a_file_in_the_place_of_a_nodes_folder(server: Server, project: dict[str, Any]) -> None:
    assert (await server.http.post(files(project, "project-files/vpcs"), content=b"")).status_code == 201
    body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
    reply = await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 409)
    assert "project-files/vpcs" in reply["message"]


async def test_a_file_of_a_node_counts_at_its_next_start(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    path = f"{node_path(project, node)}/files"
    await server.request("GET", f"{path}/startup.vpc", None, 404)
    script = b"ip 10.9.8.7/24\n"
    assert (await server.http.post(f"{path}/startup.vpc", content=script)).status_code == 201
    assert (await server.http.post(f"{path}/d/e/f", content=b"deep")).status_code == 201
    reply = await server.http.get(f"{path}/startup.vpc")
    assert (reply.content, reply.headers["content-type"]) == (script, "application/octet-stream")
    assert (await server.http.get(f"{path}/d/e/f")).content == b"deep"
    for wrong in (".hidden", "..%2fx"):
        await server.request("GET", f"{path}/{wrong}", None, 403)
        assert (await server.http.post(f"{path}/{wrong}", content=b"")).status_code == 403
    started = await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    assert started["command_line"].endswith("startup.vpc")
    async with await trio.open_tcp_stream("127.0.0.1", node["console"]) as console:
        said = b""
        with trio.fail_after(30):
            while b"10.9.8.7" not in said:
                await console.send_all(b"show ip\r")
                said += await console.receive_some()
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    await server.request("GET", f"{path}/startup.vpc", None, 403)


async def test_a_node_is_duplicated_with_its_files(server: Server, project: dict[str, Any]) -> None:
    script = {"startup_script": "set pcname %h\nip 10.0.0.1\n"}
    node = await create(server, project, properties=script, z=4)
    path = node_path(project, node)
    await server.http.post(f"{path}/files/d/notes", content=b"notes")
    await server.http.post(f"{path}/files/vpcs.log", content=b"log")
    await server.http.post(f"{path}/files/startup.vpc", content=b"# PC1 caf\xe9\nset pcname PC1\nip 10.0.0.1\n")
    copy = await server.request("POST", f"{path}/duplicate", {"x": 5, "y": 6}, 201)
    assert (copy["name"], copy["x"], copy["y"], copy["z"], copy["label"]["text"]) == ("PC2", 5, 6, 0, "PC2")
    assert copy["console"] == node["console"] + 1
    folder = Path(copy["node_directory"])
    assert (folder / "startup.vpc").read_bytes() == b"# PC1 caf\xe9\nset pcname PC2\nip 10.0.0.1\n"
    assert (folder / "d" / "notes").read_bytes() == b"notes"
    assert not (folder / "vpcs.log").exists()
    for body in ({}, {"x": 1}, {"x": 1, "y": "2"}, {"x": 1, "y": 2, "w": 3}):
        await server.request("POST", f"{path}/duplicate", body, 400)
    await server.request("POST", f"{path}/start", None, 200)
    await server.request("POST", f"{path}/duplicate", {"x": 5, "y": 6}, 409)
    assert len(list(Path(project["path"]).glob("project-files/vpcs/*"))) == 2
    switch = await create(server, project, name="SW1", node_type="ethernet_switch", locked=True)
    second = await server.request("POST", f"{node_path(project, switch)}/duplicate", {"x": 0, "y": 0, "z": 3}, 201)
    assert (second["name"], second["z"], second["locked"], second["properties"]) == (
        "SW2",
        3,
        False,
        switch["properties"],
    )


async def test_the_files_of_a_node_are_listed_and_deleted(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    base = node_path(project, node)
    folder = Path(node["node_directory"])
    assert (await server.http.post(f"{base}/files/etc/motd", content=b"hello")).status_code == 201
    (folder / ".hidden").write_bytes(b"x")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "turned\u202etxt").write_bytes(b"x")
    (folder / os.fsdecode(b"not-text-\xff")).write_bytes(b"x")
    listed = await server.request("GET", f"{base}/files", None, 200)
    assert listed["is_whole"]
    assert [(file["path"], file["size"]) for file in listed["files"]] == [("etc/motd", 5)]
    assert listed["files"][0]["modified"] > 1_500_000_000
    for path, status in (
        ("link", 403),
        ("..%2f..%2fsecret", 403),
        (".hidden", 403),
        ("etc", 409),
        ("pipe", 409),
        ("none", 404),
    ):
        await server.request("DELETE", f"{base}/files/{path}", None, status)
    await server.request("POST", f"{base}/start", {}, 200)
    refused = await server.request("DELETE", f"{base}/files/etc/motd", None, 409)
    assert "stop it first" in refused["message"]
    await server.request("POST", f"{base}/stop", {}, 200)
    await server.request("DELETE", f"{base}/files/etc/motd", None, 204)
    assert "etc/motd" not in str(await server.request("GET", f"{base}/files", None, 200))
    assert Path("/etc/passwd").exists() and (folder / "link").is_symlink()


async def test_of_very_many_files_some_are_listed(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gns3trio.api.v2.files.MAX_LISTED_FILES", 3)
    node = await create(server, project)
    for number in range(4):
        (Path(node["node_directory"]) / f"file{number}").touch()
    listed = await server.request("GET", f"{node_path(project, node)}/files", None, 200)
    assert len(listed["files"]) == 3 and not listed["is_whole"]
