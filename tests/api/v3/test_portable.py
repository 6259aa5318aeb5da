"""Exports, imports and copies of projects in version 3."""

import io
from typing import Any
from uuid import uuid4

import pytest

from gns3trio.controller.archives.zip_files import zipfile
from tests.support.v3_lab import V3Lab

METHODS = {"none": 0, "zip": 8, "bzip2": 12, "lzma": 14, "zstd": 93}


async def export(lab3: V3Lab, query: str = "") -> bytes:
    reply = await lab3.v3.send("GET", f"{lab3.path}/export{query}")
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/gns3project"
    assert 'filename="lab.gns3project"' in reply.headers["content-disposition"]
    return reply.content


@pytest.mark.parametrize("query", ["", *(f"?compression={name}" for name in METHODS)])
async def test_an_export_is_packed_as_asked(lab3: V3Lab, query: str) -> None:
    await lab3.node()
    with zipfile.ZipFile(io.BytesIO(await export(lab3, query))) as archive:
        method = METHODS[query.rpartition("=")[2] or "zstd"]
        assert archive.getinfo("project.gns3").compress_type == method
        assert b"PC1" in archive.read("project.gns3")


async def test_options_of_an_export(lab3: V3Lab) -> None:
    await lab3.v3.request("POST", f"{lab3.path}/snapshots", {"name": "s1"}, 201)
    for truth, is_there in (("true", True), ("Yes", True), ("on", True), ("1", True), ("False", False), ("no", False)):
        content = await export(lab3, f"?include_snapshots={truth}&unknown=1")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert any(name.startswith("snapshots/") for name in archive.namelist()) is is_there, truth
    for level in ("compression=zip&compression_level=0", "compression_level=22", "compression=none"):
        await export(lab3, f"?{level}")
    for query, status in (
        ("compression=7z", 422),
        ("compression_level=high", 422),
        ("include_images=maybe", 422),
        ("compression=zip&compression_level=50", 400),
        ("compression_level=0", 400),
        ("compression=bzip2&compression_level=0", 400),
    ):
        await lab3.v3.refused("GET", f"{lab3.path}/export?{query}", None, status)


async def test_a_running_node_is_not_exported(lab3: V3Lab) -> None:
    node = await lab3.node()
    await lab3.v3.request("POST", f"{lab3.of(node)}/start", {}, 204)
    await lab3.v3.refused("GET", f"{lab3.path}/export", None, 409)
    await lab3.v3.request("POST", f"{lab3.of(node)}/stop", {}, 204)


def raw(content: bytes) -> dict[str, Any]:
    return {"content": content}


def form(content: bytes) -> dict[str, Any]:
    return {"files": {"file": ("lab.gns3project", content, "application/octet-stream")}}


@pytest.mark.parametrize("body", [raw, form])
async def test_an_import_comes_raw_or_in_a_form(lab3: V3Lab, body: Any) -> None:
    v3, link = lab3.v3, await lab3.linked()
    content = await export(lab3)
    path = f"/v3/projects/{uuid4()}"
    made = await v3.send("POST", f"{path}/import?name=imported", **body(content))
    assert made.status_code == 201 and made.json()["name"] == "imported" and made.json()["status"] == "closed"
    large = content + bytes(4 << 20)  # which must be read all the same: a connection goes on only after it
    for _ in range(3):
        again = await v3.send("POST", f"{path}/import?name=other", **body(large))
        assert again.status_code == 201 and again.json() == made.json()  # it exists
    await v3.request("POST", f"{path}/open", {}, 201)
    (opened,) = await v3.request("GET", f"{path}/links", None, 200)
    assert opened["link_id"] != link["link_id"]
    for wrong in (b"nonsense", b"", content[: len(content) // 2]):
        refused = await v3.send("POST", f"/v3/projects/{uuid4()}/import", **body(wrong))
        assert refused.status_code == 409 and refused.json().keys() == {"message"}
    assert (await v3.send("POST", "/v3/projects/nonsense/import", **body(content))).status_code == 422
    assert len(await v3.request("GET", "/v3/projects", None, 200)) == 2


async def test_a_form_that_is_cut_off_makes_no_project(lab3: V3Lab) -> None:
    kind = {"content-type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + await export(lab3)
    for wrong in (body, b"PK", b""):
        reply = await lab3.v3.send("POST", f"/v3/projects/{uuid4()}/import", content=wrong, headers=kind)
        assert reply.status_code == 422, reply.text
    assert len(await lab3.v3.request("GET", "/v3/projects", None, 200)) == 1


async def test_a_copy_is_closed(lab3: V3Lab) -> None:
    await lab3.linked()
    body = {"name": "copy", "path": None, "auto_close": None, "unknown": 1}
    copy = await lab3.v3.request("POST", f"{lab3.path}/duplicate", body, 201)
    assert copy["status"] == "closed" and copy["name"] == "copy" and copy["auto_close"] is False
    await lab3.v3.refused("POST", f"{lab3.path}/duplicate", {}, 422, "name")
    await lab3.v3.refused("POST", f"{lab3.path}/duplicate", {"name": None}, 422, "name")


async def test_files_of_the_host_are_not_loaded_for_clients(lab3: V3Lab) -> None:
    """GNS3 3 loads any file; here that is for clients on the same machine (setting local)."""
    await lab3.v3.refused("POST", "/v3/projects/load", {"path": "/nowhere/x.gns3"}, 403, "local")
    await lab3.v3.refused("POST", "/v3/projects/load", {}, 422, "path")
