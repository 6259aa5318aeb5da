"""Everything that a client may send has a limit, which the description of the API tells and the converter enforces."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gns3trio.api.app import TABLES
from gns3trio.api.openapi import describe_api
from gns3trio.api.routing import Operation
from gns3trio.controller.gns3_format.own_fields import add_own_fields, format_own_fields
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.project.drawings import EMPTY_SVG
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict, Invalid
from gns3trio.json_text import read_json
from gns3trio.limits import (
    MAX_DEPTH,
    MAX_FREE_TEXT,
    MAX_ITEMS,
    MAX_KEYS,
    MAX_LINKS,
    MAX_NODES,
    MAX_TEXT,
    MAX_VALUES,
)

DOCUMENT = describe_api(TABLES)
OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
_BOUNDS = {
    "string": ("maxLength",),
    "integer": ("minimum", "maximum"),
    "array": ("maxItems",),
}


def unbounded(schema: dict[str, Any], where: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The places of a schema that take something of any size."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from unbounded(DOCUMENT["components"]["schemas"][name], where, seen | {name})
        return
    for part in schema.get("anyOf", ()):
        yield from unbounded(part, where, seen)
    kind = schema.get("type")
    if not schema.keys() & {"type", "enum", "anyOf"}:
        yield f"{where}: of any type"
    if kind in _BOUNDS and schema.get("format") != "uuid":
        yield from (f"{where}: {name}" for name in _BOUNDS[kind] if name not in schema)
    if kind == "number" and not (schema.keys() & {"maximum", "exclusiveMaximum"}):
        yield f"{where}: maximum"
    if kind == "array":
        yield from unbounded(schema["items"], f"{where}[]", seen)
    if kind == "object":
        yield from unbounded_object(schema, where, seen)


def unbounded_object(schema: dict[str, Any], where: str, seen: frozenset[str]) -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, f"{where}.{name}", seen)
    others = schema.get("additionalProperties", True)
    if others is False:
        return
    if "maxProperties" not in schema:
        yield f"{where}: maxProperties"
    if isinstance(others, dict):
        yield from unbounded(others, f"{where}[*]", seen)
    elif not schema.keys() >= {"x-maxDepth", "x-maxTextLength"}:
        yield f"{where}: x-maxDepth, x-maxTextLength"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_everything_that_an_operation_takes_has_a_limit(operation: dict[str, Any]) -> None:
    places = [place for each in operation.get("parameters", ()) for place in unbounded(each["schema"], each["name"])]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "schema" in media:  # without one it is a file
            places += unbounded(media["schema"], "body")
    assert not places


def test_the_walk_finds_what_has_no_limit() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer", "minimum": 0}}},
        "additionalProperties": True,
    }
    assert list(unbounded(schema, "body")) == [
        "body.a: maxLength",
        "body.b: maxItems",
        "body.b[]: maximum",
        "body: maxProperties",
        "body: x-maxDepth, x-maxTextLength",
    ]


def bodies() -> dict[str, Any]:
    operations: list[Operation] = [each for table in TABLES for each in table.operations]
    return {each.body.__module__ + "." + each.body.__name__: each.body for each in operations if each.body is not None}


@pytest.mark.parametrize("name", bodies())
def test_a_text_in_each_field_of_each_body_is_refused_by_the_name_of_the_field(name: str) -> None:
    kind = bodies()[name]
    converter = make_strict_converter(forbid_extra_keys=False)
    for field in getattr(kind, "__attrs_attrs__", ()):
        long = {field.name: "x" * (16 * 1024 * 1024)}
        with pytest.raises(Invalid) as caught:
            structure(converter, long, kind)
        assert any(part.startswith(f"{field.name}: ") for part in str(caught.value).split("; "))
        assert len(str(caught.value)) < 3000


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"a": ["x" * (MAX_FREE_TEXT + 1)]}, "properties.a[0]: has 1048577 characters"),
        ({"a": {"b": [0] * (MAX_ITEMS + 1)}}, "properties.a.b: has 4097 items"),
        ({str(n): 0 for n in range(MAX_KEYS + 1)}, "properties: has 1025 keys"),
        ({"a": [{"x" * (MAX_TEXT + 1): 0}]}, "properties.a[0]: has a key of more than 4096 characters"),
        ({"a": nested(MAX_DEPTH)}, "nested deeper than 32"),
        ({"a": float("inf")}, "properties.a: is not a number that JSON has"),
        ({"a": [2**64]}, "properties.a[0]: is too large"),
    ],
)
def test_an_object_without_a_fixed_shape_is_bounded_by_place(properties: Any, complaint: str) -> None:
    body = {"name": "n", "node_type": "vpcs", "compute_id": "local", "properties": properties}
    with pytest.raises(Invalid) as caught:
        structure(make_strict_converter(forbid_extra_keys=True), body, bodies()["gns3trio.api.v2.bodies.NodeCreate"])
    assert complaint in str(caught.value)


def test_a_list_of_wrong_things_is_not_looked_through() -> None:
    """Each of 60,000 empty nodes has three errors, of which five are told."""
    kind = bodies()["gns3trio.api.v2.topology.BatchCreate"]
    converter = make_strict_converter(forbid_extra_keys=True)
    with pytest.raises(Invalid, match=rf"^nodes: has 60000 items, and may have {MAX_NODES}$"):
        structure(converter, {"nodes": [{}] * 60_000}, kind)
    with pytest.raises(Invalid, match=r"nodes\[0\]\.name: required field is missing; .*\(and more\)"):
        structure(converter, {"nodes": [{}] * MAX_NODES}, kind)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"[" + b"0," * MAX_VALUES + b"0]", f"has more than {MAX_VALUES} values"),
        (b"[" + b"[]," * MAX_VALUES + b"0]", f"has more than {MAX_VALUES} values"),
        (b'{"a":' * 1000 + b"0" + b"}" * 1000, "nested deeper"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": 1e999}', "is not JSON"),
        (b'["\\ud800"]', "is not JSON"),
        (b'{"a": [' + b"0," * MAX_LINKS + b"0]}", f"a: has {MAX_LINKS + 1} items"),
    ],
)
def test_json_that_is_too_much(text: bytes, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        read_json(text)


@pytest.mark.parametrize("start", [b'{"a": ', b'{\n  "a": ', b' {\n\t"a": '])
def test_many_short_values_are_read_whatever_spaces_there_are_before(start: bytes) -> None:
    assert read_json(start + b"[" + b",".join([b"1"] * MAX_LINKS) + b"]}") == {"a": [1] * MAX_LINKS}


@pytest.mark.parametrize("text", [b"[" * 1000, b"[\n" * 1000, b'{"a":' * 1000])
def test_a_text_that_is_cut_off_is_no_lack_of_memory(text: bytes) -> None:
    with pytest.raises(Invalid, match="is not JSON"):
        read_json(text)


def test_separators_in_texts_are_no_values() -> None:
    path = "M 1,2 [{" * MAX_VALUES + '\\"'
    assert read_json(orjson.dumps({"svg": path})) == {"svg": path}


def file_with(**topology: Any) -> bytes:
    document = {
        "name": "lab",
        "project_id": "00000000-0000-4000-8000-000000000001",
        "revision": 9,
        "type": "topology",
        "version": "2.2.61",
        "topology": {"nodes": [], "links": [], "drawings": [], "computes": [], **topology},
    }
    return orjson.dumps(document)


def node(number: int, **fields: Any) -> dict[str, Any]:
    return {"node_id": f"00000000-0000-4000-8000-{number:012}", "node_type": "vpcs", "name": f"PC{number}", **fields}


@pytest.mark.parametrize(
    ("topology", "complaint"),
    [
        ({"nodes": [node(n) for n in range(MAX_NODES + 1)]}, f"topology.nodes: has {MAX_NODES + 1} items"),
        ({"drawings": [{}] * (MAX_LINKS + 1)}, f"topology.drawings: has {MAX_LINKS + 1} items"),
        ({"nodes": [node(1, properties={"a": nested(40)})]}, "nested deeper"),
        ({"nodes": [node(1, unknown=nested(40))]}, "nested deeper"),
        ({"unknown": nested(100)}, "nested deeper"),
    ],
)
def test_a_file_over_a_limit_is_refused_by_the_name_of_the_field(topology: Any, complaint: str) -> None:
    with pytest.raises(Conflict, match=complaint):
        parse_project(file_with(**topology))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"x": 2**40}, r"nodes[0].x: 1099511627776 is not in the range"),
        ({"symbol": "s" * 5000}, r"nodes[0].symbol: has 5000 characters"),
        ({"properties": {"a": ["x" * (MAX_FREE_TEXT + 1)]}}, "nodes[0].properties: "),
        ({"properties": {str(n): 0 for n in range(MAX_KEYS + 1)}}, "nodes[0].properties: has 1025 keys"),
        ({"custom_adapters": [{}] * (MAX_ITEMS + 1)}, "nodes[0].custom_adapters: has 4097 items"),
    ],
)
def test_a_field_of_a_file_over_a_limit_costs_that_field_and_is_told(fields: Any, complaint: str) -> None:
    topology = parse_project(file_with(nodes=[node(1, **fields)]))
    assert [each.name for each in topology.nodes] == ["PC1"]
    assert any(problem.startswith(complaint) for problem in topology.problems), topology.problems


def test_what_is_kept_beside_a_file_can_be_read_again() -> None:
    deep = nested(MAX_DEPTH - 2)
    topology = parse_project(orjson.dumps({**orjson.loads(file_with()), "unknown": deep}))
    again = parse_project(file_with())
    add_own_fields(again, format_own_fields(topology) or b"")
    assert again.unknown[""] == {"unknown": deep}


def test_a_drawing_of_a_file_may_be_as_large_as_one_of_a_client() -> None:
    drawing = {"drawing_id": "00000000-0000-4000-8000-000000000002", "svg": EMPTY_SVG + " " * (2 * MAX_FREE_TEXT)}
    assert parse_project(file_with(drawings=[drawing])).drawings[0]["svg"] == drawing["svg"]
