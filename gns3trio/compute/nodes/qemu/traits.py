"""The traits of QEMU nodes. Sans-IO."""

from typing import Annotated, Any

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.nodes.parts.custom_adapters import check_mac
from gns3trio.compute.nodes.qemu.form import FORM
from gns3trio.compute.nodes.qemu.settings import (
    BOOT_SECONDS,
    CONSOLE_TYPES,
    MAX_ADAPTERS,
    MAX_OPTIONS,
    MAX_RAM,
    AdapterType,
    BootPriority,
    ConsoleType,
    CustomAdapter,
    DiskInterface,
    OnClose,
    Platform,
    Priority,
    QemuSettings,
)
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_FREE_TEXT, Bound, Int32

_converter = make_strict_converter(forbid_extra_keys=True)


def check_adapters(template: object, attribute: "attrs.Attribute[Any]", value: list[dict[str, Any]]) -> None:
    """An attrs validator: raises ValueError for ``custom_adapters`` that no machine can have."""
    try:
        structure(_converter, value, list[CustomAdapter])
    except Invalid as error:
        raise ValueError(f"{attribute.name}{'' if str(error).startswith('[') else ': '}{error}") from None


@define(kw_only=True, slots=False)
class QemuTemplate:
    """GNS3's fields and defaults. The other properties of a node are those of ``QemuSettings``."""

    usage: Annotated[str, Bound(MAX_FREE_TEXT)] = ""
    qemu_path: str = ""
    platform: Platform = ""
    linked_clone: bool = True
    ram: int = field(default=256, validator=v.and_(v.ge(1), v.le(MAX_RAM)))
    cpus: int = field(default=1, validator=v.and_(v.ge(1), v.le(255)))
    adapters: int = field(default=1, validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    adapter_type: AdapterType = "e1000"
    mac_address: Annotated[str, Bound(17, check=lambda text: check_mac(text) if text else None)] | None = ""
    first_port_name: str = ""
    port_name_format: str = "Ethernet{0}"
    port_segment_size: Int32 = field(default=0, validator=v.ge(0))
    console_type: ConsoleType = "telnet"
    console_auto_start: bool = False
    boot_priority: BootPriority = "c"
    hda_disk_image: str = ""
    hda_disk_interface: DiskInterface = "none"
    hdb_disk_image: str = ""
    hdb_disk_interface: DiskInterface = "none"
    hdc_disk_image: str = ""
    hdc_disk_interface: DiskInterface = "none"
    hdd_disk_image: str = ""
    hdd_disk_interface: DiskInterface = "none"
    cdrom_image: str = ""
    initrd: str = ""
    kernel_image: str = ""
    bios_image: str = ""
    kernel_command_line: str = ""
    legacy_networking: bool = False
    replicate_network_connection_state: bool = True
    tpm: bool = False
    uefi: bool = False
    create_config_disk: bool = False
    on_close: OnClose = "power_off"
    cpu_throttling: int = field(default=0, validator=v.and_(v.ge(0), v.le(800)))
    process_priority: Priority = "normal"
    options: Annotated[str, Bound(MAX_OPTIONS)] = ""
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=check_adapters)


@define(kw_only=True)
class QemuExtras:
    """What GNS3 3 has in addition. It is stored for its clients."""

    aux_type: ConsoleType = "none"
    maxcpus: int = field(default=1, validator=v.and_(v.ge(1), v.le(255)))


TRAITS = NodeTraits(
    name="qemu",
    title="QEMU",
    label="QEMU machine",
    name_format="{name}-{0}",
    category="guest",
    symbol="qemu_guest",
    template_settings=QemuTemplate,
    template_extras=QemuExtras,
    console_types=CONSOLE_TYPES,
    can_suspend=True,
    emulator="QEMU",
    has_images=True,
    image_property="hda_disk_image",
    memory_mib=256,
    boot_seconds=BOOT_SECONDS,
    omits_defaults=True,
    # GNS3 computes tell it to nobody; a controller keeps what it sent.
    untold_properties=frozenset({"linked_clone"}),
    settings=QemuSettings,
    form=FORM,
)
