"""``/v3/images``: images recognised by their content, and deleted when nothing uses them."""

import hashlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio

from gns3trio.config import Config
from tests.support.appliances import ROUTER
from tests.support.server import Server
from tests.support.v3 import V3

PATH = "/v3/images"
QCOW2 = b"QFI\xfb\x00\x00\x00\x03" + bytes(504)
IOU, IOS = b"\x7fELF\x01\x01\x01" + bytes(100), b"\x7fELF\x01\x02\x01" + bytes(100)
KEYS = {
    "filename",
    "path",
    "image_type",
    "image_size",
    "checksum",
    "checksum_algorithm",
    "created_at",
    "updated_at",
}


async def upload(v3: V3, name: str, content: bytes, status: int = 201, query: str = "") -> dict[str, Any]:
    headers = {"content-type": "application/x-qemu-disk"}  # as a browser has it
    reply = await v3.send("POST", f"{PATH}/upload/{name}{query}", content=content, headers=headers)
    assert reply.status_code == status, reply.text
    told: dict[str, Any] = reply.json()
    return told


async def names(v3: V3, query: str = "") -> list[str]:
    return sorted(each["filename"] for each in await v3.request("GET", f"{PATH}{query}", None, 200))


def below(config: Config, folder: str) -> list[str]:
    root = config.images_folder / folder
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".md5sum")
    return sorted(str(path.relative_to(root)) for path in files)


async def test_the_content_tells_the_type(v3: V3, config: Config) -> None:
    assert await names(v3) == []
    disk = await upload(v3, "disk.qcow2", QCOW2, query="?install_appliances=false")
    assert disk.keys() == KEYS
    assert (disk["image_type"], disk["image_size"]) == ("qemu", 512)
    assert disk["checksum"] == hashlib.md5(QCOW2).hexdigest()
    assert Path(disk["path"]) == config.images_folder / "QEMU" / "disk.qcow2"
    assert (await upload(v3, "l3.bin", IOU, query="?image_type=qemu"))["image_type"] == "iou"
    assert (await upload(v3, "c7200.image", IOS))["image_type"] == "ios"
    assert (await upload(v3, "sub/raw.img", b"anything"))["filename"] == "raw.img"
    assert (below(config, "QEMU"), below(config, "IOU")) == (["disk.qcow2", "sub/raw.img"], ["l3.bin"])
    assert await names(v3) == ["c7200.image", "disk.qcow2", "l3.bin", "raw.img"]
    assert await names(v3, "?image_type=iou") == ["l3.bin"]
    assert await v3.request("GET", f"{PATH}/disk.qcow2", None, 200) == disk
    for each in ("sub/raw.img", "raw.img"):
        assert (await v3.request("GET", f"{PATH}/{each}", None, 200))["filename"] == "raw.img"


async def test_an_image_is_never_replaced(v3: V3) -> None:
    first = await upload(v3, "disk.qcow2", QCOW2)
    assert await upload(v3, "disk.qcow2", QCOW2) == first
    told = await upload(v3, "disk.qcow2", QCOW2 + b"x", 409)
    assert "another image" in told["message"]
    assert await v3.request("GET", f"{PATH}/disk.qcow2", None, 200) == first


@pytest.mark.parametrize("name", ["..%2Fx.img", "sub/..%2F..%2F..%2Fx.img", "%2Fetc%2Fx.img", ".hidden", "x.md5sum"])
async def test_an_upload_stays_in_its_folder(v3: V3, config: Config, name: str) -> None:
    await upload(v3, name, QCOW2, 403)
    assert below(config, ".") == []


async def test_wrong_requests_are_refused(v3: V3, config: Config) -> None:
    await upload(v3, "empty.img", b"", 409)
    await upload(v3, "short.img", b"QFI", 409)
    await upload(v3, "x.img", QCOW2, 422, "?install_appliances=perhaps")
    await v3.refused("GET", f"{PATH}?image_type=toy", None, 422, "image_type")
    await v3.refused("GET", f"{PATH}/absent.img", None, 404)
    await v3.refused("DELETE", f"{PATH}/absent.img", None, 404)
    await v3.refused("GET", f"{PATH}/..%2F..%2Fetc%2Fpasswd", None, 404)
    assert below(config, ".") == []


async def test_an_upload_that_breaks_off_leaves_nothing(v3: V3, config: Config) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield QCOW2
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await v3.send("POST", f"{PATH}/upload/disk.qcow2", content=broken())
    with trio.fail_after(30):
        while below(config, "QEMU"):
            await trio.sleep(0.05)
    assert await names(v3) == []


