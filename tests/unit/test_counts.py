"""Numbers of things for people."""

import pytest

from gns3trio.counts import counted, listed


@pytest.mark.parametrize(("count", "text"), [(0, "0 links"), (1, "1 link"), (2, "2 links"), (10000, "10000 links")])
def test_one_thing_is_not_many(count: int, text: str) -> None:
    assert counted(count, "link") == text


def test_of_many_names_the_first_are_told() -> None:
    assert listed([]) == ""
    assert listed(list("abcdef")) == "a, b, c, d, e, f"
    assert listed(list("abcdefg")) == "a, b, c, d, e, f and 1 other"
    assert listed(list("abcdefgh")).endswith("f and 2 others")
