"""Appliances: GNS3's list, and installing them as templates from images that are here."""

import hashlib
import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.support.appliances import ROUTER
from tests.support.server import Server

Json = dict[str, Any]
DISK, ISO = b"disk" * 1000, b"iso" * 1000


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def router(**changes: Any) -> Json:
    images = [
        {
            "filename": "disk.img",
            "version": "1.0",
            "md5sum": md5(DISK),
            "filesize": len(DISK),
            "download_url": "http://x",
        },
        {"filename": "boot.iso", "version": "1.0", "md5sum": md5(ISO), "filesize": len(ISO)},
    ]
    versions = [{"name": "1.0", "images": {"hda_disk_image": "disk.img", "cdrom_image": "boot.iso"}}]
    return {**ROUTER, "images": images, "versions": versions, **changes}


def folder(server: Server) -> Path:
    path = server.config.appliances_folder
    path.mkdir(parents=True, exist_ok=True)
    return path


async def add(server: Server, document: Json, status: int = 201) -> Json:
    reply = await server.http.post("/v2/appliance_files", content=orjson.dumps(document))
    assert reply.status_code == status, reply.text
    answer: Json = reply.json()
    return answer


async def upload(server: Server, name: str, content: bytes) -> None:
    assert (await server.http.post(f"/v2/compute/qemu/images/{name}", content=content)).status_code == 204


async def test_the_list_has_the_shape_of_gns3(server: Server) -> None:
    assert await server.request("GET", "/v2/appliances", None, 200) == []
    document = router(appliance_id=str(uuid4()), tags=["any"])
    (folder(server) / "router.gns3a").write_bytes(orjson.dumps(document))
    expected = {**document, "builtin": False}
    del expected["appliance_id"]
    for query in ("", "?update=yes&symbol_theme=Classic"):
        assert await server.request("GET", f"/v2/appliances{query}", None, 200) == [expected]
    (file,) = await server.request("GET", "/v2/appliance_files", None, 200)
    assert (file["appliance_id"], file["versions"], file["problem"]) == (document["appliance_id"], ["1.0"], None)
    changed = {**document, "name": "Another name of it"}
    (folder(server) / "router.gns3a").write_bytes(orjson.dumps(changed))
    assert [each["name"] for each in await server.request("GET", "/v2/appliances", None, 200)] == ["Another name of it"]


