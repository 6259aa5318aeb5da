"""QEMU machines in version 3: disks in their folders, and their screens over websockets."""

from pathlib import Path

import pytest
from trio_websocket import ConnectionClosed

from tests.support.machines import needs_qemu
from tests.support.v3_lab import V3Lab
from tests.support.websockets import read_until

DISK = {"format": "qcow2", "size": 10}


@needs_qemu
async def test_disks_in_the_folder_of_a_machine(lab3: V3Lab) -> None:
    v3 = lab3.v3
    node = await lab3.node("R1", "qemu", console_type="none", properties={"options": "-no-kvm"})
    path, folder = f"{lab3.of(node)}/qemu/disk_image", Path(node["node_directory"])
    await v3.request("POST", f"{path}/data.qcow2", {**DISK, "size": "10", "lazy_refcounts": "on", "unknown": 1}, 204)
    assert (folder / "data.qcow2").read_bytes().startswith(b"QFI\xfb")
    await v3.refused("POST", f"{path}/data.qcow2", DISK, 409, "data.qcow2")
    await v3.request("PUT", f"{path}/data.qcow2", {"extend": 5}, 204)
    assert int.from_bytes((folder / "data.qcow2").read_bytes()[24:32], "big") == 15 << 20
    await v3.request("POST", f"{path}/disk.vmdk", {"format": "vdmk", "size": 1}, 204)
    for body, status, word in (
        ({"size": 1}, 422, "format"),
        ({"format": "iso", "size": 1}, 422, "format"),
        ({"format": "qcow2", "size": 0}, 422, "size"),
        ({"format": "qcow2", "size": 1, "cluster_size": 7}, 409, "luster"),
        ({"format": "raw", "size": 2**31, "preallocation": "full"}, 409, "room"),
    ):
        await v3.refused("POST", f"{path}/x", body, status, word)
    await v3.refused("POST", f"{path}/.x", DISK, 422, "disk_name")
    await v3.refused("PUT", f"{path}/absent", {"extend": 5}, 409, "absent")
    await v3.request("DELETE", f"{path}/data.qcow2", {}, 204)
    await v3.refused("DELETE", f"{path}/data.qcow2", {}, 409, "data.qcow2")
    (folder / "link").symlink_to("/etc/hostname")
    for method, body in (("PUT", {"extend": 1}), ("DELETE", {})):
        await v3.refused(method, f"{path}/link", body, 409, "no disk")
    await v3.request("POST", f"{lab3.of(node)}/start", {}, 204)
    await v3.refused("POST", f"{path}/new.qcow2", DISK, 409, "runs")
    await v3.refused("DELETE", f"{path}/disk.vmdk", {}, 409, "runs")
    await v3.request("POST", f"{lab3.of(node)}/stop", {}, 204)
    assert sorted(file.name for file in folder.iterdir() if file.suffix in (".qcow2", ".vmdk")) == ["disk.vmdk"]


async def test_other_nodes_have_no_disks(lab3: V3Lab) -> None:
    node = await lab3.node()
    path = f"{lab3.of(node)}/qemu/disk_image/x.qcow2"
    for method, body in (("POST", DISK), ("PUT", {}), ("DELETE", {})):
        await lab3.v3.refused(method, path, body, 400, "only QEMU machines")


@needs_qemu
async def test_the_screen_of_a_machine(lab3: V3Lab) -> None:
    v3 = lab3.v3
    node = await lab3.node("R1", "qemu", console_type="vnc", properties={"options": "-no-kvm"})
    path = f"{lab3.of(node)}/console/vnc"
    async with v3.websocket(path) as screen:
        with pytest.raises(ConnectionClosed) as closed:
            await screen.get_message()
    assert closed.value.reason.code == 1000  # it is stopped
    await v3.request("POST", f"{lab3.of(node)}/start", {}, 204)
    async with v3.websocket(path) as screen:
        await read_until(screen, b"RFB 003.")
    await v3.request("POST", f"{lab3.of(node)}/stop", {}, 204)
