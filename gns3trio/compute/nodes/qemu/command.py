"""Builds the command line of a QEMU. Sans-IO.

The server opens all sockets and hands them over as descriptors. So QEMU needs no port that another program could have
taken, and no right to open sockets. A comma in a value of an argument is written twice.
"""

from collections.abc import Iterator, Sequence

from gns3trio.classes import frozen
from gns3trio.compute.nodes.qemu.options import chooses_accelerator, parse_options, without_old_accelerator
from gns3trio.compute.nodes.qemu.settings import DiskInterface

# The descriptors of QEMU beyond the standard ones.
MONITOR_FD, SERIAL_FD, FIRST_ADAPTER_FD = 3, 4, 5
SAVED_STATE = "GNS3_SAVED_STATE0"  # GNS3's name for a machine that was saved when it was stopped
# Older versions have no ``-netdev dgram``, and bind the UDP port of an adapter themselves.
DGRAM_SINCE = (7, 2)
# The slots of a PCI bus, less those that a machine's own devices and disks need.
_FIRST_BUS_ADAPTERS, _BUS_ADAPTERS = 20, 31


@frozen
class Disk:
    """A disk: the drive, from 0 for hda, 2 for a CD-ROM. ``backing`` is the image, and its format, below a linked
    clone.
    """

    drive: int
    interface: DiskInterface
    file: str
    format: str
    backing: tuple[str, str] | None = None


@frozen
class UdpPath:
    """The UDP ports of an adapter on the loopback interface: QEMU's, and that of the core."""

    own: int
    core: int


@frozen
class Adapter:
    """A network adapter."""

    model: str
    mac: str


@frozen(kw_only=True)
class Machine:
    """All that a command line depends on. Paths are absolute. ``ram`` is in MiB. ``firmware`` are UEFI's code and the
    file of its variables, ``tpm`` is the device.
    """

    program: str
    version: tuple[int, int, int]
    platform: str
    name: str
    node_id: str
    ram: int
    cpus: int
    use_kvm: bool
    boot_priority: str
    console_type: str
    disks: Sequence[Disk] = ()
    cdrom: Disk | None = None
    kernel: str | None = None
    initrd: str | None = None
    kernel_command_line: str = ""
    bios: str | None = None
    firmware: tuple[str, str] | None = None
    tpm: str | None = None
    adapters: Sequence[Adapter] = ()
    options: str = ""
    load_state: bool = False


def takes_sockets(version: tuple[int, int, int]) -> bool:
    """Whether this version of QEMU takes the sockets of adapters as descriptors."""
    return version >= DGRAM_SINCE


def tpm_descriptor(machine: Machine) -> int:
    """The number of the descriptor that leads to the TPM: the one behind those of the adapters."""
    return FIRST_ADAPTER_FD + (len(machine.adapters) if takes_sockets(machine.version) else 0)


def build_command(machine: Machine, paths: Sequence[UdpPath] = ()) -> list[str]:
    """The arguments, the program first. The machine waits at its first instruction until the monitor lets it go on.

    ``paths`` are those of the adapters, for versions of QEMU that do not take sockets.
    """
    options = parse_options(machine.options)
    command = [machine.program, "-name", f"guest={_escaped(machine.name)}", "-no-user-config"]
    command += ["-m", f"{machine.ram}M", "-smp", f"cpus={machine.cpus},sockets=1"]
    if not chooses_accelerator(options):
        command += ["-accel", "kvm", "-machine", "smm=off"] if machine.use_kvm else ["-accel", "tcg"]
    command += ["-boot", f"order={machine.boot_priority}"]
    if machine.cdrom is not None:
        command += ["-drive", f"{_source(machine.cdrom)},if=ide,index=2,media=cdrom,readonly=on"]
    for disk in machine.disks:
        command += _disk(disk)
    if machine.bios is not None:
        command += ["-bios", machine.bios]
    if machine.firmware is not None:
        code, variables = machine.firmware
        command += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_escaped(code)}"]
        command += ["-drive", f"if=pflash,unit=1,format=raw,file={_escaped(variables)}"]
    for option, path in (("-kernel", machine.kernel), ("-initrd", machine.initrd)):
        if path is not None:
            command += [option, path]
    if machine.kernel is not None and machine.kernel_command_line:
        command += ["-append", machine.kernel_command_line]
    command += ["-uuid", machine.node_id]
    command += ["-chardev", f"socket,id=monitor0,fd={MONITOR_FD}", "-mon", "chardev=monitor0,mode=control"]
    command += ["-monitor", "none", "-S"]
    command += _console(machine.console_type)
    command += ["-net", "none", *_adapters(machine, paths)]
    if machine.firmware is not None:
        # As in GNS3, behind the adapters. Newer versions of UEFI need random numbers to boot from the network.
        command += ["-object", "rng-builtin,id=rng-uefi", "-device", "virtio-rng-pci,rng=rng-uefi"]
    if machine.tpm is not None:
        command += ["-chardev", f"socket,id=tpm0,fd={tpm_descriptor(machine)}"]
        command += ["-tpmdev", "emulator,id=tpm0,chardev=tpm0", "-device", f"{machine.tpm},tpmdev=tpm0"]
    if machine.load_state:
        command += ["-loadvm", SAVED_STATE]
    if not {"-nographic", "-display"}.intersection(options):
        command += ["-display", "none"] if machine.console_type in ("telnet", "none") else []
    return command + without_old_accelerator(options)


