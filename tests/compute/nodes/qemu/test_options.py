"""Additional options: which are refused, and that the usual ones of GNS3's appliances pass."""

import pytest

from gns3trio.compute.nodes.qemu.options import (
    check_options,
    chooses_accelerator,
    parse_options,
    without_old_accelerator,
)
from gns3trio.errors import Conflict, Invalid


@pytest.mark.parametrize(
    "options",
    [
        "",
        "-nographic",
        "-nographic -enable-kvm",
        "-cpu host,level=9 -smp 2,cores=2",
        "-machine type=pc-q35-2.12,accel=kvm -vga std -usb -usbdevice tablet",
        "-smbios type=1,product=KVM -rtc base=localtime -no-reboot",
        "-smbios 'type=1,product=a/b'",
        "-device intel-hda -device hda-duplex -global kvm-pit.lost_tick_policy=discard",
        "-device virtio-scsi-pci,id=scsi0,bus=pci.0,addr=0x5 -device scsi-hd,drive=drive0",
        "-serial none -object rng-builtin,id=rng0 -device virtio-rng-pci,rng=rng0",
        "-append 'root=/dev/sda console=ttyS0'",
        "-cpu Haswell -overcommit mem-lock=off -boot menu=on",
        "-fw_cfg name=opt/com.example/x,string=a/b -display none -audiodev none,id=a",
        "-append -drive -net none",
    ],
)
def test_usual_options(options: str) -> None:
    check_options(options, unsafe=False)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ("-drive file=/etc/passwd,if=none", "-drive"),
        ("--drive file=/etc/passwd", "-drive"),
        ("-hda /dev/sda", "-hda"),
        ("/dev/sda", "/dev/sda"),
        ("-nographic x disk.img", "'x'"),
        ("-blockdev driver=host_device,filename=/dev/sda,node-name=x", "-blockdev"),
        ("-monitor tcp:0.0.0.0:4444,server", "-monitor"),
        ("-qmp unix:/tmp/x,server", "-qmp"),
        ("-s", "-s is"),
        ("-gdb tcp::1234", "-gdb"),
        ("-netdev user,id=a", "-netdev"),
        ("-net nic -net user", "-net"),
        ("-nic user,hostfwd=tcp::22-:22", "-nic"),
        ("-chardev file,id=x,path=/tmp/x", "-chardev"),
        ("-serial file:/tmp/x", "-serial"),
        ("-vnc :5", "-vnc"),
        ("-fsdev local,id=x,path=/,security_model=none", "-fsdev"),
        ("-virtfs local,path=/", "-virtfs"),
        ("-device vfio-pci,host=01:00.0", "vfio-pci"),
        ("-device driver=vhost-vsock-pci,guest-cid=3", "vhost-vsock-pci"),
        ("-device usb-host,hostbus=1", "usb-host"),
        ("-device loader,file=/etc/shadow", "loader"),
        ("-device e1000,romfile=/etc/shadow", "romfile"),
        ("-device e1000,romfile=x", "romfile"),
        ('-device \'{"driver": "vfio-pci"}\'', "JSON"),
        ("-object memory-backend-file,mem-path=/etc/shadow,id=x,size=1M", "memory-backend-file"),
        ("-object secret,id=x,file=/etc/shadow", "secret"),
        ("-object qom-type=filter-dump,id=x,netdev=gns3-0,file=/tmp/x", "filter-dump"),
        ("-fw_cfg name=opt/x,file=/etc/shadow", "fw_cfg"),
        ("-acpitable data=x", "-acpitable"),
        # A word behind an option without a value is a disk.
        ("-nographic /etc/shadow", "/etc/shadow"),
        ("-no-reboot disk.img -usb", "disk.img"),
        ("-", "'-'"),
        # The kind of a device or object may stand anywhere, and more than once.
        ("-device id=x,driver=vfio-pci", "vfio-pci"),
        ("-device e1000,driver=usb-host", "usb-host"),
        ("-device u2f-passthru", "u2f-passthru"),
        ("-object rng-builtin,qom-type=secret,id=x", "secret"),
        ("-object id=x,qom-type=input-linux,evdev=x", "input-linux"),
        # Files, also in the first parameter, and by names that lead nowhere else.
        ("-global e1000.romfile=/etc/shadow", "romfile"),
        ("-global e1000.romfile=x", "romfile"),
        ("-global driver=e1000,property=romfile,value=x", "property="),
        ("-boot splash=secret.jpg", "splash"),
        ("-boot menu=on,splash=/etc/shadow", "splash"),
        ("-k /etc/shadow", "-k /etc/shadow"),
        ("-icount shift=7,rr=record,rrfile=x", "rrfile"),
        ("-machine dumpdtb=x", "dumpdtb"),
        ("-smbios type=11,path=/etc/shadow", "path"),
        ("-device ipmi-bmc-sim,sdrfile=x", "sdrfile"),
        ("-accel kvm,device=/dev/other", "device="),
        ("-audiodev wav,id=a,path=x", "-audiodev"),
        ("-audio pa", "-audio"),
        ("-display vnc=:5", "-display"),
        ("-display dbus", "-display"),
        ("-display none,driver=vnc", "-display"),
        # What belongs to the server.
        ("-m 64G", "-m is"),
        ("-snapshot", "-snapshot"),
        ("-incoming exec:id", "-incoming"),
        ("-incoming defer", "-incoming"),
        ("-loadvm x", "-loadvm"),
        ("-writeconfig x", "-writeconfig"),
        ("-pidfile /tmp/x", "-pidfile"),
        ("-add-fd fd=3,set=1", "-add-fd"),
        ("--preconfig", "-preconfig"),
        ("@file", "@file"),
        ("-an-option-of-tomorrow x", "does not know it"),
        ("-smbios file=/etc/shadow", "file="),
        ("-machine q35,kernel=/etc/shadow", "kernel="),
        ("-M dtb=/etc/shadow", "dtb="),
        ("-D /tmp/log -d in_asm", "-D"),
        ("-plugin /tmp/evil.so", "-plugin"),
        ("-L /tmp", "-L"),
        ("-readconfig /tmp/x", "-readconfig"),
        ("-runas root", "-runas"),
        ("-daemonize", "-daemonize"),
        ("-sandbox off", "-sandbox"),
        ("-tpmdev passthrough,id=x,path=/dev/tpm0", "-tpmdev"),
        ("-usbdevice host:1.2", "-usbdevice"),
        ("-semihosting-config enable=on", "-semihosting-config"),
        ("-uuid 11111111-2222-3333-4444-555555555555", "-uuid"),
    ],
)
def test_options_that_lead_to_the_host(options: str, word: str) -> None:
    with pytest.raises(Conflict, match=r"properties\.options") as refused:
        check_options(options, unsafe=False)
    assert word in str(refused.value)
    check_options(options, unsafe=True)


@pytest.mark.parametrize("options", ['-foo "unclosed', "-name 'x", "-x \\"])
def test_a_quotation_without_an_end(options: str) -> None:
    with pytest.raises(Invalid, match=r"properties\.options"):
        check_options(options, unsafe=True)


@pytest.mark.parametrize("options", ["-append 'a\nb'", "-append 'a\0b'"])
def test_what_no_argument_can_have(options: str) -> None:
    with pytest.raises(Invalid, match="line end or a null"):
        check_options(options, unsafe=True)


@pytest.mark.parametrize(
    ("options", "chooses"),
    [
        ("", False),
        ("-machine q35", False),
        ("-cpu accel", False),
        ("-no-kvm", True),
        ("-enable-kvm", True),
        ("-accel tcg", True),
        ("-machine type=q35,accel=tcg", True),
    ],
)
def test_the_choice_of_an_accelerator(options: str, chooses: bool) -> None:
    assert chooses_accelerator(parse_options(options)) == chooses


def test_options_that_new_versions_lack() -> None:
    assert without_old_accelerator(["-no-kvm", "-m", "5"]) == ["-accel", "tcg", "-m", "5"]
