"""Numbers of things for people."""

import pytest

from gns3trio.counts import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 links"), (1, "1 link"), (2, "2 links"), (10000, "10000 links")])
def test_one_thing_is_not_many(count: int, text: str) -> None:
    assert counted(count, "link") == text
