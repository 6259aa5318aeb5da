"""The command line of a machine, in parts."""

import attrs
import pytest

from gns3trio.compute.nodes.qemu.command import Adapter, Disk, Machine, UdpPath, build_command
from gns3trio.compute.nodes.qemu.settings import DiskInterface

PLAIN = Machine(
    program="/usr/bin/qemu-system-x86_64",
    version=(7, 2, 22),
    platform="x86_64",
    name="R1",
    node_id="11111111-2222-3333-4444-555555555555",
    ram=256,
    cpus=2,
    use_kvm=False,
    boot_priority="cd",
    console_type="telnet",
)


def words(**changes: object) -> str:
    return " ".join(build_command(attrs.evolve(PLAIN, **changes)))


def test_a_machine_without_anything() -> None:
    assert build_command(PLAIN) == [
        *("/usr/bin/qemu-system-x86_64", "-name", "guest=R1", "-no-user-config", "-m", "256M"),
        *("-smp", "cpus=2,sockets=1", "-accel", "tcg", "-boot", "order=cd"),
        *("-uuid", "11111111-2222-3333-4444-555555555555"),
        *("-chardev", "socket,id=monitor0,fd=3", "-mon", "chardev=monitor0,mode=control", "-monitor", "none", "-S"),
        *("-chardev", "socket,id=serial0,fd=4", "-serial", "chardev:serial0", "-net", "none", "-display", "none"),
    ]


def test_acceleration() -> None:
    assert "-accel kvm -machine smm=off" in words(use_kvm=True)
    chosen = words(use_kvm=True, options="-machine accel=tcg")
    assert "-accel" not in chosen and chosen.endswith("-machine accel=tcg")
    assert words(use_kvm=True, options="-no-kvm").endswith("-accel tcg")


def test_names_and_paths_cannot_begin_another_parameter() -> None:
    disk = Disk(0, "ide", "/a,b.qcow2", "qcow2", ("/images/c,d.img", "raw"))
    command = build_command(
        attrs.evolve(PLAIN, name="R1,process=x", disks=[disk], cdrom=Disk(2, "ide", "/x,readonly=off", "raw"))
    )
    assert "guest=R1,,process=x" in command
    assert any(
        word.startswith("file=/x,,readonly=off,format=raw,if=ide,index=2,media=cdrom,readonly=on") for word in command
    )
    assert (
        "file=/a,,b.qcow2,format=qcow2,backing.driver=raw,backing.file.driver=file,"
        "backing.file.filename=/images/c,,d.img,if=ide,index=0,media=disk,id=drive0"
    ) in command


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        ("ide", "-drive file=/d,format=raw,if=ide,index=1,media=disk,id=drive1"),
        ("virtio", "-drive file=/d,format=raw,if=virtio,index=1,media=disk,id=drive1"),
        ("floppy", "-drive file=/d,format=raw,if=floppy,index=1,media=disk,id=drive1"),
        ("none", "-drive file=/d,format=raw,if=none,id=drive1"),
        (
            "sata",
            "-device ahci,id=ahci1 -drive file=/d,format=raw,if=none,id=drive1 -device ide-hd,drive=drive1,bus=ahci1.0",
        ),
        ("nvme", "-drive file=/d,format=raw,if=none,id=drive1 -device nvme,drive=drive1,serial=1"),
        (
            "scsi",
            "-device virtio-scsi-pci,id=scsi1 -drive file=/d,format=raw,if=none,id=drive1 "
            "-device scsi-hd,drive=drive1,bus=scsi1.0",
        ),
    ],
)
def test_disks(interface: DiskInterface, expected: str) -> None:
    assert expected in words(disks=[Disk(1, interface, "/d", "raw")])


def test_a_kernel() -> None:
    booted = words(kernel="/k", initrd="/i", kernel_command_line="console=ttyS0 a=b")
    assert "-kernel /k -initrd /i -append console=ttyS0 a=b" in booted
    assert "-append" not in words(kernel_command_line="without a kernel")


def test_firmware() -> None:
    assert "-bios /b" in words(bios="/b")
    uefi = words(firmware=("/code", "/vars"))
    assert (
        "-drive if=pflash,unit=0,format=raw,readonly=on,file=/code -drive if=pflash,unit=1,format=raw,file=/vars"
        in uefi
    )
    assert uefi.endswith("-net none -object rng-builtin,id=rng-uefi -device virtio-rng-pci,rng=rng-uefi -display none")
    assert "rng" not in words(bios="/b")


def test_consoles() -> None:
    assert "-serial" not in words(console_type="vnc")
    assert "-vnc none -machine usb=on -device usb-tablet" in words(console_type="vnc")
    assert "-display" not in words(console_type="vnc")
    assert "-spice port=0,disable-ticketing=on -vga qxl" in words(console_type="spice")
    assert "name=com.redhat.spice.0" in words(console_type="spice+agent")
    assert words(console_type="none").endswith("-display none")
    assert words(options="-nographic").endswith("-net none -nographic")


def test_adapters() -> None:
    adapters = [Adapter("e1000", "0c:00:00:00:00:00"), Adapter("virtio-net-pci", "0c:00:00:00:00:01")]
    assert words(adapters=adapters).endswith(
        "-net none -netdev dgram,id=gns3-0,local.type=fd,local.str=5 "
        "-device e1000,id=nic0,mac=0c:00:00:00:00:00,netdev=gns3-0 "
        "-netdev dgram,id=gns3-1,local.type=fd,local.str=6 "
        "-device virtio-net-pci,id=nic1,mac=0c:00:00:00:00:01,speed=10000,duplex=full,netdev=gns3-1 -display none"
    )
    old = build_command(attrs.evolve(PLAIN, adapters=adapters[:1], version=(6, 2, 0)), [UdpPath(own=1001, core=1002)])
    assert "socket,id=gns3-0,udp=127.0.0.1:1002,localaddr=127.0.0.1:1001" in old


def test_more_adapters_than_a_bus_has_slots() -> None:
    command = words(adapters=[Adapter("e1000", "0c:00:00:00:00:00")] * 275)
    assert command.count("-device e1000") == 275
    assert command.count("-device pci-bridge") == 9
    assert "bus=bridge1,addr=0x1 " in command and "bus=bridge1,addr=0x1f " in command
    assert "addr=0x20" not in command and "addr=0x0 " not in command


def test_a_saved_state() -> None:
    assert "-loadvm GNS3_SAVED_STATE0" in words(load_state=True)
