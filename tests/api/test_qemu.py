"""GNS3's routes for QEMU: disks and programs; and nodes of this type through both controllers' routes."""

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.machines import needs_qemu
from tests.support.server import Server

Json = dict[str, Any]

# The routes for controllers on other hosts, and for clients of this server.
BASES = ("/v2/compute/qemu", "/v2/computes/local/qemu")


def image_folder(server: Server) -> Path:
    return server.config.images_folder / "QEMU"


@needs_qemu
@pytest.mark.parametrize("base", BASES)
async def test_programs(server: Server, base: str) -> None:
    binaries = await server.request("GET", f"{base}/binaries", None, 200)
    assert any(each["path"].endswith("/qemu-system-x86_64") and each["version"][0].isdigit() for each in binaries)
    assert await server.request("GET", f"{base}/binaries", {"archs": ["z80"]}, 200) == []
    tools = await server.request("GET", f"{base}/img-binaries", None, 200)
    assert [Path(each["path"]).name for each in tools] == ["qemu-img"]
    capabilities = await server.request("GET", f"{base}/capabilities", None, 200)
    assert set(capabilities["kvm"]) <= {"x86_64", "i386", "aarch64", "arm"}


@needs_qemu
@pytest.mark.parametrize("base", BASES)
async def test_disks_are_made_and_grow(server: Server, base: str, tmp_path: Path) -> None:
    disk = {"qemu_img": "/usr/bin/qemu-img", "path": "new.qcow2", "format": "qcow2", "size": 10}
    await server.request("POST", f"{base}/img", {**disk, "cluster_size": 65536, "lazy_refcounts": "on"}, 201)
    assert (image_folder(server) / "new.qcow2").read_bytes().startswith(b"QFI\xfb")
    error = await server.request("POST", f"{base}/img", disk, 409)
    assert "exists already" in error["message"]
    await server.request("PUT", f"{base}/img", {"qemu_img": "qemu-img", "path": "new.qcow2", "extend": 5}, 201)
    assert int.from_bytes((image_folder(server) / "new.qcow2").read_bytes()[24:32], "big") == 15 * 1024 * 1024
    info = await server.request("GET", f"{base}/img?path=new.qcow2", None, 200)
    assert (info["format"], info["virtual_size"], info["backing"], info["snapshots"]) == ("qcow2", 15 << 20, None, [])
    for query, status in (("", 400), ("?path=missing", 409), ("?path=../x", 403)):
        error = await server.request("GET", f"{base}/img{query}", None, status)
        assert error["message"].startswith("path: ")
    error = await server.request(
        "POST", f"{base}/img", {**disk, "path": "x", "size": 2**31, "preallocation": "full"}, 409
    )
    assert "the disk has no room" in error["message"]
    for body, status, word in (
        ({**disk, "path": "x.md5sum"}, 403, "path"),
        ({**disk, "path": f"{tmp_path}/elsewhere"}, 403, "path"),
        ({**disk, "path": "../elsewhere"}, 403, "path"),
        ({**disk, "qemu_img": "/bin/sh"}, 409, "qemu_img"),
        ({**disk, "size": 0}, 400, "size"),
        ({**disk, "format": "iso"}, 400, "format"),
        ({**disk, "path": "x", "cluster_size": 7}, 409, "luster"),
        ({**disk, "path": "x", "subformat": "fixed"}, 409, "subformat"),
    ):
        error = await server.request("POST", f"{base}/img", body, status)
        assert word in error["message"]
    await server.request("PUT", f"{base}/img", {"qemu_img": "qemu-img", "path": "missing", "extend": 5}, 409)
    assert sorted(path.name for path in image_folder(server).iterdir()) == ["new.qcow2"]


# --- nodes ---


