"""The names of ports are those that gns3-server 2.2.61 was seen to give."""

from typing import Any
from uuid import uuid4

import pytest

from gns3trio.api.v2.views import port_view
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.port_list import MAX_PORTS, list_ports

ETHERNET, SERIAL = "Ethernet", "Cisco HDLC, Cisco PPP, Frame Relay"


def ports_of(node_type: str, properties: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    record = NodeRecord(node_id=uuid4(), node_type=node_type, name="N", properties=properties, **fields)
    return list(map(port_view, list_ports(record)))


def names(ports: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(port["name"], port["short_name"]) for port in ports]


def places(ports: list[dict[str, Any]]) -> list[tuple[int, int, str, str]]:
    return [(port["adapter_number"], port["port_number"], port["name"], port["short_name"]) for port in ports]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [("Ethernet0", "e0"), ("Ethernet1", "e1"), ("Ethernet2", "e2")]),
        ({"port_name_format": "Gi{1}/{0}", "port_segment_size": 2}, [("Gi0/0",) * 2, ("Gi0/1",) * 2, ("Gi1/0",) * 2]),
        ({"port_name_format": "Gi{0}/{1}", "port_segment_size": 2}, [("Gi0/0",) * 2, ("Gi1/0",) * 2, ("Gi0/1",) * 2]),
        (
            {"port_name_format": "{port0}-{port1}-{segment0}-{segment1}", "port_segment_size": 2},
            [("0-1-0-1",) * 2, ("1-2-0-1",) * 2, ("0-1-1-2",) * 2],
        ),
        ({"first_port_name": "mgmt"}, [("mgmt", "mgmt"), ("Ethernet0", "e0"), ("Ethernet1", "e1")]),
        ({"first_port_name": ""}, [("Ethernet0", "e0"), ("Ethernet1", "e1"), ("Ethernet2", "e2")]),
        (
            {"first_port_name": "Ethernet0/0"},
            [("Ethernet0/0", "Ethernet0/0"), ("Ethernet0", "e0"), ("Ethernet1", "e1")],
        ),
        (
            {"custom_adapters": [{"adapter_number": 1, "port_name": "WAN"}]},
            [("Ethernet0", "e0"), ("WAN", "WAN"), ("Ethernet2", "e2")],
        ),
        (
            {
                "custom_adapters": [
                    {"adapter_number": 0, "port_name": "Ethernet7"},
                    {"adapter_number": 2, "port_name": "Ethernet0/7"},
                ],
                "first_port_name": "F",
            },
            [("Ethernet7", "Ethernet7"), ("Ethernet0", "e0"), ("Ethernet0/7", "e0/7")],
        ),
        ({"port_name_format": "eth"}, [("eth", "eth")] * 3),
        ({"port_name_format": ""}, [("", "")] * 3),
        # GNS3 refuses these nodes; a format of Python's may do more than give a name.
        ({"port_name_format": "{0.__class__}"}, [("Ethernet0", "e0"), ("Ethernet1", "e1"), ("Ethernet2", "e2")]),
        ({"port_name_format": "{0:>999999999}"}, [("Ethernet0", "e0"), ("Ethernet1", "e1"), ("Ethernet2", "e2")]),
        ({"port_name_format": "{"}, [("Ethernet0", "e0"), ("Ethernet1", "e1"), ("Ethernet2", "e2")]),
    ],
)
@pytest.mark.parametrize("node_type", ["qemu", "virtualbox", "vmware"])
def test_adapters_of_machines(node_type: str, fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    ports = ports_of(node_type, {"adapters": 3}, **fields)
    assert names(ports) == expected
    assert [(port["adapter_number"], port["port_number"]) for port in ports] == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize(
    ("name", "short_name"),
    [
        *(("Ethernet0abc", "e0"), ("Ethernet0Ethernet0", "e0"), ("FastEthernet0", "FastEthernet0")),
        *(("FastEthernet0/0", "Faste0/0"), ("TenGigabitEthernet0/1", "TenGigabite0/1"), ("Serial0/1", "Serial0/1")),
        *(("Ethernet 0", "Ethernet 0"), ("MyEthernet0", "MyEthernet0"), ("Ethernet0/0-Ethernet", "e0/0-e")),
    ],
)
def test_short_names(name: str, short_name: str) -> None:
    assert names(ports_of("qemu", {}, port_name_format=name)) == [(name, short_name)]


def test_what_adapters_are() -> None:
    properties = {"adapters": 3, "adapter_type": "e1000", "mac_address": "0c:ff:ff:ff:ff:ff"}
    custom = [{"adapter_number": 2, "adapter_type": "virtio", "mac_address": "00:11:22:33:44:55"}]
    assert [
        (port["adapter_type"], port["mac_address"]) for port in ports_of("qemu", properties, custom_adapters=custom)
    ] == [
        ("e1000", "0c:ff:ff:ff:ff:ff"),
        ("e1000", "0d:00:00:00:00:00"),
        ("virtio", "00:11:22:33:44:55"),
    ]
    assert ports_of("qemu", {})[0].keys() == {
        *("adapter_number", "port_number", "name", "short_name", "link_type", "data_link_types"),
    }
    assert [port.get("adapter_type") for port in ports_of("docker", properties)] == [None, None, None]


def test_containers_and_single_ports() -> None:
    custom = [{"adapter_number": 1, "port_name": "B"}]
    fields: dict[str, Any] = {"port_name_format": "Gi{0}", "first_port_name": "F"}
    assert names(ports_of("docker", {"adapters": 2}, custom_adapters=custom, **fields)) == [("eth0",) * 2, ("B", "B")]
    for node_type in ("vpcs", "traceng"):
        assert places(ports_of(node_type, {}, **fields)) == [(0, 0, "Ethernet0", "e0")]


def test_mapped_ports_have_the_numbers_of_their_order() -> None:
    mapping = [{"name": "foo", "port_number": 7}, {"name": "Ethernet2", "port_number": 9}]
    for node_type in ("ethernet_hub", "ethernet_switch"):
        assert places(ports_of(node_type, {"ports_mapping": mapping})) == [
            (0, 0, "foo", "e0"),
            (0, 1, "Ethernet2", "e1"),
        ]
    for node_type in ("cloud", "nat"):
        ports = ports_of(node_type, {"ports_mapping": mapping})
        assert places(ports) == [(0, 0, "foo", "foo"), (0, 1, "Ethernet2", "Ethernet2")]


@pytest.mark.parametrize(
    ("node_type", "mappings", "numbers", "kind"),
    [
        ("frame_relay_switch", {"1:101": "10:301", "1:102": "11:302", "2:5": "1:6"}, [1, 2, 10, 11], "Frame Relay"),
        ("atm_switch", {"1:0:100": "10:0:200", "2:5": "3:6", "4": "5"}, [1, 2, 3, 4, 5, 10], "ATM"),
        ("atm_switch", {"x:1": "2"}, [2], "ATM"),
        ("frame_relay_switch", None, [], ""),
    ],
)
def test_switches_of_circuits(node_type: str, mappings: Any, numbers: list[int], kind: str) -> None:
    ports = ports_of(node_type, {"mappings": mappings})
    assert places(ports) == [(0, number, str(number), str(number)) for number in numbers]
    assert all((port["link_type"], [*port["data_link_types"]]) == ("serial", [kind]) for port in ports)


def test_iou() -> None:
    ports = ports_of(
        "iou",
        {"ethernet_adapters": 1, "serial_adapters": 1},
        port_name_format="Ethernet{segment0}/{port0}",
        port_segment_size=4,
    )
    ethernet = [(0, port, f"Ethernet0/{port}", f"e0/{port}") for port in range(4)]
    assert places(ports) == [*ethernet, *((1, port, f"Serial1/{port}", f"s1/{port}") for port in range(4))]
    assert [", ".join(port["data_link_types"]) for port in ports] == [ETHERNET] * 4 + [SERIAL] * 4
    named = ports_of(
        "iou", {"ethernet_adapters": 2}, port_name_format="Gi{0}/{1}", port_segment_size=2, first_port_name="m"
    )
    assert [port["name"] for port in named] == [*["m"] * 4, "Gi0/0", "Gi1/0", "Gi0/1", "Gi1/1"]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (
            {"slot0": "C7200-IO-FE", "slot1": "", "slot2": "PA-4T+", "slot3": None},
            [(0, 0, "FastEthernet0/0", "f0/0"), *((2, port, f"Serial2/{port}", f"s2/{port}") for port in range(4))],
        ),
        (
            {"slot0": "GT96100-FE", "wic0": "WIC-2T", "wic1": "WIC-1ENET", "wic2": "WIC-1T"},
            [
                *((0, 0, "FastEthernet0/0", "f0/0"), (0, 1, "FastEthernet0/1", "f0/1"), (0, 16, "Serial0/0", "s0/0")),
                *((0, 17, "Serial0/1", "s0/1"), (0, 32, "Ethernet0/2", "e0/2"), (0, 48, "Serial0/3", "s0/3")),
            ],
        ),
        (
            {"slot0": "C2600-MB-2FE", "wic0": None, "wic1": "WIC-1T"},
            [(0, 0, "FastEthernet0/0", "f0/0"), (0, 1, "FastEthernet0/1", "f0/1"), (0, 32, "Serial0/0", "s0/0")],
        ),
        ({"slot0": "PA-A1", "slot1": "PA-GE"}, [(0, 0, "ATM0/0", "a0/0"), (1, 0, "GigabitEthernet1/0", "g1/0")]),
        ({"slot0": "of a later GNS3", "wic0": 5}, []),
    ],
)
def test_routers(properties: dict[str, Any], expected: list[tuple[int, int, str, str]]) -> None:
    ports = ports_of("dynamips", properties, port_name_format="Gi{0}", first_port_name="F")
    assert places(ports) == expected


@pytest.mark.parametrize(
    ("node_type", "properties"),
    [
        ("qemu", {"adapters": 10**9}),
        ("docker", {"adapters": 10**9}),
        ("iou", {"ethernet_adapters": 10**9, "serial_adapters": 10**9}),
        ("atm_switch", {"mappings": {str(number): "1" for number in range(5000)}}),
        ("ethernet_hub", {"ports_mapping": [{}] * 5000}),
        ("qemu", {"adapters": 2, "mac_address": 5, "adapter_type": []}),
        *(("qemu", {"adapters": wrong}) for wrong in (-1, "5", [], True, 1.5)),
        *(("cloud", {"ports_mapping": wrong}) for wrong in ("x", {}, [5, None])),
    ],
)
def test_a_file_may_say_anything(node_type: str, properties: dict[str, Any]) -> None:
    custom = [{"adapter_number": number % 7} for number in range(4096)]
    ports = ports_of(node_type, properties, custom_adapters=custom, port_name_format="x" * 4096)
    assert len(ports) <= MAX_PORTS
    assert all(len(port["name"]) < 200 for port in ports)
    assert all(isinstance(port["name"], str) for port in ports)
