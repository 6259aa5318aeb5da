"""QEMU machines: real ones without hardware acceleration. Their guest is a small Linux made for the test."""

import hashlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trio

from gns3trio.compute.node import NodeEvent
from gns3trio.errors import Conflict, Forbidden, ImageMissing, Invalid
from tests.compute.conftest import processes_in
from tests.support.machines import (
    GUEST,
    Machines,
    boot,
    checked_machines,
    make_disk,
    make_images,
    needs_guest,
    needs_qemu,
    open_machines,
    open_shell,
    pid_of,
    qemu_img,
)

pytestmark = needs_qemu
STATUS = NodeEvent("status")


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Machines]:
    """A compute; nothing of its machines may be left at the end."""
    async with checked_machines(tmp_path) as machines:
        yield machines


@needs_guest
async def test_machines_and_a_pc_talk_through_a_switch(lab: Machines) -> None:
    first, second = await lab.create("A", GUEST), await lab.create("B", GUEST)
    pc = await lab.create("PC", {"startup_script": "ip 10.0.0.3/24"}, node_type="vpcs")  # VPCS, where it is installed
    switch = await lab.create("SW", node_type="ethernet_switch")
    for port, node in enumerate((first, second, pc)):
        await lab.connect((node, 0, 0), (switch, 0, port))
    await pc.start()
    with ExitStack() as stack:
        a, b = await boot(stack, first, second)
        await a.run("ip link set eth0 up && ip addr add 10.0.0.1/24 dev eth0")
        await b.run("ip link set eth0 up && ip addr add 10.0.0.2/24 dev eth0")
        for address in ("10.0.0.2", "10.0.0.3"):
            assert " 0% packet loss" in await a.run(f"ping -c 3 -i 0.2 -W 20 {address}")
        assert " 0% packet loss" in await a.run("ping -c 2 -s 1400 -W 20 10.0.0.2")

        # A cable is plugged and unplugged while they run, and the guest sees it.
        assert "NO-CARRIER" not in await a.run("ip link show eth0")
        await first.unbind_nio(0, 0)
        await a.run("until ip link show eth0 | grep NO-CARRIER; do sleep 0.1; done")
        assert (await a.attempt("ping -c 1 -W 1 10.0.0.2"))[1] != 0
        await switch.unbind_nio(0, 0)
        await lab.connect((first, 0, 0), (switch, 0, 0))
        await a.run("until ip link show eth0 | grep LOWER_UP; do sleep 0.1; done")
        assert " 0% packet loss" in await a.run("ping -c 2 -W 20 10.0.0.2")

        # A suspended machine does nothing, and goes on where it was.
        await second.suspend()
        assert second.status == "suspended"
        assert (await a.attempt("ping -c 2 -W 1 10.0.0.2"))[1] != 0
        await second.start()
        assert second.status == "started"
        assert " 0% packet loss" in await a.run("ping -c 2 -W 20 10.0.0.2")
        await b.run("cat /proc/uptime")

        # Killed from outside: the node is stopped, says why, and leaves nothing.
        os.kill(pid_of(second), signal.SIGKILL)
        await lab.wait_stopped(second)
        assert second.exit_reason == "was killed by SIGKILL"
        assert lab.told("B", "error") == ["QEMU 'B' was killed by SIGKILL"]
        assert second.directory is not None and processes_in(second.directory) == []
        assert (await a.attempt("ping -c 1 -W 1 10.0.0.2"))[1] != 0
        link_end = first.link_end(0, 0)
        assert link_end is not None and link_end.is_open

        # It can be started again, and a guest that shuts itself down is no error.
        (b,) = await boot(stack, second)
        await b.run("true")
    with open_shell(second) as shell:
        await shell._client.send_input(b"poweroff -f\n")
        await lab.wait_stopped(second)
    assert second.exit_reason == "was shut down by its operating system"
    assert len(lab.told("B", "error")) == 1