def _escaped(value: str) -> str:
    return value.replace(",", ",,")


def source_of(disk: Disk) -> str:
    """A disk as the ``--image-opts`` of qemu-img."""
    return f"driver={disk.format},file.driver=file,file.filename={_escaped(disk.file)}{_below(disk)}"


def _source(disk: Disk) -> str:
    return f"file={_escaped(disk.file)},format={disk.format}{_below(disk)}"


def _below(disk: Disk) -> str:
    """The image below a clone is named, so that what the clone's file says of it, which may come from another host, is
    not used.
    """
    if disk.backing is None:
        return ""
    image, image_format = disk.backing
    return f",backing.driver={image_format},backing.file.driver=file,backing.file.filename={_escaped(image)}"


def _disk(disk: Disk) -> list[str]:
    name = f"drive{disk.drive}"
    source = _source(disk)
    loose = f"{source},if=none,id={name}"
    match disk.interface:
        case "sata":
            controller = f"ahci,id=ahci{disk.drive}"
            device = f"ide-hd,drive={name},bus=ahci{disk.drive}.0"
            return ["-device", controller, "-drive", loose, "-device", device]
        case "nvme":
            return ["-drive", loose, "-device", f"nvme,drive={name},serial={disk.drive}"]
        case "scsi":
            controller = f"virtio-scsi-pci,id=scsi{disk.drive}"
            return ["-device", controller, "-drive", loose, "-device", f"scsi-hd,drive={name},bus=scsi{disk.drive}.0"]
        case "none":  # the options may have a device for it
            return ["-drive", loose]
        case _:
            return ["-drive", f"{source},if={disk.interface},index={disk.drive},media=disk,id={name}"]


def _console(console_type: str) -> list[str]:
    match console_type:
        case "telnet":
            return ["-chardev", f"socket,id=serial0,fd={SERIAL_FD}", "-serial", "chardev:serial0"]
        case "vnc":
            return ["-vnc", "none", "-machine", "usb=on", "-device", "usb-tablet"]
        case "spice":
            return ["-spice", "port=0,disable-ticketing=on", "-vga", "qxl"]
        case "spice+agent":
            agent = ["-device", "virtio-serial", "-chardev", "spicevmc,id=vdagent,name=vdagent"]
            agent += ["-device", "virtserialport,chardev=vdagent,name=com.redhat.spice.0"]
            return [*_console("spice"), *agent]
    return []


def _adapters(machine: Machine, paths: Sequence[UdpPath]) -> Iterator[str]:
    for number, adapter in enumerate(machine.adapters):
        bus, place = divmod(number - _FIRST_BUS_ADAPTERS, _BUS_ADAPTERS)
        if bus >= 0 and place == 0:
            yield "-device"
            yield f"pci-bridge,id=bridge{bus + 1},chassis_nr={bus + 1}"
        where = f",bus=bridge{bus + 1},addr={place + 1:#x}" if bus >= 0 else ""
        speed = ",speed=10000,duplex=full" if adapter.model == "virtio-net-pci" else ""
        yield "-netdev"
        yield _netdev(number, machine.version, paths)
        yield "-device"
        yield f"{adapter.model},id=nic{number},mac={adapter.mac}{speed},netdev={netdev_name(number)}{where}"


def netdev_name(number: int) -> str:
    """The name of the network of an adapter in the monitor."""
    return f"gns3-{number}"


def _netdev(number: int, version: tuple[int, int, int], paths: Sequence[UdpPath]) -> str:
    name = netdev_name(number)
    if takes_sockets(version):
        return f"dgram,id={name},local.type=fd,local.str={FIRST_ADAPTER_FD + number}"
    path = paths[number]
    return f"socket,id={name},udp=127.0.0.1:{path.core},localaddr=127.0.0.1:{path.own}"
