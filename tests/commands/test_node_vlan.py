"""The VLANs of a switch's ports on the command line."""

from typing import Any

import pytest

from gns3trio.commands.node_vlan import changed_ports, has_vlans, readable_properties, vlans_by_port
from gns3trio.errors import Invalid


def port(number: int, kind: str = "access", vlan: int = 1, **more: str) -> dict[str, Any]:
    return {"name": f"Ethernet{number}", "port_number": number, "type": kind, "vlan": vlan, **more}


SWITCH = {
    "name": "SW1",
    "ports": [
        {"name": f"Ethernet{each}", "short_name": f"e{each}", "adapter_number": 0, "port_number": each}
        for each in range(4)
    ],
    "properties": {"ports_mapping": [port(0), port(1), port(2, "qinq", 200, ethertype="0x88A8"), port(3, "dot1q")]},
}


@pytest.mark.parametrize(
    ("wishes", "changed"),
    [
        (["e0=10"], {0: port(0, "access", 10)}),
        (["e0,Ethernet1=access:20", "e3=10"], {0: port(0, vlan=20), 1: port(1, vlan=20), 3: port(3, vlan=10)}),
        (["1=trunk"], {1: port(1, "dot1q")}),
        (["0/1=Trunk:99"], {1: port(1, "dot1q", 99)}),
        (["e2=30"], {2: port(2, vlan=30)}),
        (["e2=qinq:7"], {2: port(2, "qinq", 7, ethertype="0x88A8")}),
        (["e1=qinq:7"], {1: port(1, "qinq", 7)}),
    ],
)
def test_ports_get_vlans(wishes: list[str], changed: dict[int, Any]) -> None:
    before = SWITCH["properties"]["ports_mapping"]
    assert changed_ports(SWITCH, wishes) == [changed.get(each["port_number"], each) for each in before]


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        (["e0"], "e0: is not PORT="),
        (["=5"], "=5: is not PORT="),
        (["e9=5"], "SW1 has no port 'e9'; there are e0, e1, e2, e3"),
        (["ethernet1=5"], "Did you mean Ethernet1"),
        (["e0=5", "Ethernet0=6"], "port Ethernet0 is given twice"),
        (["e0=trnk"], "'trnk' is no type of a port: access, trunk or qinq. Did you mean trunk"),
        (["e0=trunk:x"], "'x' is not the number of a VLAN"),
        (["e0=-1"], "'-1' is no type"),
    ],
)
def test_ports_that_get_none(wishes: list[str], why: str) -> None:
    with pytest.raises(Invalid) as raised:
        changed_ports(SWITCH, wishes)
    assert why in str(raised.value)


def test_vlans_are_readable() -> None:
    assert vlans_by_port(SWITCH) == {0: "access 1", 1: "access 1", 2: "qinq 200", 3: "trunk 1"}
    told = readable_properties(SWITCH, {"ports_mapping": [], "other": 1})
    assert told == {"ports_mapping": "e0 access 1, e1 access 1, e2 qinq 200, e3 trunk 1", "other": 1}
    hub = {"properties": {"ports_mapping": [{"name": "Ethernet0", "port_number": 0}]}}
    assert not has_vlans(hub) and not has_vlans({"properties": {}}) and has_vlans(SWITCH)
    assert readable_properties(hub, {"ports_mapping": []}) == {"ports_mapping": []}