@needs_guest
async def test_frames_of_an_older_qemu(lab: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """It binds the ports of its adapters itself."""
    monkeypatch.setattr("gns3trio.compute.nodes.qemu.command.DGRAM_SINCE", (1000, 0))
    node = await lab.create("A", GUEST)
    pc = await lab.create("PC", {"startup_script": "ip 10.0.0.3/24"}, node_type="vpcs", engine="builtin")
    await lab.connect((node, 0, 0), (pc, 0, 0))
    await pc.start()
    with ExitStack() as stack:
        (shell,) = await boot(stack, node)
        assert node.command_line is not None and "-netdev socket,id=gns3-0,udp=127.0.0.1:" in node.command_line
        await shell.run("ip link set eth0 up && ip addr add 10.0.0.1/24 dev eth0")
        assert " 0% packet loss" in await shell.run("ping -c 2 -i 0.2 -W 20 10.0.0.3")


@needs_guest
async def test_a_linked_clone_writes_nothing_into_the_image(lab: Machines) -> None:
    image = await make_disk(lab, "disk.img", "raw")
    image.write_bytes(b"original" + bytes(8 * 1024 * 1024 - 8))
    digest = hashlib.md5(image.read_bytes()).hexdigest()
    disk = {"hda_disk_image": "disk.img", "hda_disk_interface": "virtio", "adapters": 0}
    node = await lab.create("A", GUEST | disk)
    assert node.properties()["hda_disk_image_md5sum"] == digest
    write = "printf changed! | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null"
    with ExitStack() as stack:
        (shell,) = await boot(stack, node)
        assert "original" in await shell.run("head -c 8 /dev/vda")
        await shell.run(write)
    await node.stop()
    assert hashlib.md5(image.read_bytes()).hexdigest() == digest
    with ExitStack() as stack:
        (shell,) = await boot(stack, node)
        assert "changed!" in await shell.run("head -c 8 /dev/vda")
    await node.stop()
    await node.set_properties({"linked_clone": False})
    with ExitStack() as stack:
        (shell,) = await boot(stack, node)
        assert "original" in await shell.run("head -c 8 /dev/vda")
        await shell.run(write)
        # Two machines cannot write one image.
        other = await lab.create("B", GUEST | disk | {"linked_clone": False})
        with pytest.raises(Conflict, match='Failed to get "write" lock'):
            await other.start()
    await node.stop()
    assert image.read_bytes().startswith(b"changed!")


# --- without a guest: machines that find nothing to boot ---


async def test_a_machine_starts_and_stops(lab: Machines) -> None:
    node = await lab.create("A,1")
    assert (node.status, node.command_line, node.ports()) == ("stopped", "", [])
    await node.start()
    pid = pid_of(node)
    await node.start()
    assert pid_of(node) == pid
    assert node.command_line is not None and "-name guest=A,,1 " in node.command_line
    await node.reload()
    assert pid_of(node) == pid  # as in GNS3, that is the reset button
    await node.suspend()
    await node.reload()
    assert node.status == "started"
    await node.stop()
    await node.stop()
    assert (node.status, node.exit_reason, node.has_nio) == ("stopped", None, False)
    await node.reload()
    assert node.status == "started"
    assert {kind for _, event in lab.events if (kind := event.kind) != "status"} == set()


async def test_all_parts_that_a_machine_may_have(lab: Machines) -> None:
    for name in ("a", "b", "c", "d"):
        await make_disk(lab, f"{name}.qcow2")
    disks = {f"hd{name}_disk_image": f"{name}.qcow2" for name in ("a", "b", "c", "d")}
    for interfaces in (("ide", "virtio", "sata", "nvme"), ("floppy", "none", "scsi", "sata")):
        kinds = {f"hd{name}_disk_interface": kind for name, kind in zip("abcd", interfaces, strict=True)}
        node = await lab.create("A", disks | kinds | {"adapters": 3, "cpus": 2, "boot_priority": "cd"})
        await node.start()
        await lab.compute.delete_node(node)
    models = ["e1000", "e1000e", "i82559er", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3"]
    customs = [{"adapter_number": number, "adapter_type": model} for number, model in enumerate(models)]
    node = await lab.create("B", {"adapters": 40, "cdrom_image": "a.qcow2"}, custom_adapters=customs)
    await node.start()
    assert node.command_line is not None and "mac=0c:" in node.command_line


@pytest.mark.parametrize(
    ("properties", "error", "words"),
    [
        ({"hda_disk_image": "missing.img"}, ImageMissing, "hda_disk_image.*missing.img"),
        ({"hda_disk_image": "/etc/passwd"}, Forbidden, "hda_disk_image.*passwd"),
        ({"kernel_image": "../../x"}, Forbidden, "kernel_image"),
        ({"qemu_path": "/bin/sh"}, Conflict, "qemu_path"),
        ({"qemu_path": "/opt/qemu-system-sparc64"}, Conflict, "qemu_path.*qemu-system-sparc64 is not installed"),
        ({"platform": "cris"}, Conflict, "platform.*qemu-system-cris is not installed"),
        ({"legacy_networking": True}, Conflict, "legacy_networking"),
        ({"options": "-drive file=/etc/passwd"}, Conflict, "options"),
        ({"ram": 0}, Invalid, "ram"),
    ],
)
async def test_what_a_new_machine_cannot_have(
    lab: Machines, properties: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=f"properties.{words}"):
        await lab.create("A", properties)
    node = await lab.create("B")
    before = dict(node.properties())
    with pytest.raises(error, match=f"properties.{words}"):
        await node.set_properties(properties)
    assert node.properties() == before
    assert await lab.compute.qemu_host()


async def test_a_saved_machine_waits_for_its_image(lab: Machines) -> None:
    """Unlike that of a new one, the image of a machine from a project's file may come later, under any name."""
    await make_disk(lab, "disk.qcow2")
    node = await lab.create("A", {"hda_disk_image": "disk.qcow2"})
    (lab.images / "disk.qcow2").rename(lab.images / "other.qcow2")
    (lab.images / "disk.qcow2.md5sum").rename(lab.images / "other.qcow2.md5sum")
    await node.start()  # it is found by its checksum
    await node.stop()
    (lab.images / "other.qcow2").unlink()
    with pytest.raises(ImageMissing, match=r"disk\.qcow2"):
        await node.start()
    assert node.status == "stopped"


async def test_another_image_begins_another_clone(lab: Machines) -> None:
    await make_disk(lab, "a.qcow2")
    await make_disk(lab, "b.qcow2")
    node = await lab.create("A", {"hda_disk_image": "a.qcow2"})
    await node.start()
    with pytest.raises(Conflict, match="runs: stop it first"):
        await node.set_properties({"hda_disk_image": "b.qcow2"})
    await node.stop()
    await node.set_properties({"hda_disk_image": "b.qcow2"})
    assert node.directory is not None
    assert sorted(path.name for path in node.directory.iterdir()) == ["hda_disk.before.qcow2"]
    assert "begins anew" in lab.told("A", "info")[0]
    await node.start()
    assert (node.directory / "hda_disk.qcow2").exists()


async def test_a_machine_that_does_not_start_says_why(lab: Machines) -> None:
    (lab.images / "text").write_text("no kernel")
    for properties, words in (
        ({"kernel_image": "text"}, "kernel|header|text"),
        ({"options": "-machine nonsense"}, "unsupported machine type"),
        ({"adapter_type": "toaster"}, "'toaster' is not a valid device model name"),
    ):
        node = await lab.create("A", properties)
        with pytest.raises(Conflict, match=f"QEMU 'A' does not start: .*({words})"):
            await node.start()
        assert (node.status, node.exit_reason) == ("stopped", None)
        await lab.compute.delete_node(node)


async def test_uefi_where_it_is_installed(lab: Machines) -> None:
    node = await lab.create("A", {"uefi": True, "ram": 64, "adapters": 0})
    if not Path("/usr/share/OVMF").is_dir():
        with pytest.raises(Conflict, match="apt install ovmf"):
            await node.start()
        return
    await node.start()
    with open_shell(node) as shell:
        await shell.read_until(b"BdsDxe: ")  # it looks for something to boot
    assert node.directory is not None
    (variables,) = node.directory.glob("OVMF_VARS*")
    await node.stop()
    variables.write_bytes(variables.read_bytes()[:-1] + b"x")
    await node.start()  # it keeps its variables
    assert variables.read_bytes()[-1:] == b"x"


async def test_a_state_is_saved_and_loaded_once(lab: Machines) -> None:
    await make_disk(lab, "disk.qcow2")
    node = await lab.create("A", {"hda_disk_image": "disk.qcow2", "hda_disk_interface": "ide", "ram": 16})
    await node.start()
    await node.set_properties({"on_close": "save_vm_state"})
    await node.stop()
    assert node.directory is not None
    clone = node.directory / "hda_disk.qcow2"
    assert "GNS3_SAVED_STATE0" in await qemu_img("snapshot", "-l", clone)
    await node.set_properties({"on_close": "power_off"})
    await node.start()
    assert node.command_line is not None and "-loadvm GNS3_SAVED_STATE0" in node.command_line
    await node.stop()
    assert "GNS3_SAVED_STATE0" not in await qemu_img("snapshot", "-l", clone)
    without_disk = await lab.create("B", {"on_close": "save_vm_state", "ram": 16})
    await without_disk.start()
    await without_disk.stop()
    assert "is powered off" in lab.told("B", "warning")[0]


async def test_a_screen_is_served_to_viewers(lab: Machines) -> None:
    node = await lab.create("A", console_type="vnc")
    assert node.console is not None and node.console >= 5900 and node.console_access is not None
    with node.console_access.attach() as client:
        assert await client.receive() == b""  # it is stopped
    await node.start()
    async with await trio.open_tcp_stream("127.0.0.1", node.console) as one:
        async with await trio.open_tcp_stream("127.0.0.1", node.console) as two:
            for viewer in (one, two):
                with trio.fail_after(30):
                    assert bytes(await viewer.receive_some(12)) == b"RFB 003.008\n"
        with node.console_access.attach() as client, trio.fail_after(30):
            assert await client.receive() == b"RFB 003.008\n"
            await client.send_input(b"RFB 003.008\n")
            assert (await client.receive())[:1] == b"\x01"
            await node.stop()
            while await client.receive():
                pass
            assert client.close_reason is not None
        with trio.fail_after(30):
            while await one.receive_some():
                pass


@pytest.mark.parametrize("console_type", ["spice", "spice+agent"])
async def test_a_screen_is_served_by_spice(lab: Machines, console_type: str) -> None:
    node = await lab.create("A", console_type=console_type)
    try:
        await node.start()
    except Conflict as error:
        if "-spice: invalid option" in str(error) or "is not available" in str(error):
            pytest.skip("this QEMU has no SPICE")
        raise
    assert node.console is not None
    async with await trio.open_tcp_stream("127.0.0.1", node.console) as viewer:
        # A wrong version, for which the server has an answer (SpiceLinkReply: error 5, the versions do not match).
        await viewer.send_all(b"REDQ" + b"\xff" * 4 + bytes(8))
        with trio.fail_after(30):
            assert bytes(await viewer.receive_some())[:4] == b"REDQ"


async def test_the_type_of_a_console_changes(lab: Machines) -> None:
    node = await lab.create("A")
    telnet = node.console
    assert telnet is not None and telnet < 5900
    await node.set_console(None, "vnc")
    assert node.console is not None and node.console >= 5900
    await node.set_console(None, "none")
    assert (node.console, node.console_access) == (None, None)
    await node.start()
    with pytest.raises(Conflict, match="stop it first"):
        await node.set_console(None, "telnet")
    await node.stop()
    await node.set_console(None, "telnet")
    assert node.console == telnet
    with pytest.raises(Invalid, match="console_type"):
        await node.set_console(None, "teletype")


async def test_ports_follow_the_number_of_adapters(lab: Machines) -> None:
    node = await lab.create("A", {"adapters": 2})
    hub = await lab.create("HUB", node_type="ethernet_hub")
    await lab.connect((node, 1, 0), (hub, 0, 0))
    for adapter, port in ((2, 0), (0, 1)):
        with pytest.raises(Conflict, match="doesn't exist"):
            await lab.connect((node, adapter, port), (hub, 0, 1))
    with pytest.raises(Conflict, match="adapter 1 of 'A' is linked"):
        await node.set_properties({"adapters": 1})
    await node.start()
    with pytest.raises(Conflict, match="stop it first"):
        await node.set_properties({"adapters": 3})
    assert node.has_nio
    await node.unbind_nio(1, 0)
    await node.stop()
    await node.set_properties({"adapters": 1})


async def test_disks_grow(lab: Machines) -> None:
    image = await make_disk(lab, "disk.qcow2")
    before = image.read_bytes()
    node = await lab.create("A", {"hda_disk_image": "disk.qcow2"})
    await node.resize_disk("hda", 8)
    assert node.directory is not None
    info = await qemu_img("info", node.directory / "hda_disk.qcow2")
    assert "16 MiB" in info and image.read_bytes() == before
    with pytest.raises(Conflict, match="no disk hdb"):
        await node.resize_disk("hdb", 8)
    await node.start()
    with pytest.raises(Conflict, match="stop it first"):
        await node.resize_disk("hda", 8)


# --- confinement ---


async def test_a_machine_reads_no_file_of_the_host(tmp_path: Path) -> None:
    """Whatever its options and images say: the sandbox knows what it may read."""
    make_images(tmp_path)
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(512 * 64))
    images = tmp_path / "images" / "QEMU"
    backed = images / "backed.qcow2"
    await qemu_img("create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, backed, "1M")
    refusals = r"Permission denied|not permitted|could not connect|Could not open|is an overlay of"
    async with open_machines(tmp_path, allow_unsafe_options=True) as lab:
        for properties in (
            {"options": f"-drive file={secret},format=raw,if=virtio"},
            {"options": f"-serial file:{tmp_path}/written"},
            {"options": f"-fw_cfg name=opt/x,file={secret}"},
            {"hda_disk_image": "backed.qcow2", "hda_disk_interface": "ide", "linked_clone": False},
            {"hda_disk_image": "backed.qcow2", "hda_disk_interface": "ide"},
            {"cdrom_image": "backed.qcow2"},
        ):
            node = await lab.create("A", properties)
            with pytest.raises(Conflict, match=refusals):
                await node.start()
            await lab.compute.delete_node(node)
        assert not (tmp_path / "written").exists()


async def test_a_raw_disk_does_not_become_another_format(lab: Machines) -> None:
    """The guest of a machine without a linked clone writes the header of an overlay into its disk."""
    disk = await make_disk(lab, "disk.img", "raw")
    other = await make_disk(lab, "other.qcow2")
    node = await lab.create("A", {"hda_disk_image": "disk.img", "linked_clone": False, "hda_disk_interface": "ide"})
    await node.start()
    assert node.command_line is not None and "format=raw" in node.command_line
    await node.stop()
    overlay = lab.folder / "overlay.qcow2"
    await qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", other, overlay, "1M")
    header = overlay.read_bytes()
    disk.write_bytes(header + disk.read_bytes()[len(header) :])
    with pytest.raises(Conflict, match=r"'disk.img' is an overlay of another one: qemu-img convert"):
        await node.start()
    with pytest.raises(Conflict, match="overlay"):
        await node.resize_disk("hda", 8)
    assert node.status == "stopped"


async def test_an_overlay_among_the_images_is_a_disk(lab: Machines) -> None:
    base = await make_disk(lab, "base.qcow2")
    await qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, lab.images / "overlay.qcow2")
    node = await lab.create("A", {"hda_disk_image": "overlay.qcow2", "hda_disk_interface": "virtio"})
    await node.start()
    await node.stop()
    await node.resize_disk("hda", 8)


async def test_the_clone_of_an_imported_project_names_nothing(lab: Machines) -> None:
    """What its file says of the image below it is not used, and its data are in the file itself."""
    await make_disk(lab, "disk.qcow2")
    secret = lab.folder / "secret"
    secret.write_bytes(bytes(1024 * 1024))
    node = await lab.create("A", {"hda_disk_image": "disk.qcow2", "hda_disk_interface": "ide"})
    assert node.directory is not None
    clone = node.directory / "hda_disk.qcow2"
    await qemu_img("create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, clone)
    await node.start()
    await node.stop()
    await node.resize_disk("hda", 8)
    await qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={secret}", clone, "1M")
    with pytest.raises(Conflict, match="has its data in another file"):
        await node.start()


async def test_an_image_of_absurd_size(lab: Machines) -> None:
    disk = await make_disk(lab, "disk.qcow2")
    content = bytearray(disk.read_bytes())
    content[24:32] = (2**60).to_bytes(8, "big")
    disk.write_bytes(content)
    node = await lab.create("A", {"hda_disk_image": "disk.qcow2"})
    with pytest.raises(Conflict, match=r"disk\.qcow2|too large|L1"):
        await node.start()


async def test_options_lead_out_of_no_sandbox(tmp_path: Path) -> None:
    """If the setting allows all of them, QEMU tries, and the kernel refuses."""
    secret, written = tmp_path / "secret", tmp_path / "written"
    secret.write_bytes(bytes(4096))
    options = [
        *(f"-nographic {secret}", f"-global e1000.romfile={secret}", f"-readconfig {secret}", f"-plugin {secret}"),
        *(f"-smbios file={secret}", f"-acpitable file={secret}", f"-device loader,file={secret}"),
        *(f"-set device.nic0.romfile={secret}", f"-blockdev driver=file,filename={secret},node-name=x"),
        *(f"-object secret,id=s,file={secret}", f"-object memory-backend-file,id=m,size=1M,mem-path={secret}"),
        *(f"-virtfs local,path={tmp_path},mount_tag=x,security_model=none", f"-netdev tap,id=x,script={secret}"),
        *(f"-incoming 'exec:touch {written}'", f"-pidfile {written}", f"-D {written} -d in_asm"),
        *(
            f"-trace file={written}",
            f"-chardev file,id=x,path={written}",
            f"-icount shift=7,rr=record,rrfile={written}",
        ),
        *(f"-qmp unix:{written},server=on,wait=off", "-monitor tcp:127.0.0.1:0,server=on,wait=off", "-vnc :7"),
        *("-display vnc=:5", "-gdb tcp::1234", "-netdev user,id=x,hostfwd=tcp::7777-:22", "-chroot /tmp", "-daemonize"),
    ]
    async with checked_machines(tmp_path, allow_unsafe_options=True) as lab:
        node = await lab.create("A", {"ram": 16})
        for each in options:
            await node.set_properties({"options": each})
            with pytest.raises(Conflict, match="does not start: ") as refused:
                await node.start()
            assert "nvalid" not in str(refused.value), "that is no option: it tests nothing"
            assert not written.exists()


async def test_a_machine_without_acceleration_where_it_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(tmp_path)
    device = tmp_path / "kvm"
    monkeypatch.setattr("gns3trio.compute.nodes.qemu.programs.KVM", str(device))
    async with open_machines(tmp_path, enable_hardware_acceleration=True) as lab:
        node = await lab.create("A")
        with pytest.raises(Conflict, match="require_hardware_acceleration = false"):
            await node.start()
        device.mkdir()  # it is there, but cannot be opened
        with pytest.raises(Conflict, match="has no hardware acceleration: the server cannot use /dev/kvm"):
            await node.start()
        await node.set_properties({"options": "-no-kvm"})
        await node.start()
    async with open_machines(tmp_path, enable_hardware_acceleration=True, require_hardware_acceleration=False) as lab:
        node = await lab.create("A")
        await node.start()
        assert node.command_line is not None and "-accel tcg" in node.command_line
