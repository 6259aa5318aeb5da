"""YAML for topologies: what JSON can say and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.errors import Invalid
from gns3trio.topology_yaml import format_yaml, parse_yaml

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_what_is_written_is_read_again(value: Any) -> None:
    try:
        text = format_yaml(value).encode()
    except UnicodeEncodeError:
        return
    assert parse_yaml(text) == value


@given(st.binary(max_size=200) | st.text("[]{}:,-?&*!|>'\"%@` \n#abc1", max_size=80).map(str.encode))
def test_nothing_else_than_invalid_comes_out(text: bytes) -> None:
    try:
        parse_yaml(text)
    except Invalid as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: no, b: on, c: 12:30}", {"a": "no", "b": "on", "c": "12:30"}),
        ("{a: 0x1, b: 010, c: 1_000}", {"a": "0x1", "b": "010", "c": "1_000"}),
        ("{a: true, b: null, c: ~, d: -3}", {"a": True, "b": None, "c": None, "d": -3}),
        ("{a: 1.5, b: 1e3, c: .5}", {"a": 1.5, "b": 1000.0, "c": 0.5}),
        ("a:", {"a": None}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("2026-11-23: x", {"2026-11-23": "x"}),
        ("", None),
        ("%YAML 1.2\n---\na: 1", {"a": 1}),
        ('{a: "100\n%", b: \'1\', c: "null"}', {"a": "100 %", "b": "1", "c": "null"}),
    ],
)
def test_the_core_schema(text: str, value: Any) -> None:
    assert parse_yaml(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x [1]\nb: *x", "line 1: anchors and aliases are not supported"),
        ("a: !!python/object:os.system x", "line 1: tags are not supported"),
        ("a: 1\nb: !!set {}", "line 2: tags are not supported"),
        ("nodes:\n  1: {}", "line 2: the key 1 is not a text: put it in quotes"),
        ("a: 1\na: 2", "line 2: the key 'a' is there already"),
        ("[" * 100_000, "line 1: nested deeper than 32"),
        ("a: [1", "line 2: "),
        ("a: 1\n---\nb: 2", "line 2: a second document begins"),
        ("? {a: 1}\n: b", "line 1: the key {} is not a text"),
        ("%A b\n" * 102 + "---", "more than 100 lines begin with %"),
        ("\xff", "is not YAML: "),
        ("a: \x01", "is not YAML: "),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_yaml(text.encode("latin-1"))
    assert str(error.value).startswith(reason)


def test_a_text_of_utf_16_is_read_too() -> None:
    assert parse_yaml("a: é".encode("utf-16")) == {"a": "é"}


def test_it_is_written_for_people() -> None:
    document = {
        "nodes": {
            "PC1": {"node_type": "vpcs", "x": -100},
            "no": {"properties": {"startup_script": "ip 10.0.0.1\nset\n"}},
        },
        "links": [{"ends": ["PC1:0", "no:0"], "filters": {"delay": [20, 2]}}],
    }
    assert format_yaml(document) == (
        "nodes:\n"
        "  PC1: {node_type: vpcs, x: -100}\n"
        "  'no':\n"
        "    properties:\n"
        "      startup_script: |\n"
        "        ip 10.0.0.1\n"
        "        set\n"
        "links:\n"
        "- ends: ['PC1:0', 'no:0']\n"
        "  filters:\n"
        "    delay: [20, 2]\n"
    )
