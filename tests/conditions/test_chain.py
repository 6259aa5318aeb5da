"""Link filters: which names an expression may hold, and what becomes of the filters of both kinds."""

import pytest

from gns3trio.conditions.chain import core_filters
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.conditions.expressions import _EXPRESSION_WORDS, check_names
from gns3trio.conditions.gns3_filters import check_gns3_filters
from gns3trio.conditions.impairments import Impairment, describe
from gns3trio.errors import Invalid
from gns3trio.forwarder.expressions import check_expression


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
        "ether[12:2] > 1500 and tcp[tcpflags:1] & tcp-syn != 0",
        "port \\http or ip proto \\tcp",
        "ether src 02-00-00-00-00-01 and ip6 host ::1",
        "icmp6[icmp6type] = icmp6-neighborsolicit",
    ],
)
def test_expressions_without_host_names(expression: str) -> None:
    check_names(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "host example.com",
        "src gateway1",
        "net office",
        "example",
        "not www.a.b",
        "host tcp-foo.example.com",  # no constant, though it begins like one
        "icmp-x",
        "host 1-2",  # a range only after portrange
        "net 10-20",
        "host ICMP",  # the words are in small letters
        "host \\tcp",  # a backslash makes a name of a word
        "host \\port",
        "host a:b",
        "host 1.2.3.4a",
        "host 0xzz",
        "len-14 > 3",
        "port http or www.a.b",
    ],
)
def test_host_names_are_refused(expression: str) -> None:
    with pytest.raises(Invalid, match="names are not resolved"):
        check_names(expression)


def test_libpcap_knows_every_word_that_is_let_through() -> None:
    for word in _EXPRESSION_WORDS:
        with pytest.raises(Invalid) as refused:  # a word that it does not know is the name of a host
            check_expression(f"host {word} {word} {word}")
        assert "unknown" not in str(refused.value), word


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("arp or " * 200 + "arp", "line 1: the expression is longer than 1024 bytes"),
        ("ether[0] = 1 or " * 60 + "arp", None),
        ("\n".join(["arp"] * 33), "filters.bpf: Filters: 33 expressions, more than 32"),
        ("arp\nhost a.b", "line 2: 'a.b'"),
    ],
)
def test_how_much_gns3s_filter_may_hold(expression: str, complaint: str | None) -> None:
    if complaint is None:
        assert check_gns3_filters({"bpf": [expression]}, check_expression)
        return
    with pytest.raises(Invalid, match=complaint):
        check_gns3_filters({"bpf": [expression]}, check_expression)


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
        CoreFilter("bpf", "both", expression="arp"),
        CoreFilter("bpf", "both", expression="icmp"),
        CoreFilter("loss", "both", (30_000,)),
        CoreFilter("delay", "both", (20_000, 5_000)),
    ]


def test_what_impairments_become_at_either_end() -> None:
    impairments = [
        Impairment(type="corrupt", percent=0.25, direction="a_to_b"),
        Impairment(type="rate", bits_per_second=1000, direction="b_to_a"),
    ]
    assert core_filters({}, impairments, at_first_end=True) == [
        CoreFilter("corrupt", "out", (2_500,)),
        CoreFilter("rate", "in", (1000, 3028, 65536)),
    ]
    assert [f.direction for f in core_filters({}, impairments, at_first_end=False)] == ["in", "out"]
    assert describe(impairments[1]) == {
        "type": "rate",
        "direction": "b_to_a",
        "bits_per_second": 1000,
        "burst_bytes": 3028,
        "queue_bytes": 65536,
    }
