"""The direction of a link, as it is named on the command line."""

from typing import Any

import pytest

from gns3trio.commands.link_direction import split_direction, typed_link
from gns3trio.errors import Invalid


def end(node: str, port: int, adapter: int = 0) -> dict[str, Any]:
    return {"node_id": node, "adapter_number": adapter, "port_number": port}


NODES = {"1": {"name": "SW1"}, "2": {"name": "SW-2"}}
LINK = {"nodes": [end("1", 0), end("2", 3)]}


@pytest.mark.parametrize(
    ("wanted", "text", "direction"),
    [
        ("SW1-SW-2", "a_to_b", "a_to_b"),
        ("SW-2-SW1", "a_to_b", "b_to_a"),
        ("SW-2:3-SW1", "b_to_a", "a_to_b"),
        ("SW-2-SW1", "both", "both"),
        ("an id", "b_to_a", "b_to_a"),
        ("SW-2-SW1", "from:SW-2", "b_to_a"),
        ("SW1-SW-2", "from:SW-2", "b_to_a"),
        ("SW1-SW-2", "from:SW1:0", "a_to_b"),
        ("SW1-SW-2", "to:SW1", "b_to_a"),
    ],
)
def test_a_direction_is_as_it_was_typed(wanted: str, text: str, direction: str) -> None:
    link = typed_link(NODES, LINK, wanted)
    assert link.direction(text) == direction
    assert link.words(direction) == {"a_to_b": "from SW1 to SW-2", "b_to_a": "from SW-2 to SW1", "both": ""}[direction]


def test_the_ports_tell_the_ends_of_a_loop_apart() -> None:
    loop = typed_link(NODES, {"nodes": [end("1", 0), end("1", 1, adapter=2)]}, "SW1-SW1")
    assert not loop.is_reversed
    assert loop.words("b_to_a") == "from SW1:2/1 to SW1:0"
    assert loop.direction("from:SW1:2/1") == "b_to_a"
    with pytest.raises(Invalid, match="both ends are SW1; the ends are SW1:0 and SW1:2/1"):
        loop.direction("from:SW1")


def test_a_link_of_a_file_may_have_no_ends() -> None:
    link = typed_link(NODES, {"nodes": [end("1", 0)]}, "SW1")
    assert link.words("a_to_b") == "from ? to ?"
    with pytest.raises(Invalid, match="no end of the link is SW1"):
        link.direction("to:SW1")


def test_a_direction_is_split_from_what_is_before_it() -> None:
    assert split_direction("5:from:PC1") == ("5", "from:PC1")
    assert split_direction("5:to:PC1:0") == ("5", "to:PC1:0")
    assert split_direction("icmp:b_to_a") == ("icmp", "b_to_a")
    assert split_direction("ip6 host ::1") == ("ip6 host ::1", "both")
