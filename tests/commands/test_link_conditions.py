"""How ``gns3trio link`` writes what the API tells."""

from typing import Any

import pytest

from gns3trio.commands.link_conditions import impairment_text, parse_filter, parse_impairment
from gns3trio.commands.link_direction import TypedLink
from gns3trio.conditions.impairments import Impairment, describe
from gns3trio.errors import Invalid

LINK = TypedLink((("PC1", "PC1:0"), ("SW1", "SW1:3")))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "loss", "percent": 100.0}, "loss=100"),
        ({"type": "corrupt", "percent": 0.1, "direction": "a_to_b"}, "corrupt=0.1 (from PC1 to SW1)"),
        ({"type": "duplicate", "percent": 0.0}, "duplicate=0"),
        ({"type": "frequency", "every": -1}, "frequency=-1"),
        ({"type": "delay", "milliseconds": 20.0, "jitter_milliseconds": 5.5}, "delay=20,5.5"),
        ({"type": "delay", "milliseconds": 20.0}, "delay=20"),
        ({"type": "reorder", "percent": 25.0, "milliseconds": 10.0}, "reorder=25,10"),
        ({"type": "bpf", "expression": "icmp or arp"}, "bpf=icmp or arp"),
        ({"type": "rate", "bits_per_second": 999}, "rate=999bit/s"),
        ({"type": "rate", "bits_per_second": 56_000}, "rate=56kbit/s"),
        ({"type": "rate", "bits_per_second": 1_234_567}, "rate=1.234567Mbit/s"),
        ({"type": "rate", "bits_per_second": 10**12, "direction": "b_to_a"}, "rate=1000Gbit/s (from SW1 to PC1)"),
    ],
)
def test_an_impairment_in_a_word(fields: dict[str, Any], text: str) -> None:
    assert impairment_text(describe(Impairment(**fields)), LINK) == text


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("loss=5%", {"type": "loss", "percent": 5}),
        ("loss=0.5 %:from:SW1", {"type": "loss", "percent": 0.5, "direction": "b_to_a"}),
        (
            "delay=20ms,5ms:to:SW1:3",
            {"type": "delay", "milliseconds": 20, "jitter_milliseconds": 5, "direction": "a_to_b"},
        ),
        ("rate=2Mbit/s", {"type": "rate", "bits_per_second": 2_000_000}),
        ("rate=64k:b_to_a", {"type": "rate", "bits_per_second": 64_000, "direction": "b_to_a"}),
        ("frequency=-1", {"type": "frequency", "every": -1}),
        ("bpf=host ::1:both", {"type": "bpf", "expression": "host ::1"}),
        ("bpf=udp port 67 or 68:from:PC1", {"type": "bpf", "expression": "udp port 67 or 68", "direction": "a_to_b"}),
    ],
)
def test_an_impairment_is_read(text: str, fields: dict[str, Any]) -> None:
    assert parse_impairment(text, LINK) == {"direction": "both", **fields}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("loss=5:SW1", "'SW1' is no direction: from:NODE, to:NODE"),
        ("loss=5:from:", "'from:' is no direction"),
        ("loss=5:from:SW2", "no end of the link is SW2; the ends are PC1:0 and SW1:3. Did you mean SW1"),
        ("loss=5ms", "'5ms' is not a number"),
        ("loss=%", "'%' is not a number"),
        ("rate=infG", "'infG' is not a number"),
    ],
)
def test_an_impairment_that_is_none(text: str, why: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_impairment(text, LINK)
    assert why in str(raised.value)


def test_a_filter_is_read_with_its_units() -> None:
    assert parse_filter("packet_loss=5%") == ("packet_loss", ["5"])
    assert parse_filter("delay=20ms,5") == ("delay", ["20", "5"])
    assert parse_filter("bpf=a,b%") == ("bpf", ["a,b%"])
