"""An appliance for tests."""

from typing import Any

MD5 = "900150983cd24fb0d6963f7d28e17f72"
ROUTER: dict[str, Any] = {
    "name": "Router",
    "category": "router",
    "description": "a router",
    "status": "stable",
    "registry_version": 4,
    "symbol": ":/symbols/classic/router.svg",
    "usage": "login root",
    "first_port_name": "mgmt",
    "port_name_format": "Gi0/{0}",
    "qemu": {
        "adapter_type": "e1000",
        "adapters": 3,
        "ram": 512,
        "hda_disk_interface": "virtio",
        "arch": "x86_64",
        "console_type": "telnet",
        "kvm": "allow",
        "surprise": 1,
    },
    "images": [
        {"filename": "disk.img", "version": "1.0", "md5sum": MD5.upper(), "filesize": 3, "download_url": "http://x"},
        {"filename": "boot.iso", "version": "1.0", "md5sum": "0" * 32, "filesize": 4},
        {"filename": "boot.iso", "version": "2.0", "md5sum": "1" * 32, "filesize": 5},
    ],
    "versions": [
        {"name": "1.0", "images": {"hda_disk_image": "disk.img", "cdrom_image": "boot.iso"}},
        {"name": "2.0", "images": {"hda_disk_image": "new.img", "cdrom_image": "boot.iso"}, "port_name_format": "e{0}"},
    ],
}
