"""Names in the order that people expect."""

from gns3trio.natural_order import natural_key


def test_numbers_count() -> None:
    names = ["PC10", "PC2", "a", "PC", "2", "10", "PC2b3", "PC2b20", ""]
    assert sorted(names, key=natural_key) == ["", "2", "10", "PC", "PC2", "PC2b3", "PC2b20", "PC10", "a"]
