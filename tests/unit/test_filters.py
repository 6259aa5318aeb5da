"""Link filters: which names an expression may hold, and what becomes of the filters of both kinds."""

import pytest

from gns3trio.errors import Invalid
from gns3trio.forwarder.filters import (
    BPF,
    CORRUPT,
    DELAY,
    LOSS,
    RATE,
    CoreFilter,
    Impairment,
    check_gns3_filters,
    check_names,
    core_filters,
    describe,
)


@pytest.mark.parametrize(
    "expression",
    [
        "arp",
        "host 10.0.0.1 and not port 22",
        "src net 10.1.0.0/16 or dst 192.168.1.2",
        "ether host 02:00:00:00:00:01",
        "ip6 host fe80::1 or ip6 net 2001:db8::/32",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
        "icmp[icmptype] == icmp-echo",
        "tcp port http or udp portrange 5000-6000",
        "ip proto ospf",
        "vlan 10 && len >= 0x40",
        "ether[0] & 1 = 0 and ip[16] >= 224",
        "VLAN 3",
    ],
)
def test_expressions_without_host_names(expression: str) -> None:
    check_names(expression)


@pytest.mark.parametrize("expression", ["host example.com", "src gateway1", "net office", "example", "not www.a.b"])
def test_host_names_are_refused(expression: str) -> None:
    with pytest.raises(Invalid, match="names are not resolved"):
        check_names(expression)


def test_what_gns3_filters_become() -> None:
    filters = {
        "delay": ["20", 5.0],
        "packet_loss": [3],
        "corrupt": [0],
        "bpf": [" arp \n\n icmp "],
        "frequency_drop": [],
    }
    kept = check_gns3_filters(filters, lambda expression: None)
    assert kept == {"delay": [20, 5], "packet_loss": [3], "bpf": ["arp \n\n icmp"]}
    assert core_filters(kept, [], at_first_end=True) == [
        CoreFilter(BPF, "both", expression="arp"),
        CoreFilter(BPF, "both", expression="icmp"),
        CoreFilter(LOSS, "both", (30_000,)),
        CoreFilter(DELAY, "both", (20_000, 5_000)),
    ]


def test_what_impairments_become_at_either_end() -> None:
    impairments = [
        Impairment(type="corrupt", percent=0.25, direction="a_to_b"),
        Impairment(type="rate", bits_per_second=1000, direction="b_to_a"),
    ]
    assert core_filters({}, impairments, at_first_end=True) == [
        CoreFilter(CORRUPT, "out", (2_500,)),
        CoreFilter(RATE, "in", (1000, 3028, 65536)),
    ]
    assert [f.direction for f in core_filters({}, impairments, at_first_end=False)] == ["in", "out"]
    assert describe(impairments[1]) == {
        "type": "rate",
        "direction": "b_to_a",
        "bits_per_second": 1000,
        "burst_bytes": 3028,
        "queue_bytes": 65536,
    }