@needs_qemu
async def test_a_machine_of_a_project(server: Server, project: Json) -> None:
    path = f"/v2/projects/{project['project_id']}"
    body = {"name": "R1", "node_type": "qemu", "compute_id": "local", "console_type": "none"}
    properties = {"adapters": 2, "options": "-no-kvm", "hda_disk_image": "disk.qcow2"}
    error = await server.request("POST", f"{path}/nodes", {**body, "properties": properties}, 409)
    assert "disk.qcow2" in error["message"] and error["image"] == "disk.qcow2"
    disk = {"qemu_img": "qemu-img", "path": "disk.qcow2", "format": "qcow2", "size": 1}
    await server.request("POST", "/v2/compute/qemu/img", disk, 201)
    custom = [{"adapter_number": 1, "port_name": "mgmt", "mac_address": "00:11:22:33:44:55"}]
    node = await server.request(
        "POST", f"{path}/nodes", {**body, "properties": properties, "custom_adapters": custom}, 201
    )
    assert node["status"] == "stopped" and node["properties"]["hda_disk_image_md5sum"]
    assert (
        node["properties"]["mac_address"]
        == f"0c:{node['node_id'][2:4]}:{node['node_id'][4:6]}:{node['node_id'][6:8]}:00:00"
    )
    assert [(port["name"], port["mac_address"]) for port in node["ports"]] == [
        ("Ethernet0", node["properties"]["mac_address"]),
        ("mgmt", "00:11:22:33:44:55"),
    ]
    switch = await server.request(
        "POST", f"{path}/nodes", {"name": "SW", "node_type": "ethernet_switch", "compute_id": "local"}, 201
    )
    ends = [
        {"node_id": node["node_id"], "adapter_number": 1, "port_number": 0},
        {"node_id": switch["node_id"], "adapter_number": 0, "port_number": 0},
    ]
    await server.request("POST", f"{path}/links", {"nodes": ends}, 201)
    own = f"{path}/nodes/{node['node_id']}"
    started = await server.request("POST", f"{own}/start", None, 200)
    assert started["status"] == "started" and "mac=00:11:22:33:44:55" in started["command_line"]
    assert (await server.request("POST", f"{own}/suspend", None, 200))["status"] == "suspended"
    assert (await server.request("POST", f"{own}/start", None, 200))["status"] == "started"
    await server.request("POST", f"{own}/duplicate", {"x": 0, "y": 0}, 409)
    await server.request("POST", f"{own}/stop", None, 200)
    await server.request("POST", f"{own}/resize_disk", {"drive_name": "hda", "extend": 5}, 201)
    await server.request("POST", f"{own}/resize_disk", {"drive_name": "hdb", "extend": 5}, 409)
    changed = await server.request("PUT", own, {"custom_adapters": [], "properties": {"usage": "text"}}, 200)
    assert changed["properties"]["usage"] == "text" and changed["ports"][1]["name"] == "Ethernet1"
    assert "-mac=00:11" not in (await server.request("POST", f"{own}/start", None, 200))["command_line"]
    await server.request("POST", f"{own}/stop", None, 200)
    copy = await server.request("POST", f"{own}/duplicate", {"x": 0, "y": 0}, 201)
    assert copy["properties"]["mac_address"] != node["properties"]["mac_address"]
    assert (Path(copy["node_directory"]) / "hda_disk.qcow2").exists()

    # Another project of the server: opened again, all is as it was.
    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    again = await server.request("GET", own, None, 200)
    same = ("name", "properties", "custom_adapters", "console_type", "ports")
    assert {key: again[key] for key in same} == {key: changed[key] for key in same}
    await server.request("DELETE", own, None, 204)
    assert not Path(node["node_directory"]).exists()


@needs_qemu
async def test_a_machine_of_another_controller(server: Server) -> None:
    """The reply has exactly the fields of GNS3's schema."""
    project_id = str(uuid4())
    await server.request("POST", "/v2/compute/projects", {"name": "far", "project_id": project_id}, 201)
    path = f"/v2/compute/projects/{project_id}/qemu/nodes"
    body = {"name": "R1", "qemu_path": "qemu-system-x86_64", "linked_clone": True, "ram": 64, "console_type": "vnc"}
    error = await server.request("POST", path, {**body, "hda_disk_image": "x.img"}, 409)
    assert (error["image"], error["exception"]) == ("x.img", "ImageMissingError")
    error = await server.request("POST", path, {**body, "ram": -1}, 400)
    assert error["message"].startswith("ram: ")
    node = await server.request("POST", path, {**body, "custom_adapters": [], "options": "-no-kvm"}, 201)
    assert node.keys() == GNS3_FIELDS
    assert node["console"] >= 5900 and node["qemu_path"].endswith("/qemu-system-x86_64")
    own = f"{path}/{node['node_id']}"
    await server.request("POST", f"{own}/start", None, 200)
    await server.request("POST", f"{own}/suspend", None, 204)
    assert (await server.request("GET", own, None, 200))["status"] == "suspended"
    await server.request("POST", f"{own}/resume", None, 204)
    assert (await server.request("GET", own, None, 200))["status"] == "started"
    await server.request("POST", f"{own}/reload", None, 204)
    await server.request("POST", f"{own}/stop", None, 204)
    custom = [{"adapter_number": 0, "mac_address": "00:11:22:33:44:55"}]
    assert (await server.request("PUT", own, {**node, "custom_adapters": custom}, 200)).keys() == GNS3_FIELDS
    assert "mac=00:11:22:33:44:55" in (await server.request("POST", f"{own}/start", None, 200))["command_line"]
    await server.request("POST", f"{own}/resize_disk", {"drive_name": "hda", "extend": 1}, 409)
    await server.request("DELETE", own, None, 204)


GNS3_FIELDS = {
    *("node_id", "project_id", "name", "status", "usage", "qemu_path", "platform", "node_directory", "command_line"),
    *(f"hd{letter}_disk_{what}" for letter in "abcd" for what in ("image", "interface", "image_md5sum")),
    *("bios_image", "bios_image_md5sum", "cdrom_image", "cdrom_image_md5sum", "boot_priority", "ram", "cpus"),
    *("adapters", "adapter_type", "mac_address", "console", "console_type", "initrd", "initrd_md5sum", "kernel_image"),
    *("kernel_image_md5sum", "kernel_command_line", "legacy_networking", "replicate_network_connection_state", "tpm"),
    *("uefi", "create_config_disk", "on_close", "cpu_throttling", "process_priority", "options"),
}


