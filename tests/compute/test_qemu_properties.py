"""Each property of a machine takes effect: in the command line of a real QEMU, or where the table says."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from gns3trio.compute.nodes.qemu.settings import QemuSettings
from tests.support.machines import Machines, checked_machines, make_disk, needs_qemu, pid_of

pytestmark = needs_qemu
SMALL = {"ram": 16, "adapters": 0}

# Properties, what they make of the command line, and words that are not in it.
EFFECTS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({"platform": "i386"}, ["/qemu-system-i386 "], []),
    ({"qemu_path": "/opt/elsewhere/qemu-system-x86_64"}, ["/qemu-system-x86_64 "], ["/opt"]),
    ({"ram": 24, "cpus": 3}, ["-m 24M", "-smp cpus=3,sockets=1"], []),
    ({"boot_priority": "dn"}, ["-boot order=dn"], []),
    (
        {"hda_disk_image": "a.qcow2", "hda_disk_interface": "virtio", "hdb_disk_image": "b.qcow2"},
        ["/hda_disk.qcow2,", "/images/QEMU/a.qcow2,if=virtio,index=0,", "/images/QEMU/b.qcow2,if=none,id=drive1"],
        [],
    ),
    ({"hdb_disk_image": "b.qcow2", "hdb_disk_interface": "sata"}, ["-device ide-hd,drive=drive1,bus=ahci1.0"], []),
    ({"hdc_disk_image": "a.qcow2", "hdc_disk_interface": "nvme"}, ["-device nvme,drive=drive2,serial=2"], []),
    ({"hdd_disk_image": "a.qcow2", "hdd_disk_interface": "scsi"}, ["-device scsi-hd,drive=drive3,bus=scsi3.0"], []),
    (
        {"hda_disk_image": "a.qcow2", "hda_disk_interface": "ide", "linked_clone": False},
        ["-drive file={images}/a.qcow2,format=qcow2,if=ide,index=0,media=disk,id=drive0"],
        ["hda_disk.qcow2"],
    ),
    ({"cdrom_image": "c.iso"}, ["{images}/c.iso,format=raw,if=ide,index=2,media=cdrom,readonly=on"], []),
    ({"bios_image": "bios"}, ["-bios {images}/bios"], []),
    (
        {"adapters": 2, "adapter_type": "virtio-net-pci", "mac_address": "00:11:22:33:44:ff"},
        [
            "-device virtio-net-pci,id=nic0,mac=00:11:22:33:44:ff,",
            "-device virtio-net-pci,id=nic1,mac=00:11:22:33:45:00,",
        ],
        [],
    ),
    ({"tpm": True}, ["-device tpm-tis,tpmdev=tpm0"], []),
    ({"uefi": True}, ["if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/", "/OVMF_VARS"], []),
    ({"create_config_disk": True, "hdd_disk_interface": "ide"}, ["/config.img,format=raw,if=ide,index=3,"], []),
    ({"options": "-no-hpet -cpu qemu64"}, ["-no-hpet -cpu qemu64"], []),
]
# Those that QEMU does not learn, or that other tests are about.
ELSEWHERE = {
    *("usage", "on_close", "process_priority", "cpu_throttling", "replicate_network_connection_state"),
    *("kernel_image", "initrd", "kernel_command_line", "legacy_networking"),
}
NEEDED = {"tpm": ("swtpm", "/usr/bin/swtpm"), "uefi": ("ovmf", "/usr/share/OVMF")}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Machines]:
    async with checked_machines(tmp_path) as machines:
        for name in ("a.qcow2", "b.qcow2"):
            await make_disk(machines, name)
        await make_disk(machines, "c.iso", "raw")
        shutil.copy("/usr/share/seabios/bios.bin", machines.images / "bios")
        yield machines


def test_the_table_has_all_properties() -> None:
    changed = {name for properties, _, _ in EFFECTS for name in properties}
    names = {field.name for field in attrs.fields(QemuSettings) if not field.name.endswith("_md5sum")}
    assert changed | ELSEWHERE == names
    assert changed & ELSEWHERE == set()


async def test_what_properties_make_of_the_command_line(lab: Machines) -> None:
    defaults = await lab.create("D", SMALL)
    for properties, words, others in EFFECTS:
        missing = [name for each, (name, path) in NEEDED.items() if each in properties and not os.path.exists(path)]
        if missing:  # only the programs of this one property
            continue
        node = await lab.create("A", SMALL | properties)
        assert {name: node.properties()[name] for name in properties if name != "qemu_path"} == {
            name: value for name, value in properties.items() if name != "qemu_path"
        }
        await node.start()
        assert node.command_line is not None
        for word in words:
            assert word.format(images=lab.images) in node.command_line
        for word in others:
            assert word not in node.command_line
        await lab.compute.delete_node(node)
        # Changed later, it has the same effect, and back.
        await defaults.set_properties(properties)
        await defaults.start()
        assert defaults.command_line is not None
        assert all(word.format(images=lab.images) in defaults.command_line for word in words)
        await defaults.stop()
        fields = attrs.fields_dict(QemuSettings)
        back = {name: SMALL.get(name, fields[name].default) for name in properties}
        await defaults.set_properties(back | ({"qemu_path": "qemu-system-x86_64"} if "platform" in properties else {}))


async def test_the_priority_of_a_machine(lab: Machines) -> None:
    for priority, nice in (("very low", 19), ("low", 5), ("normal", 0), ("very high", -15)):
        node = await lab.create("A", SMALL | {"process_priority": priority})
        await node.start()
        warned = any("may not give the priority" in message for message in lab.told("A", "warning"))
        assert os.getpriority(os.PRIO_PROCESS, pid_of(node)) == (0 if warned else nice)
        assert not warned or os.geteuid() != 0
        await lab.compute.delete_node(node)
