"""The node properties of each type in GNS3 2.2, and the conversion of those of older versions. Sans-IO.

GNS3 refuses to create a node with a property that its type does not have.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gns3trio.classes import frozen

_DISKS = [f"hd{letter}_disk_{what}" for letter in "abcd" for what in ("image", "image_md5sum", "interface")]
_MACHINE = ("adapter_type", "adapters", "headless", "linked_clone", "on_close", "usage", "use_any_adapter")

DYNAMIPS_PROPERTIES = frozenset(
    {
        *("auto_delete_disks", "aux", "chassis", "clock_divisor", "disk0", "disk1", "dynamips_id", "exec_area"),
        *("idlemax", "idlepc", "idlesleep", "image", "image_md5sum", "iomem", "mac_addr", "midplane", "mmap", "npe"),
        *("nvram", "platform", "power_supplies", "ram", "sensors", "sparsemem", "system_id", "usage"),
        *("startup_config_content", "private_config_content"),
        *(f"slot{number}" for number in range(7)),
        *(f"wic{number}" for number in range(3)),
    }
)
# The types that have the same names in GNS3 1.x.
PROPERTIES: dict[str, frozenset[str]] = {
    "dynamips": DYNAMIPS_PROPERTIES,
    "qemu": frozenset(
        {
            *("adapter_type", "adapters", "bios_image", "bios_image_md5sum", "boot_priority", "cdrom_image"),
            *("cdrom_image_md5sum", "cpu_throttling", "cpus", *_DISKS, "initrd", "initrd_md5sum"),
            *("kernel_command_line", "kernel_image", "kernel_image_md5sum", "legacy_networking", "linked_clone"),
            *("mac_address", "on_close", "options", "platform", "process_priority", "qemu_path", "ram", "usage"),
        }
    ),
    "virtualbox": frozenset({*_MACHINE, "ram", "vmname"}),
    "vmware": frozenset({*_MACHINE, "vmx_path"}),
    "iou": frozenset(
        {
            *("application_id", "ethernet_adapters", "l1_keepalives", "md5sum", "nvram", "path", "ram"),
            *("serial_adapters", "usage", "use_default_iou_values"),
        }
    ),
    "docker": frozenset(
        {
            *("adapters", "aux", "console_http_path", "console_http_port", "console_resolution", "container_id"),
            *("environment", "image", "start_command", "usage"),
        }
    ),
    "atm_switch": frozenset({"mappings"}),
    "frame_relay_switch": frozenset({"mappings"}),
}

_MACHINES = ("qemu", "virtualbox", "vmware")
_CLOSING = ("acpi_shutdown", "save_vm_state")
_CONFIGS = ("startup_config", "private_config")


@frozen
class NodeFile:
    """A text from a property that must be written into a file of the node, unless the file exists."""

    node_id: UUID
    node_type: str
    path: str
    text: str


def of_present(
    node_type: str, old: Mapping[str, Any], node_id: UUID | None = None, *, is_old: bool
) -> tuple[dict[str, Any], list[NodeFile]]:
    """Convert the properties of a GNS3 2 node: returns the valid ones, and the files made from the others.

    Without ``is_old``, the file has the present revision, in which scripts and configurations are allowed. GNS3
    converts every ``acpi_shutdown`` to a saved state, even of machines that are to be shut down; here the shutdown is
    kept.
    """
    properties = dict(old)
    texts: dict[str, Any] = {}
    if node_type in _MACHINES:
        _convert_machine(properties)
    elif node_type == "vpcs" and is_old:
        # GNS3's name of that time, whatever this server calls the file.
        texts["startup.vpc"] = properties.pop("startup_script", None)
        properties.pop("startup_script_path", None)
    elif node_type in ("dynamips", "iou"):
        for name in _CONFIGS:
            if is_old:
                texts[_config_path(node_type, name, properties)] = properties.pop(f"{name}_content", None)
            properties.pop(name, None)
    if node_id is None:
        return properties, []
    kept = {path: text for path, text in texts.items() if isinstance(text, str) and text}
    return properties, [NodeFile(node_id, node_type, path, text) for path, text in kept.items()]


def _convert_machine(properties: dict[str, Any]) -> None:
    closing = {name: properties.pop(name) for name in _CLOSING if name in properties}
    if closing:
        properties.setdefault("on_close", _on_close(closing))
    if "linked_base" in properties:
        linked = bool(properties.pop("linked_base"))
        properties.setdefault("linked_clone", linked)
    for name in ("enable_remote_console", "use_ubridge"):
        properties.pop(name, None)


def _on_close(closing: Mapping[str, Any]) -> str:
    if closing.get("save_vm_state"):
        return "save_vm_state"
    return "shutdown_signal" if closing.get("acpi_shutdown") else "power_off"


def _config_path(node_type: str, name: str, properties: Mapping[str, Any]) -> str:
    """The path of a configuration below the node's folder, where its program looks for it."""
    file = f"{name.replace('_', '-')}.cfg"
    number = properties.get("dynamips_id")
    return file if node_type == "iou" else f"configs/i{number if isinstance(number, int) else 1}_{file}"
