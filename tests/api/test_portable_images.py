"""Images in portable projects: exported when asked for, and found again where the project is imported."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gns3trio.config import Config
from tests.support.archives import export, import_, leftovers
from tests.support.machines import needs_qemu
from tests.support.server import Server, started

Json = dict[str, Any]
CONTENT = b"disk" * 100_000


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def image_files(server: Server) -> dict[str, bytes]:
    folder = server.config.images_folder
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".md5sum")
    }


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Server]:
    """Another host."""
    config = Config(port=0, projects_path=tmp_path / "other" / "projects", vpcs_engine="builtin")
    async with started(config) as server:
        yield server


def project_file(*nodes: Json) -> bytes:
    document = {
        "project_id": str(uuid4()),
        "name": "from elsewhere",
        "revision": 9,
        "type": "topology",
        "version": "2.2.61",
        "topology": {"nodes": list(nodes), "links": [], "drawings": [], "computes": []},
    }
    return json.dumps(document).encode()


def machine(**properties: Any) -> Json:
    named = {"node_id": str(uuid4()), "node_type": "qemu", "name": "R1", "compute_id": "local"}
    return {**named, "properties": {"adapters": 1, "ram": 64, **properties}}


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


async def properties_of(server: Server, project: Json) -> Json:
    await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)
    (node,) = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200)
    found: Json = node["properties"]
    return found


@needs_qemu
@pytest.mark.parametrize("compression", ["none", "zip", "bzip2", "lzma"])
async def test_a_lab_travels_with_its_images(server: Server, project: Json, other: Server, compression: str) -> None:
    await server.http.post("/v2/compute/qemu/images/vendor/disk.img", content=CONTENT)
    await server.http.post("/v2/compute/qemu/images/unused.img", content=b"unused")
    body = {
        "name": "R1",
        "node_type": "qemu",
        "compute_id": "local",
        "properties": {"hda_disk_image": "vendor/disk.img"},
    }
    await server.request("POST", f"/v2/projects/{project['project_id']}/nodes", body, 201)
    without = zipfile.ZipFile(io.BytesIO(await export(server, project)))
    assert not [name for name in without.namelist() if name.startswith("images/")]
    data = await export(server, project, f"?include_images=yes&compression={compression}")
    files = zipfile.ZipFile(io.BytesIO(data))
    assert [name for name in files.namelist() if name.startswith("images/")] == ["images/QEMU/disk.img"]
    assert files.read("images/QEMU/disk.img") == CONTENT

    imported = await import_(other, data)
    assert image_files(other) == {"QEMU/disk.img": CONTENT}
    assert not (Path(imported["path"]) / "images").exists() and not leftovers(other)
    properties = await properties_of(other, imported)
    assert (properties["hda_disk_image"], properties["hda_disk_image_md5sum"]) == ("disk.img", md5(CONTENT))
    (image,) = await other.request("GET", "/v2/compute/qemu/images", None, 200)
    assert image["md5sum"] == md5(CONTENT)

    # The same image is not stored twice, also if it has another name there.
    again = await import_(server, data)
    assert image_files(server).keys() == {"QEMU/vendor/disk.img", "QEMU/unused.img"}
    assert (await properties_of(server, again))["hda_disk_image"] == "vendor/disk.img"


async def test_another_image_of_that_name_stays(other: Server) -> None:
    await other.http.post("/v2/compute/qemu/images/disk.img", content=b"other")
    files = {"project.gns3": project_file(machine(hda_disk_image="disk.img")), "images/QEMU/disk.img": CONTENT}
    imported = await import_(other, archive(files))
    free = f"disk-{md5(CONTENT)[:8]}.img"
    assert image_files(other) == {"QEMU/disk.img": b"other", f"QEMU/{free}": CONTENT}
    assert (await properties_of(other, imported))["hda_disk_image"] == free


async def test_images_of_each_emulator(other: Server) -> None:
    router = {**machine(), "node_type": "dynamips", "properties": {"image": "c7200.image"}}
    files = {"project.gns3": project_file(router), "images/IOS/c7200.image": b"ios", "images/DOCKER/x": b"kept"}
    imported = await import_(other, archive(files))
    assert image_files(other) == {"IOS/c7200.image": b"ios"}
    assert (Path(imported["path"]) / "images/DOCKER/x").read_bytes() == b"kept"
    data = await export(other, imported, "?include_images=yes")
    assert zipfile.ZipFile(io.BytesIO(data)).read("images/IOS/c7200.image") == b"ios"


async def test_what_hostile_archives_have(other: Server, tmp_path: Path) -> None:
    """Checksums are not believed, links are not followed, hidden files are no images."""
    (tmp_path / "secret").write_bytes(b"secret")
    await other.http.post("/v2/compute/qemu/images/victim.img", content=b"victim")
    node = machine(hda_disk_image=str(tmp_path / "secret"), hdb_disk_image="../../secret")
    link = zipfile.ZipInfo("images/IOS")
    link.external_attr = 0o120777 << 16
    inner = zipfile.ZipInfo("images/QEMU/link.img")
    inner.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("project.gns3", project_file(node))
        made.writestr("images/QEMU/victim.img.md5sum", md5(b"forged"))
        made.writestr("images/QEMU/.hidden", b"x")
        made.writestr("images/QEMU/deep/er/a.img", b"deep")
        made.writestr("project-files/x", b"not an image")
        made.writestr(link, "../project-files")
        made.writestr(inner, "../../project-files/x")
    imported = await import_(other, buffer.getvalue())
    assert image_files(other) == {"QEMU/victim.img": b"victim", "QEMU/a.img": b"deep"}
    assert (other.config.images_folder / "QEMU/victim.img.md5sum").read_text() == md5(b"victim")
    data = zipfile.ZipFile(io.BytesIO(await export(other, imported, "?include_images=yes")))
    assert not [name for name in data.namelist() if b"secret" in data.read(name) and name != "project.gns3"]


async def test_a_failed_import_leaves_no_image(tmp_path: Path) -> None:
    config = Config(port=0, projects_path=tmp_path / "projects", images_limit=0.001, vpcs_engine="builtin")
    files = {"project.gns3": project_file(), **{f"images/QEMU/{n}.img": bytes([n]) * 700_000 for n in range(2)}}
    async with started(config) as server:
        error = await import_(server, archive(files), 409)
        assert "images_limit" in error["message"]
        assert image_files(server) == {} and not leftovers(server)
        assert await server.request("GET", "/v2/projects", None, 200) == []
