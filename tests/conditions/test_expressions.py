"""The words of filter expressions."""

import pytest

from gns3trio.conditions.expressions import PROTOCOLS, check_names, with_protocols
from gns3trio.errors import Invalid
from gns3trio.forwarder.expressions import check_expression


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_by_its_name(name: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_names(name)
    assert str(raised.value).endswith(f"write {PROTOCOLS[name]}")
    for expression in (name, f"{name} and len > 9", f"not {name}", f"!({name} or arp)"):
        check_expression(with_protocols(expression))


def test_only_names_of_protocols_are_replaced() -> None:
    assert with_protocols(" dhcp ") == "udp port 67 or udp port 68"
    assert with_protocols("dns and not ospf") == "(port 53) and not (ip proto 89)"
    for expression in ("", "icmp or arp", "tcp port http", "udp portrange tftp", "port \\ssh", "host dhcp.example"):
        assert with_protocols(expression) == expression


def test_an_unknown_word() -> None:
    with pytest.raises(Invalid, match=r"'router1' is not a word of pcap-filter.* names are not resolved"):
        check_names("host router1")
