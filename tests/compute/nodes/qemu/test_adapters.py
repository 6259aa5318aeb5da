"""Models and MAC addresses of adapters, as GNS3 2.2.61 gives them."""

from uuid import UUID

import pytest

from gns3trio.compute.nodes.parts.custom_adapters import following_mac, read_custom_adapters
from gns3trio.compute.nodes.qemu.adapters import machine_adapters
from gns3trio.compute.nodes.qemu.command import Adapter
from gns3trio.compute.nodes.qemu.properties import default_mac
from gns3trio.compute.nodes.qemu.settings import CustomAdapter, QemuSettings
from gns3trio.errors import Invalid


def test_addresses_follow_each_other() -> None:
    assert default_mac(UUID("a1a2a3a4-b1b2-c1c2-d1d2-e1e2e3e4e5e6")) == "0c:a2:a3:a4:00:00"
    settings = QemuSettings(adapters=3, mac_address="00:00:00:00:00:FF", adapter_type="virtio")
    assert machine_adapters(settings, {}) == [
        Adapter("virtio-net-pci", "00:00:00:00:00:ff"),
        Adapter("virtio-net-pci", "00:00:00:00:01:00"),
        Adapter("virtio-net-pci", "00:00:00:00:01:01"),
    ]
    assert following_mac("ff:ff:ff:ff:ff:ff", 1) == "00:00:00:00:00:00"


def test_single_adapters_differ() -> None:
    customs = read_custom_adapters(
        [
            {"adapter_number": 1, "adapter_type": "rtl8139", "mac_address": "00:11:22:33:44:55"},
            {"adapter_number": 1, "adapter_type": "pcnet"},
            {"adapter_number": 0, "port_name": "mgmt"},
            {"adapter_number": 9, "adapter_type": "pcnet"},
        ],
        list[CustomAdapter],
    )
    settings = QemuSettings(adapters=2, mac_address="0c:00:00:00:00:00")
    assert machine_adapters(settings, customs) == [
        Adapter("e1000", "0c:00:00:00:00:00"),
        Adapter("rtl8139", "00:11:22:33:44:55"),
    ]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([{}], "adapter_number"),
        ([{"adapter_number": -1}], "adapter_number"),
        ([{"adapter_number": 0, "mac_address": "x"}], "mac_address"),
        ([{"adapter_number": 0, "adapter_type": "e1000,romfile=/etc/passwd"}], "adapter_type"),
        ([{"adapter_number": 0, "colour": "red"}], "colour"),
    ],
)
def test_wrong_ones(value: list[dict[str, object]], field: str) -> None:
    with pytest.raises(Invalid, match=rf"custom_adapters\[0\]\.{field}"):
        read_custom_adapters(value, list[CustomAdapter])