@needs_qemu
async def test_templates_have_gns3s_fields_and_defaults(server: Server, project: Json) -> None:
    body = {"name": "Router", "template_type": "qemu", "compute_id": "local", "adapters": 3, "options": "-no-kvm"}
    names = {"first_port_name": "mgmt", "port_name_format": "Gi{segment0}/{port0}", "port_segment_size": 4}
    template = await server.request("POST", "/v2/templates", {**body, **names, "ram": 64}, 201)
    assert (
        template.items()
        >= {
            **{"adapter_type": "e1000", "category": "guest", "default_name_format": "{name}-{0}", "linked_clone": True},
            **{"symbol": ":/symbols/qemu_guest.svg", "process_priority": "normal", "console_type": "telnet", **names},
        }.items()
    )
    path = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
    node = await server.request("POST", path, {"x": 0, "y": 0}, 201)
    assert node["name"] == "Router-1" and node["properties"]["ram"] == 64
    assert [port["name"] for port in node["ports"]] == ["mgmt", "Gi0/0", "Gi0/1"]
    for wrong, word in (
        ({"adapter_type": "toaster"}, "adapter_type"),
        ({"ram": 0}, "ram"),
        ({"custom_adapters": [{"adapter_number": -1}]}, "custom_adapters"),
        ({"surprise": 1}, "surprise"),
    ):
        error = await server.request("POST", "/v2/templates", {**body, **wrong}, 400)
        assert word in error["message"]


@needs_qemu
async def test_a_document_has_all_of_a_machine(server: Server, project: Json) -> None:
    path = f"/v2/projects/{project['project_id']}"
    body = {"name": "R1", "node_type": "qemu", "compute_id": "local", "console_type": "vnc"}
    names = {"first_port_name": "mgmt", "port_name_format": "Gi{segment0}/{port0}", "port_segment_size": 4}
    custom = [{"adapter_number": 1, "mac_address": "00:11:22:33:44:55"}]
    properties = {"adapters": 3, "ram": 64, "options": "-no-kvm"}
    body |= {**names, "custom_adapters": custom, "properties": properties}
    node = await server.request("POST", f"{path}/nodes", body, 201)
    document = await server.request("GET", f"{path}/topology", None, 200)
    assert document["nodes"]["R1"].items() >= {"console_type": "vnc", "custom_adapters": custom, **names}.items()
    assert (await server.request("PUT", f"{path}/topology", document, 200))["changes"] == []
    await server.request("DELETE", f"{path}/nodes/{node['node_id']}", None, 204)
    await server.request("PUT", f"{path}/topology", document, 200)
    (again,) = await server.request("GET", f"{path}/nodes", None, 200)
    same = ("console_type", "ports", "custom_adapters", "properties", *names)
    assert {key: again[key] for key in same} == {key: node[key] for key in same}
    document["nodes"]["R1"] |= {"console_type": "spice", "first_port_name": None, "custom_adapters": []}
    await server.request("PUT", f"{path}/topology", document, 200)
    (changed,) = await server.request("GET", f"{path}/nodes", None, 200)
    assert (changed["node_id"], changed["console_type"]) == (again["node_id"], "spice")
    assert [port["name"] for port in changed["ports"]] == ["Gi0/0", "Gi0/1", "Gi0/2"]
    for wrong, word in (
        ({"console_type": "http"}, "console_type: a qemu has telnet, vnc"),
        ({"console_type": "teletype"}, "console_type"),
        ({"custom_adapters": [{"adapter_number": "x"}]}, "custom_adapters"),
        ({"port_segment_size": -1}, "port_segment_size"),
    ):
        bad = {"nodes": {"R1": {**document["nodes"]["R1"], **wrong}}}
        error = await server.request("PUT", f"{path}/topology", bad, 400)
        assert word in error["message"]


@needs_qemu
async def test_a_configuration_is_sent_and_got_as_a_file(server: Server, project: Json) -> None:
    path = f"/v2/projects/{project['project_id']}/nodes"
    properties = {"ram": 16, "adapters": 0, "options": "-no-kvm", "create_config_disk": True}
    body = {"name": "R1", "node_type": "qemu", "compute_id": "local", "properties": properties}
    own = f"{path}/{(await server.request('POST', path, body, 201))['node_id']}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("ios_config.txt", "hostname R1\n")
    reply = await server.http.post(f"{own}/files/config.zip", content=content.getvalue())
    assert reply.status_code == 201
    started = await server.request("POST", f"{own}/start", None, 200)
    assert "config.img" in started["command_line"]
    await server.request("POST", f"{own}/stop", None, 200)
    reply = await server.http.get(f"{own}/files/config.zip")
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.read("ios_config.txt") == b"hostname R1\n"
