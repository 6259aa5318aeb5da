"""Appliances of every version of the format, and what is refused."""

from typing import Any

import orjson
import pytest

from gns3trio.controller.library.appliance_format import Appliance, read_appliance
from gns3trio.errors import Invalid, NotFound
from tests.support.appliances import MD5, ROUTER


def read(**changes: Any) -> Appliance:
    return read_appliance(orjson.dumps({**ROUTER, **changes}))


def test_a_machine() -> None:
    appliance = read()
    assert (appliance.name, appliance.template_type, appliance.versions) == ("Router", "qemu", ["1.0", "2.0"])
    needs = {
        each.property: (each.image.filename, each.image.md5, each.image.filesize) for each in appliance.needs("1.0")
    }
    assert needs == {"hda_disk_image": ("disk.img", MD5, 3), "cdrom_image": ("boot.iso", "0" * 32, 4)}
    second = {each.property: (each.image.filename, each.image.md5) for each in appliance.needs("2.0")}
    assert second == {"hda_disk_image": ("new.img", None), "cdrom_image": ("boot.iso", "1" * 32)}
    assert appliance.template("1.0", {"hda_disk_image": "vendor/disk.img"}) == {
        "name": "Router 1.0",
        "template_type": "qemu",
        "compute_id": "local",
        "category": "router",
        "symbol": ":/symbols/classic/router.svg",
        "usage": "login root",
        "first_port_name": "mgmt",
        "port_name_format": "Gi0/{0}",
        "adapter_type": "e1000",
        "adapters": 3,
        "ram": 512,
        "hda_disk_interface": "virtio",
        "platform": "x86_64",
        "console_type": "telnet",
        "hda_disk_image": "vendor/disk.img",
    }
    assert appliance.template("2.0", {})["port_name_format"] == "e{0}"
    for version in (None, "3.0"):
        with pytest.raises(NotFound, match=r"version: .*1\.0, 2\.0"):
            appliance.needs(version)


def test_without_acceleration() -> None:
    template = read(qemu={**ROUTER["qemu"], "kvm": "disable", "options": "-cpu max"}).template("1.0", {})
    assert template["options"] == "-cpu max -machine accel=tcg"


def test_a_container() -> None:
    document = {key: value for key, value in ROUTER.items() if key not in ("qemu", "images", "versions")}
    document |= {"category": "multilayer_switch", "docker": {"adapters": 8, "image": "frrouting/frr"}}
    appliance = read_appliance(orjson.dumps(document))
    assert appliance.needs(None) == [] and appliance.versions == []
    template = appliance.template(None, {})
    assert (template["name"], template["image"], template["adapters"]) == ("Router", "frrouting/frr", 8)
    assert (template["template_type"], template["category"]) == ("docker", "switch")


def test_routers_of_other_emulators() -> None:
    document = {key: value for key, value in ROUTER.items() if key != "qemu"}
    document["dynamips"] = {"platform": "c7200", "ram": 512, "nvram": 512}
    document["versions"] = [{"name": "15.2", "images": {"image": "c7200.image"}, "idlepc": "0x60"}]
    appliance = read_appliance(orjson.dumps(document))
    template = appliance.template(None, {"image": "c7200.image"})
    assert (template["image"], template["idlepc"], template["ram"]) == ("c7200.image", "0x60", 512)


def test_settings_of_version_8() -> None:
    document = {key: value for key, value in ROUTER.items() if key != "qemu"}
    document |= {
        "registry_version": 8,
        "settings": [
            {
                "name": "small",
                "default": True,
                "template_type": "qemu",
                "template_properties": {"platform": "x86_64", "ram": 1024, "adapters": 4},
            },
            {"name": "large", "template_type": "qemu", "template_properties": {"ram": 8192}},
            {
                "name": "alone",
                "template_type": "qemu",
                "inherit_default_properties": False,
                "template_properties": {"ram": 64},
            },
        ],
        "images": [{"filename": "disk.img", "version": "1.0", "checksum": MD5, "checksum_type": "md5"}],
        "versions": [
            {"name": "1.0", "images": {"hda_disk_image": "disk.img"}},
            {"name": "2.0", "settings": "large"},
            {"name": "3.0", "settings": "alone"},
            {"name": "4.0", "settings": "missing"},
        ],
    }
    appliance = read_appliance(orjson.dumps(document))
    assert appliance.needs("1.0")[0].image.md5 == MD5
    templates = [appliance.template(name, {}) for name in ("1.0", "2.0", "3.0")]
    sizes = [(template["ram"], template.get("adapters")) for template in templates]
    assert sizes == [(1024, 4), (8192, 4), (64, None)]
    with pytest.raises(NotFound, match="settings"):
        appliance.template("4.0", {})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": 7}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"status": None}, "status"),
        ({"registry_version": 2}, "registry_version"),
        ({"registry_version": 9}, "registry_version"),
        ({"registry_version": "4"}, "registry_version"),
        ({"qemu": None}, "kinds"),
        ({"qemu": []}, "qemu"),
        ({"settings": [{"template_type": each, "template_properties": {}} for each in ("qemu", "iou")]}, "kinds"),
        ({"images": {}}, "images"),
        ({"images": [{"filename": ""}]}, "filename"),
        ({"images": [{"filename": "a", "filesize": -1}]}, "filesize"),
        ({"versions": [{"images": {}}]}, "name"),
        ({"versions": [{"name": "1", "images": {"hda_disk_image": "../../etc/shadow"}}]}, "hda_disk_image"),
        ({"versions": [{"name": "1", "images": {"hda_disk_image": 7}}]}, "hda_disk_image"),
        ({"settings": [{"template_type": "vmware", "template_properties": {}}]}, "kinds"),
    ],
)
def test_what_is_no_appliance(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        read(**changes)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"name": "x"}', b" " * 2_000_000, b'{"a":' * 5000]
)
def test_files_that_are_none(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_appliance(data)
