"""The appliance that both servers of the story have in their folder. Its image is nowhere."""

import json
from pathlib import Path

from tests.gns3_3.story.library import APPLIANCE

_DOCUMENT = {
    "appliance_id": APPLIANCE,
    "name": "Router of the story",
    "category": "router",
    "description": "It is never started.",
    "vendor_name": "Nobody",
    "vendor_url": "http://vendor.example/",
    "product_name": "Router",
    "registry_version": 4,
    "status": "stable",
    "maintainer": "Nobody",
    "maintainer_email": "nobody@lab.example.com",
    "qemu": {
        "adapter_type": "e1000",
        "adapters": 1,
        "ram": 16,
        "arch": "x86_64",
        "console_type": "telnet",
        "kvm": "allow",
    },
    "images": [{"filename": "disk.img", "version": "1.0", "md5sum": "0" * 32, "filesize": 512}],
    "versions": [{"name": "1.0", "images": {"hda_disk_image": "disk.img"}}],
}


def write_appliance(folder: Path) -> None:
    """Make the folder, with the appliance."""
    folder.mkdir(parents=True)
    (folder / "story.gns3a").write_text(json.dumps(_DOCUMENT))
