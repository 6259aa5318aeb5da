"""Conversion from JSON: strict, and errors name the field."""

from typing import Any, Literal
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.api.v2.bodies import NodeCreate
from gns3trio.convert import make_strict_converter, structure, without_nulls
from gns3trio.errors import Invalid


@attrs.define(kw_only=True)
class Inner:
    x: int


@attrs.define(kw_only=True)
class Body:
    name: str
    flag: bool = False
    ratio: float = 0.0
    kind: Literal["a", "b", None] = None
    version: Literal[0, 1, None] = None
    items: list[Inner] = attrs.field(factory=list)
    node_id: UUID | None = None


converter = make_strict_converter(forbid_extra_keys=True)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "name: required field is missing"),
        ({"name": 5}, "name: expected text, got an integer"),
        ({"name": "n", "flag": 1}, "flag: expected true or false, got an integer"),
        ({"name": "n", "flag": None}, "flag: expected true or false, got null"),
        ({"name": "n", "ratio": "1"}, "ratio: expected a number, got text"),
        ({"name": "n", "kind": "c"}, "kind: 'c' is not one of a, b, null"),
        ({"name": "n", "kind": ["a"]}, "kind: a list is not one of"),
        ({"name": "n", "version": 2}, "version: 2 is not one of 0, 1, null"),
        ({"name": "n", "version": True}, "version: true is not one of"),
        ({"name": "n", "version": 1.0}, "version: 1.0 is not one of"),
        ({"name": "n", "version": "1"}, "version: '1' is not one of"),
        (
            {"name": "n", "items": [{"x": 1}, {"x": True}]},
            r"items\[1\]\.x: expected an integer, got true or false",
        ),
        ({"name": "n", "items": [{"x": 2**60}]}, r"items\[0\]\.x: is too large"),
        ({"name": "n", "items": {}}, "items: expected a list, got an object"),
        ({"name": "n", "items": [3]}, r"items\[0\]: expected an object, got an integer"),
        ({"name": "n", "node_id": "x"}, "node_id: 'x' is not a UUID"),
        ({"name": "n", "surprise": 1}, "surprise: unknown field"),
        ([], "body: expected an object, got a list"),
        ("text", "body: expected an object, got text"),
        (None, "body: expected an object, got null"),
    ],
)
def test_a_wrong_body_is_refused_by_field(body: Any, complaint: str) -> None:
    with pytest.raises(Invalid, match=f"^{complaint}"):
        structure(converter, body, Body)


def test_a_whole_float_is_an_integer_in_json() -> None:
    assert structure(converter, {"x": 68.0}, Inner) == Inner(x=68)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
fields = st.sampled_from([field.name for field in attrs.fields(NodeCreate)]) | st.text(max_size=5)


@given(json_values | st.dictionaries(fields, json_values, max_size=8))
def test_no_json_value_causes_another_error_than_invalid(value: Any) -> None:
    try:
        result = structure(converter, value, NodeCreate)
    except Invalid as error:
        assert str(error)
    else:
        assert isinstance(result, NodeCreate)


@attrs.frozen
class _Checked:
    port: int = attrs.field(default=1, validator=attrs.validators.le(65535))
    names: list[str] = attrs.field(factory=list, validator=attrs.validators.max_len(1))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"port": 70000}, "port: must be <= 65535: 70000"),
        ({"names": ["a", "b"]}, "names: its length must be <= 1: 2"),
    ],
)
def test_what_a_validator_refuses_is_named_like_every_field(value: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as caught:
        structure(make_strict_converter(forbid_extra_keys=True), value, _Checked)
    assert str(caught.value) == told


lenient = make_strict_converter(forbid_extra_keys=False, coerces=True)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({"flag": "yes"}, True),
        ({"flag": "True"}, True),
        ({"flag": "off"}, False),
        ({"flag": 1}, True),
        ({"flag": 0.0}, False),
        ({"ratio": "1.5"}, 1.5),
        ({"ratio": " 1e3 "}, 1000.0),
        ({"ratio": True}, 1.0),
        ({"items": [{"x": "-50"}]}, [Inner(x=-50)]),
        ({"items": [{"x": "50.0"}]}, [Inner(x=50)]),
        ({"flag": None}, False),
        ({"items": None}, []),
        ({"kind": None}, None),
        ({"node_id": None}, None),
        ({"unknown": 1, "items": [{"x": True, "unknown": 2}]}, [Inner(x=1)]),
    ],
)
def test_a_lenient_converter_reads_texts_as_what_is_expected(sent: dict[str, Any], value: Any) -> None:
    (name,) = sent.keys() - {"unknown"}
    assert getattr(structure(lenient, {"name": "n", **sent}, Body), name) == value


@pytest.mark.parametrize(
    "sent",
    [
        {"name": 5},
        {"flag": "maybe"},
        {"flag": 2},
        {"name": None},
        {"items": [None]},
        {"items": [{"x": None}]},
        {"ratio": "nan"},
        {"ratio": "1e999"},
        {"ratio": ""},
        {"items": [{"x": "1.5"}]},
        {"items": [{"x": "0x10"}]},
        {"items": [{"x": "9" * 5000}]},
        {"items": [{"x": "1" * 20}]},
        {"items": {"x": "1"}},
        {"kind": "yes"},
        {"version": "1"},
    ],
)
def test_a_lenient_converter_still_refuses_other_values(sent: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        structure(lenient, {"name": "n", **sent}, Body)


def test_a_null_counts_as_left_out_where_a_field_cannot_be_null() -> None:
    sent = {"name": None, "flag": None, "ratio": None, "kind": None, "items": None, "node_id": None, "other": None}
    assert without_nulls(sent, Body).keys() == {"name", "kind", "node_id", "other"}