async def test_a_bad_file_hides_no_other(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = folder(server)
    (place / "good.gns3a").write_bytes(orjson.dumps(router()))
    (place / "bad.gns3a").write_bytes(b'{"name": 3')
    (place / "large.gns3a").write_bytes(b" " * 2_000_000)
    (place / "none.gns3appliance").write_bytes(b'{"name": "x"}')
    (place / "folder.gns3a").mkdir()
    (place / "gone.gns3a").symlink_to("nowhere")
    (place / "notes.txt").write_text("no appliance")
    with caplog.at_level(logging.WARNING, "gns3trio"):
        assert [each["name"] for each in await server.request("GET", "/v2/appliances", None, 200)] == ["Router"]
        await server.request("GET", "/v2/appliances", None, 200)
    problems = {each["file"]: each["problem"] for each in await server.request("GET", "/v2/appliance_files", None, 200)}
    assert {name for name, problem in problems.items() if problem} == {
        *("bad.gns3a", "large.gns3a", "none.gns3appliance", "folder.gns3a")
    }
    assert "JSON" in problems["bad.gns3a"] and "larger than" in problems["large.gns3a"]
    assert len([record for record in caplog.records if "bad.gns3a" in record.message]) == 1  # not at every request


async def test_an_appliance_is_installed(server: Server, project: Json) -> None:
    file = await add(server, router())
    path = f"/v2/appliances/{file['appliance_id']}"
    error = await server.request("POST", f"{path}/install", {"version": "1.0"}, 409)
    assert f"disk.img (md5 {md5(DISK)}, 4000 bytes); boot.iso" in error["message"]
    await upload(server, "vendor/other-name.img", DISK)
    details = await server.request("GET", path, None, 200)
    assert [(each["property"], each["path"]) for each in details["images"]] == [
        ("hda_disk_image", "vendor/other-name.img"),
        ("cdrom_image", None),
    ]
    assert details["images"][0]["download_url"] == "http://x" and details["appliance"] == router()
    await upload(server, "boot.iso", ISO[::-1])  # of that name, but another one
    error = await server.request("POST", f"{path}/install", {}, 409)
    assert "disk.img" not in error["message"] and "boot.iso" in error["message"]
    # An administrator copies a file there, whose checksum nobody knows yet.
    (server.config.images_folder / "QEMU" / "cd.iso").write_bytes(ISO)
    template = await server.request("POST", f"{path}/install", {}, 201)
    assert (template["name"], template["symbol"]) == ("Router 1.0", ":/symbols/classic/router.svg")
    assert (template["hda_disk_image"], template["cdrom_image"]) == ("vendor/other-name.img", "cd.iso")
    assert template == await server.request("GET", f"/v2/templates/{template['template_id']}", None, 200)
    error = await server.request("POST", f"{path}/install", {}, 409)
    assert "'Router 1.0' already" in error["message"]
    await server.request("POST", f"{path}/install", {"version": "2.0"}, 404)
    await server.request("GET", f"{path}?version=2.0", None, 404)
    await server.request("GET", f"/v2/appliances/{uuid4()}", None, 404)


async def test_a_container_is_installed(server: Server) -> None:
    document = {key: value for key, value in router().items() if key not in ("qemu", "images", "versions")}
    document |= {"symbol": "linux_guest.svg", "category": "guest"}
    file = await add(server, {**document, "docker": {"adapters": 4, "image": "frrouting/frr"}})
    template = await server.request("POST", f"/v2/appliances/{file['appliance_id']}/install", {}, 201)
    assert (template["template_type"], template["image"], template["adapters"]) == ("docker", "frrouting/frr", 4)
    assert template["name"] == "Router" and template["symbol"] == ":/symbols/computer.svg"  # its own is not here


async def test_what_cannot_be_added(server: Server) -> None:
    for content, status, word in (
        (b"{", 400, "appliance: is not JSON"),
        (orjson.dumps(router(category=7)), 400, "category"),
        (b" " * 2_000_000, 413, "at most"),
    ):
        reply = await server.http.post("/v2/appliance_files", content=content)
        assert reply.status_code == status and word in reply.json()["message"]
    file = await add(server, router(name="../../x"))
    assert file["file"] == "-..-x.gns3a" and (folder(server) / file["file"]).exists()
    own_id = str(uuid4())
    await add(server, router(name="First", appliance_id=own_id))
    assert (
        "First.gns3a has the same id" in (await add(server, router(name="Second", appliance_id=own_id), 409))["message"]
    )
    assert (await add(server, router(name="First", appliance_id=own_id)))["file"] == "First.gns3a"
    wrong = await add(server, router(name="Wrong", images=[], versions=[], qemu={"adapter_type": "toaster"}))
    error = await server.request("POST", f"/v2/appliances/{wrong['appliance_id']}/install", {}, 400)
    assert "'Wrong'" in error["message"] and "adapter_type" in error["message"]


async def test_appliances_have_a_limit_together(server: Server) -> None:
    """One reply lists them all."""
    large = router(description="x" * 1_000_000)
    for number in range(8):
        await add(server, {**large, "name": f"Router {number}"})
    error = await add(server, {**large, "name": "Router 8"}, 409)
    assert "8 MiB together" in error["message"]
    await add(server, {**large, "name": "Router 7", "usage": "replaced"})
    (folder(server) / "zz.gns3a").write_bytes(orjson.dumps(large))  # by an administrator
    assert len(await server.request("GET", "/v2/appliances", None, 200)) == 8
