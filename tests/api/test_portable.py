"""Portable projects, duplicates and loading: what comes back means the same, and what is refused leaves nothing."""

import io
import json
import os
import warnings
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import httpx
import pytest
import trio

from gns3trio.config import Config
from gns3trio.errors import Unavailable
from gns3trio.server import open_server
from tests.support.archives import export, import_, leftovers
from tests.support.lab import create, make_lab, meaning
from tests.support.plain_http import NO_TLS
from tests.support.projects import all_of_projects
from tests.support.server import Server, node_path

FIXED_KEYS = ("auto_close", "auto_open", "auto_start", "name", "project_id")


def unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def ids(server: Server, project: dict[str, Any]) -> set[str]:
    path = f"/v2/projects/{project['project_id']}"
    nodes = await server.request("GET", f"{path}/nodes", None, 200)
    links = await server.request("GET", f"{path}/links", None, 200)
    drawings = await server.request("GET", f"{path}/drawings", None, 200)
    return {
        *(node["node_id"] for node in nodes),
        *(link["link_id"] for link in links),
        *(drawing["drawing_id"] for drawing in drawings),
    }


async def test_an_export_has_the_layout_of_gns3(server: Server, project: dict[str, Any]) -> None:
    first, _ = await make_lab(server, project)
    second = (await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200))[1]
    captures = Path(project["path"]) / "project-files" / "captures"
    captures.mkdir()
    (captures / "a.pcap").write_bytes(b"x")
    (Path(first["node_directory"]) / "vpcs.log").write_bytes(b"x")
    (Path(project["path"]) / "link").symlink_to("/etc/passwd")
    (Path(project["path"]) / "lab.gns3.backup").write_bytes(b"{}")
    reply = await server.http.get(f"/v2/projects/{project['project_id']}/export")
    assert reply.headers["content-type"] == "application/gns3project"
    assert reply.headers["content-disposition"] == 'attachment; filename="lab.gns3project"'
    assert reply.headers["transfer-encoding"] == "chunked"
    files = unzip(reply.content)
    (picture,) = (name for name in files if name.startswith("project-files/images/"))
    assert list(files) == [
        "project.gns3",
        "project-files/gns3trio.json",
        "README.txt",
        picture,
        f"project-files/vpcs/{first['node_id']}/startup.vpc",
        f"project-files/vpcs/{second['node_id']}/",
    ]
    topology = json.loads(files["project.gns3"])
    assert topology["revision"] == 9
    assert topology["topology"]["computes"] == []
    assert {node["compute_id"] for node in topology["topology"]["nodes"]} == {"local"}


@pytest.mark.parametrize("compression", ["none", "zip", "bzip2", "lzma"])
async def test_an_import_means_the_same_as_its_export(
    server: Server, project: dict[str, Any], compression: str
) -> None:
    await make_lab(server, project)
    project_id = str(uuid4())
    imported = await import_(
        server, await export(server, project, f"?compression={compression}"), project_id=project_id
    )
    assert (imported["name"], imported["filename"], imported["status"]) == ("lab-1", "lab-1.gns3", "closed")
    assert (imported["auto_close"], imported["auto_open"], imported["auto_start"]) == (True, False, False)
    assert imported["project_id"] == project_id
    assert await meaning(server, imported) == await meaning(server, project)
    assert not await ids(server, imported) & await ids(server, project)
    assert (await server.http.get(f"/v2/projects/{project_id}/files/README.txt")).content == b"read me"
    assert not leftovers(server)
    node = (await server.request("GET", f"/v2/projects/{project_id}/nodes", None, 200))[0]
    await server.request("POST", f"{node_path(imported, node)}/start", None, 200)


