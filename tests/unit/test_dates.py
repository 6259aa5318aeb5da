"""Times as texts."""

import pytest

from gns3trio.dates import date_text, now_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00"),
        (1795417047.9, "2026-11-23T06:57:27"),
        (-1, "1970-01-01T00:00:00"),
        (1e20, "9999-12-31T00:00:00"),
    ],
)
def test_a_time_has_no_zone_and_no_fraction_whatever_it_is(seconds: float, text: str) -> None:
    assert date_text(seconds) == text


def test_the_time_now_is_after_what_was() -> None:
    assert now_text() > "2024-01-01T00:00:00"
