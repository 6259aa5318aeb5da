"""Machines that gns3-server and ours can both have."""

import shutil
from pathlib import Path
from typing import Any

# The emulation is asked for, so that it does not matter whether this host has KVM.
PROPERTIES = {"qemu_path": "qemu-system-x86_64", "ram": 64, "adapters": 2, "options": "-no-kvm", "linked_clone": True}
DISK = {"qemu_img": shutil.which("qemu-img"), "path": "disk.qcow2", "format": "qcow2", "size": 1}


def without_folder(node: dict[str, Any]) -> dict[str, Any]:
    """A node whose program has no folder: gns3-server takes one of those in PATH that lead to the same program."""
    properties = node["properties"]
    return {**node, "properties": {**properties, "qemu_path": Path(properties["qemu_path"]).name}}