async def test_a_project_of_gns3_is_imported(server: Server) -> None:
    """The layout that GNS3 2.2.61 writes; keys and nodes that we do not know stay."""
    node_id, docker_id, link_id = str(uuid4()), str(uuid4()), str(uuid4())
    vpcs = {"node_id": node_id, "node_type": "vpcs", "name": "PC1", "compute_id": "local", "future": 1}
    docker = {"node_id": docker_id, "node_type": "docker", "name": "D", "compute_id": "local", "properties": {"a": 1}}
    ends = [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in (node_id, docker_id)]
    topology = {
        "nodes": [vpcs, docker],
        "links": [{"link_id": link_id, "nodes": ends}],
        "drawings": [{"drawing_id": str(uuid4()), "svg": "<svg></svg>", "x": 1, "y": 2, "z": 2}],
        "computes": [],
    }
    document = {
        "project_id": str(uuid4()),
        "name": "from elsewhere",
        "revision": 9,
        "type": "topology",
        "version": "2.2.61",
        "auto_start": True,
        "topology": topology,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("project.gns3", json.dumps(document))
        made.writestr(f"project-files/vpcs/{node_id}/startup.vpc", "set pcname PC1\n")
        made.writestr(f"project-files/docker/{docker_id}/etc/hosts", "127.0.0.1 localhost\n")
    imported = await import_(server, buffer.getvalue())
    assert (imported["name"], imported["auto_start"]) == ("from elsewhere", False)
    folder = Path(imported["path"])
    saved = json.loads((folder / "from elsewhere.gns3").read_bytes())["topology"]
    assert not (folder / "project.gns3").exists()
    new_vpcs, new_docker = saved["nodes"]
    assert new_docker["properties"] == {"a": 1}
    own_fields = json.loads((folder / "project-files" / "gns3trio.json").read_bytes())
    assert own_fields["unknown"] == {new_vpcs["node_id"]: {"future": 1}}
    assert [end["node_id"] for end in saved["links"][0]["nodes"]] == [new_vpcs["node_id"], new_docker["node_id"]]
    assert (folder / "project-files" / "docker" / new_docker["node_id"] / "etc" / "hosts").is_file()
    await server.request("POST", f"/v2/projects/{imported['project_id']}/open", None, 201)


def with_two_topologies(data: bytes, first_x: int, last_x: int) -> bytes:
    """The archive with its topology twice, as GNS3 writes it; they differ in where their first drawing is."""
    files = unzip(data)
    document = json.loads(files.pop("project.gns3"))
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w") as made:
        for x in (first_x, last_x):
            document["topology"]["drawings"][0]["x"] = x
            made.writestr("project.gns3", json.dumps(document))
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("drawings", [(10, 20), (20, 10)])
async def test_of_two_topologies_the_last_one_counts(
    server: Server, project: dict[str, Any], drawings: tuple[int, int]
) -> None:
    """GNS3 writes both after a rename and a restore, and takes the last one."""
    await make_lab(server, project)
    path = f"/v2/projects/{project['project_id']}"
    data = with_two_topologies(await export(server, project), *drawings)
    imported = await import_(server, data)
    assert await opened_at(server, imported) == drawings[1]
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s1"}, 201)
    archive = Path(project["path"]) / "snapshots" / snapshot["filename"]
    archive.write_bytes(with_two_topologies(archive.read_bytes(), *drawings))
    copy = await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201)
    for each in (project, copy):
        each_path = f"/v2/projects/{each['project_id']}"
        await server.request("POST", f"{each_path}/open", None, 201)
        (snapshot,) = await server.request("GET", f"{each_path}/snapshots", None, 200)
        await server.request("POST", f"{each_path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
        assert await opened_at(server, each) == drawings[1]


async def opened_at(server: Server, project: dict[str, Any]) -> Any:
    """Where the first drawing of the project is."""
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/open", None, 201)
    return (await server.request("GET", f"{path}/drawings", None, 200))[0]["x"]


async def test_the_name_of_an_import(server: Server, project: dict[str, Any]) -> None:
    data = await export(server, project)
    assert [(await import_(server, data, query="?name=x"))["name"] for _ in range(3)] == ["x", "x-1", "x-2"]
    await import_(server, data, 409, "?name=a%2fb")
    await import_(server, data, 403, "?path=/somewhere/else")
    inside = server.config.projects_path / "own folder"
    assert (await import_(server, data, query=f"?path={inside}"))["path"] == str(inside)
    assert "exists" in (await import_(server, data, 403, query=f"?path={inside}"))["message"]
    await import_(server, data, 409, project_id=project["project_id"])
    await import_(server, data, 409, project_id="nope")


def archive_of(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        archive_of({"other": b"x"}),
        archive_of({"project.gns3": b"no JSON"}),
        archive_of({"project.gns3": b'{"revision": 99, "topology": {}}'}),
        archive_of({"project.gns3/x": b"{}"}),
        archive_of({"project.gns3": b"{}", "../../evil": b"x"}),
        archive_of({"project.gns3": b"{}", "/tmp/evil": b"x"}),
    ],
    ids=["empty", "no zip", "no topology", "no JSON", "future", "folder", "escape", "absolute"],
)
async def test_a_refused_import_leaves_nothing(server: Server, project: dict[str, Any], data: bytes) -> None:
    before = all_of_projects(server.config)
    assert (await import_(server, data, 409))["message"]
    assert all_of_projects(server.config) == before
    assert len(await server.request("GET", "/v2/projects", None, 200)) == 1


