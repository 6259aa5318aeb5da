"""Sizes as people read them."""

import pytest

from gns3trio.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1000, "1000 bytes"),
        (1024, "1 KiB"),
        (1522, "1522 bytes"),
        (20000, "19.5 KiB"),
        (16 << 20, "16 MiB"),
        (1023 << 20, "1023 MiB"),
        (3 << 29, "1.5 GiB"),
        (274877906944, "256 GiB"),
        (1 << 60, "1 EiB"),
        (1 << 80, "1048576 EiB"),
    ],
)
def test_a_size_is_told_in_its_unit(size: int, text: str) -> None:
    assert size_text(size) == text
