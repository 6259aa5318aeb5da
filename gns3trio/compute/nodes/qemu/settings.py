"""The properties of QEMU nodes in the API, with GNS3 2.2's names, defaults and limits. Sans-IO."""

from typing import Annotated, Literal, get_args

from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.compute.images import IMAGE_PROPERTIES
from gns3trio.compute.nodes.parts.custom_adapters import check_mac
from gns3trio.limits import MAX_FREE_TEXT, Bound

# fmt: off
Platform = Literal[
    "aarch64", "alpha", "arm", "cris", "i386", "lm32", "m68k", "microblaze", "microblazeel", "mips", "mips64",
    "mips64el", "mipsel", "moxie", "or32", "ppc", "ppc64", "ppcemb", "s390x", "sh4", "sh4eb", "sparc", "sparc64",
    "tricore", "unicore32", "x86_64", "xtensa", "xtensaeb", "",
]
# The adapters that GNS3 offers.
AdapterType = Literal[
    "e1000", "e1000-82544gc", "e1000-82545em", "e1000e", "i82550", "i82551", "i82557a", "i82557b", "i82557c", "i82558a",
    "i82558b", "i82559a", "i82559b", "i82559c", "i82559er", "i82562", "i82801", "igb", "ne2k_pci", "pcnet", "rocker",
    "rtl8139", "virtio", "virtio-net-pci", "vmxnet3",
]
# fmt: on
ADAPTER_TYPES: tuple[str, ...] = get_args(AdapterType)
PLATFORMS: tuple[str, ...] = tuple(name for name in get_args(Platform) if name)
DiskInterface = Literal["ide", "sata", "nvme", "scsi", "sd", "mtd", "floppy", "pflash", "virtio", "none"]
BootPriority = Literal["c", "d", "n", "cn", "cd", "dn", "dc", "nc", "nd"]
OnClose = Literal["power_off", "shutdown_signal", "save_vm_state"]
Priority = Literal["realtime", "very high", "high", "normal", "low", "very low"]
ConsoleType = Literal["telnet", "vnc", "spice", "spice+agent", "none"]
CONSOLE_TYPES: tuple[str, ...] = get_args(ConsoleType)
# The drives, in the order of GNS3.
DRIVES = ("hda", "hdb", "hdc", "hdd")
# The properties that name a file in the folder of images.
IMAGES = IMAGE_PROPERTIES["qemu"]

# QEMU refuses more than its machines have; this only keeps numbers sensible. In MiB.
MAX_RAM = 16 * 1024 * 1024
MAX_ADAPTERS = 275
# A guest is taken to boot for so long, as long as its host is busy.
BOOT_SECONDS = 30.0
MAX_OPTIONS = 4096

_MODEL = Bound(64, 1, check=lambda text: _check_model(text))
MacAddress = Annotated[str, Bound(17, 17, check=check_mac)]
# The name of a QEMU device. It is part of an argument in which a comma begins another parameter.
AdapterModel = Annotated[str, _MODEL]
_MODEL_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


def _check_model(text: str) -> None:
    if not _MODEL_CHARACTERS.issuperset(text):
        raise ValueError(f"{text!r} is not the name of a QEMU device, such as e1000")


@frozen(kw_only=True)
class QemuSettings:
    """The properties of a machine. ``ram`` is in MiB, ``cpu_throttling`` in percent of a CPU, 0 is no limit.

    An empty ``qemu_path`` follows from ``platform``; an empty ``mac_address`` from the node's id. The checksums are
    those of GNS3. The server computes them; a sent one finds an image that has another name here.
    """

    usage: Annotated[str, Bound(MAX_FREE_TEXT)] = ""
    linked_clone: bool = True
    qemu_path: str = ""
    platform: Platform = ""
    hda_disk_image: str = ""
    hda_disk_image_md5sum: str | None = None
    hda_disk_interface: DiskInterface = "none"
    hdb_disk_image: str = ""
    hdb_disk_image_md5sum: str | None = None
    hdb_disk_interface: DiskInterface = "none"
    hdc_disk_image: str = ""
    hdc_disk_image_md5sum: str | None = None
    hdc_disk_interface: DiskInterface = "none"
    hdd_disk_image: str = ""
    hdd_disk_image_md5sum: str | None = None
    hdd_disk_interface: DiskInterface = "none"
    cdrom_image: str = ""
    cdrom_image_md5sum: str | None = None
    bios_image: str = ""
    bios_image_md5sum: str | None = None
    boot_priority: BootPriority = "c"
    ram: int = field(default=256, validator=v.and_(v.ge(1), v.le(MAX_RAM)))
    cpus: int = field(default=1, validator=v.and_(v.ge(1), v.le(255)))
    adapters: int = field(default=1, validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    adapter_type: AdapterModel = "e1000"
    mac_address: Annotated[str, Bound(17, check=lambda text: check_mac(text) if text else None)] = ""
    initrd: str = ""
    initrd_md5sum: str | None = None
    kernel_image: str = ""
    kernel_image_md5sum: str | None = None
    kernel_command_line: str = ""
    legacy_networking: bool = False
    replicate_network_connection_state: bool = True
    tpm: bool = False
    uefi: bool = False
    create_config_disk: bool = False
    on_close: OnClose = "power_off"
    cpu_throttling: int = field(default=0, validator=v.and_(v.ge(0), v.le(800)))
    process_priority: Priority = "low"
    options: Annotated[str, Bound(MAX_OPTIONS)] = ""


@frozen(kw_only=True)
class CustomAdapter:
    """What is particular of one adapter; None is what the others have."""

    adapter_number: int = field(validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    port_name: str | None = None
    adapter_type: AdapterModel | None = None
    mac_address: MacAddress | None = None
