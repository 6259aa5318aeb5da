"""The properties of a machine: GNS3's defaults, and what is refused."""

from typing import Any

import pytest

from gns3trio.compute.nodes.qemu.properties import as_properties, read_settings
from gns3trio.errors import Conflict, Invalid


def test_the_defaults_are_those_of_gns3() -> None:
    """Measured with gns3-server 2.2.61."""
    shown = as_properties(read_settings({}))
    assert (
        shown.items()
        >= {
            **{
                "adapter_type": "e1000",
                "adapters": 1,
                "boot_priority": "c",
                "cpu_throttling": 0,
                "cpus": 1,
                "ram": 256,
            },
            **{"create_config_disk": False, "hda_disk_interface": "none", "legacy_networking": False, "tpm": False},
            **{"on_close": "power_off", "process_priority": "low", "replicate_network_connection_state": True},
            **{"uefi": False, "usage": "", "options": "", "kernel_command_line": "", "hda_disk_image_md5sum": None},
        }.items()
    )


def test_null_is_the_default() -> None:
    assert read_settings({"ram": None, "mac_address": None, "process_priority": None}) == read_settings({})


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"ram": 0}, "ram"),
        ({"ram": -5}, "ram"),
        ({"ram": 10**12}, "ram"),
        ({"ram": "256"}, "ram"),
        ({"cpus": 256}, "cpus"),
        ({"adapters": 276}, "adapters"),
        ({"adapter_type": "e1000,romfile=/etc/passwd"}, "adapter_type"),
        ({"adapter_type": ""}, "adapter_type"),
        ({"mac_address": "0c:00:00:00:00"}, "mac_address"),
        ({"mac_address": "0c:00:00:00:00:zz"}, "mac_address"),
        ({"hda_disk_interface": "usb"}, "hda_disk_interface"),
        ({"boot_priority": "x"}, "boot_priority"),
        ({"platform": "z80"}, "platform"),
        ({"process_priority": "null"}, "process_priority"),
        ({"on_close": "explode"}, "on_close"),
        ({"cpu_throttling": 801}, "cpu_throttling"),
        ({"hdc_disk_image": "a", "cdrom_image": "b"}, "cdrom_image"),
        ({"colour": "red"}, "colour"),
        ({"options": '-name "x'}, "options"),
    ],
)
def test_wrong_values(properties: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid, match=f"properties.{field}"):
        read_settings(properties)


def test_forbidden_options_are_a_setting_of_the_server() -> None:
    with pytest.raises(Conflict, match=r"properties\.options: -drive is forbidden"):
        read_settings({"options": "-drive file=x"})
    assert read_settings({"options": "-drive file=x"}, unsafe_options=True).options == "-drive file=x"
