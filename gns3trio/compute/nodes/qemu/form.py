"""What a form says of QEMU machines and their templates. Sans-IO."""

from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form
from gns3trio.compute.nodes.qemu.settings import ADAPTER_TYPES, DRIVES, CustomAdapter

_BOOT = {
    "c": "disk",
    "d": "CD-ROM",
    "n": "network",
    "cn": "disk, then network",
    "cd": "disk, then CD-ROM",
    "dn": "CD-ROM, then network",
    "dc": "CD-ROM, then disk",
    "nc": "network, then disk",
    "nd": "network, then CD-ROM",
}
_ON_CLOSE = {
    "power_off": "power it off",
    "shutdown_signal": "send a shutdown signal",
    "save_vm_state": "save its state",
}


def _drives() -> dict[str, FieldNote]:
    notes = {}
    for number, drive in enumerate(DRIVES, 1):
        notes[f"{drive}_disk_image"] = FieldNote(
            label=f"Disk {number}", group="Disks", control="image", takes_effect="stopped"
        )
        notes[f"{drive}_disk_interface"] = FieldNote(
            label=f"Interface of disk {number}", group="Disks", labels={"none": "default"}
        )
    return notes


_ADAPTERS = FieldNote(
    label="Single adapters",
    group="Network",
    hint="What is particular of one adapter. What is empty is as with the others.",
    rows=CustomAdapter,
    key="adapter_number",
    columns={
        "adapter_number": FieldNote(label="Adapter"),
        "port_name": FieldNote(label="Port name"),
        "adapter_type": FieldNote(label="Model", suggestions=ADAPTER_TYPES),
        "mac_address": FieldNote(label="MAC address"),
    },
)

FORM = Form(
    notes={
        "ram": FieldNote(label="Memory", unit="MiB"),
        "cpus": FieldNote(label="Processors"),
        "boot_priority": FieldNote(label="Boots from", labels=_BOOT),
        "on_close": FieldNote(label="When it is stopped", labels=_ON_CLOSE, takes_effect="now"),
        "usage": FieldNote(label="Notes on its use", control="lines", takes_effect="now"),
        **_drives(),
        "cdrom_image": FieldNote(label="CD-ROM", group="Disks", control="image"),
        "create_config_disk": FieldNote(
            label="Configuration disk",
            group="Disks",
            hint="The fourth disk has the files of config.zip in the node's folder.",
        ),
        "linked_clone": FieldNote(
            label="Disks are copies",
            group="Disks",
            takes_effect="stopped",
            hint="What it writes stays in its own files. Otherwise it writes to the images themselves.",
        ),
        "adapters": FieldNote(label="Adapters", group="Network", takes_effect="stopped"),
        "adapter_type": FieldNote(label="Model of the adapters", group="Network", suggestions=ADAPTER_TYPES),
        "mac_address": FieldNote(
            label="MAC address", group="Network", hint="Of the first adapter. If it is empty, it follows from the node."
        ),
        "custom_adapters": _ADAPTERS,
        "replicate_network_connection_state": FieldNote(
            label="Adapters without a link are down", group="Network", hint="The guest sees whether a cable is in."
        ),
        "legacy_networking": FieldNote(label="Old network options of QEMU", group="Network"),
        "platform": FieldNote(label="Platform", group="Advanced", labels={"": "that of the program"}),
        "qemu_path": FieldNote(
            label="QEMU program", group="Advanced", hint="If it is empty, it follows from the platform."
        ),
        "bios_image": FieldNote(label="BIOS image", group="Advanced", control="image"),
        "kernel_image": FieldNote(label="Kernel image", group="Advanced", control="image"),
        "initrd": FieldNote(label="Initial RAM disk", group="Advanced", control="image"),
        "kernel_command_line": FieldNote(label="Kernel command line", group="Advanced"),
        "uefi": FieldNote(label="UEFI", group="Advanced"),
        "tpm": FieldNote(label="TPM", group="Advanced"),
        "cpu_throttling": FieldNote(
            label="Most processor time",
            group="Advanced",
            unit="%",
            takes_effect="now",
            hint="In percent of one processor; 0 is no limit.",
        ),
        "process_priority": FieldNote(label="Priority of the process", group="Advanced"),
        "options": FieldNote(label="More options of QEMU", group="Advanced"),
        **{
            f"{name}_md5sum": HIDDEN
            for name in (
                *(f"{drive}_disk_image" for drive in DRIVES),
                "cdrom_image",
                "bios_image",
                "initrd",
                "kernel_image",
            )
        },
    },
    adapters=_ADAPTERS,
)
