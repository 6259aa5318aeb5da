"""How ``gns3trio link`` writes what the API tells."""

from typing import Any

import pytest

from gns3trio.commands.link_conditions import impairment_text
from gns3trio.conditions.impairments import Impairment, describe


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "loss", "percent": 100.0}, "loss=100"),
        ({"type": "corrupt", "percent": 0.1, "direction": "a_to_b"}, "corrupt=0.1(a_to_b)"),
        ({"type": "duplicate", "percent": 0.0}, "duplicate=0"),
        ({"type": "frequency", "every": -1}, "frequency=-1"),
        ({"type": "delay", "milliseconds": 20.0, "jitter_milliseconds": 5.5}, "delay=20,5.5"),
        ({"type": "delay", "milliseconds": 20.0}, "delay=20"),
        ({"type": "reorder", "percent": 25.0, "milliseconds": 10.0}, "reorder=25,10"),
        ({"type": "bpf", "expression": "icmp or arp"}, "bpf=icmp or arp"),
        ({"type": "rate", "bits_per_second": 999}, "rate=999bit/s"),
        ({"type": "rate", "bits_per_second": 56_000}, "rate=56kbit/s"),
        ({"type": "rate", "bits_per_second": 1_234_567}, "rate=1.234567Mbit/s"),
        ({"type": "rate", "bits_per_second": 10**12, "direction": "b_to_a"}, "rate=1000Gbit/s(b_to_a)"),
    ],
)
def test_an_impairment_in_a_word(fields: dict[str, Any], text: str) -> None:
    assert impairment_text(describe(Impairment(**fields))) == text
