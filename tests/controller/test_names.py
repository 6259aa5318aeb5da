"""The names that version 2 gives to nodes."""

import pytest

from gns3trio.controller.names import allocate_name


@pytest.mark.parametrize(
    ("requested", "taken", "given"),
    [
        ("PC1", [], "PC1"),
        ("PC 9", [], "PC9"),
        ("PC1", ["PC1"], "PC2"),
        ("PC9", ["PC9", "PC1", "PC2"], "PC3"),
        ("Switch", ["Switch"], "Switch1"),
        ("PC{0}", ["PC1", "PC3"], "PC2"),
        ("{id}-host", [], "1-host"),
    ],
)
def test_allocate_name(requested: str, taken: list[str], given: str) -> None:
    assert allocate_name(requested, taken) == given