async def test_a_full_disk_or_a_client_that_leaves_undo_an_import(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await export(server, project)
    before = all_of_projects(server.config)

    def refuse(path: Path, data: bytes) -> None:
        raise Unavailable("the disk is full")

    project_id = str(uuid4())
    with monkeypatch.context() as disk:
        disk.setattr("gns3trio.controller.archives.project_copy.write_atomic", refuse)
        await import_(server, data, 503, project_id=project_id)
    assert all_of_projects(server.config) == before
    stream = await trio.open_tcp_stream(server.http.base_url.host, server.http.base_url.port or 0)
    await stream.send_all(b"POST /v2/projects/%b/import HTTP/1.1\r\nHost: localhost\r\n" % project_id.encode())
    await stream.send_all(b"Content-Length: 1000000\r\n\r\n" + data)
    with trio.fail_after(30):
        while not leftovers(server):
            await trio.sleep(0.01)
    await stream.aclose()
    with trio.fail_after(30):
        while leftovers(server):
            await trio.sleep(0.01)
    await import_(server, data, 201, project_id=project_id)


async def test_a_refusal_of_a_large_upload_is_read_by_its_client(server: Server, project: dict[str, Any]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 100_000

    reply = await server.http.post(f"/v2/projects/{project['project_id']}/import", content=pieces())
    assert reply.status_code == 409


async def test_a_large_project_passes_in_pieces(server: Server, project: dict[str, Any]) -> None:
    """More than a JSON body may have."""
    path = f"/v2/projects/{project['project_id']}"
    noise = os.urandom(20 << 20)
    assert (await server.http.post(f"{path}/files/disk.img", content=noise)).status_code == 201
    imported = await import_(server, await export(server, project))
    assert (Path(imported["path"]) / "disk.img").read_bytes() == noise


async def test_an_empty_disk_image_passes(server: Server, project: dict[str, Any]) -> None:
    await server.http.post(f"/v2/projects/{project['project_id']}/files/disk.img", content=bytes(100_000_000))
    data = await export(server, project)
    assert len(data) < 200_000
    imported = await import_(server, data)
    assert (Path(imported["path"]) / "disk.img").stat().st_size == 100_000_000


async def test_options_are_checked(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/export"
    for query in (
        "compression=rar",
        "compression_level=x",
        "compression_level=10",
        "include_snapshots=maybe",
        "keep_compute_ids=2",
    ):
        assert query.partition("=")[0] in (await server.request("GET", f"{path}?{query}", None, 400))["message"]
    await server.request("GET", f"/v2/projects/{uuid4()}/export", None, 404)


async def test_a_running_node_keeps_a_project_from_being_exported(server: Server, project: dict[str, Any]) -> None:
    node = await create(server, project)
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    path = f"/v2/projects/{project['project_id']}"
    assert node["name"] in (await server.request("GET", f"{path}/export", None, 409))["message"]
    await server.request("POST", f"{path}/snapshots", {"name": "s"}, 409)
    assert (await server.request("POST", f"{path}/duplicate", {"name": "d"}, 201))["status"] == "closed"


async def test_a_duplicate_means_the_same(server: Server, project: dict[str, Any]) -> None:
    await make_lab(server, project)
    path = f"/v2/projects/{project['project_id']}"
    await server.request("PUT", path, {"name": "renamed", "zoom": 50}, 200)  # 2.2.61 answers 409 after a rename
    await server.request("POST", f"{path}/snapshots", {"name": "before"}, 201)
    made = await server.request("POST", f"{path}/duplicate", {"name": "renamed"}, 201)
    assert (made["name"], made["filename"], made["status"]) == ("renamed-1", "renamed-1.gns3", "closed")
    assert (made["auto_close"], made["auto_open"], made["auto_start"]) == (False, False, False)
    assert await meaning(server, made) == await meaning(server, project)
    assert not await ids(server, made) & await ids(server, project)
    assert (await server.request("POST", f"{path}/duplicate", {"name": None}, 201))["name"] == "renamed-2"
    # Its snapshot has ids of its own too: both can be restored while both are open.
    second = f"/v2/projects/{made['project_id']}"
    (snapshot,) = await server.request("GET", f"{second}/snapshots", None, 200)
    assert (snapshot["name"], snapshot["project_id"]) == ("before", made["project_id"])
    before = await ids(server, made)
    await server.request("POST", f"{second}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    assert await ids(server, made) == before
    assert await meaning(server, made) == await meaning(server, project)
    assert not leftovers(server)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "a/b"}, 409),
        ({"name": "x", "surprise": 1}, 400),
        ({"name": "x", "path": "/somewhere/else"}, 403),
    ],
)
async def test_a_refused_duplicate_leaves_nothing(
    server: Server, project: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    before = all_of_projects(server.config)
    await server.request("POST", f"/v2/projects/{project['project_id']}/duplicate", body, status)
    assert all_of_projects(server.config) == before


async def test_exports_with_snapshots_and_without_macs(server: Server, project: dict[str, Any]) -> None:
    first, _ = await make_lab(server, project)
    path = f"/v2/projects/{project['project_id']}"
    await server.request("POST", f"{path}/snapshots", {"name": "s"}, 201)
    names = list(unzip(await export(server, project, "?include_snapshots=yes")))
    assert {"snapshots/s.gns3snapshot", "snapshots/snapshots.conf"} <= set(names)
    imported = await import_(server, await export(server, project, "?include_snapshots=yes&keep_compute_ids=yes"))
    (snapshot,) = await server.request("GET", f"/v2/projects/{imported['project_id']}/snapshots", None, 200)
    inside = zipfile.ZipFile(Path(imported["path"]) / "snapshots" / "s.gns3snapshot")
    assert first["node_id"] not in str(inside.namelist()) + inside.read("project.gns3").decode()
    assert snapshot["name"] == "s"
    await server.request("POST", f"{path}/close", None, 204)
    file = Path(project["path"]) / "lab.gns3"
    document = json.loads(file.read_bytes())
    document["topology"]["nodes"][0]["properties"] = {"mac_address": "00:00:00:00:00:01", "ram": 5}
    file.write_text(json.dumps(document))
    topology = json.loads(unzip(await export(server, project, "?reset_mac_addresses=yes"))["project.gns3"])["topology"]
    assert topology["nodes"][0]["properties"] == {"ram": 5}


async def test_load_is_for_local_clients(server: Server, project: dict[str, Any]) -> None:
    body = {"path": f"{project['path']}/lab.gns3"}
    assert "local" in (await server.request("POST", "/v2/projects/load", body, 403))["message"]


async def test_two_projects_may_share_the_id_of_a_link(config: Config, tmp_path: Path) -> None:
    """As files do that were copied by hand: each link joins the nodes of its own project."""
    config = attrs.evolve(config, local=True)
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        project = await server.request("POST", "/v2/projects", {"name": "first"}, 201)
        first = f"/v2/projects/{project['project_id']}"
        hub = {"node_type": "ethernet_hub", "compute_id": "local", "name": "HUB"}
        nodes = [await server.request("POST", f"{first}/nodes", hub, 201) for _ in range(2)]
        ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
        link = await server.request("POST", f"{first}/links", {"nodes": ends}, 201)
        await server.request("POST", f"{first}/close", None, 204)
        text = (Path(project["path"]) / project["filename"]).read_text()
        for known in (project["project_id"], *(node["node_id"] for node in nodes)):
            text = text.replace(known, str(uuid4()))
        (tmp_path / "second").mkdir()
        (tmp_path / "second" / "second.gns3").write_text(text.replace('"first"', '"second"'))
        await server.request("POST", f"{first}/open", None, 201)
        loaded = await server.request(
            "POST", "/v2/projects/load", {"path": str(tmp_path / "second" / "second.gns3")}, 201
        )
        quick = {"tests": ["burst"], "trial_seconds": 0.05, "drain_seconds": 0.05, "frame_sizes": [64]}
        for project_id in (project["project_id"], loaded["project_id"]):
            path = f"/v2/projects/{project_id}/links/{link['link_id']}"
            report = await server.request("POST", f"{path}/benchmark", quick, 201)
            assert report["results"][0]["burst"]["frames"] > 0


async def test_load_opens_a_file_anywhere(config: Config, tmp_path: Path) -> None:
    config = attrs.evolve(config, local=True)
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        place = tmp_path / "elsewhere"
        project = await server.request("POST", "/v2/projects", {"name": "far", "path": str(place)}, 201)
        await create(server, project)
        assert (await server.request("POST", "/v2/projects/load", {"path": f"{place}/far.gns3"}, 201)) == project
        await server.request("DELETE", f"/v2/projects/{project['project_id']}", None, 409)
        assert (await server.request("GET", f"/v2/projects/{project['project_id']}", None, 200)) == project
        copy = tmp_path / "copy.gns3"
        copy.write_bytes((place / "far.gns3").read_bytes())
        await server.request("POST", "/v2/projects/load", {"path": str(copy)}, 409)
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        known = await server.request("GET", "/v2/projects", None, 200)
        assert [(each["name"], each["status"], each["path"]) for each in known] == [("far", "closed", str(place))]
        for wrong in (str(place), f"{place}/none.gns3", "/etc/passwd"):
            await server.request("POST", "/v2/projects/load", {"path": wrong}, 409)
        await server.request("POST", "/v2/projects/load", {"path": wrong, "x": 1}, 400)
        assert await server.request("GET", "/v2/projects", None, 200) == known
        loaded = await server.request("POST", "/v2/projects/load", {"path": f"{place}/far.gns3"}, 201)
        assert (loaded["status"], loaded["path"]) == ("opened", str(place))
        nodes = await server.request("GET", f"/v2/projects/{loaded['project_id']}/nodes", None, 200)
        assert [node["name"] for node in nodes] == ["PC1"]


async def test_what_a_crash_left_is_cleaned_up_at_the_start(config: Config) -> None:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        project = await Server(running.urls[0], config, http).request("POST", "/v2/projects", {"name": "a"}, 201)
    place = Path(project["path"])
    place.rename(place.with_name(f".gns3trio-old-{place.name}"))  # between the two renames of a restore
    (config.projects_path / ".gns3trio-half").mkdir()
    (config.projects_path / ".gns3trio-half" / "x").write_bytes(b"x")
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        server = Server(running.urls[0], config, http)
        await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)
        assert [path.name for path in all_of_projects(config) if path.parent == config.projects_path] == [place.name]
