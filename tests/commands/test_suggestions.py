"""What was meant by a misspelt word."""

import pytest

from gns3trio.commands.suggestions import did_you_mean, similar

NAMES = ["PC1", "PC2", "Router", "core-switch-1", "core-switch-2"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("PC11", ["PC1"]),
        ("pc2", ["PC2"]),
        ("Ruoter", ["Router"]),
        ("core", ["core-switch-1", "core-switch-2"]),
        ("x", []),
        ("", []),
        ("something else", []),
    ],
)
def test_similar_names(word: str, meant: list[str]) -> None:
    assert similar(word, NAMES) == meant


def test_a_sentence_for_a_complaint() -> None:
    assert did_you_mean("vpsc", ["vpcs", "cloud"]) == " Did you mean vpcs?"
    assert did_you_mean("core-switch", NAMES) == " Did you mean core-switch-1 or core-switch-2?"
    assert did_you_mean("nothing like it", NAMES) == ""


def test_names_from_a_hostile_server_do_not_take_long() -> None:
    """Comparing two long texts takes the product of their lengths."""
    assert similar("PC1", ["P" * 1_000_000, "PC2"]) == ["PC2"]
    assert similar("P" * 1_000_000, NAMES) == []
    assert similar("PC0", (f"{number}" for number in range(10**9))) == []
