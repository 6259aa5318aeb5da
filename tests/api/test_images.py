"""Images of this host through the API: GNS3's routes, and uploads in parts."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.config import Config
from tests.support.far_server import FarServer
from tests.support.server import Server, started

# The routes for controllers on other hosts, and for clients of this server.
BASES = ("/v2/compute/qemu", "/v2/computes/local/qemu")


def image_folder(server: Server) -> Path:
    return server.config.images_folder / "QEMU"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.mark.parametrize("base", BASES)
async def test_images_are_stored_listed_and_deleted(server: Server, base: str) -> None:
    assert await server.request("GET", f"{base}/images", None, 200) == []
    content = bytes(range(256)) * 1000
    for name in ("disk.img", "vendor/disk.img"):
        reply = await server.http.post(f"{base}/images/{name}", content=content)
        assert reply.status_code == 204
    listed = await server.request("GET", f"{base}/images", None, 200)
    md5sum = hashlib.md5(content).hexdigest()
    assert listed == [
        {"filename": "disk.img", "path": path, "filesize": len(content), "md5sum": md5sum}
        for path in ("disk.img", "vendor/disk.img")
    ]
    assert (await server.http.get(f"{base}/images/vendor/disk.img")).content == content
    reply = await server.http.post(f"{base}/images/disk.img", content=b"other")
    assert (await server.http.get(f"{base}/images/disk.img")).content == b"other"
    listed = await server.request("GET", f"{base}/images", None, 200)
    assert listed[0]["md5sum"] == hashlib.md5(b"other").hexdigest()
    await server.request("DELETE", f"{base}/images/disk.img", None, 204)
    await server.request("DELETE", f"{base}/images/disk.img", None, 404)
    await server.request("GET", f"{base}/images/disk.img", None, 404)
    assert sorted(path.name for path in image_folder(server).iterdir()) == ["vendor"]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", ["%2e%2e/x", "/etc/x", "a/%2e%2e/%2e%2e/%2e%2e/x", "%2e"])
async def test_no_path_leads_out_of_the_images(server: Server, base: str, name: str) -> None:
    before = sorted(image_folder(server).parent.parent.rglob("*"))
    reply = await server.http.post(f"{base}/images/{name}", content=b"x")
    assert reply.status_code in (403, 404)
    for method in ("GET", "DELETE"):
        assert (await server.http.request(method, f"{base}/images/{name}")).status_code in (403, 404)
    assert sorted(image_folder(server).parent.parent.rglob("*")) == before


async def test_links_among_the_images_are_not_written_through(server: Server, tmp_path: Path) -> None:
    folder = image_folder(server)
    folder.mkdir(parents=True)
    (folder / "away").symlink_to(tmp_path)
    reply = await server.http.post("/v2/compute/qemu/images/away/x", content=b"x")
    assert reply.status_code in (403, 404) and not (tmp_path / "x").exists()


async def test_half_an_upload_leaves_nothing(server: Server) -> None:
    async def half() -> Any:
        yield b"x" * 300_000
        raise OSError("the client leaves")

    with pytest.raises(OSError, match="the client leaves"):
        await server.http.post("/v2/compute/qemu/images/disk.img", content=half())
    with trio.fail_after(30):
        while list(image_folder(server).glob("*")):
            await trio.sleep(0.05)
    assert await server.request("GET", "/v2/compute/qemu/images", None, 200) == []


@pytest.mark.parametrize(("emulator", "folder"), [("qemu", "QEMU"), ("dynamips", "IOS"), ("iou", "IOU")])
async def test_each_emulator_has_its_folder(server: Server, emulator: str, folder: str) -> None:
    base = f"/v2/compute/{emulator}/images"
    assert (await server.http.post(f"{base}/a.bin", content=b"image")).status_code == 204
    assert (server.config.images_folder / folder / "a.bin").read_bytes() == b"image"
    assert [each["md5sum"] for each in await server.request("GET", base, None, 200)] == [md5(b"image")]


@pytest.mark.parametrize("name", ["a.md5sum", ".hidden", "vendor/.hidden", ".gns3trio-uploads/x"])
async def test_names_that_would_not_be_listed(server: Server, name: str) -> None:
    """The checksum of another image could be forged."""
    reply = await server.http.post(f"/v2/compute/qemu/images/{name}", content=b"x")
    assert reply.status_code == 403 and "cannot be the name of an image" in reply.json()["message"]
    body = {"filename": name, "size": 1}
    await server.request("POST", "/v2/compute/qemu/uploads", body, 403)


async def test_an_image_in_use_is_not_deleted(server: Server, project: dict[str, Any]) -> None:
    """Also one of an emulator that does not run here."""
    await server.http.post("/v2/compute/dynamips/images/c7200.image", content=b"x")
    path = Path(project["path"]) / project["filename"]
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    document = json.loads(path.read_text())
    router = {"node_id": str(uuid4()), "node_type": "dynamips", "name": "R1", "compute_id": "local"}
    document["topology"]["nodes"] = [{**router, "properties": {"image": "c7200.image"}}]
    path.write_text(json.dumps(document))
    await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)
    error = await server.request("DELETE", "/v2/compute/dynamips/images/c7200.image", None, 409)
    assert "node 'R1 (lab)' uses the image 'c7200.image'" in error["message"]
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    await server.request("DELETE", "/v2/compute/dynamips/images/c7200.image", None, 204)


# --- uploads in parts ---


async def begin(server: Server, base: str, content: bytes, name: str = "disk.img", **fields: Any) -> dict[str, Any]:
    body = {"filename": name, "size": len(content), "md5sum": md5(content), **fields}
    reply = await server.http.post(f"{base}/uploads", json=body)
    assert reply.status_code == 201, reply.text
    upload: dict[str, Any] = reply.json()
    return upload


async def put(server: Server, path: str, offset: object, content: Any, status: int = 200) -> dict[str, Any]:
    reply = await server.http.put(f"{path}?offset={offset}", content=content)
    assert reply.status_code == status, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


@pytest.mark.parametrize("base", BASES)
async def test_an_upload_in_parts(server: Server, base: str) -> None:
    content = bytes(range(256)) * 4000
    upload = await begin(server, base, content, "vendor/disk.img")
    assert (upload["offset"], upload["complete"]) == (0, False)
    path = f"{base}/uploads/{upload['upload_id']}"
    assert (await put(server, path, 0, content[:300_001]))["offset"] == 300_001
    assert await server.request("GET", f"{base}/images", None, 200) == []

    # A client that has forgotten all finds its upload again.
    again = await begin(server, base, content, "vendor/disk.img")
    assert again == await server.request("GET", path, None, 200) == {**upload, "offset": 300_001}
    assert await server.request("GET", f"{base}/uploads", None, 200) == [again]

    for offset in (0, 300_000, 300_002, len(content)):
        assert "300001 bytes have arrived" in (await put(server, path, offset, b"x", 409))["message"]
    for offset in ("", "-1", "x", "9" * 30, "\u0663"):
        assert (await put(server, path, offset, b"x", 400))["message"].startswith("offset: ")
    assert "more than" in (await put(server, path, 300_001, content, 409))["message"]

    rest = (await server.request("GET", path, None, 200))["offset"]
    done = await put(server, path, rest, content[rest:])
    assert done == {**upload, "offset": len(content), "complete": True, "upload_id": None}
    assert (image_folder(server) / "vendor/disk.img").read_bytes() == content
    (image,) = await server.request("GET", f"{base}/images", None, 200)
    assert image["md5sum"] == md5(content)
    await server.request("GET", path, None, 404)
    assert await server.request("GET", f"{base}/uploads", None, 200) == []

    # What is there already need not be sent.
    assert (await begin(server, base, content, "vendor/disk.img"))["complete"]


async def test_what_arrived_before_the_connection_broke_stays(server: Server) -> None:
    base = BASES[0]
    content = b"abc" * 200_000
    upload = await begin(server, base, content)
    path = f"{base}/uploads/{upload['upload_id']}"

    async def half() -> AsyncIterator[bytes]:
        yield content[:400_000]
        raise OSError("the client leaves")

    with pytest.raises(OSError, match="the client leaves"):
        await server.http.put(f"{path}?offset=0", content=half())
    offset = 0
    with trio.fail_after(30):
        while offset < 400_000:
            await trio.sleep(0.05)
            offset = (await server.request("GET", path, None, 200))["offset"]
    await put(server, path, offset, content[offset:])
    assert (image_folder(server) / "disk.img").read_bytes() == content


async def test_a_later_request_takes_over(server: Server) -> None:
    """The server may notice late that the earlier client is gone."""
    base = BASES[0]
    content = b"x" * 600_000
    upload = await begin(server, base, content)
    path = f"{base}/uploads/{upload['upload_id']}"
    sent = trio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield content[:300_000]
        sent.set()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: server.http.put(f"{path}?offset=0", content=hanging()))
        await sent.wait()
        with trio.fail_after(30):
            while (offset := (await server.request("GET", path, None, 200))["offset"]) < 262_144:
                await trio.sleep(0.05)
            reply = await server.http.put(f"{path}?offset={offset}", content=content[offset:])
            if reply.status_code == 409:  # what had arrived was written when the earlier request ended
                offset = (await server.request("GET", path, None, 200))["offset"]
                await put(server, path, offset, content[offset:])
        nursery.cancel_scope.cancel()
    assert (image_folder(server) / "disk.img").read_bytes() == content


async def test_images_of_another_host(server: Server, far: FarServer, registered: dict[str, Any]) -> None:
    """Through the controller, as those of this host."""
    base, content = "/v2/computes/far/qemu", b"far" * 200_000
    upload = await begin(server, base, content, "vendor/disk.img")
    path = f"{base}/uploads/{upload['upload_id']}"
    await put(server, path, 0, content[:100_000])
    assert [each["offset"] for each in (await server.http.get(f"{base}/uploads")).json()] == [100_000]
    assert "100000 bytes" in (await put(server, path, 7, b"", 409))["message"]
    assert (await put(server, path, 100_000, content[100_000:]))["complete"]
    assert (far.config.images_folder / "QEMU/vendor/disk.img").read_bytes() == content
    assert [each["md5sum"] for each in await server.request("GET", f"{base}/images", None, 200)] == [md5(content)]
    other = await begin(server, base, b"other", "b.img")
    image = f"{base}/images/vendor/disk.img"
    for path, status in ((f"{base}/uploads/{other['upload_id']}", 204), (image, 204), (image, 404)):
        assert (await server.http.delete(path)).status_code == status
    assert await far.get("/v2/compute/qemu/images") == [] == (await server.http.get(f"{base}/uploads")).json()


async def test_a_wrong_checksum(server: Server) -> None:
    base = BASES[0]
    upload = await begin(server, base, b"right")
    path = f"{base}/uploads/{upload['upload_id']}"
    assert "send it again" in (await put(server, path, 0, b"wrong", 409))["message"]
    await server.request("GET", path, None, 404)
    assert await server.request("GET", f"{base}/images", None, 200) == []
    for fields in ({"md5sum": "x"}, {"md5sum": "A" * 32}, {"size": -1}, {"size": 2**60}, {"filename": ""}):
        body = {"filename": "a", "size": 1, **fields}
        error = await server.request("POST", f"{base}/uploads", body, 400)
        assert error["message"].startswith(next(iter(fields)))


async def test_an_upload_is_given_up(server: Server) -> None:
    upload = await begin(server, BASES[0], b"content")
    path = f"{BASES[0]}/uploads/{upload['upload_id']}"
    await server.request("DELETE", path, None, 204)
    await server.request("DELETE", path, None, 404)
    await put(server, path, 0, b"content", 404)
    assert list((image_folder(server) / ".gns3trio-uploads").iterdir()) == []


async def test_uploads_have_limits(server: Server) -> None:
    error = await server.request("POST", "/v2/compute/qemu/uploads", {"filename": "a", "size": 2**50}, 409)
    assert "the disk has no room" in error["message"]
    for number in range(32):
        await begin(server, BASES[0], b"x", f"{number}.img")
    error = await server.request("POST", "/v2/compute/qemu/uploads", {"filename": "a", "size": 1}, 409)
    assert "32 uploads are not finished" in error["message"]


@asynccontextmanager
async def limited(tmp_path: Path) -> AsyncIterator[Server]:
    config = Config(port=0, projects_path=tmp_path / "projects", images_limit=0.001, vpcs_engine="builtin")
    async with started(config) as server:
        yield server


async def test_images_have_a_limit_together(tmp_path: Path) -> None:
    """0.001 GiB: a megabyte fits, a second one does not, and a deleted one makes room."""
    megabyte = bytes(range(256)) * 4000
    async with limited(tmp_path) as server:
        path = "/v2/compute/qemu/images/a.img"
        assert (await server.http.post(path, content=megabyte)).status_code == 204
        for other in ("/v2/compute/qemu/images/b.img", "/v2/compute/iou/images/b.img"):
            reply = await server.http.post(other, content=megabyte)
            assert reply.status_code == 409 and "images_limit" in reply.json()["message"]
        body = {"filename": "b.img", "size": len(megabyte)}
        await server.request("POST", "/v2/compute/qemu/uploads", body, 409)
        await server.request("DELETE", path, None, 204)
        assert (await server.http.post("/v2/compute/iou/images/b.img", content=megabyte)).status_code == 204
        assert [each.name for each in image_folder(server).iterdir() if not each.name.startswith(".")] == []


async def test_uploads_outlive_the_server(tmp_path: Path) -> None:
    content = b"content" * 1000
    config = Config(port=0, projects_path=tmp_path / "projects", vpcs_engine="builtin")
    async with started(config) as server:
        upload = await begin(server, BASES[0], content)
        await put(server, f"{BASES[0]}/uploads/{upload['upload_id']}", 0, content[:1000])
    async with started(config) as server:
        again = await begin(server, BASES[0], content)
        assert (again["upload_id"], again["offset"]) == (upload["upload_id"], 1000)
        await put(server, f"{BASES[0]}/uploads/{upload['upload_id']}", 1000, content[1000:])
        assert (image_folder(server) / "disk.img").read_bytes() == content


@pytest.mark.parametrize("description", [b"", b"{", b"[]", b'{"filename": 1, "size": 2, "md5sum": null}', b"[" * 9999])
async def test_damaged_descriptions_of_uploads(server: Server, description: bytes) -> None:
    upload = await begin(server, BASES[0], b"content")
    beside = image_folder(server) / ".gns3trio-uploads" / f"{upload['upload_id']}.json"
    beside.write_bytes(description)
    assert await server.request("GET", f"{BASES[0]}/uploads", None, 200) == []
    await put(server, f"{BASES[0]}/uploads/{upload['upload_id']}", 0, b"content", 404)