async def test_an_empty_disk(v3: V3) -> None:
    body = {"format": "qcow2", "size": "10", "lazy_refcounts": "on"}
    disk = await v3.request("POST", f"{PATH}/qemu/new.qcow2", body, 201)
    assert (disk["filename"], disk["image_type"]) == ("new.qcow2", "qemu")
    await v3.refused("POST", f"{PATH}/qemu/new.qcow2", body, 400, "exists")
    vmdk = await v3.request("POST", f"{PATH}/qemu/new.vmdk", {"format": "vdmk", "size": 10}, 201)
    assert vmdk["image_size"] > 0
    await v3.refused("POST", f"{PATH}/qemu/..%2Fx", body, 403)
    for wrong in ({"format": "tape", "size": 10}, {"format": "raw"}, {"format": "raw", "size": 0}):
        await v3.refused("POST", f"{PATH}/qemu/x.img", wrong, 422)


async def test_what_nothing_uses_is_pruned(v3: V3, server: Server, project: dict[str, Any]) -> None:
    machine = {"node_type": "qemu", "compute_id": "local", "name": "m"}
    images = ("unused", "of-template", "of-node", "of-closed", "below")
    for number, name in enumerate(images):
        await upload(v3, f"{name}.img", QCOW2 + bytes([number]))
    header = b"QFI\xfb" + struct.pack(">IQI", 3, 512, len("below.img"))
    await upload(v3, "above.qcow2", header.ljust(512, b"\0") + b"below.img")
    template = {"name": "t", "template_type": "qemu", "hda_disk_image": "of-template.img"}
    await v3.request("POST", "/v3/templates", template, 201)
    nodes = f"/v2/projects/{project['project_id']}/nodes"
    for name in ("of-node.img", "above.qcow2"):
        await server.request("POST", nodes, {**machine, "properties": {"hda_disk_image": name}}, 201)
    closed = await server.request("POST", "/v2/projects", {"name": "closed"}, 201)
    path = f"/v2/projects/{closed['project_id']}"
    await server.request("POST", f"{path}/nodes", {**machine, "properties": {"hdb_disk_image": "of-closed.img"}}, 201)
    await server.request("POST", f"{path}/close", None, 204)
    await v3.refused("DELETE", f"{PATH}/of-node.img", None, 409, "node")
    await v3.request("DELETE", f"{PATH}/prune", None, 204)
    assert await names(v3) == ["above.qcow2", "below.img", "of-closed.img", "of-node.img", "of-template.img"]


async def test_nothing_is_pruned_if_a_project_cannot_be_read(v3: V3, server: Server, config: Config) -> None:
    closed = await server.request("POST", "/v2/projects", {"name": "closed"}, 201)
    await server.request("POST", f"/v2/projects/{closed['project_id']}/close", None, 204)
    await upload(v3, "disk.img", QCOW2)
    (Path(closed["path"]) / closed["filename"]).write_text("{")
    await v3.refused("DELETE", f"{PATH}/prune", None, 409, "closed")
    assert await names(v3) == ["disk.img"]


async def test_a_template_goes_with_its_images(v3: V3) -> None:
    await upload(v3, "own.img", QCOW2)
    await upload(v3, "shared.img", QCOW2 + b"x")
    await upload(v3, "other.img", QCOW2 + b"y")
    machine = {"template_type": "qemu", "hda_disk_image": "own.img", "hdb_disk_image": "shared.img"}
    template = await v3.request("POST", "/v3/templates", {**machine, "name": "a"}, 201)
    other = {"template_type": "qemu", "hda_disk_image": "shared.img", "name": "b"}
    await v3.request("POST", "/v3/templates", other, 201)
    path = f"/v3/templates/{template['template_id']}"
    await v3.refused("DELETE", f"{path}?prune_images=perhaps", None, 422, "prune_images")
    await v3.request("DELETE", f"{path}?prune_images=True", None, 204)
    assert await names(v3) == ["other.img", "shared.img"]


async def test_appliances_are_installed_when_their_images_are_here(v3: V3, config: Config) -> None:
    disk, iso = QCOW2, QCOW2 + b"iso"
    images = [
        {"filename": name, "version": "1.0", "md5sum": hashlib.md5(content).hexdigest(), "filesize": len(content)}
        for name, content in (("disk.img", disk), ("boot.iso", iso))
    ]
    versions = [
        {"name": "1.0", "images": {"hda_disk_image": "disk.img", "cdrom_image": "boot.iso"}},
        {"name": "2.0", "images": {"hda_disk_image": "absent.img"}},
    ]
    document = {**ROUTER, "appliance_id": str(uuid4()), "images": images, "versions": versions}
    config.appliances_folder.mkdir(parents=True)
    (config.appliances_folder / "router.gns3a").write_bytes(orjson.dumps(document))

    async def templates() -> list[str]:
        return [each["name"] for each in await v3.request("GET", "/v3/templates", None, 200) if not each["builtin"]]

    await upload(v3, "a.img", disk, query="?install_appliances=true")
    assert await templates() == []
    await upload(v3, "b.iso", iso)
    assert await templates() == []
    await v3.request("POST", f"{PATH}/install", None, 204)
    await v3.request("POST", f"{PATH}/install", None, 204)
    assert await templates() == ["Router 1.0"]
